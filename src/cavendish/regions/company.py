"""What else stands in a picture beside a thing: it must stay, and nothing may be copied from it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.regions.things import PERSON

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.evidence import Evidence

_LIKELY = 0.5
_MOST = 12
"""Detections that are cut out, the surest first; each takes a run of the network."""
_ON = 0.5
"""Share of the ground around a thing that is another thing's from which it lies on that."""
_AROUND_PX, _SLIVER_PX = 6, 4
_SLIVERS = 0.35
"""Share of a thing beside another from which they are two."""
_LEAST = 0.0005
"""Share of the picture under which what stands out is a speck."""


def find_company(evidence: Evidence, thing: Plane, *, only_people: bool = False) -> Plane:
    """Find what stands in the picture beside a thing.

    Args:
        evidence: What is known of the picture.
        thing: h×w, 0–1, a mask of the picture.
        only_people: Leave out everything else.

    Returns:
        h×w, 0–1: the other things, without what the thing itself lies on and without the thing.
    """
    size = evidence.view.size
    own = np.asarray(cv2.resize(thing, size, interpolation=cv2.INTER_AREA), np.float32)
    around = _ring(own)
    planes = [plane for plane in _standing(evidence, only_people=only_people) if not _is_under(plane, around)]
    found = reduce(np.maximum, (_rest(plane, own) for plane in planes), np.zeros_like(own))
    return found if evidence.view is evidence.image else np.asarray(cv2.resize(found, thing.shape[::-1]), np.float32)


def _standing(evidence: Evidence, *, only_people: bool) -> list[Plane]:
    """What was detected and is no surface; and, part by part, what stands out."""
    solid = set(evidence.solid_boxes)
    kept = [d.box for d in evidence.objects if d.box in solid and (d.label == PERSON or not only_people)]
    planes = [evidence.mask(box).alpha for box in kept[:_MOST]]
    if not only_people and evidence.salient.confidence >= _LIKELY:
        count, labels = cv2.connectedComponents((evidence.salient.alpha > 0.5).astype(np.uint8))
        parts = [evidence.salient.alpha * (labels == k) for k in range(1, count)]
        planes += [part for part in parts if part.mean() > _LEAST]
    return planes


def _rest(plane: Plane, own: Plane) -> Plane:
    """What of a thing is not the thing in question: nothing where they are one, and no slivers along its edge."""
    rest = np.minimum(plane, 1 - own)
    if float(rest.sum()) < _SLIVERS * float(plane.sum()):
        return rest * 0
    return np.asarray(cv2.morphologyEx(rest, cv2.MORPH_OPEN, _disc(_SLIVER_PX)), np.float32)


def _ring(own: Plane) -> np.ndarray:
    solid = (own > 0.5).astype(np.uint8)
    return (np.asarray(cv2.dilate(solid, _disc(_AROUND_PX))) > 0) & (own < 0.1)


def _is_under(plane: Plane, around: np.ndarray) -> bool:
    return bool(around.any()) and float(plane[around].mean()) >= _ON


def _disc(radius: int) -> np.ndarray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
