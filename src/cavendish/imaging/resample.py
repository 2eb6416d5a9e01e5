"""Moving pixels to another grid: crop, scale, turn, flip, make upright — one antialiased pass in linear light.

Coordinates are continuous: pixel i covers [i, i+1), so the picture's corners are (0, 0) and (width, height).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
"""3×3 transform of column vectors (x, y, 1): affine, or projective where its last row is not (0, 0, 1)."""

Planes = npt.NDArray[np.float32]
"""h×w or h×w×C float32."""

Reader = Callable[[slice, slice], Planes]
"""Reads some rows and columns of a picture; so a large one need never exist whole as floats."""

Rows = Callable[[slice], Planes]
"""Makes some rows of a picture; start and stop are given, and inside it."""


_RIM = 2
"""Zero pixels put around a picture before it is turned, so that the values around its edge include the outside."""

_BLOCK = 1 << 17
"""Pixels that are read at a time to be averaged; so few stay in the cache."""

_TILE = 1024
"""Side of the tiles of a slanted grid: each reads only the part of the source that it shows."""


def translation(x: float, y: float) -> Matrix:
    """Moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def scaling(x: float, y: float) -> Matrix:
    """Scales points about the origin."""
    return np.diag([x, y, 1.0])


def rotation(angle_deg: float) -> Matrix:
    """Turns points clockwise as seen on screen (y down) about the origin; exact for quarter turns."""
    quarter = round(angle_deg / 90)
    if abs(angle_deg - 90 * quarter) < 1e-9:
        cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter % 4]
    else:
        cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], np.float64)


def box_of(points_matrix: Matrix, size: tuple[float, float]) -> tuple[float, float, float, float]:
    """Bounding box (left, top, right, bottom) of the rectangle (0, 0)–`size` after `points_matrix`.

    Under a projective matrix the whole rectangle must lie before the camera.
    """
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]], np.float64)
    moved = corners @ points_matrix.T
    moved = moved[:, :2] / moved[:, 2:]
    return (*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist())


def warp(planes: Planes, matrix: Matrix, size: tuple[int, int]) -> Planes:
    """Sample `planes` on a new grid; outside the source is 0.

    Args:
        planes: h×w×C float32 in a space where averaging is right (linear light, premultiplied; or a mask).
        matrix: Maps points of the new grid to points of `planes`.
        size: (width, height) of the new grid.

    Returns:
        float32 array of that size; shrinking is antialiased (area average), enlarging is bicubic.
    """
    source = (planes.shape[1], planes.shape[0])
    return warped(lambda rows, columns: planes[rows, columns], source, matrix, size)(slice(0, size[1]))


def warped(read: Reader, source: tuple[int, int], matrix: Matrix, size: tuple[int, int]) -> Rows:
    """Like `warp`, for pictures too large to be held as floats: neither the source nor the result need exist whole.

    Args:
        read: Reads the source.
        source: (width, height) of the source.
        matrix: Maps points of the new grid to points of the source.
        size: (width, height) of the new grid.

    Returns:
        Makes rows of the new grid. What is enlarged along an axis, and slanted grids that shrink, hold the smaller of
        both pictures whole.
    """
    if is_axis_aligned(matrix) and abs(matrix[0, 0]) < 1e-9 and abs(matrix[1, 1]) < 1e-9:

        def turned(rows: slice, columns: slice) -> Planes:
            return np.swapaxes(read(columns, rows), 0, 1)

        return _aligned(turned, source[::-1], matrix[[1, 0, 2]], size)
    if is_axis_aligned(matrix):
        return _aligned(read, source, matrix, size)
    shrink = _shrink(matrix, size)
    if shrink <= 1:
        return lambda rows: _slanted(read, source, matrix, size, rows)
    small = (max(1, round(source[0] / shrink)), max(1, round(source[1] / shrink)))
    smaller = scaling(small[0] / source[0], small[1] / source[1])
    planes = warped(read, source, scaling(source[0] / small[0], source[1] / small[1]), small)(slice(0, small[1]))
    return lambda rows: _slanted(lambda r, c: planes[r, c], small, smaller @ matrix, size, rows)


