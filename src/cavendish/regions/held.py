"""Things that people wear or hold: what of a person looks like the thing to the recognizer, by place and color."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.pixels.region import Region
from cavendish.regions.objects import area, inside, shared
from cavendish.regions.recognition import heat_plane
from cavendish.regions.things import PERSON, Thing, label_indices

if TYPE_CHECKING:
    from cavendish.regions.evidence import Evidence
    from cavendish.regions.objects import FloatBox

    Floats = npt.NDArray[np.float32]

_SURE, _SAME, _VERY_SAME = 0.6, 0.5, 0.85
_IN_PERSON, _OF_PERSON = 0.7, 0.4
"""Share of a box that lies in a person's, and its least area by the person's, from which it is the person's own."""
_SURELY, _LIKELY, _HARDLY = 0.85, 0.6, 0.12
"""Of the greatest heat: where it is the thing, where it may sooner be it, and where it is not."""
_LEAST, _MOST = 0.03, 0.8
"""Share of the person that such a thing is."""
_HOLE = 0.03
_SOFTENING_PX = 0.7
_LONGEST = 400


def held_thing(evidence: Evidence, thing: Thing, box: FloatBox, *, detected: bool = False) -> Region | None:
    """A thing in a box that holds a whole person, apart from the person; None where the box holds none.

    Args:
        evidence: What is known of the picture.
        thing: The kind that was recognized in the box.
        box: Where, in pixels of the evidence's view.
        detected: Whether the detector gave the box for the thing; then it must be the person's own to be doubted.

    Source:
        Where a classifier sees a class, by windows: Zeiler and Fergus, "Visualizing and understanding convolutional
        networks", ECCV 2014 (there by hiding them). Its outline: Rother, Kolmogorov and Blake, "GrabCut", 2004.
    """
    network = evidence.recognizer
    names = list(label_indices(thing, network.labels)) if network else []
    persons = [d.box for d in evidence.objects if d.label == PERSON and d.score >= _SURE]
    owner = next((p for p in persons if (shared(box, p) >= _VERY_SAME if detected else _holds(box, p))), None)
    if network is None or not names or owner is None or thing.name == PERSON:
        return None
    whole = np.maximum(evidence.mask(box).alpha, evidence.mask(owner).alpha) >= 0.5
    heat = heat_plane(evidence.view.rgb, network, names, box)
    if not whole.any() or heat[whole].max() <= 0:
        return None
    shrink = min(1.0, _LONGEST / max(whole.shape))
    size = (max(1, round(whole.shape[1] * shrink)), max(1, round(whole.shape[0] * shrink)))
    rgb = np.asarray(cv2.resize(evidence.view.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    hot, solid = (
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
        for plane in (heat / heat[whole].max(), whole.astype(np.float32))
    )
    found = _outlined(rgb, hot, solid >= 0.5)
    share = float(found.sum()) / max(1.0, float((solid >= 0.5).sum()))
    if not _LEAST <= share <= _MOST:
        return None
    soft = cv2.GaussianBlur(found, (0, 0), _SOFTENING_PX)
    return Region(np.asarray(cv2.resize(soft, whole.shape[::-1]), np.float32), _SURE)


def _holds(box: FloatBox, person: FloatBox) -> bool:
    """Whether a box is about a person's."""
    return shared(box, person) >= _SAME or (
        inside(box, person) >= _IN_PERSON and area(box) >= _OF_PERSON * area(person)
    )


def _outlined(rgb: npt.NDArray[np.uint8], heat: Floats, whole: npt.NDArray[np.bool_]) -> Floats:
    """What has the colors of the hottest part, within the warm part of the whole."""
    labels = np.full(heat.shape, cv2.GC_BGD, np.uint8)
    labels[whole & (heat >= _HARDLY)] = cv2.GC_PR_BGD
    labels[whole & (heat >= _LIKELY)] = cv2.GC_PR_FGD
    labels[whole & (heat >= _SURELY)] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's per-thread generator; equal pictures get equal masks
    unused = (0, 0, *heat.shape[::-1])
    cv2.grabCut(rgb, labels, unused, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(found)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else 0
    return _without_holes((parts == largest).astype(np.uint8)) if largest else found.astype(np.float32)


def _without_holes(found: npt.NDArray[np.uint8]) -> Floats:
    """With badges and buckles of other colors, but not what is seen through a handle."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(1 - np.pad(found, 1), connectivity=4)
    outside = parts[0, 0]
    small = [k for k in range(1, count) if k != outside and stats[k, cv2.CC_STAT_AREA] < _HOLE * found.sum()]
    return np.maximum(found, np.isin(parts, small)[1:-1, 1:-1]).astype(np.float32)
