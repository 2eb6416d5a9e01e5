"""Fine and middling detail of lightness made stronger or weaker, without halos and without noise."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.noise_level import NoiseLevel
from cavendish.pixels.strips import strips_with_margin

Floats = npt.NDArray[np.float32]

_GAIN = 2.4  # of full strength
_OVERSHOOT = 0.12  # of the local contrast: by so much an edge may pass the tones beside it
_GUARD = 1.3  # times the noise's deviation: detail of that size gets half the gain
_FLOOR = 0.6  # codes: detail that small is rounding and compression even where no noise was measured

_FINE_PX, _MIDDLE_PX = 0.7, 5.0  # at one megapixel: what lies between is texture
_EDGE = 22.0  # codes: contrast from which on something is an edge rather than texture
_TEXTURE_GAIN, _TEXTURE_LOSS = 1.5, 0.7


def sharpen(
    image: EncodedRGB,
    level: NoiseLevel,
    *,
    amount: float,
    radius_px: float,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Unsharp masking of lightness alone, weak where only noise varies, and clipped to the tones beside an edge.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        level: The picture's noise.
        amount: 0 (identity) to 1.
        radius_px: Standard deviation of the blur that detail is measured against.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape; color differences stay as they are.

    Source:
        Polesel, Ramponi and Mathews, "Image enhancement via adaptive unsharp masking", 2000.
    """
    window = 2 * math.ceil(radius_px) + 1

    def change(luma: Floats) -> Floats:
        detail = luma - cv2.GaussianBlur(luma, (0, 0), radius_px)
        sharp = luma + _GAIN * amount * _above_noise(detail, luma, level)
        low, high = _extremes(luma, window)
        slack = _OVERSHOOT * (high - low)
        return np.asarray(np.clip(sharp, low - slack, high + slack) - luma, np.float32)

    return _changed(image, change, margin_px=math.ceil(5 * radius_px) + window + 8, check=check)


def adjust_texture(
    image: EncodedRGB, level: NoiseLevel, *, amount: float, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Strengthen or weaken what is coarser than the finest detail and weaker than edges: bark, cloth, skin.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        level: The picture's noise.
        amount: −1 to 1; 0 is identity. Even at −1 the finest detail stays, so nothing looks like wax.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape; color differences stay as they are.

    Source:
        Two-scale detail of a guided filter: He, Sun and Tang, "Guided image filtering", 2013.
    """
    scale = max(1.0, math.sqrt(image.shape[0] * image.shape[1] / 1e6))
    radius = round(_MIDDLE_PX * scale)
    gain = amount * (_TEXTURE_GAIN if amount > 0 else _TEXTURE_LOSS)

    def change(luma: Floats) -> Floats:
        fine = np.asarray(cv2.GaussianBlur(luma, (0, 0), _FINE_PX * scale), np.float32)
        texture = fine - _edge_kept(fine, radius)
        return np.asarray(gain * (_above_noise(texture, luma, level) if amount > 0 else texture), np.float32)

    return _changed(image, change, margin_px=2 * radius + math.ceil(4 * scale) + 8, check=check)


def _changed(
    image: EncodedRGB, change: Callable[[Floats], Floats], *, margin_px: int, check: Callable[[], None]
) -> EncodedRGB:
    """Add a change of luma, in codes, to all three channels."""
    out = np.empty(image.shape, np.uint8)
    for strip, seen, inner in strips_with_margin(image.shape, margin_px=margin_px):
        check()
        colors = image[seen].astype(np.float32)
        added = change(np.asarray(cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY), np.float32))
        colors += added[..., None]
        out[strip] = np.clip(np.rint(colors[inner]), 0, 255)
    return EncodedRGB(out)


def _above_noise(detail: Floats, luma: Floats, level: NoiseLevel) -> Floats:
    """Detail, less of it where it is no stronger around a pixel than noise would be."""
    power = np.asarray(cv2.blur(detail * detail, (5, 5)), np.float32)
    noise = np.maximum(level.at(luma) * np.float32(_GUARD), _FLOOR)
    return np.asarray(detail * (power / (power + noise * noise)), np.float32)


def _extremes(luma: Floats, window: int) -> tuple[Floats, Floats]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    return np.asarray(cv2.erode(luma, kernel), np.float32), np.asarray(cv2.dilate(luma, kernel), np.float32)


def _edge_kept(luma: Floats, radius: int) -> Floats:
    """A guided filter with the picture as its own guide."""

    def mean(values: Floats) -> Floats:
        side = 2 * radius + 1
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT_101), np.float32)

    center = mean(luma)
    power = np.maximum(mean(luma * luma) - center * center, 0)
    kept = np.asarray(power / (power + np.float32(_EDGE**2)), np.float32)
    return np.asarray(mean(kept) * luma + mean(np.asarray((1 - kept) * center, np.float32)), np.float32)
