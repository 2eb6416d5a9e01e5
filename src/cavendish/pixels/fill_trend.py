"""The colors to expect in a hole, from its rim alone: no detail, but no wrong detail either. Called by `fill`.

What is copied from elsewhere has the right texture and often the wrong shade: another tree stands in another light.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from cavendish.pixels.fill_scene import Filled, Floats, Mask, Scene, Trend
from cavendish.pixels.fill_surface import blur_within, soften

_SHARE = np.float32(0.4)  # of the way to the trend
_MOST = np.float32(12)  # codes; a larger difference is an edge in another place, which may be as good
_SHADE = 1.0  # pixels of the trend, sigma: what is coarser is shade
_FADE = 3.0  # pixels, sigma: how softly trust ends
_AREA = 30_000  # pixels at which the trend is sought; it has no detail to lose
_GRAIN = 1.0  # pixels, sigma: finer changes are texture and say nothing about the trend
_NEAR = 20  # pixels from the hole that are asked where colors change
_ALONG, _ACROSS = 10.0, 1.5  # pixels, sigmas: edges are thought to run on this straight
_DOUBT = 0.02  # share of edges seen nearby below which a place is taken for an average one
_FAVOR = 1.5  # of links along rows: the horizon goes on for certain, trunks may end
_UNEVENNESS = (1 / 8, 12.0)


def trend(scene: Scene) -> Trend:
    """Colors that bend least through the hole, and most where edges run into it.

    Args:
        scene: At most about 0.2 MP.

    Source:
        A Gaussian random field, as in Besag, "Spatial interaction and the statistical analysis of lattice systems",
        1974; each link as strong as the mean square of the changes of color that it may have to bear is small.
    """
    small = _shrunk(scene)
    if not small.usable.any():
        return Trend(small.colors, np.zeros((*small.hole.shape, 1), np.float32))
    trust = blur_within(_enclosed(small.usable).astype(np.float32)[..., None], small.hole, _FADE)
    return Trend(interpolated(small.colors, small.usable, *_strengths(small)), trust)


def _enclosed(known: Mask) -> Mask:
    """What lies between known pixels of its row or column: elsewhere a trend is drawn beyond all that is known."""
    rows, columns = (
        np.maximum.accumulate(known, axis) & np.flip(np.maximum.accumulate(np.flip(known, axis), axis), axis)
        for axis in (1, 0)
    )
    return np.asarray(rows | columns)


def shaded(copied: Filled, hole: Mask, expected: Trend) -> Filled:
    """Draw the shades of what was copied towards the trend; its detail stays.

    Args:
        copied: The window with its hole filled.
        hole: h×w.
        expected: The trend of the window, at any smaller size.
    """
    size = expected.trust.shape
    part = resized(hole.astype(np.float32)[..., None], size)
    inner = resized(copied.colors * hole[..., None], size) / np.maximum(part, np.float32(1e-3))
    shade = _SHARE * blur_within(np.asarray(expected.colors - inner), part[..., 0] > 0.5, _SHADE)
    step = resized(np.clip(shade, -_MOST, _MOST) * expected.trust, hole.shape) * hole[..., None]
    return replace(copied, colors=np.clip(copied.colors + step, 0, 255), correction=copied.correction + step)


def resized(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Values (h×w×c) at another size: means where it is smaller, interpolated where larger."""
    way = cv2.INTER_AREA if shape[0] < values.shape[0] else cv2.INTER_LINEAR
    larger = cv2.resize(values, (shape[1], shape[0]), interpolation=way)
    return np.asarray(larger, np.float32).reshape(shape[0], shape[1], values.shape[2])


def _shrunk(scene: Scene) -> Scene:
    scale = min(1.0, (_AREA / scene.hole.size) ** 0.5)
    height, width = (max(1, round(side * scale)) for side in scene.hole.shape)
    shrink = partial(cv2.resize, dsize=(width, height), interpolation=cv2.INTER_AREA)
    weight = np.where(scene.usable, 1, 1e-3).astype(np.float32)
    seen = np.asarray(shrink(weight))
    colors = np.asarray(shrink(scene.colors * weight[..., None])) / seen[..., None]
    hole = np.asarray(shrink(scene.hole.astype(np.float32))) > 0.5
    return Scene(np.asarray(colors, np.float32), hole, (seen > 0.5) & ~hole)


def _strengths(scene: Scene) -> tuple[Floats, Floats]:
    """Of the links of each pixel to the next on the right and to the next below: h×w each."""
    soft = soften(scene, _GRAIN)
    across, down = (_changes(soft, scene, axis) for axis in (1, 0))
    evenness = np.float32(np.clip(_FAVOR * down[1] / across[1], *_UNEVENNESS))
    return evenness * across[1] / across[0], down[1] / down[0]


def _changes(soft: Floats, scene: Scene, axis: int) -> tuple[Floats, float]:
    """Expected squared change of color to the next pixel along an axis: h×w, from what is near, and its mean."""
    reach = round(2 * _GRAIN)
    whole = cv2.erode(scene.usable.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    near = cv2.dilate(scene.hole.astype(np.uint8), np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8))
    seen = (whole > 0) & (near > 0)
    both = seen & np.roll(seen, -1, axis)
    both[(slice(None),) * axis + (-1,)] = False
    change = ((np.roll(soft, -1, axis) - soft) ** 2).mean(axis=2) * both
    mean = max(float(change[both].mean()) if both.any() else 0.0, 1e-4)
    sigmas = (_ALONG, _ACROSS) if axis == 0 else (_ACROSS, _ALONG)
    total, weight = (
        cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigmaX=sigmas[0], sigmaY=sigmas[1])
        for plane in (change, both)
    )
    return np.asarray((total + _DOUBT * mean) / (weight + _DOUBT), np.float32), mean


def interpolated(values: Floats, known: Mask, right: Floats, down: Floats) -> Floats:
    """The values that bend least between the known ones.

    Args:
        values: h×w×c; anything where not known.
        known: h×w.
        right: h×w, how strongly each pixel is linked to the next on the right.
        down: h×w, the same for the next below.
    """
    height, width = known.shape
    numbers = np.arange(height * width).reshape(height, width)
    pairs = [(numbers[:, :-1], numbers[:, 1:], right[:, :-1]), (numbers[:-1], numbers[1:], down[:-1])]
    first = np.concatenate([a.ravel() for a, _, _ in pairs])
    second = np.concatenate([b.ravel() for _, b, _ in pairs])
    weight = np.concatenate([w.ravel() for _, _, w in pairs]).astype(np.float64)
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    free = ~known.ravel()
    keep = free[rows]
    rows, columns, weight = rows[keep], columns[keep], np.concatenate([weight, weight])[keep]
    matrix = coo_array((-weight, (rows, columns)), shape=(known.size, known.size)).tocsr()
    diagonal = np.where(free, -matrix.sum(axis=1), 1)
    matrix = matrix + coo_array((diagonal, (numbers.ravel(), numbers.ravel())), shape=matrix.shape).tocsr()
    flat = np.where(free[:, None], 0, values.reshape(-1, values.shape[2]).astype(np.float64))
    solved = np.asarray(spsolve(matrix.tocsc(), flat), np.float32)
    return solved.reshape(values.shape)
