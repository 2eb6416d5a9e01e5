"""Skies drawn by rule: the colors of the hours, clouds lit from where the sun is, stars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.imaging.resample import lifted
from cavendish.pixels.fill_surface import blur_within
from cavendish.pixels.strips import LightRows, light_rows, shrunk_light, shrunk_plane

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

Floats = npt.NDArray[np.floating[Any]]
_Color = tuple[float, float, float]


@dataclass(frozen=True)
class _Hour:
    """Colors in linear light: from straight above down to the horizon, of clouds in light and in shade.

    `cover` is the share of the sky with clouds; `sun` is the step towards the sun in heights of the picture, downwards
    where it is negative.
    """

    bands: tuple[_Color, ...]
    lit: _Color
    shaded: _Color
    cover: float
    stars: float = 0.0
    sun: float = 0.012


_HOURS = {
    "day": _Hour(
        bands=((0.06, 0.18, 0.52), (0.16, 0.36, 0.74), (0.52, 0.68, 0.88)),
        lit=(0.95, 0.95, 0.96),
        shaded=(0.52, 0.57, 0.66),
        cover=0.42,
    ),
    "sunset": _Hour(
        bands=((0.05, 0.07, 0.22), (0.32, 0.14, 0.22), (0.98, 0.42, 0.13)),
        lit=(1.0, 0.42, 0.2),
        shaded=(0.16, 0.09, 0.16),
        cover=0.5,
        sun=-0.012,
    ),
    "dusk": _Hour(
        bands=((0.015, 0.025, 0.1), (0.08, 0.08, 0.24), (0.5, 0.28, 0.3)),
        lit=(0.42, 0.24, 0.34),
        shaded=(0.04, 0.04, 0.1),
        cover=0.4,
        sun=-0.012,
    ),
    "night": _Hour(
        bands=((0.002, 0.004, 0.016), (0.006, 0.011, 0.036), (0.02, 0.03, 0.06)),
        lit=(0.03, 0.036, 0.055),
        shaded=(0.006, 0.009, 0.02),
        cover=0.35,
        stars=0.35,
    ),
    "overcast": _Hour(
        bands=((0.2, 0.23, 0.28), (0.3, 0.33, 0.37), (0.5, 0.52, 0.53)),
        lit=(0.8, 0.81, 0.83),
        shaded=(0.05, 0.06, 0.08),
        cover=0.8,
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

_STUDY, _BROAD = 320, 0.05
"""Longer side of the copy that a sky is studied in, and what is coarse in it, of that."""
_BARE = 0.025
"""Standard deviation of a sky's lightness below which it has no clouds to speak of."""
_BROADLY, _FINELY, _DARKER, _RICHER = 1.25, 1.8, 0.09, 1.2
"""What a sky that is made dramatic does to its broad and fine shades, its upper edge and its color."""
_TILE = 1024
_BILLOWS, _SOFTNESS = 0.45, 0.55
"""How lumpy clouds are, and over what range of density they begin."""
_RISE, _LOWEST_RISE, _LAYER_HEIGHT = 0.9, 0.14, 0.3
"""Height of a ray for each unit that it goes forward, at the top of the picture and at the horizon, and that of the
layer of clouds in tiles."""
_MARCH = (1, 2, 4, 8)
"""How far towards the sun the clouds are asked for the light they take, in steps of the hour."""
_ABSORBED, _THIN, _OPACITY = 0.75, 0.35, 2.6
"""How much light they take, by their mean depth or one that is thin, and how opaque they are."""
_HAZE = 0.75
"""How far clouds at the horizon take its color."""
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
        Clouds by noise of falling spectrum: Voss, "Random fractal forgeries", 1985.
    """
    hour = _HOURS[name]
    width, height = size
    rows = (np.arange(height, dtype=np.float32) + 0.5) / height / max(horizon, 1e-3)
    down = np.where(rows <= 1, rows, np.maximum(2 - rows, 0))
    sky = _graded(hour.bands, down)[:, None, :] * np.ones((1, width, 1), np.float32)
    if hour.cover > 0:
        cover, light = _clouds(size, down, hour, random)
        lit, shaded = np.array(hour.lit, np.float32), np.array(hour.shaded, np.float32)
        cloud = shaded + light[..., None] * (lit - shaded)
        haze = (_HAZE * np.clip(down, 0, 1) ** 4)[:, None, None]  # far clouds take the color of the horizon
        cloud += haze * (np.array(hour.bands[-1], np.float32) - cloud)
        sky = sky + cover[..., None] * (cloud - sky)
    if hour.stars > 0:
        sky = sky + hour.stars * _stars(size, band=name == "stars", random=random)
    return LinearRGB(np.asarray(sky, np.float32))


def deepened_sky(image: EncodedRGB, sky: Plane) -> LightRows | None:
    """A sky with its own clouds made stronger: more contrast and color, darker above; None where it is bare.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        sky: h×w, 0–1.
    """
    height, width = sky.shape
    factor = min(1.0, _STUDY / max(sky.shape))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    where = shrunk_plane(sky, size) > 0.5
    if not where.any():
        return None
    lab = np.asarray(to_oklab(shrunk_light(light_rows(image), image.shape, size)))
    lightness = np.ascontiguousarray(lab[..., :1], np.float32)
    base = blur_within(lightness, where, _BROAD * max(size))
    if float(lightness[where].std()) < _BARE:
        return None
    middle = float(base[where].mean())
    broad, light, last = lifted(base, (width, height)), light_rows(image), np.flatnonzero(where.any(axis=1))[-1] + 1

    def rows(part: slice) -> LinearRGB:
        own = np.asarray(to_oklab(light(part)))
        shade = broad(part).reshape(own.shape[:2])
        height_up = 1 - np.clip((np.arange(part.start, part.stop) + 0.5) / height / (last / size[1]), 0, 1)
        own[..., 0] = (
            middle + _BROADLY * (shade - middle) + _FINELY * (own[..., 0] - shade) - _DARKER * height_up[:, None]
        )
        own[..., 1:] *= _RICHER
        return map_into_gamut(from_oklab(OklabImage(np.asarray(own, np.float32))))

    return rows


def noise(size: tuple[int, int], *, coarsest_px: float, random: np.random.Generator, slope: float = 1.5) -> Floats:
    """Smooth noise that repeats itself at the edges, h×w, of mean 0 and standard deviation 1.

    Args:
        size: (width, height) in pixels.
        coarsest_px: Size of its largest shapes.
        random: Chance.
        slope: Power of the frequency by which amplitudes fall: 1 is rough, 2 smooth.
    """
    width, height = size
    white = random.standard_normal((height, width)).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(down, across)
    amplitude = np.where(frequency > 0, np.maximum(frequency, 0.5 / coarsest_px) ** -slope, 0)
    made = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=(height, width))
    return np.asarray(made / max(float(made.std()), 1e-6), np.float32)


def _graded(bands: tuple[_Color, ...], at: Floats) -> Floats:
    stops = np.linspace(0, 1, len(bands))
    smooth = np.clip(at, 0, 1) ** 1.3
    return np.stack([np.interp(smooth, stops, [band[k] for band in bands]) for k in range(3)], axis=1).astype(
        np.float32
    )


def _clouds(size: tuple[int, int], down: Floats, hour: _Hour, random: np.random.Generator) -> tuple[Floats, Floats]:
    """How opaque clouds are, and how much of the sun each part of them gets, both h×w."""
    width, height = size
    layer = noise((_TILE, _TILE), coarsest_px=_TILE / 5, random=random, slope=1.45)
    billows = np.abs(noise((_TILE, _TILE), coarsest_px=_TILE / 24, random=random, slope=1.1))
    density = layer + _BILLOWS * (0.8 - billows)
    threshold = float(np.quantile(density, 1 - hour.cover))
    thick = np.clip((density - threshold) / _SOFTNESS, 0, None)
    # A level layer seen from below: what is twice as low in the picture is twice as far away.
    rise = _LOWEST_RISE + (1 - np.clip(down, 0, 1)) * _RISE
    across = ((np.arange(width) + 0.5) / width - 0.5) * width / height
    scale = _TILE * _LAYER_HEIGHT
    columns = (scale * across[None] / rise[:, None] + _TILE / 2).astype(np.float32)
    rows = np.repeat((scale / rise).astype(np.float32)[:, None], width, axis=1)
    wrap = np.asarray(np.pad(thick, 1, mode="wrap"), np.float32)
    seen = cv2.remap(wrap, np.mod(columns, _TILE) + 1, np.mod(rows, _TILE) + 1, cv2.INTER_LINEAR)
    seen = cv2.GaussianBlur(np.asarray(seen, np.float32), (0, 0), max(0.6, 0.0012 * height))
    passed: Floats = np.zeros_like(seen)
    for far in _MARCH:
        step = far * hour.sun * height
        shift = np.array([[1, 0, 0.4 * abs(step)], [0, 1, step]], np.float32)
        soft = cv2.GaussianBlur(seen, (0, 0), max(0.5 * abs(step), 0.6))
        passed = passed + cv2.warpAffine(soft, shift, size, borderMode=cv2.BORDER_REPLICATE) / len(_MARCH)
    light = np.exp(-_ABSORBED * (passed + 0.3 * seen) / max(float(seen.mean()), _THIN))
    opacity = 1 - np.exp(-_OPACITY * seen)
    return opacity.astype(np.float32), np.asarray(light, np.float32)


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
    wobble = noise(size, coarsest_px=0.4 * max(size), random=random)
    return cast("Floats", np.exp(-((off / (0.13 * max(size)) + 0.35 * wobble) ** 2)).astype(np.float32))
