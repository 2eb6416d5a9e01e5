"""Smooth surfaces through a hole; called by `fill`, `fill_seams` and `grain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.pixels.fill_scene import Filled, Floats, Indices, Mask, Scene

_SMOOTH = 2.5  # codes by which a soft surface may leave a parabola
_ROUNDS = 4  # V-cycles; what is left is below a code
_SMOOTHING = 2  # Jacobi steps before and after each change of size


@dataclass(frozen=True)
class Links:
    """Which neighboring pixels of a hole should be equal, or a step apart, and which are tied to a value.

    The surface sought is the one that strains these links least: a membrane.

    Args:
        right: h×w, strength of the link to the pixel on the right.
        down: h×w, strength of the link to the pixel below.
        tied: h×w, strength of the links to given values.
        pull: h×w×c, the sum of the given values and steps, by strength.
    """

    right: Floats
    down: Floats
    tied: Floats
    pull: Floats

    @classmethod
    def inside(cls, hole: Mask, channels: int = 3) -> Links:
        """Equal links between all neighbors in the hole, nothing tied yet."""
        right, down = np.zeros(hole.shape, np.float32), np.zeros(hole.shape, np.float32)
        right[:, :-1] = hole[:, :-1] & hole[:, 1:]
        down[:-1] = hole[:-1] & hole[1:]
        return cls(right, down, np.zeros(hole.shape, np.float32), np.zeros((*hole.shape, channels), np.float32))

    def tie(self, y: Indices, x: Indices, values: Floats) -> None:
        """Tie pixels to values (n×c), each pixel at most once a call."""
        self.tied[y, x] += 1
        self.pull[y, x] += values


def is_smooth(scene: Scene) -> bool:
    """Whether what surrounds the hole is one soft surface, apart from grain."""
    rim = _rim(scene, 12)
    if rim.sum() < 12:
        return False
    y, x = np.nonzero(rim)
    soft = soften(scene, 2)[y, x]
    bend = soft - _Polynomial(y, x, soft, order=2).at(y, x)
    grain = scene.colors[y, x] - soft
    strain = np.abs(bend).max(axis=1)
    return bool(np.quantile(strain, 0.95) <= _SMOOTH and strain.max() <= 3 * _SMOOTH and grain.std() <= 3 * _SMOOTH)


def fill_membrane(scene: Scene) -> Filled:
    """Stretch a membrane over the hole, on top of the plane that the rim lies in."""
    rim = _rim(scene, 12)
    rim = rim if rim.any() else scene.usable
    y, x = np.nonzero(rim)
    plane = _Polynomial(y, x, scene.colors[y, x], order=1)
    hole_y, hole_x = np.nonzero(scene.hole)
    top, left = hole_y.min(), hole_x.min()
    soft = soften(scene, 1.5)
    links = Links.inside(scene.hole[top : hole_y.max() + 1, left : hole_x.max() + 1])
    for row, column in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        y, x = np.clip(hole_y + row, 0, scene.hole.shape[0] - 1), np.clip(hole_x + column, 0, scene.hole.shape[1] - 1)
        rim = scene.usable[y, x]
        y, x = y[rim], x[rim]
        links.tie(hole_y[rim] - top, hole_x[rim] - left, soft[y, x] - plane.at(y, x))
    surface = solve_links(links)[hole_y - top, hole_x - left] + plane.at(hole_y, hole_x)
    filled = scene.colors.copy()
    filled[hole_y, hole_x] = np.clip(surface, 0, 255)
    return Filled(filled, np.zeros((*scene.hole.shape, 2), np.intp), np.zeros_like(filled))


def _rim(scene: Scene, width: int) -> Mask:
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    return np.asarray((cv2.dilate(scene.hole.astype(np.uint8), kernel) > 0) & scene.usable)


def soften(scene: Scene, sigma: float) -> Floats:
    """The usable colors without their grain: a blur that looks at nothing else."""
    return blur_within(scene.colors, scene.usable, sigma)


def blur_within(values: Floats, where: Mask, sigma: float) -> Floats:
    """A blur of values (h×w×c) that looks at nothing outside `where`."""
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    blurred = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    return cast("Floats", blurred.reshape(values.shape) / np.maximum(total, 1e-6)[..., None])


class _Polynomial:
    """A polynomial in the row and column number, fitted to values (n×c) at given places."""

    def __init__(self, y: Indices, x: Indices, values: Floats, *, order: int) -> None:
        self.order = order
        self.middle = (float(y.mean()), float(x.mean()))
        self.scale = max(float(np.ptp(y)), float(np.ptp(x)), 1.0)
        self.factors = np.linalg.lstsq(self._terms(y, x), values.astype(np.float64), rcond=1e-6)[0]

    def at(self, y: Indices, x: Indices) -> Floats:
        return np.asarray(self._terms(y, x) @ self.factors, np.float32)

    def _terms(self, y: Indices, x: Indices) -> npt.NDArray[np.float64]:
        v, u = (y - self.middle[0]) / self.scale, (x - self.middle[1]) / self.scale
        return np.stack([v**i * u**j for i in range(self.order + 1) for j in range(self.order + 1 - i)], axis=1)


def solve_links(links: Links) -> Floats:
    """The least strained surface, h×w×c; 0 where no link reaches.

    Source:
        Multigrid V-cycles as in Briggs et al., "A Multigrid Tutorial", 2000, on 2×2 aggregates.
    """
    planes = np.ascontiguousarray(np.moveaxis(links.pull, 2, 0))  # by channel: numpy is twice as fast on it
    hierarchy = [_Grid.of(links.right, links.down, links.tied)]
    while max(hierarchy[-1].strain.shape) > 3:
        hierarchy.append(hierarchy[-1].coarser())
    solution = np.zeros_like(planes)
    for _ in range(_ROUNDS):
        solution += _cycle(hierarchy, planes + hierarchy[0].flow(solution))
    return np.ascontiguousarray(np.moveaxis(solution, 0, 2))


@dataclass(frozen=True)
class _Grid:
    """The links at one size of the multigrid hierarchy.

    Args:
        right: h×w, strengths of the links to the right.
        down: h×w, strengths of the links downwards.
        tied: h×w, strengths of the ties.
        strain: h×w, sum of all strengths at each pixel.
        ease: h×w, how far a pixel may move for a unit of flow: damped Jacobi.
    """

    right: Floats
    down: Floats
    tied: Floats
    strain: Floats
    ease: Floats

    @classmethod
    def of(cls, right: Floats, down: Floats, tied: Floats) -> _Grid:
        strain = tied + right + down
        strain[:, 1:] += right[:, :-1]
        strain[1:] += down[:-1]
        return cls(
            right, down, tied, strain, np.where(strain > 0, 0.8 / np.maximum(strain, 1e-6), 0).astype(np.float32)
        )

    def coarser(self) -> _Grid:
        """Sum the links over 2×2 blocks; those between blocks count half, as their step is twice as long."""
        right, down = _even(self.right), _even(self.down)
        return _Grid.of(
            np.float32(0.5) * (right[::2, 1::2] + right[1::2, 1::2]),
            np.float32(0.5) * (down[1::2, ::2] + down[1::2, 1::2]),
            _blocks(self.tied),
        )

    def flow(self, surface: Floats) -> Floats:
        """What each pixel's links pull it by, c×h×w."""
        pulled = self.strain * -surface
        pulled[..., :-1] += self.right[:, :-1] * surface[..., 1:]
        pulled[..., 1:] += self.right[:, :-1] * surface[..., :-1]
        pulled[..., :-1, :] += self.down[:-1] * surface[..., 1:, :]
        pulled[..., 1:, :] += self.down[:-1] * surface[..., :-1, :]
        return pulled


def _cycle(hierarchy: list[_Grid], load: Floats) -> Floats:
    """One V-cycle from the first level of the hierarchy down."""
    level = hierarchy[0]
    surface = level.ease * load
    last = len(hierarchy) == 1
    for _ in range(20 if last else _SMOOTHING - 1):
        surface += level.ease * (load + level.flow(surface))
    if last:
        return surface
    deeper = _cycle(hierarchy[1:], _blocks(load + level.flow(surface)))
    lifted = deeper.repeat(2, axis=1).repeat(2, axis=2)[:, : surface.shape[1], : surface.shape[2]]
    surface += np.where(level.strain > 0, lifted, 0)
    for _ in range(_SMOOTHING):
        surface += level.ease * (load + level.flow(surface))
    return surface


def _even(values: Floats) -> Floats:
    """The plane or planes with a row and a column of zeros added where their number is odd."""
    height, width = values.shape[-2:]
    return np.pad(values, (*((0, 0),) * (values.ndim - 2), (0, height % 2), (0, width % 2)))


def _blocks(values: Floats) -> Floats:
    """Sums over 2×2 blocks of the last two axes."""
    even = _even(values)
    return cast("Floats", even[..., ::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, ::2] + even[..., 1::2, 1::2])
