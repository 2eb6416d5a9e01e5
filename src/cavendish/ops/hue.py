"""Hue: which color, everywhere; done in Oklab so that lightness stays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from cavendish.errors import UnsupportedEdit, require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, Plane, from_oklab, to_linear, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.color_range import ColorRange, range_meant
from cavendish.pixels.color_transfer import color_transfer, match_colors, palette
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.strips import map_linear

_STRONG = 0.28
"""Chroma from which a color is as strong as surfaces get, and vibrance adds nothing."""

_VIBRANCE = 1.2
"""What full vibrance adds to the chroma of the weakest colors, in multiples of it."""

_SKIN = ColorRange((32, 72), (0.07, 0.24), (0.35, 0.95))
"""Skin of all shades in daylight and lamplight; wood and sand share it, and are spared with it."""

_SPARED = 0.75

_GRAYISH = 0.04
"""Chroma below which a color laid over a picture veils it like a gray, instead of staining it."""

_SOFTNESS = 2.0
"""Of the borders of a color that is made weaker or darker: narrower ones show as edges in skies."""

_FIRMNESS_DEG = 40.0
"""Turn of the hue from which the borders are as narrow as names are: a reddish face must not turn blue."""

_LEAST_CONTRAST = 0.5
"""Between the lightness of the two colors of a duotone; blue and orange would else make a picture of one gray."""


def adjust_saturation(image: LinearRGB, *, amount: float) -> LinearRGB:
    """Strengthen or weaken every color by the same factor of its chroma.

    Args:
        image: Linear-light sRGB, h×w×3.
        amount: −1 (gray) to +1 (double the chroma). 0 is identity.

    Returns:
        New array; may leave the sRGB gamut.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Oklab: Ottosson 2020, "A perceptual color space for image processing".
    """
    require_within("amount", amount, -1, 1)
    lab = to_oklab(image)
    lab[..., 1:] *= np.float32(1 + amount)
    return from_oklab(lab)


def adjust_vibrance(image: LinearRGB, *, amount: float) -> LinearRGB:
    """Strengthen weak colors more than strong ones, and skin least.

    Args:
        image: Linear-light sRGB, h×w×3.
        amount: 0 (identity) to 1: the weakest colors get 2.2 times their chroma, those of chroma 0.28 and more stay.

    Returns:
        New array; lightness and hue are kept. May leave the sRGB gamut.

    Raises:
        ParameterOutOfRange: `amount` is outside 0 to 1.

    Source:
        Oklab: Ottosson 2020. The falling gain is this project's own.
    """
    require_within("amount", amount, 0, 1)
    lab = to_oklab(image)
    weak = np.maximum(1 - np.hypot(lab[..., 1], lab[..., 2]) / _STRONG, 0)
    spared = 1 - _SPARED * _SKIN.likeness(lab, softness=_SOFTNESS)
    lab[..., 1:] *= (1 + np.float32(amount * _VIBRANCE) * weak * spared)[..., None]
    return from_oklab(lab)


def shift_hue(image: LinearRGB, *, hue_deg: float) -> LinearRGB:
    """Turn every hue by the same angle; grays, lightness and chroma stay.

    Args:
        image: Linear-light sRGB, h×w×3.
        hue_deg: −180 to 180; positive runs from red over yellow and green to blue. 0 is identity.

    Returns:
        New array; may leave the sRGB gamut.

    Raises:
        ParameterOutOfRange: `hue_deg` is outside −180 to 180.

    Source:
        Oklab: Ottosson 2020.
    """
    require_within("hue_deg", hue_deg, -180, 180)
    lab = to_oklab(image)
    lab[..., 1:] = lab[..., 1:] @ _turn(hue_deg).T
    return from_oklab(lab)


def selective_color(
    image: LinearRGB, *, color: str, hue_deg: float = 0.0, saturation: float = 0.0, lightness: float = 0.0
) -> LinearRGB:
    """Change what has one color, wherever it is, fading softly into the neighboring colors.

    Args:
        image: Linear-light sRGB, h×w×3.
        color: #RRGGBB; what people call by the name that fits it is meant.
        hue_deg: Turn of its hue, −180 to 180. Half-way into another color both are mixed, so that no rainbow shows.
        saturation: −1 (gray) to +1 (double the chroma).
        lightness: −1 (black) to +1 (white), as a share of the way.

    Returns:
        New array; colors of another name are unchanged. May leave the sRGB gamut.

    Raises:
        ParameterOutOfRange: An amount is outside its range.

    Source:
        Oklab: Ottosson 2020. Soft color categories: Benavente, Vanrell and Baldrich, "Parametric fuzzy sets for
        automatic color naming", 2008; the ranges are this project's own.
    """
    require_within("hue_deg", hue_deg, -180, 180)
    require_within("saturation", saturation, -1, 1)
    require_within("lightness", lightness, -1, 1)
    lab = to_oklab(image)
    softness = max(1.0, _SOFTNESS - abs(hue_deg) / _FIRMNESS_DEG)
    share = range_meant(color).likeness(lab, softness=softness)
    share *= share * (3 - 2 * share)  # its borders have no kink
    turned = lab[..., 1:] @ (_turn(hue_deg).T * np.float32(1 + saturation))
    lab[..., 1:] += share[..., None] * (turned - lab[..., 1:])
    room = lab[..., 0] if lightness < 0 else np.maximum(1 - lab[..., 0], 0)
    lab[..., 0] += np.float32(lightness) * share * room
    return from_oklab(lab)


def tint(image: LinearRGB, *, color: str, amount: float) -> LinearRGB:
    """Stain a picture with a color as a gel before the lens would; a gray veils it instead.

    Args:
        image: Linear-light sRGB, h×w×3.
        color: #RRGGBB.
        amount: 0 (identity) to 1: every color becomes a lighter or darker one of the tint's hue.

    Returns:
        New array; lightness is kept under a chromatic tint. May leave the sRGB gamut.

    Raises:
        ParameterOutOfRange: `amount` is outside 0 to 1.

    Source:
        Oklab: Ottosson 2020; shadows get chroma in proportion to their lightness, as under a colored light.
    """
    require_within("amount", amount, 0, 1)
    lab, goal = to_oklab(image), _lab_of(color)
    veil = 1 - min(1.0, float(np.hypot(goal[1], goal[2])) / _GRAYISH)
    share = np.minimum(lab[..., 0] / max(float(goal[0]), 1e-3), 1)
    lab[..., 1:] += np.float32(amount) * (share[..., None] * goal[1:] - lab[..., 1:])
    lab[..., 0] += np.float32(amount * veil) * (goal[0] - lab[..., 0])
    return from_oklab(lab)


def duotone(image: LinearRGB, *, shadows: str, highlights: str) -> LinearRGB:
    """Print a picture in two colors: its lightness runs from the one to the other.

    Args:
        image: Linear-light sRGB, h×w×3.
        shadows: #RRGGBB of black.
        highlights: #RRGGBB of white. Where both are about equally light, the one is made darker and the other lighter.

    Returns:
        New array, inside sRGB but for rounding.

    Source:
        Gradient map, along the straight line in Oklab (Ottosson 2020).
    """
    light = np.clip(to_oklab(image)[..., :1], 0, 1)
    dark, bright = _lab_of(shadows), _lab_of(highlights)
    missing = _LEAST_CONTRAST - float(bright[0] - dark[0])
    if 0 < missing < 2 * _LEAST_CONTRAST:  # beyond, a negative is meant
        dark = _as_light(dark, max(0.0, float(dark[0]) - missing / 2))
        bright = _as_light(bright, min(1.0, float(bright[0]) + missing / 2))
    return from_oklab(OklabImage(np.asarray(dark + light * (bright - dark), np.float32)))


def invert(image: EncodedRGB) -> EncodedRGB:
    """The negative: every code becomes 255 less itself. Twice is identity."""
    return EncodedRGB(255 - image)


def posterize(image: EncodedRGB, *, levels: int) -> EncodedRGB:
    """Reduce each channel to a few evenly spaced values.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        levels: 2 to 64 values a channel, black and white among them.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `levels` is outside 2 to 64.

    Source:
        Uniform quantization, Gonzalez & Woods, Digital Image Processing, 2.4.2.
    """
    require_within("levels", levels, 2, 64)
    steps = np.arange(256) * levels // 256
    table = np.rint(steps * (255 / (levels - 1))).astype(np.uint8)
    return EncodedRGB(np.asarray(cv2.LUT(np.ascontiguousarray(image), table)))


def _turn(hue_deg: float) -> Plane:
    """2×2: turns (a, b)."""
    cosine, sine = np.cos(np.radians(hue_deg)), np.sin(np.radians(hue_deg))
    return np.array([[cosine, -sine], [sine, cosine]], np.float32)


def _lab_of(color: str) -> Plane:
    """L, a and b of #RRGGBB."""
    rgb = np.frombuffer(bytes.fromhex(color[1:]), np.uint8).reshape(1, 1, 3)
    return np.asarray(to_oklab(to_linear(EncodedRGB(rgb)))[0, 0], np.float32)


