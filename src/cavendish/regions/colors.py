"""Which parts of a picture have a color: what people call red, brown or light blue, in light and in shade."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, OklabImage, to_linear, to_oklab
from cavendish.pixels.color_range import HUE_SLACK_DEG, LEAST_SATURATION_SLACK, ColorRange, color_range, lch
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.region import Box, Region
from cavendish.pixels.strips import strips
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image

    Mask = npt.NDArray[np.bool_]

_CODE_BITS = 6
"""Bits a channel of the table that maps colors to likeness: steps of four codes, finer than its soft edges."""

_LONGEST = 400
_SURE, _MAYBE = 0.6, 0.3
"""Likeness that a thing of the color has somewhere, and that it keeps up to its edges, in light and in shade."""
_LEAST_SURE_SHARE = 0.2
_SPECK_SHARE = 0.0004
"""Of the picture; what is smaller is noise or too small to be meant."""
_SPECK_OF_LARGEST = 0.02
_LEAST_THICKNESS_PX = 1.5
_MOST_OF_BORDER = 0.4
"""Share of the picture's border from which a patch is the background."""
_MOST_OF_PICTURE = 0.7
_CLOSING_SHARE, _HOLE_SHARE = 0.12, 0.15
"""Bays are closed by this share of a thing's radius, and holes filled up to this share of its area."""
_RING_PX = (2, 6)
_MOST_OUTSIDE = 0.6
"""Likeness just outside a thing, as a share of that inside."""
_STEP_WEIGHTS = np.array([0.5, 1, 1], np.float32)
_LEAST_STEP = 0.04
"""Distance in Oklab, lightness at half its weight, between a thing and what is just outside it."""
_MOST_SPOTS = 256
_MOST_GROWTH = 3.0
"""Area of a whole thing as a multiple of the patch it was found by; beyond, two things of one hue touch."""
_LIT = 0.3
"""Quantile of a thing's lightness above which it is not in shade, and shows its color."""
_DULLER = 1.3
"""How much more saturated than a highlight its surroundings are."""
_MOST_THINGS = 64
_NEAR_PX = 2
_ROOM = 0.15
_SOFTENING_PX = 0.7
_BENEFIT = 0.2
"""Added to the mean likeness inside a thing for its confidence: a thing in deep shade is still one."""


def is_color(name: str) -> bool:
    """Whether a phrase names a color that is known here.

    Args:
        name: Such as “red”, “light blue”, “dark-gray” or “#F80”, in English.
    """
    return color_range(name) is not None


def color_likeness(image: Image, color: str) -> Plane:
    """How much each pixel looks of a color, by the names people give to colors rather than by distance.

    Args:
        image: The picture, any size; what is transparent is of no color.
        color: A name that `is_color` knows, or #RGB or #RRGGBB for what looks like it.

    Returns:
        New h×w float32, 0–1: 1 for what nobody would call otherwise, 0.5 where people disagree.

    Raises:
        UnsupportedEdit: The color's name is not known.

    Source:
        Oklab: Ottosson, 2020. Soft color categories: Benavente, Vanrell and Baldrich, "Parametric fuzzy sets for
        automatic color naming", 2008; the ranges are this project's own.
    """
    table = _table_of(_known_range(color))
    result = np.empty(image.rgb.shape[:2], np.float32)
    for rows in strips(result.shape):
        result[rows] = _looked_up(image.rgb[rows], table)
        if image.alpha is not None:
            result[rows] *= image.alpha[rows] * np.float32(1 / 255)
    return result


def color_share(likeness: Plane, mask: Plane) -> float:
    """The share of a region that looks of a color.

    Args:
        likeness: h×w, 0–1: the answer of `color_likeness`.
        mask: h×w, 0–1: the region.

    Returns:
        0–1; 0 for an empty region.
    """
    total = float(mask.sum(dtype=np.float64))
    return float(np.vdot(likeness, mask)) / total if total > 0 else 0.0


def find_colored(image: Image, color: str, *, exclude: Plane | None = None) -> tuple[Region, ...]:
    """Find the things of a color that stand apart from what is around them.

    Args:
        image: The picture, any size from 1×1.
        color: As for `color_likeness`.
        exclude: h×w, 0–1: what is not to be looked at; None to look everywhere.

    Returns:
        One region for each thing, largest first, at most 64. A background of the color that fills most of the picture's
        border, specks below 0.04 % of the picture and shades that fade out without an edge are left out.

    Raises:
        UnsupportedEdit: The color's name is not known.
    """
    wanted = _known_range(color)
    small = _small(image, exclude)
    found = (_thing(spot, small, wanted) for spot in _spots(small, wanted))
    spots = _without_repeats([spot for spot in found if spot is not None])
    largest = max((np.count_nonzero(spot) for spot in spots), default=0)
    things = [spot for spot in spots if np.count_nonzero(spot) >= _SPECK_OF_LARGEST * largest]
    return tuple(_at_full_size(image, spot, exclude, wanted, color) for spot in things[:_MOST_THINGS])


