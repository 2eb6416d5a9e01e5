"""Taking a thing out of a picture: how much goes with it, and what may fill its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill import fill

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

Mask = npt.NDArray[np.uint8]

_SHOWS = 0.08
"""Alpha from which a soft edge still shows what is removed."""
_RIM = 0.006
"""Of the picture's size (root of its area): the light of a thing spreads so far over its edge."""
_LEAST_RIM_PX, _MOST_RIM_PX = 2, 24
_SHADED = 0.12
"""Share of light missing from which a shadow would be seen once nothing throws it."""
_FEATHER_PX = 1.5
_FOOT, _UNDER = 0.08, 0.035
"""Of a thing's height: the part of it that stands on the ground, and how far its contact shadow reaches."""
_CUT_OFF = 0.02
"""Of the picture's height: what comes nearer to its lower edge is cut off by it."""
_PARTS, _KEPT, _LEAST_SOURCES = 5, 0.8, 0.1
"""Of a picture: parts a side, the share of them another filling copies from, and the least of it that is enough."""
_ISLAND = 0.06
"""Of the hole's area, up to which a place inside of it goes with it."""


@dataclass(frozen=True)
class Removed:
    """A picture without a thing.

    Args:
        pixels: h×w×3 encoded sRGB, new where `hole` is above 0.
        hole: h×w, 0–1, what was filled.
    """

    pixels: EncodedRGB
    hole: Plane


def remove_thing(
    image: EncodedRGB,
    thing: Plane,
    *,
    shadow: Plane | None = None,
    company: Plane | None = None,
    random: np.random.Generator | None = None,
    check: Callable[[], None] = lambda: None,
) -> Removed:
    """Fill a thing, its soft edge and its shadow from what is around them.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        thing: h×w, 0–1.
        shadow: h×w, share of light that its shadow takes, or None.
        company: h×w, 0–1, other things: they stay as they are and fill nothing. None for an empty scene.
        random: Chance for another filling as good; None for the likeliest one.
        check: Called now and then; raises to stop.

    Returns:
        The picture and the hole; outside the hole bit-identical.

    Raises:
        UnsupportedEdit: Nothing is left to fill from.

    Source:
        See `pixels.fill`.
    """
    hole = hole_of(thing, shadow=shadow, company=company)
    sources = None
    if company is not None and company.any():
        sources = 1 - _grown((company >= _SHOWS).astype(np.uint8), _rim_px(thing.shape))
        if not (sources[hole == 0]).any():
            sources = None
    if random is not None:
        sources = _some_of(sources, hole, random)
    seed = 0 if random is None else int(random.integers(1, 2**31))
    return Removed(fill(image, hole, sources=sources, seed=seed, check=check), hole)


def _some_of(sources: Mask | None, hole: Plane, random: np.random.Generator) -> Mask:
    """Some parts of the sources: the filling is then another one, as good wherever the scene repeats itself."""
    parts = (random.random((_PARTS, _PARTS)) < _KEPT).astype(np.uint8)
    some = np.asarray(cv2.resize(parts, hole.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    if sources is not None:
        some &= sources
    return some if some[hole == 0].sum() > _LEAST_SOURCES * hole.size else (hole == 0).astype(np.uint8)


def hole_of(thing: Plane, *, shadow: Plane | None = None, company: Plane | None = None) -> Plane:
    """Where a thing shows: itself, its edge's spread and its shadow, but not what stands beside it.

    Args:
        thing: h×w, 0–1.
        shadow: h×w, share of light taken, or None.
        company: h×w, 0–1, other things, or None.

    Returns:
        h×w, 0–1, with a narrow soft rim.
    """
    shows = (thing >= _SHOWS).astype(np.uint8)
    if shadow is not None:
        shows |= (shadow >= _SHADED).astype(np.uint8)
    hole = np.zeros(thing.shape, np.float32)
    rows, columns = (np.flatnonzero(shows.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return hole
    rim = _rim_px(thing.shape)
    reach = 3 * rim + round(2 * _UNDER * rows.size)
    window = (
        slice(max(0, int(rows[0]) - reach), int(rows[-1]) + reach + 1),
        slice(max(0, int(columns[0]) - reach), int(columns[-1]) + reach + 1),
    )
    shows = np.asarray(cv2.morphologyEx(shows[window], cv2.MORPH_CLOSE, _disc(rim)), np.uint8)
    wide = _without_islands(np.maximum(_grown(shows, rim), _foot(thing[window], below=thing.shape[0] - window[0].stop)))
    if company is not None:
        wide[(company[window] >= 0.5) & (thing[window] < 0.5)] = 0
    soft = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), _FEATHER_PX)
    # The soft rim lies outside of what is filled entirely, so that nothing of the thing is mixed in.
    hole[window] = np.where(wide > 0, np.float32(1), np.minimum(soft, np.float32(0.49)) * (soft > 0.02))
    return hole


def _foot(thing: Plane, *, below: int) -> Mask:
    """The ground right under a thing, where its contact shadow lies; nothing where the frame cuts it off.

    `below` are the picture's rows under those that are given.
    """
    solid = (thing >= 0.5).astype(np.uint8)
    foot = np.zeros_like(solid)
    rows = np.flatnonzero(solid.any(axis=1))
    if rows.size == 0 or rows[-1] >= (1 - _CUT_OFF) * (solid.shape[0] + max(below, 0)):
        return foot
    tall = int(rows[-1] - rows[0]) + 1
    start = int(rows[-1] - _FOOT * tall)
    foot[start:] = solid[start:]
    down, across = max(1, round(_UNDER * tall)), max(1, round(1.5 * _UNDER * tall))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * across + 1, 2 * down + 1))
    return np.asarray(cv2.dilate(foot, kernel), np.uint8)


def _without_islands(hole: Mask) -> Mask:
    """The hole with small places inside of it: what shows through a thing there would tell of it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - hole, connectivity=4)
    height, width = hole.shape
    most = _ISLAND * float(hole.sum())
    for k in range(1, count):
        left, top, across, down, area = (int(value) for value in stats[k])
        inside = left > 0 and top > 0 and left + across < width and top + down < height
        if inside and area < most:
            hole[labels == k] = 1
    return hole


def _rim_px(shape: tuple[int, ...]) -> int:
    return round(min(max(_RIM * math.sqrt(shape[0] * shape[1]), _LEAST_RIM_PX), _MOST_RIM_PX))


def _grown(mask: Mask, by: int) -> Mask:
    return np.asarray(cv2.dilate(mask, _disc(by)), np.uint8)


def _disc(radius: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
