"""Where the faces are, large ones and the small ones of group pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

    Rows = npt.NDArray[np.float32]
    """n×9: left, top, right, bottom, x and y of the right eye and of the left one, score."""
    Point = tuple[float, float]

FaceNetwork = Callable[[npt.NDArray[np.float32]], tuple[npt.NDArray[np.float32], ...]]
"""Maps a float32 tensor 1×128×128×3 (RGB, −1 to 1) to 1×896×16 regressors and 1×896×1 logits."""

_LONGEST = 1280
"""Longer side of the copy that is searched: the smallest faces that are found have about 45 pixels in it."""
_TILE = 128
_STEP = 90
"""Pixels between tiles at most: a face that fits into the overlap of 38 is whole in one of them."""
_MOST_TILES = 24
_POINTS = 4
"""Points a row begins with: two corners and two eyes."""
_NOTHING = np.empty((0, 2 * _POINTS + 1), np.float32)
_GRIDS = ((16, 2), (8, 6))
"""Cells a side and anchors a cell: strides 8 and 16, the latter in three layers of two."""

_CANDIDATE = 0.4
_CERTAIN = 0.82
"""At the second look 419 of 421 faces put into pictures scored as much; what came nearest of all that is no face were
a teddy (0.80), a motorcycle's headlamp (0.78) and a lemur (0.76)."""
_MOST_CANDIDATES = 32
_SECOND_LOOK_SHARE = 0.25
"""Share of the tile's side that a face fills at the second look, where the network tells faces best from the rest."""
_SAME_FACE = 0.4
"""Shared part of the smaller box from which two boxes are one face."""

_HAIR = 0.65
_CHIN = 0.2
_EARS = 0.25


@dataclass(frozen=True)
class Face:
    """A face in one picture.

    Args:
        box: Box of the whole head, hair and chin included, inside the picture.
        score: How sure the detector is, 0–1.
        center: Middle of the face without its hair.
        extent_px: Longer side of the square from the brows to the chin.
        eyes: The right eye and the left one, as the person has them.
    """

    box: Box
    score: float
    center: Point
    extent_px: float
    eyes: tuple[Point, Point]


def find_faces(image: Image, network: FaceNetwork | None) -> tuple[Face, ...]:
    """Find the faces of a picture that look at the camera, from about 4 % of its longer side.

    The network looks at the whole picture for large faces, at no more than 24 overlapping tiles for small ones,
    and then at each candidate by itself, which tells faces from toys, animals and coins.

    Args:
        image: The picture, any size from 1×1; what is transparent counts as gray.
        network: BlazeFace for short range; None to do without.

    Returns:
        The faces, surest first; none without a network.

    Source:
        Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.
    """
    if network is None:
        return ()
    shrink = min(1.0, _LONGEST / max(image.size))
    copy = image.with_pixels(small_copy(image, size=_scaled(image.size, shrink)))
    scales = (_TILE / max(copy.size), _close_scale(copy.size))
    candidates = _without_repeats(np.concatenate([_scan(copy, network, scale=scale) for scale in scales]))
    looks = [_second_look(copy, network, row) for row in candidates[:_MOST_CANDIDATES]]
    faces = _without_repeats(np.concatenate([_NOTHING, *looks]))
    return tuple(_face(row, shrink, image.size) for row in faces)