def _as_light(color: Plane, lightness: float) -> Plane:
    """A color of another lightness, with as much of its chroma as sRGB has there."""
    shares = np.linspace(1, 0, 65, dtype=np.float32)[None, :, None]
    faded = np.concatenate([np.full_like(shares, lightness), shares * color[1:]], axis=2)
    light = from_oklab(OklabImage(faded))
    first = int(np.argmax(((light > -1e-3) & (light < 1 + 1e-3)).all(axis=2)))
    return np.asarray(faded[0, first])


def _stated(given: OpInput, name: str) -> str:
    """A color the words must have named."""
    color = given.parameters.get(name)
    if color is None:
        raise UnsupportedEdit("no color was named")
    return str(color)


def _patch(given: OpInput, pixels: EncodedRGB, *, inverted: bool = False) -> Patch:
    region = given.foreground if inverted else given.region
    alpha = None if region is None else 1 - region.alpha if inverted else region.alpha
    return whole(given.image, pixels, alpha=alpha)


def _in_light(given: OpInput, function: Callable[[LinearRGB], LinearRGB]) -> EncodedRGB:
    """The picture through a function of linear light; what leaves sRGB returns to its border in its own hue."""

    def strip(light: LinearRGB) -> LinearRGB:
        given.check()
        return map_into_gamut(function(light))

    return map_linear(EncodedRGB(given.image.rgb), strip)


