"""Filling a large hole with pieces from elsewhere: whole pieces, cut where they agree with what is there already.

Means of patches (`fill_patches`) foretell the colors of a large hole but lose its texture: leaves become mud. Here the
hole is laid out piece by piece as a quilt, each as large as the scene allows, so that grass stays grass. Called by
`fill`; `fill_seams` then smooths what shows at the seams.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from cavendish.pixels.fill_patches import slopes
from cavendish.pixels.fill_scene import Floats, Guess, Mask, Scene
from cavendish.pixels.fill_surface import blur_within
from cavendish.pixels.fill_trend import interpolated

_SIZE = 0.07
"""Half a piece, of the hole's size (root of its area)."""
_REACHES = (1.0, 0.6, 0.35)
"""Sizes of a piece that are tried, largest first; large ones keep most of the texture, small ones fit best."""
_LEAST, _MOST = 3, 10
"""Half a piece in half pixels."""
_WRONG = 3 * 9.0**2
"""Squared codes by which a piece's soft colors may leave the expected ones before a smaller one is tried; more where
texture is lively."""
_SOFT = 1.5
"""Half pixels, sigma: what is coarser is the layout, which the means of patches know."""
_BUSY = 3.0
"""Half pixels, sigma: over so much, texture is averaged."""
_LAYOUT, _TEXTURE = 3.0, 72.0
"""Weights of the layout and of how busy a piece is, against how well it joins."""
_ROW, _COLUMN = 200.0, 50.0
"""Codes that moving a piece over the whole window is worth: ground changes with its distance, so with its height."""
_AGAIN = 7.0
"""Weight of having been used before, in squares of the texture's slopes: repetition shows where texture does."""
_CHANCE = 0.02
"""Part of the cost that is chance, so that seeds differ."""
_EDGE = 1.0
"""Weight of edges that run into the hole, against how much of a piece is known, when the next place is chosen."""
_STIFF = 10**7

_Window = tuple[slice, slice]
_Value = TypeVar("_Value", bound=np.generic)


def quilt(
    scene: Scene,
    layout: Floats,
    lines: Floats,
    *,
    row_prior: float,
    rng: np.random.Generator,
    check: Callable[[], None],
) -> Guess | None:
    """Lay out the hole in whole pieces of its surroundings.

    Args:
        scene: At most about 0.2 MP.
        layout: h×w×3, what the hole should look like without its texture.
        lines: h×w×3, what of that are lines, which no texture around tells of; 0 elsewhere.
        row_prior: How strongly pieces should come from the same height of the picture, 0–1.
        rng: Chance among pieces that fit about as well.
        check: Called between pieces; may raise.

    Returns:
        Where each pixel of the hole is copied from, or None where not one whole piece lies outside the hole.

    Source:
        Efros and Freeman, "Image quilting for texture synthesis and transfer", 2001; cuts as in Kwatra et al.,
        "Graphcut textures", 2003; order of places: Criminisi, Pérez and Toyama, "Region filling and object removal by
        exemplar-based image inpainting", 2004.
    """
    even = Scene(_evened(scene.colors), _evened(scene.hole), _evened(scene.usable))
    work = _Quilt(even, _evened(layout), _evened(lines), row_prior, rng)
    if not work.sizes:
        return None
    while work.todo.any():
        check()
        work.lay(work.next_place())
    height, width = scene.hole.shape
    return Guess(work.colors[:height, :width], work.offsets[:height, :width], trusted=False)


def _evened(values: npt.NDArray[_Value]) -> npt.NDArray[_Value]:
    """The rows and columns made even in number: by black ones, which are neither hole nor usable."""
    height, width = values.shape[:2]
    return np.pad(values, ((0, height % 2), (0, width % 2), *((0, 0),) * (values.ndim - 2)))


