"""Filling a hole with patches from elsewhere, first stage: what the hole should look like, at a small size.

Expectation-maximization over a pyramid: every patch that touches the hole finds its nearest patch outside, then every
pixel of the hole takes the weighted mean of what the patches over it say. Called by `fill`; the result is a layout for
`fill_quilt`, which copies instead of averaging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from cavendish.pixels.fill_offsets import moved, whole_shifts
from cavendish.pixels.fill_scene import Floats, Guess, Indices, Mask, Scene, Trend
from cavendish.pixels.fill_surface import blur_within
from cavendish.pixels.fill_trend import interpolated, resized

_PATCH = 7
_SMALLEST = 60  # a side below which a picture has too few patches to choose among
_DIMENSIONS = 14
_ROW_WEIGHT = 200.0  # codes of color difference that moving over the whole window is worth
_COLUMN_SHARE = 0.5
_TEXTURE_WEIGHT = 0.8
_MOST_SOURCES = 20_000
_PULL = np.float32(0.3)  # of the way that shades are drawn to the trend in each round
_SHADE = 2.0  # pixels, sigma: what is coarser is shade
_COARSE_ROUNDS = 8
_START_ROUNDS = 4  # of these, for each way to begin; the best goes on
_FINE_ROUNDS = (3, 4)  # at the finest level and the one above


def guess_hole(
    scene: Scene, expected: Trend, *, row_prior: float, rng: np.random.Generator, check: Callable[[], None]
) -> Guess | None:
    """Fill the hole by patch means, coarse to fine.

    Args:
        scene: At most about 0.2 MP; the work grows with the hole's area.
        expected: The trend of the window, at any size: shades that the guess keeps close to.
        row_prior: How strongly a patch should come from the same height of the picture; 0 not at all, 1 as landscapes
            need it.
        rng: Samples the places that patches are looked for.
        check: Called between rounds; may raise.

    Returns:
        The guess, or None where not one whole patch lies outside the hole.

    Source:
        Wexler, Shechtman and Irani, "Space-time completion of video", 2007; texture features and pyramid depth:
        Newson et al., "Video inpainting of complex scenes", 2014.
    """
    pyramid = [scene]
    while _depth(pyramid[-1].hole) > 0.6 * _PATCH and min(pyramid[-1].hole.shape) >= _SMALLEST * 2:
        pyramid.append(_halve(pyramid[-1]))
    while pyramid and not _centers(pyramid[-1].usable).any():
        pyramid.pop()
    if not pyramid:
        return None
    level = len(pyramid) - 1
    smallest = _Level(pyramid[level], expected, row_prior, rng)
    runs = [
        smallest.run(start, _START_ROUNDS, 2, check) for start in _starts(pyramid[level], smallest.expected, row_prior)
    ]
    state, _, _ = min(runs, key=lambda run: run[2])
    state, offsets, _ = smallest.run(state, _COARSE_ROUNDS - _START_ROUNDS, 1, check)
    for level in range(len(pyramid) - 2, -1, -1):
        state = _enlarged(state, offsets, pyramid[level])
        rounds = _FINE_ROUNDS[level] if level < len(_FINE_ROUNDS) else _COARSE_ROUNDS
        state, offsets, _ = _Level(pyramid[level], expected, row_prior, rng, smallest.basis).run(
            state, rounds, 2, check
        )
    return Guess(np.ascontiguousarray(state[..., :3]), offsets)


def _depth(mask: Mask) -> float:
    return float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())


def _centers(usable: Mask) -> Mask:
    """Where whole patches of usable pixels are centered."""
    reach = _PATCH // 2
    kernel = np.ones((_PATCH, _PATCH), np.uint8)
    inside = cv2.erode(usable.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    inside[:reach] = inside[inside.shape[0] - reach :] = False
    inside[:, :reach] = inside[:, inside.shape[1] - reach :] = False
    return np.asarray(inside)


def _halve(scene: Scene) -> Scene:
    size = (scene.hole.shape[1] // 2, scene.hole.shape[0] // 2)
    shrink = partial(cv2.resize, dsize=size, interpolation=cv2.INTER_AREA)
    weight = np.where(scene.usable, 1, np.where(scene.hole, 0, 1e-3)).astype(np.float32)
    total = np.asarray(shrink(weight))
    colors = np.asarray(shrink(scene.colors * weight[..., None])) / np.maximum(total, 1e-6)[..., None]
    hole = np.asarray(shrink(scene.hole.astype(np.float32))) > 0.4
    usable = (np.asarray(shrink(scene.usable.astype(np.float32))) > 0.6) & ~hole
    return Scene(np.asarray(colors, np.float32), hole, usable)


def slopes(colors: Floats) -> Floats:
    """Absolute derivatives along rows and columns, h×w×2."""
    gray = colors.mean(axis=2)
    return np.dstack([np.abs(cv2.Sobel(gray, cv2.CV_32F, *order, scale=0.25)) for order in ((1, 0), (0, 1))])


def _texture(colors: Floats) -> Floats:
    """Mean slopes around each pixel: how busy it is, and in which direction."""
    return np.asarray(cv2.blur(slopes(colors), (9, 9)), np.float32)


def _starts(scene: Scene, expected: Floats, row_prior: float) -> list[Floats]:
    """Ways to begin at the smallest size.

    The trend, the rim interpolated along rows and evenly, and whole copies from where the rim fits.
    """
    hole = scene.hole[..., None]
    textures = _texture(scene.colors)
    clean = scene.usable & ~cv2.dilate(scene.hole.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    level = np.ones(scene.hole.shape, np.float32)
    texture = interpolated(textures, clean if clean.any() else scene.usable, (1 + row_prior) * level, level)
    starts = [np.dstack([np.where(hole, expected, scene.colors), texture])]
    for stiffness in dict.fromkeys((2 * row_prior, 0.0)):
        colors = np.where(hole, interpolated(scene.colors, scene.usable, (1 + stiffness) * level, level), scene.colors)
        starts.append(np.dstack([colors, texture]))
    even = starts[-1]
    rim = scene.usable & (cv2.dilate(scene.hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    if not rim.any():
        return starts
    row_cost = (row_prior * _ROW_WEIGHT / max(scene.hole.shape)) ** 2
    for shift in whole_shifts(scene, rim, most=2, row_cost=row_cost)[0]:
        colors, usable = moved(scene, shift)
        starts.append(np.where(hole & usable[..., None], np.dstack([colors, _texture(colors)]), even))
    return starts


def _enlarged(state: Floats, offsets: Indices, scene: Scene) -> Floats:
    """The next finer state: what the coarser offsets point at there, or the coarser colors where that is unusable."""
    height, width = scene.hole.shape
    larger = np.asarray(cv2.resize(state, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    y, x = np.nonzero(scene.hole)
    shift = 2 * offsets[np.minimum(y // 2, offsets.shape[0] - 1), np.minimum(x // 2, offsets.shape[1] - 1)]
    from_y, from_x = np.clip(y + shift[:, 0], 0, height - 1), np.clip(x + shift[:, 1], 0, width - 1)
    kept = scene.usable[from_y, from_x]
    colors = np.where(scene.hole[..., None], larger[..., :3], scene.colors)
    colors[y[kept], x[kept]] = scene.colors[from_y[kept], from_x[kept]]
    texture = _texture(scene.colors)
    inner = np.where(scene.hole[..., None], larger[..., 3:], texture)
    inner[y[kept], x[kept]] = texture[from_y[kept], from_x[kept]]
    return np.dstack([colors, inner])


class _Level:
    """One size of the pyramid: where patches come from, and the search structure over them."""

    def __init__(
        self,
        scene: Scene,
        expected: Trend,
        row_prior: float,
        rng: np.random.Generator,
        basis: Floats | None = None,
    ) -> None:
        self.scene = scene
        self.expected = resized(expected.colors, scene.hole.shape)
        self.pull = _PULL * resized(expected.trust, scene.hole.shape) * scene.hole[..., None]
        rows, columns = (np.flatnonzero(scene.hole.any(axis=axis)) for axis in (1, 0))
        self.box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        state = np.dstack([scene.colors, _texture(scene.colors)])
        self.known = state
        height, width = scene.hole.shape
        longest = max(height, width)
        self.place = np.array([row_prior, row_prior * _COLUMN_SHARE], np.float32) * np.float32(_ROW_WEIGHT / longest)
        sources = np.argwhere(_centers(scene.usable))
        if len(sources) > _MOST_SOURCES:
            sources = sources[np.sort(rng.choice(len(sources), _MOST_SOURCES, replace=False))]
        self.sources = sources
        bell = cv2.getGaussianKernel(_PATCH, _PATCH / 4)
        self.window = np.sqrt(bell @ bell.T).astype(np.float32)
        self.basis = self._principal(rng) if basis is None else basis
        self.tree = cKDTree(self._features(self.known, sources), leafsize=24, balanced_tree=False, compact_nodes=False)

    def _principal(self, rng: np.random.Generator) -> Floats:
        """The few directions in which the sources' patches differ most, their middles counting more: 147×n."""
        sample = self._patches(self.known, rng.choice(self.sources, min(len(self.sources), 2000), replace=False))
        weight = self.window.ravel().repeat(3)
        sample = (sample - sample.mean(axis=0)) * weight
        basis = np.linalg.eigh(sample.T @ sample)[1][:, -_DIMENSIONS:]
        return np.asarray(basis * weight[:, None], np.float32)

    def _patches(self, state: Floats, centers: Indices) -> Floats:
        """Patches as rows: n×147."""
        colors = np.ascontiguousarray(state[..., :3]).reshape(-1, 3)
        return colors.take(np.stack(list(self._numbers(centers)), axis=1), axis=0).reshape(len(centers), -1)

    def _features(self, state: Floats, centers: Indices) -> Floats:
        texture = state[centers[:, 0], centers[:, 1], 3:] * np.float32(_TEXTURE_WEIGHT)
        return np.hstack([self._patches(state, centers) @ self.basis, texture, centers.astype(np.float32) * self.place])

    def _queries(self, step: int) -> Indices:
        """Centers of the patches that touch the hole; every `step`-th row and column, the last ones always."""
        reach = _PATCH // 2
        height, width = self.scene.hole.shape
        touched = cv2.dilate(self.scene.hole.astype(np.uint8), np.ones((_PATCH, _PATCH), np.uint8)) > 0
        on_grid = np.zeros_like(touched)
        rows = np.union1d(np.arange(reach, height - reach, step), height - 1 - reach)
        columns = np.union1d(np.arange(reach, width - reach, step), width - 1 - reach)
        on_grid[np.ix_(rows, columns)] = True
        return np.argwhere(touched & on_grid)

    def run(self, state: Floats, rounds: int, step: int, check: Callable[[], None]) -> tuple[Floats, Indices, float]:
        """Search and vote; returns the new state, the offsets of the last search and how badly its patches fitted."""
        queries = self._queries(step)
        depth = distance_transform_edt(self.scene.hole)[queries[:, 0], queries[:, 1]]
        sure = 1.3 ** -np.minimum(depth, 100)  # patches near the rim know more
        for _ in range(rounds):
            check()
            distance, found = self.tree.query(self._features(state, queries), eps=2.0, workers=2)
            scale = max(float(np.percentile(distance, 75)) ** 2, 1e-6)
            weight = (np.exp(-(distance**2) / (2 * scale)) * sure).astype(np.float32)
            state = self._drawn_to_trend(self._voted(queries, self.sources[found], weight))
        return state, self._offsets(queries, self.sources[found], weight), float(np.mean(distance**2))

    def _numbers(self, centers: Indices) -> Iterator[Indices]:
        """Numbers of the pixels of each patch in reading order, one array for each place in the patch."""
        reach, width = _PATCH // 2, self.scene.hole.shape[1]
        middle = centers[:, 0] * width + centers[:, 1]
        for row in range(-reach, reach + 1):
            for column in range(-reach, reach + 1):
                yield middle + (row * width + column)

    def _voted(self, queries: Indices, found: Indices, weight: Floats) -> Floats:
        """The state in which each pixel of the hole is the weighted mean of what the patches over it say."""
        known = self.known.reshape(-1, self.known.shape[2])
        total = np.zeros((len(known), known.shape[1] + 1), np.float32)
        for place, source in zip(self._numbers(queries), self._numbers(found), strict=True):
            said = np.empty((len(place), total.shape[1]), np.float32)
            np.multiply(known.take(source, axis=0), weight[:, None], out=said[:, :-1])
            said[:, -1] = weight
            total[place] += said  # no pixel twice: the patches differ, the place in them is the same
        voted = np.flatnonzero(self.scene.hole.ravel() & (total[:, -1] > 0))
        state = known.copy()
        state[voted] = total[voted, :-1] / total[voted, -1:]
        return state.reshape(self.known.shape)

    def _drawn_to_trend(self, state: Floats) -> Floats:
        """Patches fit one another in more than one way; of these, the way that the rim foretells."""
        part = state[self.box][..., :3]
        part += self.pull[self.box] * blur_within(self.expected[self.box] - part, self.scene.hole[self.box], _SHADE)
        return state

    def _offsets(self, queries: Indices, found: Indices, weight: Floats) -> Indices:
        """For each pixel the offset of the surest patch over it, with the middles of patches being surest."""
        best = np.zeros(self.scene.hole.size, np.float32)
        winner = np.zeros(best.size, np.intp)
        for place, share in zip(self._numbers(queries), self.window.ravel(), strict=True):
            better = np.flatnonzero(weight * share > best.take(place))
            best[place[better]] = weight[better] * share
            winner[place[better]] = better
        offsets = np.where(best[:, None] > 0, (found - queries)[winner], 0)
        return offsets.reshape(*self.scene.hole.shape, 2)