def _known_range(color: str) -> ColorRange:
    found = color_range(color)
    if found is None:
        raise UnsupportedEdit(f"“{color}” is not a color known here")
    return found


@lru_cache(maxsize=32)
def _table_of(wanted: ColorRange) -> npt.NDArray[np.float32]:
    """The likeness of every color, its channels cut to the table's bits."""
    step = 1 << (8 - _CODE_BITS)
    codes = np.arange(step // 2, 256, step, dtype=np.uint8)
    codes[0], codes[-1] = 0, 255  # black and white are common, and are themselves
    cube = np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), axis=-1).reshape(-1, codes.size, 3)
    return wanted.likeness(to_oklab(to_linear(EncodedRGB(cube)))).reshape(-1)


def _looked_up(rgb: npt.NDArray[np.uint8], table: npt.NDArray[np.float32]) -> Plane:
    cut = 8 - _CODE_BITS
    index = (rgb[..., 0] >> cut).astype(np.int32)
    for channel in (1, 2):
        index <<= _CODE_BITS
        index |= rgb[..., channel] >> cut
    return table.take(index)


@dataclass(frozen=True)
class _Small:
    """A copy of the working size: Oklab, and how far each pixel is to be looked at, 0–1."""

    lab: OklabImage
    seen: Plane

    def likeness(self, wanted: ColorRange) -> Plane:
        return wanted.likeness(self.lab) * self.seen


def _small(image: Image, exclude: Plane | None) -> _Small:
    scale = min(1.0, _LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    seen = np.ones(size[::-1], np.float32)
    if image.alpha is not None:
        seen *= cv2.resize(image.alpha, size, interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    if exclude is not None:
        seen *= 1 - cv2.resize(exclude, size, interpolation=cv2.INTER_AREA)
    return _Small(to_oklab(to_linear(EncodedRGB(small_copy(image, size=size)))), seen)


def _spots(small: _Small, wanted: ColorRange) -> list[Mask]:
    """Connected patches of a color that are things of their own, largest first."""
    likeness = small.likeness(wanted)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((likeness > _MAYBE).astype(np.uint8), connectivity=4)
    least = max(4.0, _SPECK_SHARE * likeness.size)
    order = sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))
    large = (labels == label for label in order[:_MOST_SPOTS] if stats[label, cv2.CC_STAT_AREA] >= least)
    return [spot for spot in large if _stands_apart(spot, likeness, small.lab)]


def _stands_apart(spot: Mask, likeness: Plane, lab: OklabImage) -> bool:
    """Whether a connected patch is a thing of the color, and not the background, a thin rim or a passing shade."""
    inside = likeness[spot]
    if np.mean(inside > _SURE) < _LEAST_SURE_SHARE or not _is_compact(spot):
        return False
    ring = _ring(spot)
    if not ring.any():
        return True
    step = np.abs(lab[spot].mean(axis=0) - lab[ring].mean(axis=0)) * _STEP_WEIGHTS
    return float(np.linalg.norm(step)) > _LEAST_STEP and likeness[ring].mean() < _MOST_OUTSIDE * inside.mean()


def _ring(spot: Mask) -> Mask:
    near, far = (cv2.dilate(spot.astype(np.uint8), _disk(radius)) for radius in _RING_PX)
    ring: Mask = (far > 0) & (near == 0)
    return ring


def _is_compact(spot: Mask) -> bool:
    """Whether a patch is neither the background nor all rim."""
    border = np.concatenate([spot[0], spot[-1], spot[:, 0], spot[:, -1]])
    if border.mean() > _MOST_OF_BORDER or spot.mean() > _MOST_OF_PICTURE:
        return False
    distance = cv2.distanceTransform(np.pad(spot.astype(np.uint8), 1), cv2.DIST_L2, 3)
    return float(distance.max()) >= _LEAST_THICKNESS_PX


def _thing(spot: Mask, small: _Small, wanted: ColorRange) -> Mask | None:
    """A patch with the rest of its thing, which in shade and light keeps its hue but goes by another name.

    None where the thing has another color: the shaded side of something orange is brown, and a highlight on red pink.
    """
    likeness = small.likeness(_own_range(small.lab[spot]))
    _, labels = cv2.connectedComponents(((likeness > _MAYBE) | spot).astype(np.uint8), connectivity=4)
    grown: Mask = labels == labels[spot][0]
    if grown.sum() > _MOST_GROWTH * spot.sum() or not _stands_apart(grown, likeness, small.lab):
        return None if _is_highlight(spot, small.lab) else _whole(spot)
    colors = small.lab[grown]
    lit = colors[colors[:, 0] >= np.quantile(colors[:, 0], _LIT)]
    return _whole(grown) if wanted.likeness(np.median(lit, axis=0)) > _MAYBE else None