def _halved(values: Floats | Mask) -> Floats:
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return cast("Floats", cv2.resize(np.asarray(values, np.float32), size, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True)
class _Size:
    """Pieces of one size, (2 × reach + 1)² half pixels.

    Args:
        reach: Half pixels.
        inner: Centers of whole pieces.
        usable: Which of these centers may be copied.
        texture: Mean slopes of the piece at each, n×m×2.
    """

    reach: int
    inner: _Window
    usable: Mask
    texture: Floats


class _Quilt:
    """The hole while it is laid out; searches at half the size, copies at full size."""

    def __init__(self, scene: Scene, layout: Floats, lines: Floats, row_prior: float, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng
        self.colors = np.where(scene.hole[..., None], layout, scene.colors).astype(np.float32)
        self.known, self.todo = scene.usable.copy(), scene.hole.copy()
        self.offsets = np.zeros((*scene.hole.shape, 2), np.intp)
        usable = _halved(scene.usable)
        self.used = np.zeros(usable.shape, np.float32)
        self.source = _halved(scene.colors)
        busy = slopes(self.source)
        clean = cv2.erode((usable == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        self.layout = np.asarray(cv2.GaussianBlur(_halved(self.colors), (0, 0), _SOFT), np.float32)
        self.texture = _expected_texture(busy, clean, row_prior)
        self.lines = slopes(_halved(lines))
        self.soft = blur_within(self.source, usable > 0.5, _SOFT)
        height, width = usable.shape
        self.row = row_prior * _ROW / height
        self.column = row_prior * _COLUMN / width
        largest = min(max(_SIZE * float(scene.hole.sum()) ** 0.5, _LEAST), _MOST)
        reaches = dict.fromkeys(max(_LEAST, round(share * largest)) for share in _REACHES)
        self.sizes = [size for reach in reaches if (size := _size(reach, usable == 1, busy)) is not None]

    def next_place(self) -> tuple[int, int]:
        """The place, in half pixels, with most around it known and the strongest edges running into it."""
        known, todo = _halved(self.known), _halved(self.todo) > 0
        front = todo & (cv2.dilate((known > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        front = front if front.any() else todo
        wide = 2 * self.sizes[0].reach + 1
        sure = cv2.boxFilter(known, -1, (wide, wide), borderType=cv2.BORDER_CONSTANT)
        gray = blur_within(_halved(self.colors), known > 0.5, 1.0).mean(axis=2)
        ground = cv2.GaussianBlur(known, (0, 0), 2)
        slope, normal = (
            np.dstack([cv2.Sobel(plane, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]) for plane in (gray, ground)
        )
        along = np.abs(slope[..., 0] * normal[..., 1] - slope[..., 1] * normal[..., 0])
        along /= np.linalg.norm(normal, axis=2) + np.float32(1e-4)
        whole = cv2.erode((known == 1).astype(np.uint8), np.ones((3, 3), np.uint8))
        edge = cv2.dilate(along * whole, np.ones((5, 5), np.uint8))
        order = sure * (1 + _EDGE * edge / max(float(edge[front].mean()), 1e-3))
        y, x = np.unravel_index(np.argmax(np.where(front, order, -1)), order.shape)
        return int(y), int(x)

    def lay(self, place: tuple[int, int]) -> None:
        """Copy the best piece over a place: the largest that looks as expected there, or else the smallest."""
        for size in self.sizes:
            found = self._search(size, place, at_any_cost=size is self.sizes[-1])
            if found is not None:
                window, shift = found
                self._copy(window, self._refined(window, shift))
                return

    def _search(
        self, size: _Size, place: tuple[int, int], *, at_any_cost: bool
    ) -> tuple[_Window, tuple[int, int]] | None:
        """Where a piece goes, in pixels, and by what shift it comes from elsewhere; None where none looks right."""
        reach = size.reach
        height, width = self.scene.hole.shape
        y, x = min(max(place[0], reach), height // 2 - 1 - reach), min(max(place[1], reach), width // 2 - 1 - reach)
        part = (slice(y - reach, y + reach + 1), slice(x - reach, x + reach + 1))
        window = _doubled(part)
        layout = _mismatch(self.soft, self.layout[part])
        busy = self.texture[part][_halved(self.todo[window]) > 0].mean(axis=0)
        liveliness, edges = float((busy**2).sum()), self.lines[part].mean(axis=(0, 1))
        if not at_any_cost and float(layout[size.usable].min()) > _WRONG + liveliness:
            return None
        join = _mismatch(self.source, _halved(self.colors[window]), _halved(self.known[window]))
        down, across = np.arange(layout.shape[0])[:, None] + reach - y, np.arange(layout.shape[1]) + reach - x
        cost = (
            join
            + _LAYOUT * layout
            + _TEXTURE * ((size.texture - np.clip(size.texture, busy, busy + edges)) ** 2).sum(axis=2)
        )
        cost += (self.row * down) ** 2 + (self.column * across) ** 2
        cost += _AGAIN * liveliness * self.used[size.inner]
        cost *= 1 + _CHANCE * self.rng.random(cost.shape, np.float32)
        cost[~size.usable] = np.inf
        row, column = divmod(int(np.argmin(cost)), cost.shape[1])
        return window, (2 * int(down[row, 0]), 2 * int(across[column]))

    def _refined(self, whole: _Window, shift: tuple[int, int]) -> tuple[int, int]:
        """The shift by whole pixels, near one found at half the size, under which the piece joins best."""
        have, known = self.colors[whole], self.known[whole]
        best, least = shift, np.inf
        for down in (0, -1, 1):
            for across in (0, -1, 1):
                near = (shift[0] + down, shift[1] + across)
                source = _moved(whole, near)
                if min(part.start for part in source) < 0 or not self._is_whole(source, known.shape):
                    continue
                cost = float(((self.scene.colors[source] - have)[known] ** 2).sum())
                if cost < least:
                    best, least = near, cost
        return best

    def _is_whole(self, source: _Window, shape: tuple[int, ...]) -> bool:
        usable = self.scene.usable[source]
        return usable.shape == shape and bool(usable.all())

    def _copy(self, window: _Window, shift: tuple[int, int]) -> None:
        source = _moved(window, shift)
        new, todo = self.scene.colors[source], self.todo[window]
        taken = todo | (self.scene.hole[window] & self._better(window, new))
        self.colors[window][taken] = new[taken]
        self.offsets[window][taken] = shift
        self.known[window] |= todo
        self.todo[window] = False
        reach = (window[0].stop - window[0].start) / 4
        down, across = (
            np.exp(-(((np.arange(side // 2) - (part.start + part.stop) / 4) / (0.7 * reach)) ** 2) / 2)
            for side, part in zip(self.scene.hole.shape, source, strict=True)
        )
        self.used += np.outer(down, across).astype(np.float32)

    def _better(self, window: _Window, new: Floats) -> Mask:
        """Where a new piece should cover what is there, so that the seam between them shows least."""
        todo, known = self.todo[window], self.known[window]
        differs = _halved(((new - self.colors[window]) ** 2).sum(axis=2))
        inner = np.zeros(differs.shape, np.bool_)
        inner[1:-1, 1:-1] = True
        asked = _halved(todo) > 0.5
        fixed = _halved(known & ~self.scene.hole[window]) > 0
        stays = (fixed | (~inner & (_halved(known) > 0.5))) & ~asked
        if not (asked.any() and stays.any()):
            return todo
        return _cut(differs, stays, asked).repeat(2, axis=0).repeat(2, axis=1)


def _expected_texture(busy: Floats, clean: Mask, row_prior: float) -> Floats:
    """How busy each place of the hole should be, as its rim foretells: mean slopes, h×w×2."""
    if not clean.any():
        return busy
    around, known = _halved(blur_within(busy, clean, _BUSY)), _halved(clean) > 0.5
    level = np.ones(known.shape, np.float32)
    even = interpolated(around, known, (1 + row_prior) * level, level)
    return cast("Floats", cv2.resize(even, clean.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _size(reach: int, usable: Mask, busy: Floats) -> _Size | None:
    """All pieces of one size; None where there is not one."""
    wide = 2 * reach + 1
    inner = (slice(reach, usable.shape[0] - reach), slice(reach, usable.shape[1] - reach))
    whole = cv2.erode(
        usable.astype(np.uint8), np.ones((wide, wide), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    centers = whole[inner] > 0
    if not centers.any():
        return None
    return _Size(reach, inner, centers, np.asarray(cv2.blur(busy, (wide, wide))[inner], np.float32))


def _mismatch(picture: Floats, piece: Floats, weight: Floats | None = None) -> Floats:
    """Mean squared difference, summed over channels, of a piece and the picture at each place it fits in."""
    if weight is None:
        return cast("Floats", cv2.matchTemplate(picture, piece, cv2.TM_SQDIFF) / np.float32(piece[..., 0].size))
    mask = cv2.merge([weight] * 3)
    total = max(float(weight.sum()), 1.0)
    return cast("Floats", cv2.matchTemplate(picture, piece, cv2.TM_SQDIFF, mask=mask) / np.float32(total))


def _doubled(window: _Window) -> _Window:
    rows, columns = (slice(2 * part.start, 2 * part.stop) for part in window)
    return rows, columns


def _moved(window: _Window, shift: tuple[int, int]) -> _Window:
    rows, columns = (slice(part.start + by, part.stop + by) for part, by in zip(window, shift, strict=True))
    return rows, columns


def _cut(differs: Floats, stays: Mask, asked: Mask) -> Mask:
    """Where to take the new piece, so that the seam runs where it differs least from what is there.

    Args:
        differs: h×w, what a seam at each pixel costs.
        stays: Where the old must stay; at least one pixel.
        asked: Where the new must come; at least one pixel.
    """
    numbers = np.arange(differs.size).reshape(differs.shape)
    scale = 1000 / max(float(np.percentile(differs, 90)), 1e-6)
    cost = np.minimum(scale * differs, 20_000) + 1
    first = np.concatenate([numbers[:, :-1].ravel(), numbers[:-1].ravel()])
    second = np.concatenate([numbers[:, 1:].ravel(), numbers[1:].ravel()])
    seam = np.concatenate([(cost[:, :-1] + cost[:, 1:]).ravel(), (cost[:-1] + cost[1:]).ravel()])
    old, new = numbers[stays], numbers[asked]
    start, end = differs.size, differs.size + 1
    rows = np.concatenate([first, second, np.full(old.size, start), new])
    columns = np.concatenate([second, first, old, np.full(new.size, end)])
    capacity = np.concatenate([seam, seam, np.full(old.size + new.size, _STIFF)]).astype(np.int32)
    graph = coo_array((capacity, (rows, columns)), shape=(end + 1, end + 1)).tocsr()
    rest = graph - maximum_flow(graph, start, end).flow
    rest.data[rest.data < 0] = 0
    rest.eliminate_zeros()
    taken = np.ones(end + 1, np.bool_)
    taken[breadth_first_order(rest, start, return_predecessors=False)] = False
    return cast("Mask", taken[: differs.size].reshape(differs.shape))
