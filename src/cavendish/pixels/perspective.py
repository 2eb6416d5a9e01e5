"""Making a photographed plane square, or what stands upright, and what of the picture is left to show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.resample import Matrix, translation
from cavendish.pixels.canvas import Canvas

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Four corners (x, y) in pixels, clockwise from the top left one."""

_FOCAL = 0.8
"""Of the longer side: lenses of phones have about as much, and the picture cannot tell."""

_STEEPEST_DEG = 35.0
"""Beyond, what is far up would be torn apart."""

_INSET_PX = 1.0
_SHAPES = (0.2, 5.0)
"""Width over height that a plane may have where its sides do not tell."""


@dataclass(frozen=True)
class Perspective:
    """What a picture shows aslant.

    Args:
        page: Corners of a page, picture or screen to be shown square and alone; None for none.
        upright: (x, y, w) in pixels: the point in which upright lines meet; None where they do not tell.
    """

    page: Quad | None = None
    upright: tuple[float, float, float] | None = None

    def moved(self, matrix: Matrix) -> Perspective:
        """The same on a grid from whose points `matrix` leads to those of this one."""
        forth = np.asarray(np.linalg.inv(matrix), np.float64)
        page = None if self.page is None else quad_of(_through(forth, np.array(self.page, np.float64)))
        if self.upright is None:
            return Perspective(page)
        x, y, w = (float(value) for value in forth @ np.array(self.upright))
        return Perspective(page, (x, y, w))


def quad_of(points: npt.NDArray[np.floating[Any]]) -> Quad:
    """Four points as a quad: clockwise from the one nearest the top left.

    Args:
        points: 4×2, in any order around their middle.
    """
    off = points - points.mean(axis=0)
    around = points[np.argsort(np.arctan2(off[:, 1], off[:, 0]))]
    first = int(np.argmin(around.sum(axis=1)))
    corners = [(float(x), float(y)) for x, y in np.roll(around, -first, axis=0)]
    return corners[0], corners[1], corners[2], corners[3]


def turned(angle_deg: float, matrix: Matrix) -> float:
    """A tilt as seen on another grid, from whose points `matrix` leads to those of this one; −45 to 45 degrees."""
    level = np.array([math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))])
    x, y = np.linalg.inv(matrix[:2, :2]) @ level
    return (math.degrees(math.atan2(y, x)) + 45) % 90 - 45


def squared(size: tuple[int, int], quad: Quad) -> Canvas:
    """Show a plane as seen from straight ahead, and nothing else.

    Args:
        size: (width, height) of the picture.
        quad: The plane's corners, in the order they are to have; those outside the picture are brought to its edge.

    Returns:
        A canvas in the plane's own proportions, about as large as it was.

    Raises:
        UnsupportedEdit: The corners are not those of a plane that is seen from its front.

    Source:
        Proportions: Zhang and He, "Whiteboard scanning and image enhancement", 2007, the middle of the picture taken
        for the center of the lens.
    """
    corners = np.clip(np.array(quad, np.float64), 0, size)
    sides = np.roll(corners, -1, axis=0) - corners
    bends = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    if bends.min() <= 0:
        raise UnsupportedEdit("the four corners do not go around a plane clockwise")
    lengths = np.hypot(*sides.T)
    across, down = (lengths[0] + lengths[2]) / 2, (lengths[1] + lengths[3]) / 2
    shape = _shape_of(corners - np.array(size) / 2, across / down)
    area = math.sqrt(across * down)
    width, height = max(1, round(area * math.sqrt(shape))), max(1, round(area / math.sqrt(shape)))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(target, corners.astype(np.float32))
    return Canvas((width, height), np.asarray(matrix, np.float64))


def _shape_of(corners: npt.NDArray[np.float64], seen: float) -> float:
    """Width over height of the rectangle whose picture has these corners, counted from the center of the lens."""
    m1, m2, m4, m3 = (np.append(corner, 1.0) for corner in corners)  # the paper counts row by row
    k2 = np.dot(np.cross(m1, m4), m3) / np.dot(np.cross(m2, m4), m3)
    k3 = np.dot(np.cross(m1, m4), m2) / np.dot(np.cross(m3, m4), m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    if min(abs(n2[2]), abs(n3[2])) < 1e-3:  # a pair of sides is parallel, and tells no focal length
        return seen
    focal2 = -float(n2[0] * n3[0] + n2[1] * n3[1]) / float(n2[2] * n3[2])
    reach = float(np.abs(corners).max())
    if not (0.5 * reach) ** 2 < focal2 < (10 * reach) ** 2:
        return seen
    weigh = np.array([1 / focal2, 1 / focal2, 1.0])
    shape = math.sqrt(float((n2 * n2 * weigh).sum()) / float((n3 * n3 * weigh).sum()))
    return min(max(shape, _SHAPES[0]), _SHAPES[1])


def stood_up(size: tuple[int, int], upright: tuple[float, float, float]) -> Canvas:
    """Turn the camera, as it were, until what stands upright is so in the picture.

    Args:
        size: (width, height) of the picture.
        upright: (x, y, w) in pixels: where upright lines meet; w is 0 for parallels.

    Returns:
        A canvas of the picture's shape: the largest part that shows nothing from outside.

    Raises:
        UnsupportedEdit: The camera looked up or down too steeply.

    Source:
        The homography of a turning camera, Hartley and Zisserman, 8.4; the largest rectangle by linear programming.
    """
    width, height = size
    focal = _FOCAL * max(size)
    camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    down = np.linalg.inv(camera) @ np.array(upright)
    down *= math.copysign(1 / float(np.linalg.norm(down)), down[1])
    if down[1] < math.cos(math.radians(_STEEPEST_DEG)):
        raise UnsupportedEdit("the upright lines lean too far to be put right")
    forth = camera @ _rotation_to_down(down) @ np.linalg.inv(camera)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    x, y, tall = _largest_inside(_through(forth, corners), width / height)
    new = (max(1, math.floor(tall * width / height - _INSET_PX)), max(1, math.floor(tall - _INSET_PX)))
    return Canvas(new, np.linalg.inv(forth) @ translation(x - new[0] / 2, y - new[1] / 2))


def _rotation_to_down(down: npt.NDArray[np.float64]) -> Matrix:
    """The least rotation that takes a unit vector to (0, 1, 0)."""
    axis = np.cross(down, [0.0, 1.0, 0.0])
    cosine = float(down[1])
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + cosine))


def _through(matrix: npt.NDArray[np.floating[Any]], points: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    moved = np.pad(points.astype(np.float64), ((0, 0), (0, 1)), constant_values=1) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:])


def _largest_inside(corners: npt.NDArray[np.float64], shape: float) -> tuple[float, float, float]:
    """Middle and height of the largest rectangle of a shape inside a convex quad, clockwise on screen."""
    edges = np.roll(corners, -1, axis=0) - corners
    outward = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    reach = np.abs(outward) @ np.array([shape / 2, 0.5])
    limits = (outward * corners).sum(axis=1)
    sums, best = np.column_stack([outward, reach]), (0.0, 0.0, 0.0)
    for tight in combinations(range(4), 3):  # the optimum of three unknowns lies where three limits meet
        if abs(np.linalg.det(sums[list(tight)])) < 1e-12:
            continue
        found = np.linalg.solve(sums[list(tight)], limits[list(tight)])
        if (sums @ found <= limits + 1e-6 * np.abs(limits).max()).all() and found[2] > best[2]:
            best = (float(found[0]), float(found[1]), float(found[2]))
    return best
