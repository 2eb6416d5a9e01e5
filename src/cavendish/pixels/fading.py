"""Faded prints and slides: each dye's range stretched again, the cast taken out, colors brought back."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.pixels.strips import strips

Floats = npt.NDArray[np.float32]

_LOW, _HIGH = 0.4, 99.6  # percentiles that become black and white
_BLACK, _WHITE = 8.0, 247.0  # codes they become: a little short, as a print is
_LEAST_RANGE = 40.0  # codes: a range narrower than that is not stretched further, or only noise would show
_MIDDLE = 118.0  # codes of luma in the middle of most photographs
_GAMMA = (0.65, 1.5)
_NEUTRAL = 0.5  # share of the cast of the middle tones that goes; the rest may be the scene's own
_FADED_CHROMA, _MOST_CHROMA = 0.075, 1.7  # mean Oklab chroma of a picture with its colors, and the most they are raised
_FADED_RANGE, _FULL_RANGE = 135.0, 235.0  # codes from black to white: quite faded, and not at all
_GRAY_CHROMA = 0.012  # below, the picture was never colored
_SAMPLE_PX = 512


def restore_fading(image: EncodedRGB, *, strength: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Bring back contrast, neutral grays and color.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        strength: 0 (identity) to 1.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape. A gray picture stays gray; a toned one keeps half its tone.

    Source:
        Automatic restoration of faded dyes by independent channels: Gschwind and Frey, "Electronic imaging, a tool
        for the reconstruction of faded color photographs", 1994.
    """
    sample = _sample(image)
    fadedness = _fadedness(sample)
    tables = _tables(sample, neutral=_NEUTRAL * fadedness)
    mixed = (tables * strength + np.arange(256, dtype=np.float32) * (1 - strength)).T[None]
    table = np.ascontiguousarray(np.clip(np.rint(mixed), 0, 255).astype(np.uint8))
    gain = 1 + (_chroma_gain(np.asarray(cv2.LUT(sample, table), np.uint8)) - 1) * strength * fadedness
    out = np.empty(image.shape, np.uint8)
    for strip in strips(image.shape):
        check()
        even = EncodedRGB(np.asarray(cv2.LUT(np.ascontiguousarray(image[strip]), table), np.uint8))
        out[strip] = even if gain == 1 else _colored(even, gain)
    return EncodedRGB(out)


def _sample(image: EncodedRGB) -> npt.NDArray[np.uint8]:
    """A small copy without its rim, which is often the paper."""
    height, width = image.shape[:2]
    inner = image[height // 20 : height - height // 20, width // 20 : width - width // 20]
    scale = min(1.0, _SAMPLE_PX / max(inner.shape[:2]))
    size = (max(1, round(inner.shape[1] * scale)), max(1, round(inner.shape[0] * scale)))
    return np.asarray(cv2.resize(np.ascontiguousarray(inner), size, interpolation=cv2.INTER_AREA), np.uint8)


def _fadedness(sample: npt.NDArray[np.uint8]) -> float:
    """0.1 for a picture with all its contrast, whose cast and colors are its own, to 1."""
    low, high = np.percentile(cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY), [_LOW, _HIGH])
    return min(1.0, max(0.1, (_FULL_RANGE - float(high - low)) / (_FULL_RANGE - _FADED_RANGE)))


def _tables(sample: npt.NDArray[np.uint8], *, neutral: float) -> Floats:
    """New codes of each channel's 256, 3×256."""
    values = sample.reshape(-1, 3).astype(np.float32)
    low, high = np.percentile(values, [_LOW, _HIGH], axis=0)
    middle = (low + high) / 2
    half = np.maximum((high - low) / 2, _LEAST_RANGE / 2)
    codes = np.arange(256, dtype=np.float32)[None]
    spread = np.clip((codes - (middle - half)[:, None]) / (2 * half)[:, None], 0, 1)
    medians = np.clip((np.median(values, axis=0) - (middle - half)) / (2 * half), 0.05, 0.95)
    common = float(np.mean(medians))
    aim = (_MIDDLE - _BLACK) / (_WHITE - _BLACK)
    wanted = aim * 0.5 + common * 0.5  # a dark scene stays dark
    targets = wanted + (1 - neutral) * (medians - common)
    gammas = np.clip(np.log(np.clip(targets, 0.05, 0.95)) / np.log(medians), *_GAMMA)
    return np.asarray(_BLACK + (_WHITE - _BLACK) * spread ** gammas[:, None], np.float32)


def _chroma_gain(sample: npt.NDArray[np.uint8]) -> float:
    lab = to_oklab(to_linear(EncodedRGB(sample)))
    chroma = float(np.hypot(lab[..., 1], lab[..., 2]).mean())
    if chroma < _GRAY_CHROMA:
        return 1.0
    return min(max(1.0, _FADED_CHROMA / chroma), _MOST_CHROMA)


def _colored(image: EncodedRGB, gain: float) -> EncodedRGB:
    lab = np.asarray(to_oklab(to_linear(image)))
    lab[..., 1:] *= np.float32(gain)
    return to_encoded(LinearRGB(np.asarray(from_oklab(OklabImage(lab)), np.float32)))
