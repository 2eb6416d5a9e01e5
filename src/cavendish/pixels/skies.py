"""Skies drawn by rule: the colors of the hours, clouds lit from where the sun is, stars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import LinearRGB

Floats = npt.NDArray[np.floating[Any]]
_Color = tuple[float, float, float]


@dataclass(frozen=True)
class _Hour:
    """Colors in linear light: from straight above down to the horizon, of clouds in light and in shade."""

    bands: tuple[_Color, ...]
    lit: _Color
    shaded: _Color
    cover: float
    stars: float = 0.0


_HOURS = {
    "day": _Hour(
        bands=((0.06, 0.18, 0.52), (0.16, 0.36, 0.74), (0.52, 0.68, 0.88)),
        lit=(0.95, 0.95, 0.96),
        shaded=(0.46, 0.52, 0.62),
        cover=0.42,
    ),
    "sunset": _Hour(
        bands=((0.05, 0.07, 0.22), (0.32, 0.14, 0.22), (0.98, 0.42, 0.13)),
        lit=(1.0, 0.42, 0.2),
        shaded=(0.16, 0.09, 0.16),
        cover=0.5,
    ),
    "dusk": _Hour(
        bands=((0.015, 0.025, 0.1), (0.08, 0.08, 0.24), (0.5, 0.28, 0.3)),
        lit=(0.42, 0.24, 0.34),
        shaded=(0.04, 0.04, 0.1),
        cover=0.4,
    ),
    "night": _Hour(
        bands=((0.002, 0.004, 0.016), (0.006, 0.011, 0.036), (0.02, 0.03, 0.06)),
        lit=(0.03, 0.036, 0.055),
        shaded=(0.006, 0.009, 0.02),
        cover=0.35,
        stars=0.35,
    ),
    "overcast": _Hour(
        bands=((0.2, 0.23, 0.28), (0.34, 0.37, 0.41), (0.6, 0.62, 0.63)),
        lit=(0.66, 0.68, 0.7),
        shaded=(0.13, 0.15, 0.19),
        cover=0.86,
    ),
    "stars": _Hour(
        bands=((0.0012, 0.002, 0.009), (0.003, 0.006, 0.02), (0.012, 0.018, 0.04)),
        lit=(0.05, 0.045, 0.08),
        shaded=(0.004, 0.006, 0.016),
        cover=0.0,
        stars=1.0,
    ),
}
SKIES = tuple(_HOURS)
"""Names of the skies that can be drawn."""

_OCTAVES = 6
_PERSPECTIVE = 2.6
"""How much flatter clouds lie near the horizon than overhead."""
_STARS_PER_PIXEL = 0.0011


def draw_sky(name: str, size: tuple[int, int], *, horizon: float, random: np.random.Generator) -> LinearRGB:
    """Draw a sky.

    Args:
        name: One of `SKIES`.
        size: (width, height) in pixels.
        horizon: Row of the horizon as a share of the height; below it the sky is mirrored, as still water would.
        random: Decides on clouds and stars.

    Returns:
        Linear light, h×w×3 float32.

    Source:
        Clouds by noise over octaves: Perlin, "An image synthesizer", 1985.
    """
    hour = _HOURS[name]
    width, height = size
    rows = (np.arange(height, dtype=np.float32) + 0.5) / height / max(horizon, 1e-3)
    down = np.where(rows <= 1, rows, np.maximum(2 - rows, 0))
    sky = _graded(hour.bands, down)[:, None, :] * np.ones((1, width, 1), np.float32)
    if hour.cover > 0:
        cover, light = _clouds(size, down, hour.cover, horizon, random)
        cloud = light[..., None] * np.array(hour.lit, np.float32) + (1 - light[..., None]) * np.array(
            hour.shaded, np.float32
        )
        sky = sky * (1 - cover[..., None]) + cloud * cover[..., None]
    if hour.stars > 0:
        sky = sky + hour.stars * _stars(size, band=name == "stars", random=random)
    return LinearRGB(np.asarray(sky, np.float32))


def noise(size: tuple[int, int], *, coarsest_px: float, random: np.random.Generator, octaves: int = _OCTAVES) -> Floats:
    """Smooth noise over octaves, h×w, of mean 0 and standard deviation 1."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cell = coarsest_px / 2**octave
        if cell < 1.5:
            break
        grid = (max(2, round(width / cell) + 3), max(2, round(height / cell) + 3))
        values = random.standard_normal((grid[1], grid[0])).astype(np.float32)
        total += 0.55**octave * np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-6), np.float32)