def _saturation(given: OpInput) -> Patch:
    return _patch(given, _in_light(given, partial(adjust_saturation, amount=given.parameters["amount"])))


def _vibrance(given: OpInput) -> Patch:
    return _patch(given, _in_light(given, partial(adjust_vibrance, amount=given.parameters["amount"])))


def _shift(given: OpInput) -> Patch:
    return _patch(given, _in_light(given, partial(shift_hue, hue_deg=given.parameters["hue_deg"])))


def _selective(given: OpInput) -> Patch:
    amounts = {name: given.parameters[name] for name in ("hue_deg", "saturation", "lightness")}
    if not any(amounts.values()):
        raise UnsupportedEdit("it was not said how that color should change")
    return _patch(given, _in_light(given, partial(selective_color, color=_stated(given, "color"), **amounts)))


def _tint(given: OpInput) -> Patch:
    stain = partial(tint, color=_stated(given, "color"), amount=given.parameters["amount"])
    return _patch(given, _in_light(given, stain))


def _duotone(given: OpInput) -> Patch:
    colors = {name: given.parameters[name] for name in ("shadows", "highlights")}
    return _patch(given, _in_light(given, partial(duotone, **colors)))


def _posterize(given: OpInput) -> Patch:
    return _patch(given, posterize(EncodedRGB(given.image.rgb), levels=given.parameters["levels"]))


def _match(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    where = given.region.alpha if given.region else None
    transfer = color_transfer(palette(given.image, where), palette(given.other))
    strength = given.parameters["strength"]
    return _patch(given, _in_light(given, lambda light: match_colors(light, transfer, strength=strength)))


def _pop(given: OpInput) -> Patch:
    faded = _in_light(given, partial(adjust_saturation, amount=-given.parameters["strength"]))
    return _patch(given, faded, inverted=True)


_WHERE = frozenset({Need.MASK})

OPS = {
    "adjust_saturation": Op(_saturation, _WHERE),
    "adjust_vibrance": Op(_vibrance, _WHERE),
    "shift_hue": Op(_shift, _WHERE),
    "selective_color": Op(_selective, _WHERE),
    "tint": Op(_tint, _WHERE),
    "duotone": Op(_duotone, _WHERE),
    "invert": Op(lambda given: _patch(given, invert(EncodedRGB(given.image.rgb))), _WHERE),
    "posterize": Op(_posterize, _WHERE),
    "match_colors": Op(_match, _WHERE | {Need.OTHER_IMAGE}),
    "color_pop": Op(_pop, frozenset({Need.FOREGROUND})),
}
