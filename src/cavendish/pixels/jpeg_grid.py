"""Traces of JPEG compression in pixels: where its 8×8 blocks lie and how coarsely they were quantized."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB

Floats = npt.NDArray[np.float32]

_BLOCK = 8
_LOOK_PX, _LOOKS = 512, 3  # tiles that are looked at, so many each way
_LEAST_STEP = 1.12  # steps between blocks over steps inside them, from which on there is a grid
_WAVES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
_COARSEST = 100
_LEAST_VALUES = 40
_SHARP = 0.35  # of the coefficients' resultant on the unit circle: how well they must sit on multiples


@dataclass(frozen=True)
class JpegGrid:
    """What compression has left.

    Args:
        origin: (x, y), 0–7, of the first block.
        contrast: How much steeper the picture is between blocks than inside them; 1 where no grid shows.
        quantum: Step in which the lowest frequencies of luma were stored, in codes; 0 where that is not known.
    """

    origin: tuple[int, int]
    contrast: float
    quantum: float

    @property
    def is_seen(self) -> bool:
        """Whether the picture shows blocks."""
        return self.contrast >= _LEAST_STEP or self.quantum > 0


def jpeg_grid(image: EncodedRGB) -> JpegGrid:
    """Look for blocks on up to 9 tiles.

    Args:
        image: h×w×3. A picture scaled after it was compressed shows no grid.

    Source:
        Blockiness: Fan and de Queiroz, "Identification of bitmap compression history: JPEG detection and quantizer
        estimation", 2003; the step from where the coefficients cluster.
    """
    tiles = [_luma(np.ascontiguousarray(image[part])) for part in _parts(image.shape)]
    across, contrast_x = _phase(tiles)
    down, contrast_y = _phase([tile.T for tile in tiles])
    blocks = np.concatenate([_blocks(tile[down:, across:]) for tile in tiles])
    return JpegGrid((across, down), min(contrast_x, contrast_y), _quantum(blocks))


def _luma(pixels: npt.NDArray[np.uint8]) -> Floats:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32), cv2.COLOR_RGB2GRAY), np.float32)


def _parts(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Windows that begin on multiples of the block's side, so that one origin is right for all."""
    starts = [np.unique(np.linspace(0, max(0, side - _LOOK_PX), _LOOKS).astype(int) // _BLOCK) for side in shape[:2]]
    return [
        (slice(_BLOCK * y, _BLOCK * y + _LOOK_PX), slice(_BLOCK * x, _BLOCK * x + _LOOK_PX))
        for y in starts[0]
        for x in starts[1]
    ]


def _phase(tiles: list[Floats]) -> tuple[int, float]:
    """Where blocks begin along rows, and how much steeper it is there than elsewhere.

    A step counts by how far it exceeds its neighbors, so that slopes and texture cancel out.
    """
    totals, counts = np.zeros(_BLOCK), np.zeros(_BLOCK)
    for tile in tiles:
        steps = np.minimum(np.abs(np.diff(tile, axis=1)), 20).mean(axis=0)
        place = (np.arange(steps.size) + 1) % _BLOCK
        totals += np.bincount(place, steps, _BLOCK)
        counts += np.bincount(place, minlength=_BLOCK)
    means = totals / np.maximum(counts, 1)
    best = int(np.argmax(means))
    return best, float(means[best] / max(np.median(means), 1e-3))


def _blocks(tile: Floats) -> Floats:
    rows, columns = tile.shape[0] // _BLOCK, tile.shape[1] // _BLOCK
    cells = tile[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    return np.asarray(cells.reshape(-1, _BLOCK, _BLOCK), np.float32)


def _quantum(blocks: Floats) -> float:
    """The mean step of the lowest frequencies, if their coefficients clearly sit on multiples of steps."""
    basis = np.asarray(cv2.dct(np.eye(_BLOCK, dtype=np.float32), flags=cv2.DCT_ROWS), np.float32)  # column k is wave k
    found = []
    for down, across in _WAVES:
        values = np.einsum("nij,i,j->n", blocks, basis[:, down], basis[:, across])
        fits = [_resultant(values, step) for step in range(1, _COARSEST)]
        best = int(np.argmax(fits))
        if fits[best] >= _SHARP:
            found.append(best + 1)
    return float(np.median(found)) if 2 * len(found) > len(_WAVES) else 0.0


def _resultant(values: Floats, step: int) -> float:
    """Length of the mean of the values as angles, one turn a step; small values fit any step and do not count."""
    counted = values[np.abs(values) > step / 2]
    if counted.size < _LEAST_VALUES:
        return 0.0
    return float(np.abs(np.exp(2j * np.pi / step * counted).mean()))
