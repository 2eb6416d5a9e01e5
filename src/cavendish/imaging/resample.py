"""Moving pixels to another grid: crop, scale, turn, flip, rotate — one antialiased pass in linear light.

Coordinates are continuous: pixel i covers [i, i+1), so the picture's corners are (0, 0) and (width, height).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
"""3×3 affine transform of column vectors (x, y, 1)."""

Planes = npt.NDArray[np.float32]
"""h×w or h×w×C float32."""


_RIM = 2
"""Zero pixels put around a picture before it is turned, so that the values around its edge include the outside."""


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
    """Bounding box (left, top, right, bottom) of the rectangle (0, 0)–`size` after `points_matrix`."""
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]], np.float64)
    moved = (corners @ points_matrix.T)[:, :2]
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
    if is_axis_aligned(matrix):
        return _warp_boxes(planes, matrix, size)
    channels = planes.shape[2:]
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if shrink > 1:
        height, width = planes.shape[:2]
        small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        planes = np.asarray(cv2.resize(planes, small, interpolation=cv2.INTER_AREA), np.float32)
        matrix = scaling(small[0] / width, small[1] / height) @ matrix
    planes = np.asarray(cv2.copyMakeBorder(planes, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_CONSTANT), np.float32)
    centers = translation(_RIM - 0.5, _RIM - 0.5) @ matrix @ translation(0.5, 0.5)  # OpenCV counts from pixel centers

    def sample(source: Planes, how: int) -> Planes:
        return np.asarray(cv2.warpAffine(source, centers[:2], size, flags=how | cv2.WARP_INVERSE_MAP), np.float32)

    return _cubic(planes, sample).reshape(size[1], size[0], *channels)


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
    return bool(max(linear[0, 0], linear[1, 1]) < 1e-9 or max(linear[0, 1], linear[1, 0]) < 1e-9)


def _warp_boxes(planes: Planes, matrix: Matrix, size: tuple[int, int]) -> Planes:
    """Crop, turn and resize: the covered part of the grid is one resized box of the source."""
    transposed = abs(matrix[0, 0]) < 1e-9
    if transposed:
        planes = np.swapaxes(planes, 0, 1)
        matrix = matrix[[1, 0, 2]]
    out = np.zeros((size[1], size[0], *planes.shape[2:]), np.float32)
    columns = _axis(matrix[0, 0], matrix[0, 2], planes.shape[1], size[0])
    rows = _axis(matrix[1, 1], matrix[1, 2], planes.shape[0], size[1])
    if columns is None or rows is None:
        return out
    (x0, x1, from_x), (y0, y1, from_y) = columns, rows
    source = planes[from_y, from_x]
    enlarged = (x1 - x0) > source.shape[1] or (y1 - y0) > source.shape[0]
    if source.shape[:2] == (y1 - y0, x1 - x0):
        part = source
    else:

        def sample(planes: Planes, how: int) -> Planes:
            return np.asarray(cv2.resize(planes, (x1 - x0, y1 - y0), interpolation=how), np.float32)

        source = np.ascontiguousarray(source)
        part = _cubic(source, sample) if enlarged else sample(source, cv2.INTER_AREA)
    out[y0:y1, x0:x1] = part.reshape(y1 - y0, x1 - x0, *planes.shape[2:])  # OpenCV drops an axis of one plane
    return out


def _axis(scale: float, offset: float, length: int, count: int) -> tuple[int, int, slice] | None:
    """Where grid cells 0…count of one axis lie in a source of `length`: (first, last, source slice)."""
    start, stop = sorted(((0 - offset) / scale, (length - offset) / scale))
    first, last = max(0, round(start)), min(count, round(stop))
    if first >= last:
        return None
    low, high = sorted((first * scale + offset, last * scale + offset))
    low_index = min(max(0, round(low)), length - 1)
    high_index = min(max(low_index + 1, round(high)), length)
    picked = slice(low_index, high_index)
    if scale < 0:
        backwards = slice(high_index - 1, low_index - 1 if low_index else None, -1)
        return first, last, backwards
    return first, last, picked
