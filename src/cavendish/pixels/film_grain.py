"""Film grain: noise that is strongest in the middle tones and as coarse as asked, the same for equal seeds."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.strips import strips_with_margin

Floats = npt.NDArray[np.float32]

_STRONGEST = 18.0  # codes: deviation of the grain in middle tones at full amount
_FINEST_PX, _COARSEST_PX = 0.35, 1.8  # radius of the grains at one megapixel
_BASE = np.float32(0.35)  # of the strength: what black and white still have
_COLOR = np.float32(0.18)  # share of each channel's own noise; the layers of a film do not agree entirely
_BLOCK_ROWS = 64  # rows drawn from one seed


def film_grain(
    image: EncodedRGB, *, amount: float, size: float, seed: int = 0, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Add grain.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        amount: 0 (identity) to 1, a deviation of 18 codes in middle tones.
        size: 0 (finest) to 1; grains are as large as they would be on a print of one size, whatever the resolution.
        seed: Equal seeds give equal grain.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape; gray pictures stay gray.

    Source:
        Strength over tone and blurred Gaussian noise as in Norkin and Birkbeck, "Film grain synthesis for AV1", 2018.
    """
    scale = max(1.0, math.sqrt(image.shape[0] * image.shape[1] / 1e6))
    radius_px = (_FINEST_PX + (_COARSEST_PX - _FINEST_PX) * size) * scale
    margin = math.ceil(4 * radius_px)
    kernel = np.asarray(cv2.getGaussianKernel(2 * margin + 1, radius_px), np.float32)
    kernel /= np.sqrt((kernel**2).sum())  # white noise keeps its deviation
    out = np.empty(image.shape, np.uint8)
    for strip, seen, inner in strips_with_margin(image.shape, margin_px=margin):
        check()
        noise = np.asarray(cv2.sepFilter2D(_white(seen, image.shape[1], seed), -1, kernel, kernel), np.float32)[inner]
        colors = image[strip].astype(np.float32)
        colors += _shaped(noise, colors, amount * _STRONGEST)
        out[strip] = np.clip(np.rint(colors, out=colors), 0, 255)
    return EncodedRGB(out)


def _shaped(noise: Floats, colors: Floats, strongest: float) -> Floats:
    """Noise of four planes (common, red, green, blue) as it shows over colors, h×w×3."""
    luma = np.asarray(cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY), np.float32) * np.float32(1 / 255)
    strength = np.float32(strongest) * (_BASE + (1 - _BASE) * 4 * luma * (1 - luma))
    colored = np.minimum((colors.max(axis=2) - colors.min(axis=2)) * np.float32(1 / 24), 1) * _COLOR
    shaped = noise[..., 1:] * (strength * colored)[..., None]
    shaped += (noise[..., 0] * strength)[..., None]
    return np.asarray(shaped, np.float32)


def _white(rows: slice, width: int, seed: int) -> Floats:
    """Rows of one endless field of white noise, h×w×4: the same however the rows are asked for."""
    first, last = rows.start // _BLOCK_ROWS, (rows.stop - 1) // _BLOCK_ROWS
    blocks = [
        np.random.default_rng([seed, block]).standard_normal((_BLOCK_ROWS, width, 4), np.float32)
        for block in range(first, last + 1)
    ]
    return np.concatenate(blocks)[rows.start - first * _BLOCK_ROWS :][: rows.stop - rows.start]
