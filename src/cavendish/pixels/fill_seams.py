"""Filling a hole with pieces from elsewhere, last stage: copy at full size, with few and quiet seams.

The guess says roughly which offset each pixel is copied with. Here neighbors are talked into sharing offsets where
that hides the seam between them; what is then copied keeps all the detail that averaging would lose. Called by `fill`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill_scene import Filled, Floats, Guess, Indices, Mask, Scene
from cavendish.pixels.fill_surface import Links, solve_links

_REACHES = (1, 2, 4, 8, 16, 3, 1)  # how far a sweep looks for offsets to take over
_FINE_REACHES = (1, 2)
_LEAST_REACH = 8.0  # pixels that a correction carries into the hole at least, ...
_REACH_SHARE = 0.15  # ... and as a share of the hole's size: without an end, colors drift from seam to seam
_STRIP = 64  # rows
_FIT_WEIGHT = 0.5  # of agreeing with the guess, against seams
_FORBIDDEN = np.float32(1e7)
_MOST_CORRECTION = 40.0  # codes; a larger difference at the rim is an edge, not a change of light


def copy_with_seams(scene: Scene, small: Scene, guess: Guess, *, check: Callable[[], None]) -> Filled:
    """Fill the hole with copied pixels, corrected so that light and color pass over the rim and the seams.

    Args:
        scene: The window at the size to fill; at most about 2 MP.
        small: The window at the size of the guess.
        guess: What it should look like.
        check: Called between sweeps; may raise.

    Returns:
        The filled window; outside the hole the scene's colors.

    Source:
        Labels as in Pritch et al., "Shift-map image editing", 2009, found by iterated conditional modes with the
        neighbors' offsets as candidates; seams as in Agarwala et al., "Interactive digital photomontage", 2004.
    """
    fit = _FIT_WEIGHT if guess.trusted else 0.0
    labels = _Labels(small, guess.colors, guess.offsets, fit)
    for reach in _REACHES:
        check()
        labels.sweep(reach)
    if scene.hole.shape != small.hole.shape:
        larger = cv2.resize(labels.shown(), scene.hole.shape[::-1], interpolation=cv2.INTER_LINEAR)
        labels = _Labels(scene, np.asarray(larger, np.float32), labels.placed_offsets(), fit)
        for reach in _FINE_REACHES:
            check()
            labels.sweep(reach, only=labels.beside_seams())
    check()
    return labels.corrected()


def copy_enlarged(
    image: EncodedRGB, hole: Mask, usable: Mask, copied: Filled, *, check: Callable[[], None]
) -> EncodedRGB:
    """Repeat at full size what was found at a smaller one: the same offsets and corrections, in strips of rows.

    Args:
        image: The window at full size, h×w×3.
        hole: h×w, to be filled.
        usable: h×w, may be copied from.
        copied: For the window at any smaller size.
        check: Called between strips; may raise.

    Returns:
        New array, hole filled. Where the larger offset leads to an unusable pixel, the smaller window's color.
    """
    filled = image.copy()
    height, width = hole.shape
    for top in range(0, height, _STRIP):
        check()
        y, x = np.nonzero(hole[top : top + _STRIP])
        if y.size == 0:
            continue
        y += top
        source = np.column_stack([y, x]) + _scaled(copied.offsets, y, x, hole.shape)
        inside = ((source >= 0) & (source < hole.shape)).all(axis=1)
        from_y, from_x = np.clip(source, 0, (height - 1, width - 1)).T
        kept = inside & usable[from_y, from_x]
        detailed = image[from_y, from_x] + _sampled(copied.correction, y, x, hole.shape)
        codes = np.where(kept[:, None], detailed, _sampled(copied.colors, y, x, hole.shape))
        filled[y, x] = np.rint(np.clip(codes, 0, 255)).astype(np.uint8)
    return EncodedRGB(filled)


def _scaled(offsets: Indices, y: Indices, x: Indices, shape: tuple[int, ...]) -> Indices:
    """Offsets (n×2) at pixels of a larger window of the given shape."""
    small = offsets.shape
    nearest = offsets[
        np.minimum(y * small[0] // shape[0], small[0] - 1), np.minimum(x * small[1] // shape[1], small[1] - 1)
    ]
    scale = np.array([shape[0] / small[0], shape[1] / small[1]])
    return np.asarray(np.rint(nearest * scale), np.intp)


def _sampled(values: Floats, y: Indices, x: Indices, shape: tuple[int, ...]) -> Floats:
    """Values (n×c) interpolated at pixels of a larger window of the given shape."""
    at = ((y + 0.5) * values.shape[0] / shape[0] - 0.5, (x + 0.5) * values.shape[1] / shape[1] - 0.5)
    planes = [map_coordinates(plane, at, order=1, mode="nearest") for plane in np.moveaxis(values, 2, 0)]
    return np.asarray(np.column_stack(planes), np.float32)


class _Labels:
    """For each pixel of the hole, in reading order, the pixel it is copied from; itself where there is none.

    Pixels are numbered through a copy of the picture that is one pixel larger on every side, so that a neighbor of a
    pixel always has a number.
    """

    def __init__(self, scene: Scene, target: Floats, offsets: Indices, fit: float) -> None:
        self.scene = scene
        self.fit = np.float32(fit)
        self.width = scene.hole.shape[1] + 2
        filled = np.where(scene.hole[..., None], target, scene.colors)
        self.colors = _framed(filled).reshape(-1, 3)
        self.soft = _framed(np.asarray(cv2.blur(filled, (5, 5)))).reshape(-1, 3)
        self.usable = np.pad(scene.usable, 1).ravel()
        hole = np.pad(scene.hole, 1).ravel()
        self.places = np.flatnonzero(hole)
        self.source = np.arange(hole.size)
        self.source[self.places] += self._steps(offsets)
        self.moves = (1, self.width, -1, -self.width)
        self.hole = hole

    def _steps(self, offsets: Indices) -> Indices:
        """Offsets of any size of window as steps in the numbering; 0 where they lead to no usable pixel."""
        y, x = np.nonzero(self.scene.hole)
        shift = _scaled(offsets, y, x, self.scene.hole.shape)
        to_y, to_x = y + shift[:, 0], x + shift[:, 1]
        inside = (to_y >= 0) & (to_y < self.scene.hole.shape[0]) & (to_x >= 0) & (to_x < self.scene.hole.shape[1])
        steps = np.where(inside, shift[:, 0] * self.width + shift[:, 1], 0)
        return np.where(self.usable[self.places + steps], steps, 0)

    def shown(self) -> Floats:
        """The window as copied so far."""
        whole = self.colors[self.source].reshape(-1, self.width, 3)
        return whole[1:-1, 1:-1]

    def placed_offsets(self) -> Indices:
        """Offsets as rows and columns, h×w×2."""
        source = self.source[self.places]
        shift = np.column_stack(
            [source // self.width - self.places // self.width, source % self.width - self.places % self.width]
        )
        offsets = np.zeros((*self.scene.hole.shape, 2), np.intp)
        offsets[self.scene.hole] = shift
        return offsets

    def beside_seams(self) -> Mask:
        """Which pixels of the hole have a neighbor with another offset, or none."""
        steps = self.source - np.arange(self.source.size)
        mine = steps[self.places]
        differs = mine == 0
        for move in self.moves:
            differs |= steps[self.places + move] != mine
        return np.asarray(differs)

    def _cost(self, places: Indices, steps: Indices) -> Floats:
        """What it costs to copy each place from `steps` further on: misfit with the guess, and seams."""
        source = places + steps
        copied = self.colors.take(source, axis=0)
        misfit = _square(self.soft.take(source, axis=0) - self.soft.take(places, axis=0))
        cost = np.where(steps == 0, _FORBIDDEN, self.fit * misfit)
        for move in self.moves:
            beside = places + move
            theirs = self.source.take(beside)
            seam = _square(self.colors.take(source + move, axis=0) - self.colors.take(theirs, axis=0))
            inner = self.hole.take(beside)
            across = _square(copied - self.colors.take(theirs - move, axis=0))
            cost += np.where(inner, seam + across, np.where(self.usable.take(beside), 2 * seam, 0))
        return cast("Floats", cost)

    def sweep(self, reach: int, *, only: Mask | None = None) -> None:
        """Let each pixel take over the offset of a pixel `reach` away where that is cheaper, in interleaved halves."""
        places = self.places if only is None else self.places[only]
        parity = (places // self.width + places % self.width) % 2
        for half in (0, 1):
            mine = places[parity == half]
            steps = self.source[mine] - mine
            best = self._cost(mine, steps)
            for move in self.moves:
                near = np.clip(mine + reach * move, 0, self.source.size - 1)
                offered = self.source[near] - near
                source = np.clip(mine + offered, 0, self.source.size - 1)
                asked = np.flatnonzero((offered != 0) & (offered != steps) & self.usable[source])
                cost = self._cost(mine[asked], offered[asked])
                taken = cost < best[asked]
                best[asked[taken]] = cost[taken]
                steps[asked[taken]] = offered[asked[taken]]
            self.source[mine] = mine + steps

    def corrected(self) -> Filled:
        """The copied pixels plus the smoothest correction that closes the seams and meets the rim."""
        y, x = np.nonzero(self.scene.hole)
        box = (slice(y.min(), y.max() + 1), slice(x.min(), x.max() + 1))
        links = Links.inside(self.scene.hole[box])
        inner = (y - y.min(), x - x.min())
        mine = self.source[self.places]
        copied = self.colors.take(mine, axis=0)
        reach = max(_LEAST_REACH, _REACH_SHARE * len(mine) ** 0.5)
        tied, pull = np.full(len(mine), reach**-2, np.float32), np.zeros_like(copied)
        for move in self.moves:
            beside = self.places + move
            theirs = self.source.take(beside)
            rim = self.usable.take(beside)
            tied += rim
            step = self.colors.take(theirs, axis=0) - self.colors.take(mine + move, axis=0)
            pull += _limited(step) * rim[:, None]
            jump = np.float32(0.5) * (copied - self.colors.take(theirs - move, axis=0) - step)
            pull -= _limited(jump) * self.hole.take(beside)[:, None]
        links.tied[inner], links.pull[inner] = tied, pull
        correction = np.zeros_like(self.scene.colors)
        correction[box] = solve_links(links)
        colors = self.scene.colors.copy()
        colors[self.scene.hole] = np.clip(copied + correction[self.scene.hole], 0, 255)
        return Filled(colors, self.placed_offsets(), correction)


def _framed(colors: Floats) -> Floats:
    return np.pad(colors, ((1, 1), (1, 1), (0, 0)), mode="edge")


def _limited(difference: Floats) -> Floats:
    return cast("Floats", np.clip(difference, -_MOST_CORRECTION, _MOST_CORRECTION))


def _square(difference: Floats) -> Floats:
    return cast("Floats", np.einsum("ij,ij->i", difference, difference))
