"""Noise out of pictures: FFDNet with a map of the noise, or non-local means where its weights are missing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.noise_level import NoiseLevel
from cavendish.pixels.restorers import Run
from cavendish.pixels.tiles import around, tiles

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_SIDE_PX = 320  # of a tile; FFDNet's activations of one take 80 MB
_MARGIN_PX = 16  # the network looks 24 pixels far, but hardly beyond 16
_STRONGEST = 75.0  # codes: FFDNet has seen no more
_CHROMA_RADIUS_PX = 6
_CHROMA_SHARE = np.float32(0.3)  # of the noise's deviation: color that varies less around a pixel is smoothed
_INVISIBLE = 1.0
"""Codes of noise below which non-local means takes more from a picture than noise, 2 to 6 dB, and minutes for it."""


def denoise(
    image: EncodedRGB,
    level: NoiseLevel,
    run: Run | None,
    *,
    factor: float = 1.0,
    floor: float = 0.0,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Take noise out of a picture, out of its color more than out of its lightness.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        level: The noise that is there.
        run: FFDNet's convolutions (see `Restorers`), or None for non-local means.
        factor: Multiplies the noise's deviation: below 1 some is left, above 1 fine texture goes too.
        floor: Least standard deviation, in codes, that is assumed after `factor`.
        check: Called before every tile; raises to stop.

    Returns:
        New array, same shape.

    Source:
        Zhang, Zuo and Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", 2018; noise
        whose pixels are not independent is taken out at half size first, where it is, as in Zhou et al., "When AWGN-
        based denoiser meets real noises", 2020. Fallback: Buades, Coll and Morel, "A non-local algorithm for image
        denoising", 2005. Color: guided by lightness, He, Sun and Tang, "Guided image filtering", 2013.
    """
    work = _without_blotches(image, level, run, factor=factor, check=check) if level.is_blotched else image
    out = np.empty(image.shape, np.uint8)
    for box in tiles((image.shape[1], image.shape[0]), side_px=_SIDE_PX):
        check()
        left, top, right, bottom = box
        seen = around(work, box, margin_px=_MARGIN_PX, even=True)
        sigma = np.clip(level.at(_soft_luma(seen)) * factor, floor, _STRONGEST)
        clean = _by_network(seen, sigma, run) if run else _by_similar_patches(seen, float(sigma.mean()))
        clean = _smooth_color(clean, sigma)
        inner = clean[_MARGIN_PX:, _MARGIN_PX:][: bottom - top, : right - left]
        out[top:bottom, left:right] = np.clip(np.rint(inner), 0, 255)
    return EncodedRGB(out)


def _without_blotches(
    image: EncodedRGB, level: NoiseLevel, run: Run | None, *, factor: float, check: Callable[[], None]
) -> EncodedRGB:
    """The picture without the noise that a half-size copy of it shows."""
    height, width = image.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    small = EncodedRGB(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8))
    noise = NoiseLevel(np.asarray(level.curve * (level.blotch / 2), np.float32), blotch=1.0)
    clean = denoise(small, noise, run, factor=factor, check=check)
    change = cv2.resize(clean.astype(np.int16) - small, (width, height), interpolation=cv2.INTER_LINEAR)
    change += image
    return EncodedRGB(np.clip(change, 0, 255, out=change).astype(np.uint8))


def _soft_luma(image: Pixels) -> Floats:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(gray.astype(np.float32), (0, 0), 2.5), np.float32)


def _by_network(image: Pixels, sigma: Floats, run: Run) -> Floats:
    """FFDNet on an even-sized picture, whose 2×2 blocks become channels."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    blocks = image.reshape(height, 2, width, 2, 3).transpose(4, 1, 3, 0, 2).reshape(12, height, width)
    tensor = np.empty((1, 13, height, width), np.float32)
    np.multiply(blocks, np.float32(1 / 255), out=tensor[0, :12])
    tensor[0, 12] = cv2.resize(sigma, (width, height), interpolation=cv2.INTER_AREA) / 255
    clean = run(tensor)[0].reshape(3, 2, 2, height, width).transpose(3, 1, 4, 2, 0)
    return np.ascontiguousarray(clean.reshape(2 * height, 2 * width, 3) * np.float32(255))


def _by_similar_patches(image: Pixels, sigma: float) -> Floats:
    if sigma < _INVISIBLE:
        return image.astype(np.float32)
    clean = cv2.fastNlMeansDenoisingColored(image, None, 0.75 * sigma, 0.75 * sigma, 5, 13)
    return np.asarray(clean, np.float32)


def _smooth_color(image: Floats, sigma: Floats) -> Floats:
    """Color differences without the faint blotches that are left, their edges kept (self-guided filter)."""
    luma, *colors = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
    epsilon = np.asarray((_CHROMA_SHARE * sigma) ** 2, np.float32)
    smooth = [_self_guided(np.asarray(plane, np.float32), epsilon) for plane in colors]
    return np.asarray(cv2.cvtColor(cv2.merge([luma, *smooth]), cv2.COLOR_YCrCb2RGB), np.float32)


def _self_guided(plane: Floats, epsilon: Floats) -> Floats:
    mean = _box_mean(plane)
    power = _box_mean(plane * plane) - mean * mean
    kept = power / (power + epsilon + np.float32(1e-3))
    return np.asarray(_box_mean(kept) * plane + _box_mean((1 - kept) * mean), np.float32)


def _box_mean(plane: Floats) -> Floats:
    side = 2 * _CHROMA_RADIUS_PX + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101), np.float32)
