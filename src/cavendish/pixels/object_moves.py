"""Things moved within their own picture: lifted off, the place they leave is filled, and laid down again elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded
from cavendish.imaging.resample import Matrix, Planes, Reader, box_of, translation, warp, warped
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.region import Box, Region
from cavendish.pixels.removal import remove_thing
from cavendish.pixels.strips import light_rows, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_FAINT = 1 / 512


@dataclass(frozen=True)
class Thing:
    """A thing in its picture.

    Args:
        alpha: h×w, 0–1.
        shadow: h×w, the share of light its shadow takes, which goes with it; None for none.
        places: Where it is to be seen: each maps points of the picture to the points they show of the thing's own.
    """

    alpha: Plane
    places: Sequence[Matrix]
    shadow: Plane | None = None


def move_things(
    image: EncodedRGB,
    things: Sequence[Thing],
    *,
    company: Plane | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[EncodedRGB, Plane]:
    """Take things from where they are and show them in other places.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        things: Later ones lie over earlier ones.
        company: h×w, 0–1, what else stands in the picture: no source for what is filled.
        check: Called now and then; raises to stop.

    Returns:
        The new picture, and where it differs (0 or 1). A thing that is shown where it is keeps its pixels.

    Source:
        Filling: see `pixels.removal`. Premultiplied over-compositing: Porter and Duff, 1984, in linear light.
    """
    pixels, changed = EncodedRGB(image.copy()), np.zeros(image.shape[:2], np.float32)
    for thing in things:
        if any(np.array_equal(place, np.eye(3)) for place in thing.places):
            continue
        removed = remove_thing(pixels, thing.alpha, shadow=thing.shadow, company=company, check=check)
        pixels = removed.pixels
        np.maximum(changed, np.ceil(removed.hole, out=removed.hole), out=changed)
    for thing in things:
        own = foreground_rows(light_rows(image), thing.alpha)
        for place in thing.places:
            if not np.array_equal(place, np.eye(3)):
                _lay(pixels, changed, own, thing, place, check)
    return pixels, changed


def _lay(
    pixels: EncodedRGB,
    changed: Plane,
    own: Callable[[slice], LinearRGB],
    thing: Thing,
    place: Matrix,
    check: Callable[[], None],
) -> None:
    """Lay a thing into the picture where it is to be seen, and mark where that is."""
    window = _window(thing, place)
    if window is None:
        return
    left, top, right, bottom = window
    size, source = (right - left, bottom - top), thing.alpha.shape[::-1]
    moved = place @ translation(left, top)
    cover = np.clip(warp(thing.alpha, moved, size), 0, 1)
    dark = None if thing.shadow is None else np.clip(warp(thing.shadow, moved, size), 0, 1)
    colors = warped(_premultiplied(own, thing.alpha), (source[0], source[1]), moved, size)
    target = EncodedRGB(pixels[top:bottom, left:right])
    scene = light_rows(target)
    for rows in strips(cover.shape):
        check()
        shaded = np.zeros_like(cover[rows]) if dark is None else dark[rows]
        touched = (cover[rows] > _FAINT) | (shaded > _FAINT)
        ground = scene(rows) * (1 - shaded)[..., None]
        mixed = ground * (1 - cover[rows])[..., None] + np.maximum(colors(rows), 0)
        target[rows][touched] = to_encoded(LinearRGB(np.asarray(np.clip(mixed, 0, 1), np.float32)))[touched]
        changed[top:bottom, left:right][rows][touched] = 1


def _window(thing: Thing, place: Matrix) -> Box | None:
    """Box of the picture in which a thing and its shadow show in a place; None where they are out of the frame."""
    shows = thing.alpha > _FAINT if thing.shadow is None else (thing.alpha > _FAINT) | (thing.shadow > _FAINT)
    rows, columns = (np.flatnonzero(shows.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    corner = np.linalg.inv(place) @ translation(columns[0], rows[0])
    left, top, right, bottom = box_of(corner, (columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1))
    height, width = shows.shape
    left, top = max(0, math.floor(left) - 1), max(0, math.floor(top) - 1)
    right, bottom = min(width, math.ceil(right) + 1), min(height, math.ceil(bottom) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _premultiplied(own: Callable[[slice], LinearRGB], alpha: Plane) -> Reader:
    """Linear light of the thing's own colors by its alpha; read in whole rows."""

    def read(down: slice, across: slice) -> Planes:
        return (own(down) * alpha[down][..., None])[:, across]

    return read


def foot_of(alpha: Plane) -> tuple[float, float]:
    """(x, y) in pixels of the middle of a thing's lower edge; the picture's middle for nothing."""
    box = Region(alpha).box
    if box is None:
        return alpha.shape[1] / 2, alpha.shape[0] / 2
    return (box[0] + box[2]) / 2, float(box[3])
