"""Recolor: one thing gets another color, and everything else stays as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import (
    EncodedRGB,
    OklabImage,
    Plane,
    from_oklab,
    to_encoded,
    to_linear,
    to_oklab,
)
from cavendish.imaging.gamut import map_into_gamut
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.hair_dye import dye_hair
from cavendish.pixels.paint import repaint, study_paint


def _repaint(given: OpInput, color: tuple[int, int, int]) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("it does not say what to recolor")
    pixels, changed = repaint(EncodedRGB(given.image.rgb), given.region.alpha, color, check=given.check)
    return whole(given.image, pixels, alpha=changed)


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _recolor(given: OpInput) -> Patch:
    return _repaint(given, _rgb(given.parameters["color"]))


def natural_color(own: tuple[float, float, float], color: tuple[int, int, int], look: Look) -> tuple[int, int, int]:
    """The shade of a color that a part of a person can have, so that it looks made up, not painted over.

    Args:
        own: The part's present color in Oklab.
        color: Encoded R, G, B that is asked for.
        look: How far it may go.

    Returns:
        Encoded R, G, B: of the asked hue, its chroma reduced and its lightness within reach of the present one.
    """
    light, a, b = (float(value) for value in to_oklab(to_linear(EncodedRGB(np.array([[color]], np.uint8))))[0, 0])
    light = min(max(light, own[0] - look.darker), own[0] + look.lighter)
    lab = np.array([[[light, look.chroma * a, look.chroma * b]]], np.float32)
    red, green, blue = (int(code) for code in to_encoded(map_into_gamut(from_oklab(OklabImage(lab))))[0, 0])
    return red, green, blue


@dataclass(frozen=True)
class Look:
    """How a part of a person takes color: least and most change of Oklab lightness, and the share of chroma."""

    darker: float
    lighter: float
    chroma: float


_LIPS, _EYES = Look(0.14, 0.08, 0.75), Look(0.12, 0.14, 0.55)
_SPARSELY = 3
"""Every so-manieth row and column is enough to compare two things."""
_ONE = 0.3
"""Shared by joint area from which two things are taken to be one."""
_WHITE, _BLACK = (242, 242, 240), (22, 22, 23)


def _part(look: Look) -> Callable[[OpInput], Patch]:
    def apply(given: OpInput) -> Patch:
        if given.region is None:
            raise UnsupportedEdit("it was not found")
        paint = study_paint(EncodedRGB(given.image.rgb), given.region.alpha)
        own = paint.shades[1], *paint.chroma
        return _repaint(given, natural_color(own, _rgb(_stated(given, "color")), look))

    return apply


def _hair(given: OpInput) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("it was not found")
    color = _rgb(_stated(given, "color"))
    pixels, changed = dye_hair(EncodedRGB(given.image.rgb), given.region.alpha, color, check=given.check)
    return whole(given.image, pixels, alpha=changed)


def _stated(given: OpInput, name: str) -> str:
    if name not in given.parameters:
        raise UnsupportedEdit("it does not say which color")
    return str(given.parameters[name])


def _material(color: tuple[int, int, int]) -> Callable[[OpInput], Patch]:
    def apply(given: OpInput) -> Patch:
        patch = _repaint(given, color)
        return dataclasses.replace(patch, alpha=patch.alpha * np.float32(given.parameters["strength"]))

    return apply


def swap_colors(
    image: EncodedRGB, first: Plane, second: Plane, *, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Plane]:
    """Give each of two things the other's color; both keep texture, shading and shine.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        first: h×w, 0–1: one thing.
        second: h×w, 0–1: the other.
        check: Called between strips; raises to stop.

    Returns:
        The new picture, and where it differs (0 or 1).

    Source:
        See `pixels.paint`.
    """
    colors = [_color_of(image, alpha) for alpha in (first, second)]
    pixels, changed = repaint(image, first, colors[1], check=check)
    here = changed > 0
    pixels, changed = repaint(pixels, second, colors[0], check=check)
    changed[here] = 1
    return pixels, changed


def _color_of(image: EncodedRGB, alpha: Plane) -> tuple[int, int, int]:
    paint = study_paint(image, alpha)
    lab = np.array([[[paint.shades[1], *paint.chroma]]], np.float32)
    red, green, blue = (int(code) for code in to_encoded(map_into_gamut(from_oklab(OklabImage(lab))))[0, 0])
    return red, green, blue


def _swap(given: OpInput) -> Patch:
    first, second = (part.alpha for part in given.parts)
    some = slice(None, None, _SPARSELY), slice(None, None, _SPARSELY)
    both, either = (float(pick(first[some], second[some]).sum()) for pick in (np.minimum, np.maximum))
    if both > _ONE * either:
        raise UnsupportedEdit("the two things could not be told apart")
    pixels, changed = swap_colors(EncodedRGB(given.image.rgb), first, second, check=given.check)
    return whole(given.image, pixels, alpha=changed)


_WHERE = frozenset({Need.MASK})

OPS = {
    "recolor": Op(_recolor, _WHERE),
    "swap_colors": Op(_swap, frozenset({Need.PARTS})),
    "recolor_hair": Op(_hair, _WHERE, acts_on="hair"),
    "recolor_lips": Op(_part(_LIPS), _WHERE, acts_on="lips"),
    "recolor_eyes": Op(_part(_EYES), _WHERE, acts_on="irises"),
    "lighten_material": Op(_material(_WHITE), _WHERE),
    "darken_material": Op(_material(_BLACK), _WHERE),
}
