"""A new color for hair: strands keep their shades, color sits deeper where hair is dark, and light still lies on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.strips import light_rows, shrunk_light, shrunk_plane, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Floats = npt.NDArray[np.floating[Any]]

_STUDY_PIXELS = 0.25e6
_INSIDE = 0.6
_DARKER, _LIGHTER = 0.5, 0.44
"""By how much dye may darken or lighten hair, in Oklab lightness."""
_RED_DEG, _COPPER_DEG, _RED_LIGHTNESS, _RED_CHROMA = (20.0, 55.0), 36.0, 0.46, 0.125
"""Hues, the least hue, and the most lightness and chroma, of what is called red hair: copper, no signal red."""
_BLOND_DEG, _BLOND_CHROMA = (55.0, 110.0), 0.085
_VIVID = 0.8
"""Share of the asked chroma that other colors keep on hair."""
_SPAN = (0.24, 0.3)
"""Range of lightness from the darkest to the brightest strands: of black hair, and what lightness adds to it."""
_CONTRAST = (0.8, 2.0)
_LEAST_SPAN = 0.06
_PALE, _DEEP = 0.35, 0.8
"""Chroma of the darkest strands and power by which it grows with lightness."""
_GLOSS = 0.24
"""Lightness above the dye's over which strands lose their color to the light on them."""
_OWN = 0.3
"""Part of the old hair's variation of color that stays."""
_BLACK = 0.17
"""Lightness of black hair in plain light."""
_DARKEST, _BRIGHTEST = 0.05, 0.96


def dye_hair(
    image: EncodedRGB, hair: Plane, color: tuple[int, int, int], *, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Plane]:
    """Dye hair.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        hair: h×w float32, 0–1; at least one pixel is above 0.
        color: Encoded R, G, B that is asked for.
        check: Called between strips; raises to stop.

    Returns:
        The new picture, and where it differs (0 or 1): mixed edge pixels are recomposed over their own background.

    Source:
        Oklab: Ottosson, 2020. Chroma by depth: Marschner et al., "Light scattering from human hair fibers", 2003.
    """
    shades, mean = _study(image, hair)
    dye = _dye(np.asarray(to_oklab(to_linear(EncodedRGB(np.array([[color]], np.uint8)))))[0, 0], shades[1])
    span = max(shades[2] - shades[0], _LEAST_SPAN)
    gain = min(max((_SPAN[0] + _SPAN[1] * float(dye[0])) / span, _CONTRAST[0]), _CONTRAST[1])
    light, front = light_rows(image), foreground_rows(light_rows(image), hair)
    pixels, changed = image.copy(), np.zeros(hair.shape, np.float32)
    for rows in strips(hair.shape):
        check()
        cover = hair[rows]
        if not (cover > 0).any():
            continue
        own = front(rows)
        lab = np.asarray(to_oklab(own))
        new = _limited(dye[0] + gain * (lab[..., 0] - shades[1]))
        depth = np.clip(new / dye[0], 0, 1) ** _DEEP
        share = (_PALE + (1 - _PALE) * depth) * (1 - np.clip((new - dye[0]) / _GLOSS, 0, 1) * 0.5)
        tinted = dye[1:] * share[..., None] + _OWN * (lab[..., 1:] - mean)
        dyed = OklabImage(np.concatenate([new[..., None], tinted], axis=-1).astype(np.float32))
        mixed = np.asarray(light(rows) + cover[..., None] * (map_into_gamut(from_oklab(dyed)) - own), np.float32)
        pixels[rows] = to_encoded(LinearRGB(np.clip(mixed, 0, 1)))
        changed[rows] = cover > 1 / 512
    return EncodedRGB(pixels), changed


def _study(image: EncodedRGB, hair: Plane) -> tuple[tuple[float, float, float], Floats]:
    """Lightness of its darkest, middle and brightest strands (percentiles 5, 50 and 95), and its mean a and b."""
    factor = min(1.0, math.sqrt(_STUDY_PIXELS / hair.size))
    size = (max(1, round(hair.shape[1] * factor)), max(1, round(hair.shape[0] * factor)))
    lab = np.asarray(to_oklab(shrunk_light(light_rows(image), image.shape, size)))
    small = shrunk_plane(hair, size)
    inside = lab[small >= min(_INSIDE, float(small.max()))]
    low, middle, high = (float(shade) for shade in np.percentile(inside[:, 0], (5, 50, 95)))
    return (low, middle, high), inside[:, 1:].mean(axis=0)


def _dye(asked: Floats, own_lightness: float) -> Floats:
    """The shade of a color that hair can have, in Oklab."""
    lightness, chroma = float(asked[0]), float(np.hypot(asked[1], asked[2]))
    hue = math.degrees(math.atan2(float(asked[2]), float(asked[1])))
    most = _VIVID * chroma
    if _RED_DEG[0] <= hue < _RED_DEG[1]:
        lightness, most, hue = min(lightness, _RED_LIGHTNESS), min(most, _RED_CHROMA), max(hue, _COPPER_DEG)
    elif _BLOND_DEG[0] <= hue < _BLOND_DEG[1]:
        most = min(chroma, _BLOND_CHROMA)
    lightness = min(max(lightness, own_lightness - _DARKER, _BLACK), own_lightness + _LIGHTER)
    turn = math.radians(hue)
    return np.array((lightness, most * math.cos(turn), most * math.sin(turn)), np.float32)


def _limited(lightness: Floats) -> Floats:
    """Shades bent softly to stay between black and white."""
    middle, reach = (_DARKEST + _BRIGHTEST) / 2, (_BRIGHTEST - _DARKEST) / 2
    off = (lightness - middle) / reach
    return np.asarray(middle + reach * off / (1 + np.abs(off) ** 4) ** 0.25)
