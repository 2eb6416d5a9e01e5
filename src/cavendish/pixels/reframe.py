"""Another shape for a picture: crop, absorb, extend or surround — the mildest means that keeps what matters whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cavendish.imaging.resample import scaling, translation
from cavendish.pixels.canvas import Canvas, Continued, Fill, Surround
from cavendish.pixels.region import Box
from cavendish.pixels.warp import Edges, Stretch, stretch_edges, stretchable

Size = tuple[int, int]

_AIR = 0.02
"""Air kept around what must stay whole, as a fraction of the picture's side."""

_MOST_ABSORBED = 0.15
"""Most of a side's length that deformation may add; more is seen."""

_MOST_EXTENDED = 0.3
"""Most of the answer's side that invented surroundings may take; beyond, they stop convincing."""

_UNSEEN = 0.045
"""A change of shape by this factor is hardly seen, and milder than anything else where a crop would cut something."""

_LEAST_PX = 48
"""Pictures smaller than this have no surroundings to continue."""

_TOUCHES = 0.012
"""A thing nearer to a border than this fraction of the side is taken to go on beyond it."""


def reframe(
    size: Size, target: Size, *, subject: Box | None, policy: str, fill: Fill, others: Sequence[Box] = ()
) -> Canvas:
    """Bring a picture to an exact size.

    Args:
        size: (width, height) of the picture.
        target: (width, height) of the answer.
        subject: Box of the main subject, or None where nothing stands out.
        policy: `crop` and `pad` do just that. `auto` crops where everything that matters fits in the window; else
            absorbs up to 15 % by deformation that spares the subject, and extends sides the subject does not touch;
            else surrounds. `extend` is `auto` without cropping.
        fill: For padding. Anything but `Surround` (cut-outs, white paper) needs no deformation or extension: it is
            continued as it is.
        others: Boxes of faces and lettering, which must stay whole too.

    Returns:
        A canvas of exactly `target`.
    """
    if has_shape(size, target):
        return _scaled(size, target)
    kept = _with_air(_union([*([subject] if subject else []), *others]), size)
    window = window_of(size, target)
    fits = kept is None or (kept[2] - kept[0] <= window[0] and kept[3] - kept[1] <= window[1])
    if policy == "crop" or (policy == "auto" and fits):
        return _cropped(size, target, kept)
    if policy == "auto" and abs(math.log(window[0] * size[1] / (window[1] * size[0]))) <= _UNSEEN:
        return _scaled(size, target)
    if policy != "pad" and isinstance(fill, Surround) and min(size) >= _LEAST_PX:
        extended = _extended(size, target, kept, cut=policy == "auto")
        if extended is not None:
            return extended
    return _padded(size, target, fill)


def window_of(size: Size, target: Size) -> Size:
    """The largest part of `size` with the shape of `target`."""
    width, height = size
    shape = target[0] / target[1]
    if width / height > shape:
        return max(1, round(height * shape)), height
    return width, max(1, round(width / shape))


def cut_window(size: Size, window: Size, *, kept: Sequence[Box] = ()) -> Canvas:
    """Cut a window out of a picture, its pixels as they are.

    Args:
        size: (width, height) of the picture.
        window: (width, height) of the window, inside the picture.
        kept: Boxes that are to be in its middle; none for the middle of the picture.
    """
    return _cut(size, window, window, _union(kept))


def _scaled(size: Size, target: Size) -> Canvas:
    return Canvas(target, scaling(size[0] / target[0], size[1] / target[1]))


def has_shape(size: Size, target: Size) -> bool:
    """Whether scaling alone brings `size` to `target`, to the pixel."""
    return size == target or window_of(size, target) == size


