"""Photographic grain: looked at where a picture has it, and drawn anew where an edit has smoothed it away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.fill_scene import Floats, Mask, Scene
from cavendish.pixels.fill_surface import soften
from cavendish.pixels.strips import LightRows

_STRIP = 64  # rows of noise made at a time
_LEAST_SEEN = 64  # pixels: fewer say nothing of how channels vary together
_TILE = 512  # pixels each way in which noise is looked at
_LOOK, _BLOCK = 256, 16  # pixels each way: tiles and blocks in which the smoothest parts are sought
_SMOOTHEST = 0.03  # share of the blocks; texture has more contrast, and is passed over
_STRONGEST = 12.0  # codes: what is stronger is a picture that is texture everywhere, not grain
_DARKEST, _BRIGHTEST = 8, 247  # codes: clipped noise says nothing


@dataclass(frozen=True)
class Grain:
    """What the noise of a picture is like, in encoded values.

    Args:
        mixing: 3×3, makes the channels' noise of three independent ones of variance 1.
        kernel: Three taps, makes neighbors as alike as they are.
    """

    mixing: npt.NDArray[np.float32]
    kernel: npt.NDArray[np.float64]

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Noise in codes, of shape h×w×3."""
        white = rng.standard_normal(shape, np.float32)
        return np.asarray(cv2.transform(cv2.sepFilter2D(white, -1, self.kernel, self.kernel), self.mixing), np.float32)


def add_grain(image: EncodedRGB, part: Mask, *, like: EncodedRGB, usable: Mask, rng: np.random.Generator) -> EncodedRGB:
    """Give a smooth part the noise of its surroundings: as strong, as colored and as coarse.

    Args:
        image: The picture, h×w×3.
        part: h×w, what gets noise.
        like: h×w×3, the picture that has the noise.
        usable: h×w, where the noise may be looked at; only places near `part` are.
        rng: Draws the noise.

    Returns:
        New array; unchanged outside `part`.
    """
    grain = _grain_of(*_nearby_noise(like, part, usable))
    if grain is None:
        return image
    grainy = image.copy()
    for top in range(0, part.shape[0], _STRIP):
        strip = slice(top, top + _STRIP)
        codes = np.clip(image[strip] + grain.draw(image[strip].shape, rng), 0, 255)
        grainy[strip][part[strip]] = np.rint(codes).astype(np.uint8)[part[strip]]
    return EncodedRGB(grainy)


def measure_grain(image: EncodedRGB, usable: Mask) -> Grain | None:
    """Look at the noise of a picture where it is smoothest, so that texture is not taken for noise.

    Args:
        image: h×w×3.
        usable: h×w, where to look.

    Returns:
        The grain; None where there is none, where too little is usable, or where everything is texture.
    """
    looks = [_blocks_of_noise(image, usable, tile) for tile in _spread_tiles(usable.shape)]
    noise, energy = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    if energy.size == 0:
        return None
    smoothest = noise[energy <= np.quantile(energy, _SMOOTHEST)].reshape(-1, _BLOCK, 3)
    if float(smoothest.std()) > _STRONGEST:
        return None
    return _grain_of(smoothest, np.ones(smoothest.shape[:2], np.bool_))


def regrain(rows: LightRows, grain: Grain, strength: Floats) -> LightRows:
    """Put grain over a picture that has lost its own.

    Args:
        rows: Makes the smooth picture.
        grain: What to add.
        strength: h, 0–1: the share of the noise's amplitude that each row gets.

    Returns:
        Makes the picture with grain; equal rows get equal grain. Encoded and back, since grain is even there.
    """

    def grained(wanted: slice) -> LinearRGB:
        smooth = to_encoded(rows(wanted))
        noise = grain.draw(smooth.shape, np.random.default_rng(wanted.start))
        noise *= strength[wanted, None, None]
        noise += smooth
        return to_linear(EncodedRGB(np.rint(np.clip(noise, 0, 255, out=noise)).astype(np.uint8)))

    return grained


def _grain_of(noise: Floats, seen: Mask) -> Grain | None:
    if np.count_nonzero(seen) < _LEAST_SEEN:
        return None
    values, vectors = np.linalg.eigh(np.cov(noise[seen].T))
    mixing = (vectors * np.sqrt(np.maximum(values - 1 / 12, 0))).astype(np.float32)  # rounding brings 1/12 again
    mixing = mixing.round(4)  # channels that are alike stay so to the last bit: gray stays gray
    return Grain(mixing, _coarseness(noise, seen)) if mixing.any() else None


def _spread_tiles(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Up to 16 tiles of 256 pixels each way, spread over the picture."""
    starts = [np.unique(np.linspace(0, max(0, side - _LOOK), 4).astype(int)) for side in shape[:2]]
    return [(slice(top, top + _LOOK), slice(left, left + _LOOK)) for top in starts[0] for left in starts[1]]


def _blocks_of_noise(image: EncodedRGB, usable: Mask, tile: tuple[slice, slice]) -> tuple[Floats, Floats]:
    """The noise of a tile in square blocks that are wholly usable, n×16×16×3, and the power of each, n."""
    scene = Scene(image[tile].astype(np.float32), ~usable[tile], usable[tile])
    clipped = (scene.colors < _DARKEST) | (scene.colors > _BRIGHTEST)
    whole = _blocks((scene.usable & ~clipped.any(axis=2))[..., None]).all(axis=(1, 2, 3))
    noise = _blocks(scene.colors - soften(scene, 2))[whole]
    return noise, np.asarray((noise**2).mean(axis=(1, 2, 3)), np.float32)


def _blocks(planes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """h×w×C in square blocks, n×16×16×C; what is left over at the right and below is dropped."""
    rows, columns = (side // _BLOCK for side in planes.shape[:2])
    whole = planes[: rows * _BLOCK, : columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK, planes.shape[2]).swapaxes(1, 2)
    return blocks.reshape(rows * columns, _BLOCK, _BLOCK, planes.shape[2])


def _nearby_noise(image: EncodedRGB, part: Mask, usable: Mask) -> tuple[Floats, Mask]:
    """What a soft blur takes away, in a tile at the part's rim, and where in the tile that is known."""
    rim = (cv2.dilate(part.astype(np.uint8), np.ones((33, 33), np.uint8)) > 0) & usable
    places = np.flatnonzero(rim)
    if places.size == 0:
        return np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.bool_)
    y, x = divmod(int(places[places.size // 2]), rim.shape[1])
    tile = (slice(max(0, y - _TILE // 2), y + _TILE // 2), slice(max(0, x - _TILE // 2), x + _TILE // 2))
    scene = Scene(image[tile].astype(np.float32), part[tile], rim[tile])
    noise = scene.colors - soften(scene, 2)
    spread = 4 * float(np.median(np.abs(noise[scene.usable]))) + 0.5
    return np.clip(noise, -spread, spread), scene.usable


def _coarseness(noise: Floats, seen: Mask) -> npt.NDArray[np.float64]:
    """The three-tap kernel that gives white noise the same likeness between neighbors."""
    pairs = seen[:, :-1] & seen[:, 1:]
    left, right = noise[:, :-1][pairs], noise[:, 1:][pairs]
    power = float((left**2).sum())
    likeness = min(max(float((left * right).sum()) / power, 0.0), 0.65) if power > 0 else 0.0
    side = (1 - math.sqrt(1 - 2 * likeness**2)) / (2 * likeness) if likeness > 1e-3 else 0.0
    return np.array([side, 1, side], np.float64) / math.sqrt(1 + 2 * side**2)
