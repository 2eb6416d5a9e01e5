"""How noisy a picture is: by how much its finest detail varies where the picture itself does not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB

Floats = npt.NDArray[np.float32]

_LOOK_PX = 256  # tiles that are looked at
_LOOKS = 4  # of them each way
_BLOCK = 8  # coefficients each way of which one deviation is taken
_MAD = 0.6745  # median absolute deviation of a normal variable of deviation 1
_SMOOTH = 0.25  # quantile of the blocks' deviations: the blocks above it hold texture as well
_SMOOTHEST = 0.1  # quantile at half size, where texture weighs more
_QUANTILE_BIAS = 1.06  # the quantile of equal noise lies below its deviation by that factor
_BINS = 8  # of brightness
_LEAST_BLOCKS = 24  # of a bin that has a say of its own
_CLIPPED = 6  # codes from black and from white within which noise is cut off
_MOST_BLOTCHED = 4.0
_ALIKE = 1.25  # noise this much stronger at half size than it should be is blotched: neighbors are alike


@dataclass(frozen=True)
class NoiseLevel:
    """The noise of a picture.

    Args:
        curve: Standard deviation in codes (of 255) at 8 equal steps of luma, from dark to bright.
        blotch: How much stronger the noise is at half size than independent noise would be, 1 to 4.
    """

    curve: Floats
    blotch: float

    @property
    def sigma(self) -> float:
        """The typical standard deviation, in codes."""
        return float(np.median(self.curve))

    @property
    def is_blotched(self) -> bool:
        """Whether neighboring pixels err alike, as after a camera's own processing or a compression."""
        return self.blotch > _ALIKE

    def at(self, luma: Floats) -> Floats:
        """The standard deviation for each pixel, in codes.

        Args:
            luma: h×w, 0–255, smoothed.
        """
        steps = (np.arange(_BINS) + 0.5) * (256 / _BINS)
        return np.asarray(np.interp(luma, steps, self.curve), np.float32)


def noise_level(image: EncodedRGB) -> NoiseLevel:
    """Measure noise on up to 16 tiles spread over a picture.

    Args:
        image: h×w×3; at least 16 pixels each way, or the noise counts as none.

    Returns:
        The noise level. Texture everywhere, such as gravel, is taken for noise in part.

    Source:
        Median of the finest diagonal wavelet coefficients: Donoho and Johnstone, "Ideal spatial adaptation by wavelet
        shrinkage", 1994; a curve over brightness as in Foi et al., "Practical Poissonian-Gaussian noise modeling",
        2008, taken from smooth blocks.
    """
    looks = [_blocks(np.ascontiguousarray(image[rows, columns], np.float32)) for rows, columns in _spread(image.shape)]
    fine, coarse, bright = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    if fine.size == 0:
        return NoiseLevel(np.zeros(_BINS, np.float32), 1.0)
    typical = float(np.quantile(fine, _SMOOTH))
    blotch = float(np.quantile(coarse, _SMOOTHEST)) / max(typical, 0.3) if coarse.size else 1.0
    curve = np.full(_BINS, typical, np.float32)
    bins = np.minimum((bright * (_BINS / 256)).astype(int), _BINS - 1)
    for k in range(_BINS):
        own = fine[bins == k]
        trust = min(1.0, own.size / _LEAST_BLOCKS - 1) if own.size > _LEAST_BLOCKS else 0.0
        if trust > 0:
            curve[k] += trust * (float(np.quantile(own, _SMOOTH)) - typical)
    smoothed = np.convolve(np.pad(curve, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return NoiseLevel(np.asarray(smoothed * _QUANTILE_BIAS, np.float32), min(max(blotch, 1.0), _MOST_BLOTCHED))


def _spread(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    starts = [np.unique(np.linspace(0, max(0, side - _LOOK_PX), _LOOKS).astype(int)) for side in shape[:2]]
    return [(slice(y, y + _LOOK_PX), slice(x, x + _LOOK_PX)) for y in starts[0] for x in starts[1]]


def _blocks(tile: Floats) -> tuple[Floats, Floats, Floats]:
    """Deviations at full and at half size (there doubled) and the luma of the tile's blocks that are not clipped."""
    tile = tile[: tile.shape[0] // 32 * 32, : tile.shape[1] // 32 * 32]
    if tile.size == 0:
        empty = np.zeros(0, np.float32)
        return empty, empty, empty
    half = np.asarray(cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    cells = _cells(tile, 2 * _BLOCK)
    bright = cells.mean(axis=(1, 2)) @ np.array([0.299, 0.587, 0.114], np.float32)
    usable = ((cells > _CLIPPED) & (cells < 255 - _CLIPPED)).mean(axis=(1, 2, 3)) > 0.95
    large = ((tile.shape[0] // 32), (tile.shape[1] // 32))
    coarse = _deviations(half) * 2
    usable_coarse = usable.reshape(large[0], 2, large[1], 2).all(axis=(1, 3)).ravel()
    return _deviations(tile)[usable], coarse[usable_coarse], np.asarray(bright[usable], np.float32)


def _deviations(tile: Floats) -> Floats:
    """Standard deviation of the noise in each block of 16×16 pixels, the mean of the channels'."""
    signed = tile[::2, ::2] - tile[1::2, ::2] - tile[::2, 1::2] + tile[1::2, 1::2]
    diagonal = np.asarray(signed * np.float32(0.5), np.float32)
    return np.asarray(np.median(np.abs(_cells(diagonal, _BLOCK)), axis=(1, 2)).mean(axis=1) / _MAD, np.float32)


def _cells(planes: Floats, side: int) -> Floats:
    rows, columns = planes.shape[0] // side, planes.shape[1] // side
    cells = planes.reshape(rows, side, columns, side, 3).swapaxes(1, 2)
    return np.asarray(cells.reshape(rows * columns, side * side // side, side, 3), np.float32)
