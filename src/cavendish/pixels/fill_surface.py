"""Smooth surfaces through a hole and the grain that lies on them; called by `fill` and `fill_seams`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from cavendish.pixels.fill_patches import Floats, Indices, Mask, Scene

_SMOOTH = 2.5  # codes
_ROUNDS = 4
_SMOOTHING = 3


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

    def step(self, y: Indices, x: Indices, other_y: Indices, other_x: Indices, height: Floats) -> None:
        """Ask the other pixels to lie `height` (n×c) above the first ones."""
        self.pull[y, x] -= height
        self.pull[other_y, other_x] += height


def is_smooth(scene: Scene) -> bool:
    """Whether what surrounds the hole is one soft surface, apart from grain."""
    rim = _rim(scene, 12)
    if rim.sum() < 12:
        return False
    y, x = np.nonzero(rim)
    soft = _soft(scene, 2)[y, x]
    bend = soft - _fitted(y, x, soft, order=2)[0]
    grain = scene.colors[y, x] - soft
    strain = np.abs(bend).max(axis=1)
    return bool(np.quantile(strain, 0.95) <= _SMOOTH and strain.max() <= 3 * _SMOOTH and grain.std() <= 3 * _SMOOTH)


def fill_membrane(scene: Scene) -> Floats:
    """Stretch a membrane over the hole, on top of the plane that the rim lies in."""
    rim = _rim(scene, 12)
    rim = rim if rim.any() else scene.usable
    y, x = np.nonzero(rim)
    _, plane = _fitted(y, x, scene.colors[y, x], order=1)
    hole_y, hole_x = np.nonzero(scene.hole)
    soft = _soft(scene, 1.5)
    links = Links.inside(scene.hole)
    for row, column in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        near_y, near_x = hole_y + row, hole_x + column
        inside = (near_y >= 0) & (near_y < scene.hole.shape[0]) & (near_x >= 0) & (near_x < scene.hole.shape[1])
        y, x, near_y, near_x = hole_y[inside], hole_x[inside], near_y[inside], near_x[inside]
        tied = scene.usable[near_y, near_x]
        y, x, near_y, near_x = y[tied], x[tied], near_y[tied], near_x[tied]
        links.tie(y, x, soft[near_y, near_x] - plane(near_y, near_x))
    surface = solve_links(links)[hole_y, hole_x] + plane(hole_y, hole_x)
    filled = scene.colors.copy()
    filled[hole_y, hole_x] = np.clip(surface, 0, 255)
    return filled


def _rim(scene: Scene, width: int) -> Mask:
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    return cast("Mask", (cv2.dilate(scene.hole.astype(np.uint8), kernel) > 0) & scene.usable)


def _soft(scene: Scene, sigma: float) -> Floats:
    """The usable colors without their grain: a blur that looks at nothing else."""
    weight = scene.usable.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    blurred = cv2.GaussianBlur(scene.colors * weight[..., None], (0, 0), sigma)
    return cast("Floats", blurred / np.maximum(total, 1e-6)[..., None])


def _fitted(y, x, values, *, order):
    """The polynomial of the given order through the values: at the same places, and as a function."""
    center, scale = (y.mean(), x.mean()), max(float(np.ptp(y)), float(np.ptp(x)), 1.0)

    def terms(y, x):
        v, u = (y - center[0]) / scale, (x - center[1]) / scale
        return np.stack([v**i * u**j for i in range(order + 1) for j in range(order + 1 - i)], axis=1)

    solution = np.linalg.lstsq(terms(y, x), values.astype(np.float64), rcond=1e-6)[0]
    return (terms(y, x) @ solution).astype(np.float32), lambda y, x: (terms(y, x) @ solution).astype(np.float32)


def add_grain(filled, part, usable, rng):
    """Give the filled part the noise of its surroundings: as strong, as colored and as coarse."""
    rim = (cv2.dilate(part.astype(np.uint8), np.ones((33, 33), np.uint8)) > 0) & usable
    weight = rim.astype(np.float32)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), 2), 1e-6)[..., None]
    noise = np.where(rim[..., None], filled - cv2.GaussianBlur(filled * weight[..., None], (0, 0), 2) / total, 0)
    seen = noise[rim]
    bound = 4 * np.median(np.abs(seen)) + 1
    seen = np.clip(seen, -bound, bound)
    values, vectors = np.linalg.eigh(np.cov(seen.T))
    mixing = vectors * np.sqrt(np.maximum(values, 0))
    pairs = rim[:, :-1] & rim[:, 1:]
    left, right = noise[:, :-1][pairs], noise[:, 1:][pairs]
    correlation = (
        float(np.clip((left * right).mean() / max(float((left**2).mean()), 1e-9), 0, 0.6)) if pairs.any() else 0.0
    )
    white = rng.standard_normal(filled.shape).astype(np.float32)
    side = (1 - np.sqrt(max(1 - 2 * correlation**2, 0))) / (2 * correlation) if correlation > 1e-3 else 0.0
    kernel = np.array([side, 1, side]) / np.sqrt(1 + 2 * side**2)
    grain = cv2.sepFilter2D(white, -1, kernel, kernel) @ mixing.T.astype(np.float32)
    out = filled.copy()
    out[part] = np.clip(filled[part] + grain[part], 0, 255)
    return out


def solve_links(links: Links) -> Floats:
    """The least strained surface, h×w×c; 0 where no link reaches.

    Source:
        Multigrid V-cycles as in Briggs et al., "A Multigrid Tutorial", 2000, on 2×2 aggregates.
    """
    surface = np.zeros_like(links.pull)
    hierarchy = _hierarchy(links)
    for _ in range(_ROUNDS):
        surface += _cycle(hierarchy, 0, _residual(links, surface))
    return surface


def _hierarchy(links: Links) -> list[Links]:
    levels = [links]
    while max(levels[-1].tied.shape) > 3:
        levels.append(_coarser_links(levels[-1]))
    return levels


def _coarser_links(links: Links) -> Links:
    """Sum the links over 2×2 blocks; those between blocks count half, as their step is twice as long."""
    right = _blocks(links.right, (0, 1)) / 2
    down = _blocks(links.down, (1, 0)) / 2
    return Links(right, down, _blocks(links.tied), _blocks(links.pull))


def _blocks(values: Floats, crossing: tuple[int, int] | None = None) -> Floats:
    height, width = values.shape[0] + values.shape[0] % 2, values.shape[1] + values.shape[1] % 2
    padded = np.zeros((height, width, *values.shape[2:]), np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    if crossing == (0, 1):
        return cast("Floats", padded[::2, 1::2] + padded[1::2, 1::2])
    if crossing == (1, 0):
        return cast("Floats", padded[1::2, ::2] + padded[1::2, 1::2])
    return cast("Floats", padded[::2, ::2] + padded[::2, 1::2] + padded[1::2, ::2] + padded[1::2, 1::2])


def _strain(links: Links) -> Floats:
    total = links.tied + links.right + links.down
    total[:, 1:] += links.right[:, :-1]
    total[1:] += links.down[:-1]
    return total


def _pulled(links: Links, surface: Floats) -> Floats:
    """What the neighbors of each pixel say, summed by strength."""
    said = np.zeros_like(surface)
    said[:, :-1] += links.right[:, :-1, None] * surface[:, 1:]
    said[:, 1:] += links.right[:, :-1, None] * surface[:, :-1]
    said[:-1] += links.down[:-1, :, None] * surface[1:]
    said[1:] += links.down[:-1, :, None] * surface[:-1]
    return said


def _residual(links: Links, surface: Floats) -> Floats:
    return cast("Floats", links.pull + _pulled(links, surface) - _strain(links)[..., None] * surface)


def _cycle(hierarchy: list[Links], level: int, load: Floats) -> Floats:
    links = hierarchy[level]
    strain = _strain(links)[..., None]
    ease = np.where(strain > 0, np.float32(0.8) / np.maximum(strain, 1e-6), 0).astype(np.float32)
    surface = ease * load
    sweeps = _SMOOTHING if level < len(hierarchy) - 1 else 20
    for _ in range(sweeps - 1):
        surface += ease * (load + _pulled(links, surface) - strain * surface)
    if level == len(hierarchy) - 1:
        return surface
    left = load + _pulled(links, surface) - strain * surface
    deeper = _cycle(hierarchy, level + 1, _blocks(left))
    lifted = cv2.resize(deeper, (2 * deeper.shape[1], 2 * deeper.shape[0]), interpolation=cv2.INTER_NEAREST)
    surface += np.where(strain > 0, lifted[: surface.shape[0], : surface.shape[1]].reshape(surface.shape), 0)
    for _ in range(sweeps):
        surface += ease * (load + _pulled(links, surface) - strain * surface)
    return surface
