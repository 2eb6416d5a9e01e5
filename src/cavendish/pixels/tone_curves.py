"""Tones moved without moving hues: light scaled so that nothing clips, and curves over the three channels together."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane
from cavendish.pixels.strips import strips

_LUMINANCE = np.array([[0.2126390, 0.7151687, 0.0721923]], np.float32)
_LOWEST, _HIGHEST = np.float32(0.0008), np.float32(0.985)
"""Linear light of codes 3 and 253."""
_TINY = np.float32(1e-6)
_KNEE = 0.7
_DIGITS = 4
_CODES = np.arange(256, dtype=np.float32) / np.float32(255)


def strongest_channel(light: LinearRGB) -> Plane:
    """The greatest of the three channels, h×w; numpy's own maximum over so short an axis is ten times slower."""
    return np.asarray(np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2]), np.float32)


def relight(light: LinearRGB, gain: Plane | float) -> LinearRGB:
    """Give each pixel more or less light as film would: proportionally in the shadows, ever less towards white.

    The odds y / (1 − y) of the strongest channel are multiplied, and the others follow in proportion, so that the
    chromaticity stays, black and white stay, nothing clips, and the inverse gain undoes it.

    Args:
        light: Linear-light sRGB, h×w×3, 0–1.
        gain: Above 0, for all pixels or h×w; what the deepest shadows are multiplied with. 1 is identity.

    Returns:
        New array, 0–1.

    Source:
        The rational curve of Schlick, "Quantization techniques for visualization of high dynamic range pictures", 1994.
    """
    strongest = strongest_channel(light)
    gain = np.asarray(gain, np.float32)
    factor = gain / (1 + (gain - 1) * np.minimum(strongest, 1))
    return LinearRGB(light * factor[..., None])


def within_gamut(light: LinearRGB) -> LinearRGB:
    """Pull colors that clip in a channel towards the gray of their luminance until they hardly do.

    Args:
        light: Linear-light sRGB, h×w×3, any values.

    Returns:
        New array. A channel that an edit has driven out of its range keeps a trace of its detail, so that an edit
        clips no more than its source did.
    """
    out = np.clip(light, 0, 1)
    beyond = cv2.inRange(light, (float(_LOWEST),) * 3, (float(_HIGHEST),) * 3) == 0
    if beyond.any():
        out[beyond] = _towards_gray(light[beyond])
    return LinearRGB(out)


def _towards_gray(colors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    gray = cv2.transform(colors[None], _LUMINANCE).reshape(-1, 1)
    low, high = colors.min(axis=1, keepdims=True), colors.max(axis=1, keepdims=True)
    # The limit itself goes to white with the gray, so that colors run into white without a step.
    limit = _HIGHEST + (1 - _HIGHEST) * smooth_step(gray, 0.85, 1.0)
    down = np.maximum(limit - gray, 0) / np.maximum(high - gray, _TINY)
    up = np.maximum(gray - _LOWEST, 0) / np.maximum(gray - low, _TINY)
    share = np.minimum(down, np.where(gray > _LOWEST, up, 1))
    return np.asarray(np.clip(gray + (colors - gray) * np.minimum(share, 1), 0, 1), np.float32)


def shoulder(light: LinearRGB, most: float) -> LinearRGB:
    """Bend light beyond white back below it, chromaticity kept.

    Args:
        light: Linear-light sRGB, h×w×3, not negative.
        most: The strongest channel that shall just become 1; up to 1 nothing is bent.

    Returns:
        New array; unchanged up to 0.7.

    Source:
        The curve of Reinhard et al., "Photographic tone reproduction for digital images", 2002, above a knee.
    """
    if most <= 1:
        return light
    strongest = np.maximum(strongest_channel(light), np.float32(_KNEE))[..., None]
    over, greatest = (strongest - _KNEE) / (1 - _KNEE), (most - _KNEE) / (1 - _KNEE)
    bent = _KNEE + (1 - _KNEE) * over * (1 + over / greatest**2) / (1 + over)
    return LinearRGB(light * np.asarray(bent / strongest, np.float32))


def map_tones(image: EncodedRGB, table: Plane) -> EncodedRGB:
    """Put a picture through one curve without turning its hues.

    The weakest and the strongest channel of each pixel go through the curve and the middle one keeps its place between
    them; three separate channels would shift oranges to yellow and skin to red.

    Args:
        image: h×w×3 encoded.
        table: 256 values 0–1, rising: where each code goes.

    Returns:
        New array. Grays go exactly where the curve says.

    Source:
        The tone curve of Adobe's Digital Negative Specification 1.7.
    """
    codes = np.ascontiguousarray(table * np.float32(255), np.float32)
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        strip = np.ascontiguousarray(image[rows])
        low = np.minimum(np.minimum(strip[..., 0], strip[..., 1]), strip[..., 2])
        high = np.maximum(np.maximum(strip[..., 0], strip[..., 1]), strip[..., 2])
        dark, bright = np.asarray(cv2.LUT(low, codes)), np.asarray(cv2.LUT(high, codes))
        stretch = (bright - dark) / np.maximum(high - low, 1).astype(np.float32)
        values = (strip - low[..., None]) * stretch[..., None] + dark[..., None]
        out[rows] = np.rint(values)
    return EncodedRGB(out)


def curve_through(points: Sequence[Sequence[float]]) -> Plane:
    """A smooth curve through points that never overshoots them.

    Args:
        points: At least two pairs of input and output, 0–1, in any order; the outermost outputs continue to the ends.

    Returns:
        256 values 0–1. Of points with the same input, to four digits, the last one counts.

    Source:
        Fritsch & Carlson, "Monotone piecewise cubic interpolation", 1980.
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - 30 MB that only drawn curves need

    by_input = {round(float(x), _DIGITS): float(y) for x, y in points}
    inputs = sorted(by_input)
    outputs = [by_input[x] for x in inputs]
    if len(inputs) == 1:
        return np.full(256, outputs[0], np.float32)
    inside = np.clip(_CODES.astype(np.float64), inputs[0], inputs[-1])
    return np.asarray(np.clip(PchipInterpolator(inputs, outputs)(inside), 0, 1), np.float32)


def smooth_step(values: npt.ArrayLike, low: float, high: float) -> Plane:
    """0 up to `low`, 1 from `high` on, and a cubic between; falls where `low` is above `high`."""
    at = np.clip((np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(at * at * (3 - 2 * at), np.float32)
