"""What a picture shows aslant: a page before the camera, or buildings at which it looked up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.pixels.perspective import Perspective, quad_of
from cavendish.regions.small_copy import small_copy
from cavendish.regions.vanishing import find_bundle, line_segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cavendish.imaging.image import Image
    from cavendish.pixels.perspective import Quad

    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.uint8]

_LEAST_SIDE = 64
_LONGEST = 640
_LEAST_AREA, _MOST_AREA = 0.15, 0.97
"""Shares of the picture that a page takes."""
_CORNER_DEG = (50.0, 130.0)
_STRAYS = 0.006
"""How far a page's outline may be from its sides, in longer sides of the picture."""
_COVERED = 0.85
"""Share of the outline that must lie on the sides."""
_PAPER_STEP = 0.08
"""By how much a sheet of paper is lighter than what it lies on; of encoded values, 0–1."""
_ROUGH = 0.02
"""Of the outline's length: what is less bent than this is one side."""
_TRUSTED = 0.7
_LEAST_LEAN_DEG = 0.4
"""What lines lean at the edges of the picture that nobody sees."""


def find_perspective(image: Image) -> Perspective | None:
    """Find a page, painting or screen that is seen aslant, or else the upright lines of buildings.

    Args:
        image: The picture, any size from 1×1.

    Returns:
        A sheet of paper that is lighter than what it lies on; else where upright lines meet, if they lean; else any
        other large flat quadrilateral. None where there is nothing of the kind, or all of it is square already.

    Source:
        Outlines: Suzuki and Abe, "Topological structural analysis of digitized binary images", 1985; simplified after
        Douglas and Peucker, 1973.
    """
    if min(image.size) < _LEAST_SIDE:
        return None
    page, is_paper = _find_page(image)
    upright = None if is_paper else _find_upright(image)
    if page is None and upright is None:
        return None
    return Perspective(upright=upright) if upright is not None else Perspective(page=page)


def _find_upright(image: Image) -> tuple[float, float, float] | None:
    bundle = find_bundle(line_segments(image)[True], upright=True)
    if bundle is None or bundle.confidence < _TRUSTED:
        return None
    half = max(image.size) / 2
    x, y, w = bundle.meets
    edge = image.size[0] / 2 / half
    leans = [math.degrees(math.atan2(x - w * side, abs(y))) for side in (-edge, 0.0, edge)]
    if max(map(abs, leans)) < _LEAST_LEAN_DEG:
        return None
    return x * half + w * image.size[0] / 2, y * half + w * image.size[1] / 2, w


def _find_page(image: Image) -> tuple[Quad | None, bool]:
    """The largest quadrilateral outline and whether it looks like paper; one that is square already is none."""
    scale = min(1.0, _LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    soft = cv2.GaussianBlur(small_copy(image, size=size), (5, 5), 0)
    lab = np.asarray(cv2.cvtColor(soft, cv2.COLOR_RGB2LAB), np.uint8)
    quads = [quad for mask in _outlines(lab) if (quad := _quad_in(mask)) is not None]
    best = max(quads, key=cv2.contourArea, default=None)
    if best is None or _is_square(best):
        return None, False
    lifted = (best + 0.5) * np.array(image.size) / np.array(size)
    return quad_of(lifted), _is_paper(best, lab[..., 0] * np.float32(1 / 255))


def _outlines(lab: Mask) -> Iterator[Mask]:
    """Masks that may show a page as one piece."""
    for k in range(3):
        plane = np.ascontiguousarray(lab[..., k])
        _, split = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        yield np.asarray(split, np.uint8)
        yield np.asarray(255 - split, np.uint8)
    edges = cv2.Canny(np.ascontiguousarray(lab[..., 0]), 40, 120)
    yield np.asarray(255 - cv2.dilate(edges, np.ones((3, 3), np.uint8)), np.uint8)


def _quad_in(mask: Mask) -> Floats | None:
    """The largest outline of a mask that has four straight sides, 4×2; its sides are fitted to all of its points."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:3]:
        share = cv2.contourArea(outline) / mask.size
        if not _LEAST_AREA <= share <= _MOST_AREA:
            continue
        hull = cv2.convexHull(outline)
        rough = cv2.approxPolyDP(hull, _ROUGH * cv2.arcLength(hull, closed=True), closed=True).reshape(-1, 2)
        if len(rough) == 4:
            points = np.asarray(outline.reshape(-1, 2), np.float32)
            return _fitted(np.asarray(rough, np.float32), points, mask.shape)
    return None


def _fitted(rough: Floats, points: Floats, shape: tuple[int, ...]) -> Floats | None:
    """The quadrilateral with its sides laid through the outline; None where the outline strays from them."""
    corners = np.array(quad_of(rough), np.float32)
    allowed = max(1.5, _STRAYS * max(shape))
    lines, on_it = [], np.zeros(len(points), bool)
    for first, second in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (second - first) / np.linalg.norm(second - first)
        off = (points - first) @ np.array([-along[1], along[0]])
        place = (points - first) @ along / np.linalg.norm(second - first)
        near = (np.abs(off) < 3 * allowed) & (place > 0.03) & (place < 0.97)
        if near.sum() < 8:
            return None
        fit = cv2.fitLine(points[near], cv2.DIST_HUBER, 0, 0.01, 0.01)
        vx, vy, x, y = (float(value) for value in fit[:, 0])
        lines.append(np.cross((x, y, 1.0), (x + vx, y + vy, 1.0)))
        on_it |= np.abs((points - (x, y)) @ np.array([-vy, vx])) < allowed
    meets = [np.cross(before, line) for before, line in zip(np.roll(lines, 1, axis=0), lines, strict=True)]
    if on_it.mean() < _COVERED or min(abs(float(point[2])) for point in meets) < 1e-6:
        return None
    quad = np.array([point[:2] / point[2] for point in meets], np.float32)
    return quad if _is_plane(quad) and not _is_frame(quad, shape) else None


def _is_plane(quad: Floats) -> bool:
    before, after = np.roll(quad, 1, axis=0) - quad, np.roll(quad, -1, axis=0) - quad
    cosines = (before * after).sum(axis=1) / (np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1))
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    return bool(angles.min() > _CORNER_DEG[0] and angles.max() < _CORNER_DEG[1])


def _is_frame(quad: Floats, shape: tuple[int, ...]) -> bool:
    """Whether a side is the picture's own border: the page is cut off, or it is the ground or the sky."""
    height, width = shape[:2]
    sides = (quad + np.roll(quad, -1, axis=0)) / 2
    gaps = np.stack([sides[:, 0], sides[:, 1], width - 1 - sides[:, 0], height - 1 - sides[:, 1]]).min(axis=0)
    return int((gaps < 2).sum()) >= 1


def _is_square(quad: Floats) -> bool:
    """Whether all sides are level or upright as far as anybody sees."""
    sides = np.roll(quad, -1, axis=0) - quad
    leans = np.abs((np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) + 45) % 90 - 45)
    return bool(leans.max() < _LEAST_LEAN_DEG)


def _is_paper(quad: Floats, lightness: Floats) -> bool:
    inside = cv2.fillConvexPoly(np.zeros(lightness.shape, np.uint8), np.rint(quad).astype(np.int32), 1)
    ring = cv2.dilate(inside, np.ones((15, 15), np.uint8)) - inside
    if not ring.any():
        return False
    return float(np.median(lightness[inside > 0]) - np.median(lightness[ring > 0])) > _PAPER_STEP