def lifted(planes: Planes, size: tuple[int, int]) -> Rows:
    """Enlarge smooth planes (h×w or h×w×C) to that (width, height), bilinearly, a few rows at a time."""
    height, width = planes.shape[:2]
    if (width, height) == size:
        return lambda rows: planes[rows].copy()

    def part(rows: slice) -> Planes:
        at = np.clip((np.arange(rows.start, rows.stop) + 0.5) * (height / size[1]) - 0.5, 0, height - 1)
        above = at.astype(np.intp)
        share = (at - above).astype(np.float32).reshape(-1, *[1] * (planes.ndim - 1))
        mixed = planes[above]
        mixed += (planes[np.minimum(above + 1, height - 1)] - mixed) * share
        return np.asarray(cv2.resize(mixed, (size[0], len(at)), interpolation=cv2.INTER_LINEAR), np.float32)

    return part


def _slanted(read: Reader, source: tuple[int, int], matrix: Matrix, size: tuple[int, int], rows: slice) -> Planes:
    """Some rows of a slanted grid that does not shrink, tile by tile."""
    channels = read(slice(0, 1), slice(0, 1)).shape[2:]
    out = np.zeros((rows.stop - rows.start, size[0], *channels), np.float32)
    for top in range(0, out.shape[0], _TILE):
        for left in range(0, out.shape[1], _TILE):
            tile = out[top : top + _TILE, left : left + _TILE]
            corner = translation(left, rows.start + top)
            seen = box_of(matrix @ corner, (tile.shape[1], tile.shape[0]))
            x0, y0 = (max(0, int(edge) - 2 * _RIM) for edge in seen[:2])
            x1, y1 = (min(side, int(edge) + 2 * _RIM) for edge, side in zip(seen[2:], source, strict=True))
            if x0 < x1 and y0 < y1:
                inside = translation(-x0, -y0) @ matrix @ corner
                tile[...] = _sampled(read(slice(y0, y1), slice(x0, x1)), inside, (tile.shape[1], tile.shape[0]))
    return out


def _sampled(planes: Planes, matrix: Matrix, size: tuple[int, int]) -> Planes:
    framed = np.asarray(cv2.copyMakeBorder(planes, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_CONSTANT), np.float32)
    centers = translation(_RIM - 0.5, _RIM - 0.5) @ matrix @ translation(0.5, 0.5)  # OpenCV counts from pixel centers
    centers /= centers[2, 2]

    def sample(source: Planes, how: int) -> Planes:
        flags = how | cv2.WARP_INVERSE_MAP
        if _is_affine(matrix):
            return np.asarray(cv2.warpAffine(source, centers[:2], size, flags=flags), np.float32)
        return np.asarray(cv2.warpPerspective(source, centers, size, flags=flags), np.float32)

    return _cubic(framed, sample).reshape(size[1], size[0], *planes.shape[2:])


def _cubic(planes: Planes, sample: Callable[[Planes, int], Planes]) -> Planes:
    """Bicubic samples kept within the values around them: in linear light an undershoot shows as a dark ring."""
    around = np.ones((3, 3), np.uint8)
    low = sample(np.asarray(cv2.erode(planes, around), np.float32), cv2.INTER_NEAREST)
    high = sample(np.asarray(cv2.dilate(planes, around), np.float32), cv2.INTER_NEAREST)
    moved = sample(planes, cv2.INTER_CUBIC)
    return np.minimum(np.maximum(moved, low, out=moved), high, out=moved)


def is_axis_aligned(matrix: Matrix) -> bool:
    """Whether rows and columns stay rows and columns (in either order): no slanted turn, no shear."""
    linear = np.abs(matrix[:2, :2])
    return _is_affine(matrix) and bool(max(linear[0, 0], linear[1, 1]) < 1e-9 or max(linear[0, 1], linear[1, 0]) < 1e-9)


def _is_affine(matrix: Matrix) -> bool:
    """Whether parallels stay parallel, but for what rounding makes of products of matrices and their inverses."""
    return bool(np.abs(matrix[2, :2]).max() < 1e-10 * abs(matrix[2, 2]))


def _shrink(matrix: Matrix, size: tuple[int, int]) -> float:
    """How many source pixels a pixel of the grid is long, in its middle.

    Source:
        The square root of the determinant of the map's derivative, Hartley and Zisserman, 2.4.
    """
    depth = float(matrix[2] @ (size[0] / 2, size[1] / 2, 1))
    return float(np.sqrt(abs(np.linalg.det(matrix) / depth**3)))


