"""Looks: grades of a whole picture by light, curves, split tones and saturation. They move colors, not the sun."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import LinearRGB, OklabImage, from_oklab, to_oklab
from cavendish.pixels.tone_curves import curve_through, relight, smooth_step, within_gamut
from cavendish.pixels.white_point import NEUTRAL, Light, adaptation

Floats = npt.NDArray[np.float32]
Points = tuple[tuple[float, float], ...]
Tint = tuple[float, float]

_STRAIGHT: Points = ((0.0, 0.0), (1.0, 1.0))
_LEVELS = 4096
_TANGENT = math.sqrt(8) - 1
_USUAL_STRENGTH = 0.7
_NO_TINT: Tint = (0.0, 0.0)


@dataclass(frozen=True)
class Grade:
    """One look, in the order in which it is applied.

    Args:
        warmth_mired: Warmer (positive) or cooler light.
        exposure_ev: Stops: the whole picture darker, or its shadows lighter as `relight` does.
        red: Encoded curve of the channel through these points; green and blue likewise.
        tones: Encoded curve of all three.
        saturation: Factor on Oklab chroma.
        shadows: Oklab a, b added to the dark tones.
        lights: The same for the bright ones.
    """

    warmth_mired: float = 0.0
    exposure_ev: float = 0.0
    red: Points = _STRAIGHT
    green: Points = _STRAIGHT
    blue: Points = _STRAIGHT
    tones: Points = _STRAIGHT
    saturation: float = 1.0
    shadows: Tint = _NO_TINT
    lights: Tint = _NO_TINT


GRADES: Mapping[str, Grade] = MappingProxyType({
    "golden_hour": Grade(
        warmth_mired=48, exposure_ev=0.15, tones=((0, 0.015), (0.25, 0.235), (0.7, 0.73), (1, 0.99)),
        saturation=1.12, shadows=(0.010, 0.002), lights=(0.008, 0.022),
    ),
    "dusk": Grade(
        warmth_mired=-30, exposure_ev=-0.85, tones=((0, 0.02), (0.3, 0.26), (0.75, 0.75), (1, 0.97)),
        saturation=0.85, shadows=(0.004, -0.034), lights=(0.014, 0.006),
    ),
    "night": Grade(
        warmth_mired=-58,
        exposure_ev=-2.5,
        tones=((0, 0.0), (0.2, 0.14), (0.6, 0.6), (1, 1)),
        saturation=0.5,
        shadows=(-0.006, -0.040),
        lights=(-0.004, -0.022),
    ),
    "overcast": Grade(
        warmth_mired=-16, exposure_ev=-0.15, tones=((0, 0.045), (0.3, 0.33), (0.75, 0.71), (1, 0.93)),
        saturation=0.72, shadows=(-0.001, -0.008), lights=(-0.001, -0.005),
    ),
    "cinematic": Grade(
        exposure_ev=-0.15, tones=((0, 0.02), (0.22, 0.175), (0.7, 0.72), (1, 0.97)),
        saturation=0.9, shadows=(-0.012, -0.016), lights=(0.006, 0.014),
    ),
    "teal_orange": Grade(
        tones=((0, 0.01), (0.25, 0.22), (0.72, 0.75), (1, 0.985)),
        saturation=1.05, shadows=(-0.030, -0.026), lights=(0.016, 0.030),
    ),
    "vintage": Grade(
        warmth_mired=18, red=((0, 0.05), (0.5, 0.53), (1, 0.98)), green=((0, 0.04), (0.5, 0.5), (1, 0.96)),
        blue=((0, 0.10), (0.5, 0.48), (1, 0.85)), tones=((0, 0.03), (0.3, 0.3), (0.75, 0.77), (1, 0.97)),
        saturation=0.8, shadows=(0.004, 0.0), lights=(0.0, 0.010),
    ),
    "film": Grade(
        warmth_mired=6, tones=((0, 0.035), (0.2, 0.19), (0.5, 0.52), (0.8, 0.82), (1, 0.965)),
        saturation=0.95, shadows=(-0.008, -0.004), lights=(0.004, 0.010),
    ),
    "cross_process": Grade(
        red=((0, 0), (0.25, 0.17), (0.75, 0.84), (1, 1)), green=((0, 0), (0.25, 0.22), (0.75, 0.82), (1, 1)),
        blue=((0, 0.13), (0.5, 0.5), (1, 0.84)), saturation=1.12, lights=(-0.006, 0.012),
    ),
    "matte": Grade(
        tones=((0, 0.12), (0.25, 0.27), (0.7, 0.71), (1, 0.94)), saturation=0.85,
        shadows=(0.0, -0.005), lights=(0.001, 0.004),
    ),
    "moody": Grade(
        warmth_mired=-6, exposure_ev=-0.6, tones=((0, 0.03), (0.25, 0.18), (0.65, 0.64), (1, 0.92)),
        saturation=0.75, shadows=(-0.009, -0.010), lights=(0.003, 0.008),
    ),
    "noir": Grade(
        exposure_ev=-0.3, tones=((0, 0), (0.25, 0.12), (0.55, 0.56), (0.8, 0.9), (1, 1)), saturation=0.0,
    ),
    "bleach_bypass": Grade(
        tones=((0, 0), (0.25, 0.17), (0.7, 0.79), (1, 1)), saturation=0.45,
        shadows=(-0.003, -0.004), lights=(0.0, 0.003),
    ),
    "pastel": Grade(
        warmth_mired=5, exposure_ev=0.55, tones=((0, 0.13), (0.25, 0.36), (0.7, 0.79), (1, 0.985)),
        saturation=0.78, shadows=(0.010, -0.008), lights=(0.006, 0.006),
    ),
})  # fmt: skip
"""By name. `night` and `dusk` are grades: they add no lamps, and leave shadows where the sun put them."""


def apply_grade(light: LinearRGB, grade: Grade, *, strength: float) -> LinearRGB:
    """Give a picture a look.

    Args:
        light: Linear-light sRGB, h×w×3, 0–1; each pixel is graded by itself.
        grade: The look.
        strength: 0 (identity) to 1; every part of the look is scaled.

    Returns:
        New array, 0–1.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        Lift, gain, curves and split toning as colorists use them: Van Hurkman, "Color Correction Handbook", 2014.
    """
    require_within("strength", strength, 0, 1)
    if strength == 0:
        return LinearRGB(light.copy())
    lab = np.asarray(to_oklab(_curved(_relit(light, grade, strength), grade, strength))).copy()
    lab[..., 1:] *= np.float32(1 + _color_share(grade, strength) * (grade.saturation - 1))
    steps = np.linspace(0, 1, _LEVELS, dtype=np.float32)
    dark = smooth_step(steps, 0.75, 0.2) * smooth_step(steps, 0.0, 0.2)
    bright = smooth_step(steps, 0.35, 0.8) * smooth_step(steps, 1.0, 0.88)
    tints = np.outer(dark, grade.shadows) + np.outer(bright, grade.lights)
    index = (np.clip(lab[..., 0], 0, 1) * (_LEVELS - 1)).astype(np.int16)
    lab[..., 1:] += np.asarray(strength * tints, np.float32)[index]
    return within_gamut(from_oklab(OklabImage(lab)))


def _color_share(grade: Grade, strength: float) -> float:
    """Black and white is there by the usual strength, and not a pale picture."""
    return min(1.0, strength / _USUAL_STRENGTH) if grade.saturation == 0 else strength


def _relit(light: LinearRGB, grade: Grade, strength: float) -> LinearRGB:
    target = Light(grade.warmth_mired * strength, 0)
    moved = np.maximum(cv2.transform(light, adaptation(NEUTRAL, target)), 0)
    ev = grade.exposure_ev * strength
    if ev < 0:
        # Half as less light and half by the curve that keeps whites, so that lamps and skies still shine.
        return relight(LinearRGB(moved * np.float32(2 ** (ev / 2))), 2 ** (ev / 2))
    return relight(within_gamut(LinearRGB(moved)), 2**ev)


def _curved(light: LinearRGB, grade: Grade, strength: float) -> LinearRGB:
    """Through a table of linear light by its square root, which is about even to the eye."""
    at = np.linspace(0, 1, _LEVELS)
    encoded = np.where(at**2 <= 0.0031308, 12.92 * at**2, 1.055 * np.maximum(at, 1e-9) ** (2 / 2.4) - 0.055)
    index = (np.sqrt(np.clip(light, 0, 1)) * (_LEVELS - 1) + 0.5).astype(np.int16)
    out = np.empty(light.shape, np.float32)
    for channel, points in enumerate((grade.red, grade.green, grade.blue)):
        values = encoded
        for curve in (points, grade.tones):
            bent = np.interp(values, np.arange(256) / 255, curve_through(curve))
            values = values + strength * (bent - values)
        decoded = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        out[..., channel] = decoded.astype(np.float32)[index[..., channel]]
    return LinearRGB(out)


def fade(light: LinearRGB, *, amount: float) -> LinearRGB:
    """The look of an old print: blacks lifted and slightly warm, whites dulled, colors muted.

    Args:
        light: Linear-light sRGB, h×w×3, 0–1.
        amount: 0 (identity) to 1 (black is a third of white, half the color is gone).

    Raises:
        ParameterOutOfRange: `amount` is outside 0 to 1.

    Source:
        The exposed base and faded dyes of color prints: Wilhelm, "The Permanence and Care of Color Photographs", 1993.
    """
    require_within("amount", amount, 0, 1)
    return apply_grade(light, _FADED, strength=amount)


_FADED = Grade(
    red=((0, 0.03), (1, 1)), blue=((0, 0.0), (1, 0.93)), tones=((0, 0.27), (0.35, 0.45), (0.75, 0.76), (1, 0.93)),
    saturation=0.5, shadows=(0.004, 0.004),
)  # fmt: skip


def vignette_gain(size: tuple[int, int], rows: slice, *, amount: float, roundness: float) -> Floats:
    """How much light some rows keep under a soft darkening towards the edges.

    Args:
        size: (width, height) of the picture.
        rows: Which rows.
        amount: 0 (none) to 1 (corners three stops darker).
        roundness: 0 follows the picture's shape, 1 is a circle that touches the corners.

    Returns:
        rows×width, above 0 up to 1.

    Raises:
        ParameterOutOfRange: `amount` or `roundness` is outside 0 to 1.

    Source:
        The cosine-fourth law of natural vignetting, with the field of view as the amount.
    """
    for name, value in (("amount", amount), ("roundness", roundness)):
        require_within(name, value, 0, 1)
    width, height = size
    x = ((np.arange(width) + 0.5) * 2 - width).astype(np.float32)
    y = ((np.arange(rows.start, rows.stop) + 0.5) * 2 - height).astype(np.float32)[:, None]
    diagonal = math.hypot(width, height)
    across = width + roundness * (diagonal / math.sqrt(2) - width)
    down = height + roundness * (diagonal / math.sqrt(2) - height)
    square = ((x / across) ** 2 + (y / down) ** 2) / 2
    # cos⁴ of the angle whose tangent is the distance from the middle; a corner keeps an eighth of the light at most.
    return np.asarray(1 / (1 + np.float32(amount * _TANGENT) * square) ** 2, np.float32)