def _union(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _with_air(box: Box | None, size: Size) -> Box | None:
    if box is None:
        return None
    x, y = round(size[0] * _AIR), round(size[1] * _AIR)
    return max(0, box[0] - x), max(0, box[1] - y), min(size[0], box[2] + x), min(size[1], box[3] + y)


def _cropped(size: Size, target: Size, kept: Box | None) -> Canvas:
    return _cut(size, window_of(size, target), target, kept)


def _cut(size: Size, window: Size, target: Size, kept: Box | None) -> Canvas:
    left = _place(window[0], size[0], (kept[0], kept[2]) if kept else None)
    top = _place(window[1], size[1], (kept[1], kept[3]) if kept else None)
    return Canvas(target, translation(left, top) @ scaling(window[0] / target[0], window[1] / target[1]))


def _place(window: int, length: int, kept: tuple[int, int] | None) -> int:
    """Where a window starts: centered on what is kept, or on the picture, and always inside it."""
    center = (kept[0] + kept[1]) / 2 if kept else length / 2
    return min(max(0, round(center - window / 2)), length - window)


def _padded(size: Size, target: Size, fill: Fill) -> Canvas:
    shrink = min(target[0] / size[0], target[1] / size[1])
    placed = (max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink)))
    left, top = (target[0] - placed[0]) // 2, (target[1] - placed[1]) // 2
    note = "the sides were filled with a blurred copy" if isinstance(fill, Surround) else ""
    return Canvas(target, scaling(size[0] / placed[0], size[1] / placed[1]) @ translation(-left, -top), fill, note)


@dataclass(frozen=True)
class _Axes:
    """A picture seen along the axis it has too much of (`long`) and the other (`short`), in its own pixels."""

    long: int
    short: int
    kept_long: tuple[int, int]
    kept_short: tuple[int, int]


def _extended(size: Size, target: Size, kept: Box | None, *, cut: bool) -> Canvas | None:
    """Cut what does not matter, deform what may be deformed, continue the rest; None where that would show."""
    box = kept or (0, 0, *size)
    sideways = size[0] / size[1] > target[0] / target[1]  # too wide: the width is the long axis
    if sideways:
        axes, goal = _Axes(*size, (box[0], box[2]), (box[1], box[3])), target
    else:
        axes, goal = _Axes(size[1], size[0], (box[1], box[3]), (box[0], box[2])), (target[1], target[0])
    start, stop = axes.kept_long if cut and kept else (0, axes.long)
    edges = _short_edges(axes, stop - start, goal)
    if edges is None:
        return None
    flat_short = round(axes.short * goal[0] / (stop - start))
    straight = np.arange(goal[0] + 1.0)
    along, across = (stop - start) / goal[0], axes.short / flat_short
    continued = edges[0] < 0 or edges[-1] > flat_short
    note = "the sides were extended by continuing the surroundings" if continued else ""
    if sideways:
        stretch = Stretch(straight, edges, (goal[0], flat_short))
        matrix = translation(start, 0) @ scaling(along, across)
    else:
        stretch = Stretch(edges, straight, (flat_short, goal[0]))
        matrix = translation(0, start) @ scaling(across, along)
    return Canvas(target, matrix, Continued() if continued else Surround(), note, stretch=stretch)


def _short_edges(axes: _Axes, long: int, goal: Size) -> Edges | None:
    """Where the answer's cells of the short axis lie on the scaled picture; below 0 or beyond its end is new ground."""
    scale = goal[0] / long
    missing = goal[1] / scale - axes.short  # in the picture's own pixels
    absorbed = min(missing, _MOST_ABSORBED * axes.short, 0.8 * stretchable(axes.short, axes.kept_short))
    new = missing - absorbed
    before, after = (
        axes.kept_short[0] > _TOUCHES * axes.short,
        axes.kept_short[1] < (1 - _TOUCHES) * axes.short,
    )
    if new > 0.5 / scale and (new * scale > _MOST_EXTENDED * goal[1] or not (before or after)):
        return None
    flat = round(axes.short * scale)
    inner = min(goal[1], round((axes.short + absorbed) * scale))
    lead = round((goal[1] - inner) * (before / (before + after) if before or after else 0.5))
    locked = (axes.kept_short[0] * flat / axes.short, axes.kept_short[1] * flat / axes.short)
    edges = stretch_edges(flat, inner, locked=locked)
    trail = goal[1] - inner - lead
    return np.concatenate([np.arange(-lead, 0), edges, flat + np.arange(1, trail + 1)])