def _graded(bands: tuple[_Color, ...], at: Floats) -> Floats:
    stops = np.linspace(0, 1, len(bands))
    smooth = np.clip(at, 0, 1) ** 1.3
    return np.stack([np.interp(smooth, stops, [band[k] for band in bands]) for k in range(3)], axis=1).astype(
        np.float32
    )


def _clouds(
    size: tuple[int, int], down: Floats, cover: float, horizon: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """How opaque clouds are, and how much of the sun each part of them gets."""
    width, height = size
    deep = max(2, round(height * min(horizon, 1.0) * _PERSPECTIVE))
    plane = noise((width, deep), coarsest_px=0.42 * max(size), random=random)
    # Rows near the horizon see more of the plane that the clouds lie in.
    at = (plane.shape[0] - 1) * (1 - (1 - np.clip(down, 0, 1)) ** 0.6)
    rows = np.repeat(at.astype(np.float32)[:, None], width, axis=1)
    columns = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    seen = np.asarray(cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    threshold = float(np.quantile(seen, 1 - cover))
    depth = np.clip((seen - threshold) / 1.1, 0, None)
    opacity = np.clip(1 - np.exp(-2.4 * depth), 0, 1)
    above = cv2.GaussianBlur(depth, (0, 0), max(1.0, 0.012 * height))
    shade = np.clip(0.35 + 0.9 * (above - np.roll(above, -max(1, round(0.02 * height)), axis=0)) * 3, 0, 1)
    return opacity.astype(np.float32), np.asarray(
        1 - 0.75 * np.clip(depth / 2, 0, 1) * (1 - shade) - 0.2 * shade, np.float32
    )


def _stars(size: tuple[int, int], *, band: bool, random: np.random.Generator) -> Floats:
    """Points of light by a power law of brightness and, where wanted, the band of the galaxy."""
    width, height = size
    count = round(_STARS_PER_PIXEL * width * height)
    light = np.zeros((height, width, 3), np.float32)
    xs, ys = random.integers(0, width, count), random.integers(0, height, count)
    bright = np.minimum(0.02 / random.random(count) ** 1.1, 3.0).astype(np.float32)
    warm = random.normal(0, 0.12, count).astype(np.float32)
    light[ys, xs] = bright[:, None] * np.stack([1 + warm, np.ones(count, np.float32), 1 - warm], axis=1)
    glow = np.asarray(cv2.GaussianBlur(light, (0, 0), max(0.55, 0.0007 * max(size))), np.float32) * 2.2
    if band:
        across = _band(size, random)
        glow *= 0.7 + 0.8 * across[..., None]
        dust = np.clip(0.5 + 0.3 * noise(size, coarsest_px=0.12 * max(size), random=random), 0, 1)
        glow += (across**1.5 * dust)[..., None] * np.array((0.055, 0.05, 0.085), np.float32)
    return glow


def _band(size: tuple[int, int], random: np.random.Generator) -> Floats:
    width, height = size
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    slope = random.uniform(0.4, 0.9) * random.choice((-1, 1))
    off = (rows - 0.5 * height - slope * (columns - 0.5 * width)) / np.hypot(1, slope)
    wobble = noise(size, coarsest_px=0.4 * max(size), random=random, octaves=4)
    return cast("Floats", np.exp(-((off / (0.13 * max(size)) + 0.35 * wobble) ** 2)).astype(np.float32))
