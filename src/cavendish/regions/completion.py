"""What a saliency network left out of a subject that it is not sure of: a part of its very colors that adjoins it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.pixels.region import Region

if TYPE_CHECKING:
    Floats = npt.NDArray[np.floating[Any]]
    Mask = npt.NDArray[np.bool_]

_LONGEST = 240
_IN, _OUT = 0.9, 0.1
_BINS = 16
_LIKELY = 0.8
"""Probability of being the subject by color alone."""
_LEAST, _MOST = 0.05, 0.6
"""Of the subject's area: parts smaller are specks, and larger ones another thing."""
_CONTACT = 2.5
"""Length of the border shared with the subject, in roots of the part's area: what belongs together meets broadly."""
_ELSEWHERE = 0.3
"""Area elsewhere of the subject's colors, in the part's: where its colors are everywhere, they tell nothing."""
_LEAST_PIXELS = 50


def completed(rgb: npt.NDArray[np.uint8], found: Region) -> Region:
    """Add to a subject what adjoins it broadly and has colors that are nowhere but in it.

    Args:
        rgb: h×w×3.
        found: The subject, h×w.

    Returns:
        The subject, with such parts.

    Source:
        Color histograms of subject and background: Swain and Ballard, "Color indexing", 1991.
    """
    height, width = found.alpha.shape
    shrink = min(1.0, _LONGEST / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.uint8)
    alpha = np.asarray(cv2.resize(found.alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    inside, outside = alpha > _IN, alpha < _OUT
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < _LEAST_PIXELS:
        return found
    bins = tuple(np.moveaxis(lab // (256 // _BINS), 2, 0))
    own, other = (_shares(lab[where])[bins] for where in (inside, outside))
    alike = (own > _LIKELY * (own + other)) & (alpha < 0.5)
    alike = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    part = _part(np.asarray(alike), alpha > 0.5)
    if part is None:
        return found
    added = cv2.resize(cv2.GaussianBlur(part.astype(np.float32), (0, 0), 1), (width, height))
    return dataclasses.replace(found, alpha=np.maximum(found.alpha, np.asarray(added, np.float32)))


def _shares(colors: npt.NDArray[np.uint8]) -> Floats:
    """How often each color of a coarse grid occurs, its neighbors counting a little."""
    counts = np.histogramdd(colors.astype(np.float32), bins=_BINS, range=[(0, 256)] * 3)[0]
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if k == axis else (0, 0) for k in range(3)], mode="edge")
        before, after = (np.take(padded, range(start, start + _BINS), axis=axis) for start in (0, 2))
        counts = 0.25 * before + 0.5 * counts + 0.25 * after
    return counts / max(float(counts.sum()), 1e-9)


def _part(alike: npt.NDArray[np.uint8], subject: Mask) -> Mask | None:
    """The largest of the parts that belong to the subject."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(alike)
    if count < 2:
        return None
    label = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    area, whole = float(stats[label, cv2.CC_STAT_AREA]), float(subject.sum())
    part: Mask = labels == label
    near = cv2.dilate(subject.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    belongs = (
        _LEAST * whole <= area <= _MOST * whole
        and np.count_nonzero(part & near) >= _CONTACT * area**0.5
        and float(alike.sum()) - area <= _ELSEWHERE * area
    )
    return part if belongs else None