@dataclass(frozen=True)
class _Axis:
    """One axis of a grid that lies straight on its source: cells first…last show the source's low…high."""

    first: int
    last: int
    low: int
    high: int
    backwards: bool

    @property
    def cells(self) -> int:
        return self.last - self.first

    @property
    def shrink(self) -> float:
        return (self.high - self.low) / self.cells


def _axis(scale: float, offset: float, length: int, count: int) -> _Axis | None:
    """Where grid cells 0…count of one axis lie in a source of `length`; None where they miss it."""
    start, stop = sorted(((0 - offset) / scale, (length - offset) / scale))
    first, last = max(0, round(start)), min(count, round(stop))
    if first >= last:
        return None
    low, high = sorted((first * scale + offset, last * scale + offset))
    low_index = min(max(0, round(low)), length - 1)
    return _Axis(first, last, low_index, min(max(low_index + 1, round(high)), length), scale < 0)


def _aligned(read: Reader, source: tuple[int, int], matrix: Matrix, size: tuple[int, int]) -> Rows:
    """Crop, flip and resize: the covered part of the grid is one resized box of the source."""
    channels = read(slice(0, 1), slice(0, 1)).shape[2:]
    across = _axis(matrix[0, 0], matrix[0, 2], source[0], size[0])
    down = _axis(matrix[1, 1], matrix[1, 2], source[1], size[1])
    box = _resized_box(read, across, down) if across and down else None

    def part(rows: slice) -> Planes:
        out = np.zeros((rows.stop - rows.start, size[0], *channels), np.float32)
        if box is None or across is None or down is None:
            return out
        first, last = max(rows.start, down.first), min(rows.stop, down.last)
        if first >= last:
            return out
        ends = (down.last - last, down.last - first) if down.backwards else (first - down.first, last - down.first)
        made = box(slice(*ends))[:: -1 if down.backwards else 1, :: -1 if across.backwards else 1]
        target = out[first - rows.start : last - rows.start, across.first : across.last]
        target[...] = made.reshape(target.shape)  # OpenCV drops an axis of one plane
        return out

    return part


def _resized_box(read: Reader, across: _Axis, down: _Axis) -> Rows:
    """The box that both axes read, resized to their cells; not yet flipped."""
    columns = slice(across.low, across.high)
    if across.shrink == down.shrink == 1:
        return lambda rows: read(slice(down.low + rows.start, down.low + rows.stop), columns)
    if min(across.shrink, down.shrink) >= 1:
        return lambda rows: _averaged(read, across, down, rows)
    planes = np.ascontiguousarray(read(slice(down.low, down.high), columns))

    def sample(source: Planes, how: int) -> Planes:
        return np.asarray(cv2.resize(source, (across.cells, down.cells), interpolation=how), np.float32)

    whole = _cubic(planes, sample)
    return lambda rows: whole[rows]


def _averaged(read: Reader, across: _Axis, down: _Axis, rows: slice) -> Planes:
    """Some rows of the area-averaged box: along rows by OpenCV, down the columns by sums of whole and cut rows."""
    parts = []
    step = max(1, int(_BLOCK / (across.high - across.low) / down.shrink))
    for first in range(rows.start, rows.stop, step):
        edges = np.arange(first, min(first + step, rows.stop) + 1) * down.shrink
        low, high = int(edges[0] + 1e-6), int(np.ceil(edges[-1] - 1e-6))
        planes = read(slice(down.low + low, down.low + high), slice(across.low, across.high))
        if across.shrink > 1:
            narrow = (across.cells, high - low)
            planes = np.asarray(cv2.resize(np.ascontiguousarray(planes), narrow, interpolation=cv2.INTER_AREA))
        parts.append(_sums(planes, edges - low) * np.float32(1 / down.shrink))
    return np.concatenate(parts)


def _sums(planes: Planes, edges: npt.NDArray[np.float64]) -> Planes:
    """Sums of the rows between each two edges, which are at least a row apart; rows at an edge count in part."""
    whole = np.floor(edges + 1e-9).astype(np.intp)
    share = (edges - whole).astype(np.float32).reshape(-1, *[1] * (planes.ndim - 1))
    sums = np.stack([planes[top:bottom].sum(axis=0) for top, bottom in pairwise(whole)])
    sums -= share[:-1] * planes[whole[:-1]]
    sums += share[1:] * planes[np.minimum(whole[1:], len(planes) - 1)]
    return np.asarray(sums, np.float32)
