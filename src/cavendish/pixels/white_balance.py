"""White balance: a cast taken out, or a picture made warmer or cooler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.base_light import looked_at, small_light
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import within_gamut
from cavendish.pixels.white_point import NEUTRAL, Light, adaptation, estimate_light, gray_light, light_of, rebalanced

_LOOK_PX = 200
_DOUBT, _TRUST = 0.1, 2.4
"""Confidence up to which a cast is left alone though it was complained of, and how fast belief grows beyond."""
_WARMTH_MIRED = 110.0
"""Of the greatest warmth: from daylight to the light of late afternoon."""


def white_balance(
    image: EncodedRGB,
    *,
    mode: Literal["auto", "kelvin", "gray"] = "auto",
    temperature_k: float = 6500.0,
    tint: float = 0.0,
    seen: npt.NDArray[np.bool_] | None = None,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Take a color cast out.

    Args:
        image: h×w×3 encoded, any size.
        mode: `auto` tells the light from the picture and goes as far as that is sure, so that a sunset, a lawn and
            candle light stay; `kelvin` takes the picture to have been lit by `temperature_k`; `gray` makes the average
            of what is seen gray.
        temperature_k: 1500 to 25000 K, for mode `kelvin`; 6500 changes nothing.
        tint: −1 (greener) to +1 (more magenta), on top in every mode.
        seen: Which pixels are looked at, at any size; None for all.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `temperature_k` or `tint` is outside its range.

    Source:
        As `estimate_light` and `adaptation` say.
    """
    shift = light_of(temperature_k if mode == "kelvin" else 6500.0, tint=tint)
    if mode == "kelvin":
        found = NEUTRAL
    else:
        small = small_light(image, side_px=_LOOK_PX)
        where = looked_at(seen, small.shape)
        found = gray_light(small, where) if mode == "gray" else _believed(estimate_light(small, where))
    cast = Light(found.mired + shift.mired, found.duv + shift.duv)
    return _adapted(image, adaptation(cast), keep_white=tint == 0 and mode != "kelvin", check=check)


def adjust_warmth(image: EncodedRGB, *, amount: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Make a picture warmer or cooler, as if its light had another color temperature.

    Args:
        image: h×w×3 encoded, any size.
        amount: −1 (like skylight) to +1 (like late sun, 110 mired warmer); 0 is identity.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        As `adaptation` says; equal mireds look like equal steps.
    """
    require_within("amount", amount, -1, 1)
    target = Light(amount * _WARMTH_MIRED, 0)
    return _adapted(image, adaptation(NEUTRAL, target), keep_white=False, check=check)


def _believed(found: Light) -> Light:
    return found.scaled(min(max(_TRUST * (found.confidence - _DOUBT), 0.0), 1.0))


def _adapted(
    image: EncodedRGB, matrix: npt.NDArray[np.float32], *, keep_white: bool, check: Callable[[], None]
) -> EncodedRGB:
    if np.array_equal(matrix, np.eye(3)):
        return EncodedRGB(image.copy())
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[rows])))
        moved = (
            rebalanced(light, matrix) if keep_white else LinearRGB(np.asarray(cv2.transform(light, matrix), np.float32))
        )
        out[rows] = to_encoded(within_gamut(moved))
    return EncodedRGB(out)
