"""Photographic grain: looked at where a picture has it, and drawn anew where an edit has smoothed it away."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill_scene import Floats, Mask, Scene
from cavendish.pixels.fill_surface import soften

_STRIP = 64  # rows of noise made at a time
_LEAST_SEEN = 64  # pixels: fewer say nothing of how channels vary together
_TILE = 512  # pixels each way in which noise is looked at


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
    noise, seen = _nearby_noise(like, part, usable)
    if np.count_nonzero(seen) < _LEAST_SEEN:
        return image
    values, vectors = np.linalg.eigh(np.cov(noise[seen].T))
    mixing = (vectors * np.sqrt(np.maximum(values - 1 / 12, 0))).astype(np.float32)  # rounding brings 1/12 again
    kernel = _coarseness(noise, seen)
    grainy = image.copy()
    for top in range(0, part.shape[0], _STRIP):
        strip = slice(top, top + _STRIP)
        white = rng.standard_normal(image[strip].shape, np.float32)
        grain = cv2.sepFilter2D(white, -1, kernel, kernel) @ mixing.T
        codes = np.rint(np.clip(image[strip] + grain, 0, 255)).astype(np.uint8)
        grainy[strip][part[strip]] = codes[part[strip]]
    return EncodedRGB(grainy)


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