def _is_highlight(spot: Mask, lab: OklabImage) -> bool:
    """Whether a patch is surrounded by its own hue, more saturated and darker."""
    ring = _ring(spot)
    light, saturation, hue = lch(np.median(lab[spot], axis=0))
    around_light, around_saturation, around_hue = lch(np.median(lab[ring], axis=0)) if ring.any() else (1.0, 0.0, hue)
    turned = abs((around_hue - hue + 180) % 360 - 180)
    return around_light < light and around_saturation > _DULLER * saturation and turned < HUE_SLACK_DEG


def _own_range(colors: npt.NDArray[np.float32]) -> ColorRange:
    """What the colors of a patch (n×3) would be in any light."""
    light, saturation, hue = lch(np.median(colors, axis=0))
    if saturation < 2 * LEAST_SATURATION_SLACK:
        return ColorRange((0, 360), (0, saturation), (light - 0.10, light + 0.10))
    return ColorRange((hue - 8, hue + 8), (0.7 * saturation, 1.6 * saturation), (0.15, 1.0))


def _without_repeats(spots: list[Mask]) -> list[Mask]:
    """The patches, largest first, less those that lie in a larger one."""
    kept: list[Mask] = []
    for spot in sorted(spots, key=lambda spot: -int(np.count_nonzero(spot))):
        if not any((spot & other).any() for other in kept):
            kept.append(spot)
    return kept


def _whole(spot: Mask) -> Mask:
    """A patch with its bays closed and its holes filled where these are small: highlights, prints, reflections."""
    area = int(np.count_nonzero(spot))
    radius = max(1, round(_CLOSING_SHARE * float(np.sqrt(area / np.pi))))
    padded = np.pad(spot.astype(np.uint8), radius)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _disk(radius))[radius:-radius, radius:-radius]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < _HOLE_SHARE * area and _is_enclosed(stats[label], spot.shape):
            closed[labels == label] = 1
    return closed > 0


def _is_enclosed(stat: npt.NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    left, top, width, height = (int(value) for value in stat[:4])
    return left > 0 and top > 0 and left + width < shape[1] and top + height < shape[0]


def _disk(radius_px: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1)), np.uint8)


def _at_full_size(image: Image, spot: Mask, exclude: Plane | None, wanted: ColorRange, label: str) -> Region:
    """A thing found on the small copy, looked at again by itself so that its edge is as fine as the picture."""
    small_box = _surroundings(spot)
    left, top, right, bottom = _scaled_box(small_box, spot.shape, image.size)
    part = image.with_pixels(image.pixels[top:bottom, left:right])
    hidden = None if exclude is None else exclude[top:bottom, left:right]
    small = _small(part, hidden)
    near, core = (
        cv2.resize(mask[small_box[1] : small_box[3], small_box[0] : small_box[2]], small.seen.shape[::-1]) > 0.5
        for mask in (cv2.dilate(spot.astype(np.float32), _disk(_NEAR_PX)), spot.astype(np.float32))
    )
    likeness = np.maximum(small.likeness(wanted), small.likeness(_own_range(small.lab[core])))
    shape = _whole((likeness > _MAYBE) & near)
    soft = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), _SOFTENING_PX)
    fine = refine_alpha(EncodedRGB(part.rgb), np.asarray(cv2.resize(soft, part.size), np.float32))
    alpha = np.zeros(image.rgb.shape[:2], np.float32)  # pages that are never written to take no memory
    alpha[top:bottom, left:right] = fine if hidden is None else fine * (1 - hidden)
    sure = float(likeness[shape].mean()) if shape.any() else 0.0
    return Region(alpha, min(1.0, sure + _BENEFIT), label)


def _surroundings(spot: Mask) -> Box:
    """The box around a patch with some room, inside the small copy."""
    left, top, width, height = cv2.boundingRect(spot.astype(np.uint8))
    room = _NEAR_PX + round(_ROOM * max(width, height))
    bottom, right = (min(side, end + room) for side, end in zip(spot.shape, (top + height, left + width), strict=True))
    return max(0, left - room), max(0, top - room), right, bottom


def _scaled_box(box: Box, shape: tuple[int, ...], size: tuple[int, int]) -> Box:
    across, down = size[0] / shape[1], size[1] / shape[0]
    return (
        int(box[0] * across),
        int(box[1] * down),
        min(size[0], max(1, round(box[2] * across))),
        min(size[1], max(1, round(box[3] * down))),
    )
