"""Haze: how thick it lies, told from the darkest channel of small areas, and the scene without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.base_light import lightness, local_lines, small_light
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import relight, smooth_step, within_gamut

Floats = npt.NDArray[np.float32]

_SIDE_PX = 480
_PATCH = 0.02
"""Of the longer side: areas so small have something dark in them in clear air."""
_REFINE_RADIUS, _REFINE_VARIANCE = 0.08, 1e-3
_THINNEST = 0.12
"""Transmission below which only noise would come out."""
_AIR_SHARE = 0.002
_WHITEST_AIR = 0.35
"""How much of the air's own tint is believed; the rest is white, or the scene would get the opposite tint."""
_SKY_CLEAR = 0.65
_KEPT_LIGHT = 0.25
"""Of the light that goes with the haze so much (as a power) is given back to the middle tones."""


@dataclass(frozen=True)
class Haze:
    """What lies between the camera and the scene.

    Args:
        air: Linear R, G, B of the haze itself.
        slope: h×w on a small grid, of transmission over lightness.
        offset: h×w on the same.
        gain: What the middle tones are multiplied with afterwards.
    """

    air: Floats
    slope: Plane
    offset: Plane
    gain: float


def dehaze(image: EncodedRGB, *, amount: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Take haze away, thick where it is thick; clear pictures hardly change and skies stay.

    Args:
        image: h×w×3 encoded, any size.
        amount: 0 (identity) to 1 (all but a trace of the haze); 0.5 takes seven eighths.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `amount` is outside 0 to 1.

    Source:
        He, Sun & Tang, "Single image haze removal using dark channel prior", 2009, refined as in their "Guided image
        filtering", 2013.
    """
    require_within("amount", amount, 0, 1)
    if amount == 0:
        return EncodedRGB(image.copy())
    haze = measure_haze(small_light(image, side_px=_SIDE_PX), share=0.98 * (1 - (1 - amount) ** 3))
    rows_of = lifted(np.dstack([haze.slope, haze.offset]), (image.shape[1], image.shape[0]))
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[rows])))
        lines = rows_of(rows)
        clear = np.clip(lines[..., 0] * lightness(light) + lines[..., 1], _THINNEST, 1)[..., None]
        scene = within_gamut(LinearRGB((light - haze.air) / clear + haze.air))
        out[rows] = to_encoded(relight(scene, haze.gain))
    return EncodedRGB(out)


def measure_haze(light: LinearRGB, *, share: float) -> Haze:
    """Tell how thick haze lies.

    Args:
        light: A small copy, h×w×3.
        share: 0–1, how much of it is to be taken.
    """
    dark = _darkest(light)
    air = _air(light, dark)
    veil = _darkest(LinearRGB(light / air))
    clear = 1 - share * np.minimum(veil, 1)
    # What looks like the air itself may be sky: it has no haze to lose, and would only get its noise and bands out.
    clear = np.maximum(clear, np.float32(_SKY_CLEAR) * _sky(light))
    slope, offset = local_lines(lightness(light), clear, radius=_REFINE_RADIUS, variance=_REFINE_VARIANCE)
    through = np.clip(slope * lightness(light) + offset, _THINNEST, 1)[..., None]
    scene = np.clip((light - air) / through + air, 0, 1)
    loss = float(np.median(light)) / max(float(np.median(scene)), 1e-3)
    return Haze(air, slope, offset, min(max(loss, 1.0), 4.0) ** _KEPT_LIGHT)


def _sky(light: LinearRGB) -> Plane:
    """0–1, where a picture is bright, flat and hardly colored other than blue, and reaches its upper edge."""
    bright = lightness(light)
    window = (2 * max(1, round(_PATCH * max(bright.shape) / 2)) + 1,) * 2
    mean = cv2.blur(bright, window)
    spread = np.sqrt(np.maximum(cv2.blur(bright * bright, window) - mean * mean, 0))
    red_over_blue = (light[..., 0] - light[..., 2]) / np.maximum(light.max(axis=2), 0.05)
    flat = smooth_step(spread, 0.02, 0.006) * smooth_step(mean, 0.62, 0.8) * smooth_step(red_over_blue, 0.3, 0.1)
    _, labels = cv2.connectedComponents((flat > 0.3).astype(np.uint8))
    top = np.unique(labels[: max(1, labels.shape[0] // 50)])
    return np.asarray(cv2.blur(flat * np.isin(labels, top[top > 0]), window), np.float32)


def _darkest(light: LinearRGB) -> Plane:
    """The darkest channel of the area around each pixel."""
    side = 2 * max(1, round(_PATCH * max(light.shape[:2]) / 2)) + 1
    return np.asarray(cv2.erode(light.min(axis=2), np.ones((side, side), np.uint8)), np.float32)


def _air(light: LinearRGB, dark: Plane) -> Floats:
    """The color of the haze: the brightest of where even the darkest channel is bright."""
    count = max(1, int(_AIR_SHARE * dark.size))
    thickest = np.argpartition(dark.ravel(), -count)[-count:]
    color = light.reshape(-1, 3)[thickest].mean(axis=0)
    white = float(color.mean())
    return np.asarray(np.clip(white + _WHITEST_AIR * (color - white), 0.1, 1), np.float32)
