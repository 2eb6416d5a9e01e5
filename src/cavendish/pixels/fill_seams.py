"""Filling a hole with patches from elsewhere, second stage: copy at full size, with few and quiet seams.

The guess says roughly which offset each pixel is copied with. Here neighbors are talked into sharing offsets where
that hides the seam between them; what is then copied keeps all the detail that averaging would lose. Called by `fill`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill_patches import Floats, Guess, Indices, Mask, Scene
from cavendish.pixels.fill_surface import Links, solve_links

_NEIGHBORS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_REACHES = (1, 2, 4, 8, 16, 3, 1)  # how far a sweep looks for offsets to take over
_STRIP = 64  # rows
_FIT_WEIGHT = 0.5  # of agreeing with the guess, against seams
_FORBIDDEN = np.float32(1e7)
_MOST_CORRECTION = 40.0  # codes; a larger difference at the rim is an edge, not a change of light


@dataclass(frozen=True)
class Copied:
    """A filled window and how each pixel of its hole came about.

    Args:
        colors: h×w×3 float32, 0–255, hole filled.
        offsets: h×w×2 int (rows, columns): where each pixel of the hole was copied from.
        correction: h×w×3 float32: what was added to the copied color.
    """

    colors: Floats
    offsets: Indices
    correction: Floats


def copy_with_seams(scene: Scene, guess: Guess, *, check: Callable[[], None]) -> Copied:
    """Fill the hole with copied pixels, corrected so that light and color pass over the rim and the seams.

    Args:
        scene: The window at the size to fill; at most about 2 MP.
        guess: For the same window at the same or a smaller size.
        check: Called between sweeps; may raise.

    Returns:
        The filled window; outside the hole the scene's colors.

    Source:
        Labels as in Pritch et al., "Shift-map image editing", 2009, found by iterated conditional modes with the
        neighbors' offsets as candidates; seams as in Agarwala et al., "Interactive digital photomontage", 2004.
    """
    offsets = _scaled(guess.offsets, *np.nonzero(scene.hole), scene.hole.shape)
    target = np.asarray(cv2.resize(guess.colors, scene.hole.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    labels = _Labels(scene, target, offsets)
    for reach in _REACHES:
        check()
        labels.sweep(reach)
    check()
    return labels.corrected()


def copy_enlarged(
    image: EncodedRGB, hole: Mask, usable: Mask, copied: Copied, *, check: Callable[[], None]
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
    return np.rint(nearest * (shape[0] / small[0], shape[1] / small[1])).astype(np.intp)


def _sampled(values: Floats, y: Indices, x: Indices, shape: tuple[int, ...]) -> Floats:
    """Values (n×c) interpolated at pixels of a larger window of the given shape."""
    at = ((y + 0.5) * values.shape[0] / shape[0] - 0.5, (x + 0.5) * values.shape[1] / shape[1] - 0.5)
    planes = [map_coordinates(plane, at, order=1, mode="nearest") for plane in np.moveaxis(values, 2, 0)]
    return np.asarray(np.column_stack(planes), np.float32)


class _Labels:
    """One offset per pixel of the hole, and what a change of offset costs."""

    def __init__(self, scene: Scene, target: Floats, offsets: Indices) -> None:
        self.scene = scene
        self.shape = scene.hole.shape
        self.target = target
        self.y, self.x = np.nonzero(scene.hole)
        self.number = np.full(self.shape, -1, np.intp)
        self.number[self.y, self.x] = np.arange(len(self.y))
        self.offsets = offsets
        self.known = np.where(scene.hole[..., None], target, scene.colors)
        self.blurred_target = cv2.blur(target, (5, 5))
        self.blurred = cv2.blur(self.known, (5, 5))
        self.moves = [self._neighbors(row, column) for row, column in _NEIGHBORS]

    def _neighbors(self, row: int, column: int) -> tuple[Mask, Indices, Indices, Indices]:
        """For each hole pixel: whether its neighbor exists, where, and its number (-1 where known)."""
        y, x = self.y + row, self.x + column
        exists = (y >= 0) & (y < self.shape[0]) & (x >= 0) & (x < self.shape[1])
        y, x = np.clip(y, 0, self.shape[0] - 1), np.clip(x, 0, self.shape[1] - 1)
        number = np.where(exists, self.number[y, x], -1)
        exists &= (number >= 0) | self.scene.usable[y, x]
        return cast("Mask", exists), y, x, number

    def _at(self, y: Indices, x: Indices, offsets: Indices) -> tuple[Indices, Indices]:
        return (
            np.clip(y + offsets[:, 0], 0, self.shape[0] - 1),
            np.clip(x + offsets[:, 1], 0, self.shape[1] - 1),
        )

    def _usable(self, which: Indices, offsets: Indices) -> Mask:
        y, x = self.y[which] + offsets[:, 0], self.x[which] + offsets[:, 1]
        inside = (y >= 0) & (y < self.shape[0]) & (x >= 0) & (x < self.shape[1])
        return inside & self.scene.usable[np.clip(y, 0, self.shape[0] - 1), np.clip(x, 0, self.shape[1] - 1)]

    def _cost(self, which: Indices, offsets: Indices) -> Floats:
        y, x = self.y[which], self.x[which]
        source = self._at(y, x, offsets)
        copied = self.known[source]
        fit = _square(self.blurred[source] - self.blurred_target[y, x]) + 0.25 * _square(copied - self.target[y, x])
        cost = np.float32(_FIT_WEIGHT) * fit + np.where(self._usable(which, offsets), 0, _FORBIDDEN)
        for exists, near_y, near_x, number in self.moves:
            beside_y, beside_x, beside = near_y[which], near_x[which], number[which]
            filled = beside >= 0
            theirs = np.where(filled[:, None], self.offsets[beside], 0)
            mine_there = self.known[self._at(beside_y, beside_x, offsets)]
            theirs_there = self.known[self._at(beside_y, beside_x, theirs)]
            seam = _square(mine_there - theirs_there)
            seam += np.where(filled, _square(copied - self.known[self._at(y, x, theirs)]), seam)
            cost += np.where(exists[which], seam, 0)
        return cast("Floats", cost)

    def sweep(self, reach: int) -> None:
        """Let every pixel, in two interleaved halves, take over the offset of a pixel `reach` away if that is cheaper."""
        for half in (0, 1):
            which = np.flatnonzero((self.y + self.x) % 2 == half)
            mine = self.offsets[which]
            best = self._cost(which, mine)
            for row, column in _NEIGHBORS:
                y, x = self.y[which] + row * reach, self.x[which] + column * reach
                inside = (y >= 0) & (y < self.shape[0]) & (x >= 0) & (x < self.shape[1])
                number = np.where(
                    inside, self.number[np.clip(y, 0, self.shape[0] - 1), np.clip(x, 0, self.shape[1] - 1)], -1
                )
                offered = self.offsets[number]
                asked = np.flatnonzero((number >= 0) & (offered != mine).any(axis=1))
                cost = self._cost(which[asked], offered[asked])
                taken = cost < best[asked]
                best[asked[taken]] = cost[taken]
                mine[asked[taken]] = offered[asked[taken]]
            self.offsets[which] = mine

    def corrected(self) -> Copied:
        """The copied pixels plus the smoothest correction that closes the seams and meets the rim."""
        everything = np.arange(len(self.y))
        usable = self._usable(everything, self.offsets)
        source = self._at(self.y, self.x, self.offsets)
        copied = np.where(usable[:, None], self.known[source], self.target[self.y, self.x])
        links = Links.inside(self.scene.hole)
        for (exists, near_y, near_x, number), direction in zip(self.moves, range(4), strict=True):
            filled = number >= 0
            theirs = self.offsets[number]
            mine_there = self.known[self._at(near_y, near_x, self.offsets)]
            rim = exists & ~filled
            step = np.where(
                usable[:, None],
                self.scene.colors[near_y, near_x] - mine_there,
                self.scene.colors[near_y, near_x] - copied,
            )
            links.tie(self.y[rim], self.x[rim], np.clip(step[rim], -_MOST_CORRECTION, _MOST_CORRECTION))
            seam = filled & (self.offsets != theirs).any(axis=1)
            if direction < 2 and seam.any():
                other = copied[number[seam]]
                jump = 0.5 * (
                    mine_there[seam]
                    - other
                    + copied[seam]
                    - self.known[self._at(self.y[seam], self.x[seam], theirs[seam])]
                )
                jump = np.clip(jump, -_MOST_CORRECTION, _MOST_CORRECTION)
                links.step(self.y[seam], self.x[seam], near_y[seam], near_x[seam], jump)
        correction = solve_links(links)
        colors = self.scene.colors.copy()
        colors[self.y, self.x] = np.clip(copied + correction[self.y, self.x], 0, 255)
        offsets = np.zeros((*self.shape, 2), np.intp)
        offsets[self.y, self.x] = self.offsets
        return Copied(colors, offsets, correction)


def _square(difference: Floats) -> Floats:
    return cast("Floats", np.einsum("ij,ij->i", difference, difference))
