"""The soft darkness where an object meets the ground; without it things look pasted on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.resample import Rows, lifted
from cavendish.pixels.strips import shrunk_plane

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]
_Points = npt.NDArray[np.intp]

_BASE_DEPTH = 0.12  # of the object's width: how far up its outline may meet the ground, seen slightly from above
_HOLLOW_DEPTH = 0.03  # of the object's width: an outline further above its own hull than this is not touching
_STEEPEST = 0.8  # rows per column: steeper outlines are the sides of the object, not its base
_STRETCH = 3  # a circle on the ground is seen about three times as wide as high
_REACH = 0.9  # distance at which the shadow ends, by its scale; so are the two lengths below
_CONTACT_FALLOFF, _PENUMBRA_FALLOFF = 0.05, 0.25
_ENOUGH_PIXELS = 2e6


def contact_row(alpha: Plane) -> int | None:
    """Find the lowest row of an object, where it meets the ground.

    Args:
        alpha: h×w float32, 0–1.

    Returns:
        The row; None without an object, or when the lower border cuts it off and its contact is out of the frame.
        Specks narrower than 2 % of the object do not count.
    """
    widths = np.count_nonzero(alpha > 0.5, axis=1)
    widest = int(widths.max(initial=0))
    rows = np.flatnonzero(widths > 0.02 * widest)
    if rows.size == 0 or (rows[-1] == alpha.shape[0] - 1 and widths[-1] > 0.25 * widest):
        return None
    return int(rows[-1])


def contact_shadow(alpha: Plane, *, strength: float = 0.55) -> Plane:
    """Darken the ground where an object stands on it: tight and dark at the contact, wider and fainter away from it.

    Args:
        alpha: h×w float32, 0–1: the object where it stands on the final canvas.
        strength: Greatest density, 0–1. 0 gives no shadow.

    Returns:
        h×w float32, 0–`strength`: the share of the linear light that the scene loses before the object goes over it.
        Drawn under the object too. Zero where nothing stands: without an object, or when the lower border cuts it off.

    Raises:
        ParameterOutOfRange: `strength` is outside 0–1.

    Source:
        Ambient occlusion on a plane falls off with distance in units of the object's size: Zhukov, Iones and Kronin,
        "An ambient light illumination model", 1998.
    """
    if not 0 <= strength <= 1:
        raise ParameterOutOfRange("The strength of a shadow is between 0 and 1.")
    density = np.zeros(alpha.shape, np.float32)
    contact = contact_row(alpha)
    if contact is None:
        return density
    columns, rows, scale_px = _contact_points(alpha, contact)
    across, along = int(_REACH * scale_px) + 1, int(_REACH * scale_px / _STRETCH) + 1
    left, top = int(columns[0]) - across, int(rows.min()) - int(scale_px / _STRETCH) - along
    right, bottom = int(columns[-1]) + across + 1, contact + along + 1
    drawn = strength * _occlusion(columns - left, rows - top, (bottom - top, right - left), scale_px)
    height, width = alpha.shape
    inside = drawn[max(0, -top) : height - top, max(0, -left) : width - left]
    density[max(0, top) : bottom, max(0, left) : right] = inside
    return density


def contact_shadow_rows(alpha: Plane, *, strength: float) -> Rows:
    """The same a few rows at a time; soft as it is, two megapixels are enough for it."""
    height, width = alpha.shape
    factor = min(1.0, math.sqrt(_ENOUGH_PIXELS / alpha.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return lifted(contact_shadow(shrunk_plane(alpha, size), strength=strength), (width, height))


def _contact_points(alpha: Plane, contact: int) -> tuple[_Points, _Points, float]:
    """Columns and rows where the outline's underside rests on the ground, and the length that scales the shadow."""
    solid = alpha[: contact + 1] > 0.5
    columns = np.flatnonzero(solid.any(axis=0))
    rows = contact - np.argmax(solid[::-1, columns], axis=0)
    width_px = float(columns[-1] - columns[0] + 1)
    step = max(1, round(0.01 * width_px))
    index = np.arange(columns.size)
    after, before = np.minimum(index + step, index[-1]), np.maximum(index - step, 0)
    slope = (rows[after] - rows[before]) / np.maximum(columns[after] - columns[before], 1)
    hollow = _underside(columns, rows) - rows
    rests = (contact - rows <= _BASE_DEPTH * width_px) & (np.abs(slope) <= _STEEPEST)
    rests &= hollow <= max(1.0, _HOLLOW_DEPTH * width_px)
    rests |= rows == contact  # a tip may be nowhere flat
    columns, rows = columns[rests], rows[rests]
    # A ball touches at a point, yet shades as far as it is wide; outstretched arms shade nothing at the feet.
    return columns, rows, float(np.sqrt(width_px * (columns[-1] - columns[0] + 1)))


def _underside(columns: _Points, rows: _Points) -> npt.NDArray[np.float64]:
    """The lower side of the outline's convex hull: where a stiff sheet held up against it from below would be."""
    chain: list[tuple[int, int]] = []
    for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
        while len(chain) > 1 and _is_above(chain[-2], chain[-1], (x, y)):
            chain.pop()
        chain.append((x, y))
    return np.interp(columns, [x for x, _ in chain], [y for _, y in chain])


def _is_above(left: tuple[int, int], middle: tuple[int, int], right: tuple[int, int]) -> bool:
    across, down = right[0] - left[0], right[1] - left[1]
    return (middle[1] - left[1]) * across <= down * (middle[0] - left[0])


def _occlusion(columns: _Points, rows: _Points, shape: tuple[int, int], scale_px: float) -> _Floats:
    """Darkness 0–1 by the distance on the ground from the feet, and less by that from the area between them."""
    rows = rows * _STRETCH  # from here on the ground is seen from above
    free = np.full((shape[0] * _STRETCH, shape[1]), 255, np.uint8)
    for run in np.split(np.arange(columns.size), np.flatnonzero(np.diff(columns) > 1) + 1):
        outline = np.stack([columns[run], rows[run]], axis=1).astype(np.int32)
        cv2.polylines(free, [outline], isClosed=False, color=0, thickness=1)
        # The footprint of a round base as wide as the run, in half pixels so that its middle may lie between two.
        left, right, front = int(outline[0, 0]), int(outline[-1, 0]), int(outline[:, 1].max())
        cv2.circle(free, (left + right, 2 * front - (right - left)), right - left, 0, thickness=cv2.FILLED, shift=1)
    feet = _seen_distance(free, shape, scale_px)
    cv2.fillConvexPoly(free, cv2.convexHull(np.stack([columns, rows], axis=1).astype(np.int32)), 0)
    between = _seen_distance(free, shape, scale_px)
    near = 0.4 * np.exp(-feet / _CONTACT_FALLOFF) + 0.6 * np.exp(-feet / _PENUMBRA_FALLOFF)
    shade = np.maximum(near, 0.45 * np.exp(-between / _PENUMBRA_FALLOFF)) * np.clip(1 - between / _REACH, 0, 1)
    return cast("_Floats", cv2.GaussianBlur(shade, (0, 0), max(0.6, 0.006 * scale_px)))


def _seen_distance(free: npt.NDArray[np.uint8], shape: tuple[int, int], scale_px: float) -> _Floats:
    """Distance on the ground to the nearest zero, in units of the shadow's scale, as seen in the picture."""
    distance = cv2.distanceTransform(free, cv2.DIST_L2, 5)
    seen: Any = cv2.resize(distance, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return cast("_Floats", seen * np.float32(1 / scale_px))