def _face(row: Rows, shrink: float, size: tuple[int, int]) -> Face:
    corners, eyes = row[:4] / shrink, row[4:8] / shrink
    x, y = (corners[:2] + corners[2:]) / 2
    return Face(
        box=_head_box(corners, size),
        score=float(row[-1]),
        center=(float(x), float(y)),
        extent_px=float((corners[2:] - corners[:2]).max()),
        eyes=((float(eyes[0]), float(eyes[1])), (float(eyes[2]), float(eyes[3]))),
    )


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _close_scale(size: tuple[int, int]) -> float:
    """The largest scale at which the allowed number of tiles covers the picture."""
    width, height = size
    return max(
        min(_reach(columns) / width, _reach(_MOST_TILES // columns) / height) for columns in range(1, _MOST_TILES + 1)
    )


def _reach(tiles: int) -> int:
    return _TILE + (tiles - 1) * _STEP


def _scan(image: Image, network: FaceNetwork, *, scale: float) -> Rows:
    """Candidates in pixels of the picture, found tile by tile on a copy of the given scale."""
    width, height = _scaled(image.size, scale)
    copy = small_copy(image, size=(width, height))
    found = [_NOTHING]
    for top in _starts(height):
        for left in _starts(width):
            rows = _detect(copy[top : top + _TILE, left : left + _TILE], network, threshold=_CANDIDATE)
            rows[:, :-1] += (left, top) * _POINTS
            found.append(rows)
    rows = np.concatenate(found)
    rows[:, :-1] *= np.tile(np.divide(image.size, (width, height)), _POINTS)
    return rows


def _second_look(image: Image, network: FaceNetwork, candidate: Rows) -> Rows:
    """The face around the candidate's center, or no row; seen in the middle of a tile that leaves room around it."""
    center = (candidate[:2] + candidate[2:4]) / 2
    reach = float(candidate[2] - candidate[0]) / _SECOND_LOOK_SHARE / 2
    left, top = (max(0, round(float(c) - reach)) for c in center)
    right, bottom = (min(side, round(float(c) + reach)) for c, side in zip(center, image.size, strict=True))
    if right <= left or bottom <= top:
        return _NOTHING
    crop = image.with_pixels(image.pixels[top:bottom, left:right])
    scale = _TILE / max(crop.size)
    rows = _detect(small_copy(crop, size=_scaled(crop.size, scale)), network, threshold=_CERTAIN)
    rows[:, :-1] = rows[:, :-1] / scale + (left, top) * _POINTS
    centers = (rows[:, :2] + rows[:, 2:4]) / 2
    central = np.abs(centers - center).max(axis=1) < reach * _SECOND_LOOK_SHARE
    inside = ((centers >= 0) & (centers < image.size)).all(axis=1)
    there = rows[central & inside]
    surest: Rows = there[np.argsort(-there[:, -1])[:1]]
    return surest


def _starts(length: int) -> Iterator[int]:
    """Where the tiles along one axis begin, spread evenly; one tile where the axis is no longer than it."""
    slack = max(0, length - _TILE)
    count = math.ceil(slack / _STEP) + 1
    return (round(slack * k / max(1, count - 1)) for k in range(count))


def _detect(tile: npt.NDArray[np.uint8], network: FaceNetwork, *, threshold: float) -> Rows:
    """Faces in one tile, repeats included, in pixels of the tile; a smaller tile is padded with black, evenly."""
    height, width = tile.shape[:2]
    left, top = (_TILE - width) // 2, (_TILE - height) // 2
    tensor = np.full((1, _TILE, _TILE, 3), -1, np.float32)
    tensor[0, top : top + height, left : left + width] = tile / np.float32(127.5) - 1
    regressors, logits = network(tensor)
    scores = 1 / (1 + np.exp(-logits.reshape(-1).clip(-80, 80)))
    sure = scores >= threshold
    shifts = regressors.reshape(-1, regressors.shape[-1])[sure]
    origins = _ANCHORS[sure] - (left, top)
    centers, halves = origins + shifts[:, :2], shifts[:, 2:4] / 2
    eyes = np.tile(origins, 2) + shifts[:, 4:8]
    return np.column_stack([centers - halves, centers + halves, eyes, scores[sure]]).astype(np.float32)


def _anchors() -> npt.NDArray[np.float32]:
    """The point of the tile, in pixels, that each of the network's 896 answers is relative to."""
    parts = []
    for cells, repeats in _GRIDS:
        y, x = np.mgrid[:cells, :cells].astype(np.float32)
        centers = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * (_TILE / cells)
        parts.append(np.repeat(centers, repeats, axis=0))
    return np.concatenate(parts)


_ANCHORS = _anchors()


def _without_repeats(rows: Rows) -> list[Rows]:
    """One row a face, surest first. A face cut by a tile's edge is a part of the whole one, not a second face."""
    kept: list[Rows] = []
    for row in rows[np.argsort(-rows[:, -1], kind="stable")]:
        if all(_shared_part(row, other) < _SAME_FACE for other in kept):
            kept.append(row)
    return kept


def _shared_part(a: Rows, b: Rows) -> float:
    """Area two boxes share, as a fraction of the smaller one."""
    overlap = np.maximum(0, np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2]))
    smaller = min(float(np.prod(a[2:4] - a[:2])), float(np.prod(b[2:4] - b[:2])))
    return float(np.prod(overlap)) / max(smaller, 1e-6)


def _head_box(edges: npt.NDArray[np.float32], size: tuple[int, int]) -> Box:
    """The detector's box reaches from the brows to the chin; the head is larger."""
    left, top, right, bottom = (float(edge) for edge in edges)
    width, height = right - left, bottom - top
    return (
        max(0, math.floor(left - _EARS * width)),
        max(0, math.floor(top - _HAIR * height)),
        min(size[0], math.ceil(right + _EARS * width)),
        min(size[1], math.ceil(bottom + _CHIN * height)),
    )
