"""Tone: how light falls. Pure functions of one pixel, so 8-bit pictures go through a 256-entry table."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, luma, to_encoded, to_linear
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole


def adjust_exposure(image: LinearRGB, *, exposure_ev: float) -> LinearRGB:
    """Brighten or darken by photographic stops, as more or less light on the sensor would.

    Args:
        image: Linear-light sRGB (D65), h×w×3. Nominal range 0–1; larger values (highlights) are kept.
        exposure_ev: Stops (EV), −5 to +5. 0 is identity; +1 doubles the light.

    Returns:
        New array, same shape, dtype and color space. Not clipped: encoding clips.

    Raises:
        ParameterOutOfRange: `exposure_ev` is outside −5 to +5.

    Source:
        Transfer function: IEC 61966-2-1:1999. Stops: APEX exposure value, ISO 12232.
    """
    _check("exposure_ev", exposure_ev, 5)
    return LinearRGB(image * np.float32(2.0**exposure_ev))


def adjust_brightness(values: Plane, *, amount: float) -> Plane:
    """Lift or lower the middle tones; black and white stay where they are, so nothing clips.

    Args:
        values: Encoded values 0–1, any shape.
        amount: −1 to +1. 0 is identity; +1 takes middle gray (0.5) to 0.74, −1 to 0.20.

    Returns:
        New array, same shape.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Power-law (gamma) adjustment, Gonzalez & Woods, Digital Image Processing, 3.2.3.
    """
    _check("amount", amount, 1)
    return np.asarray(values ** np.float32(2.0 ** (-1.2 * amount)), np.float32)


def adjust_contrast(values: Plane, *, amount: float) -> Plane:
    """Spread tones away from middle gray, or pull them towards it.

    Args:
        values: Encoded values 0–1, any shape.
        amount: −1 to +1. 0 is identity, −1 is flat gray; positive amounts follow an S-curve that keeps black and
            white, so nothing clips.

    Returns:
        New array, same shape.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Sigmoid contrast, Braun & Fairchild 1999, "Image lightness rescaling using sigmoidal contrast enhancement".
    """
    _check("amount", amount, 1)
    if amount <= 0:
        return np.asarray(0.5 + (values - 0.5) * (1 + amount), np.float32)
    slope = 1 + 9 * amount

    def sigmoid(x: Plane | float) -> Plane:
        return np.asarray(1 / (1 + np.exp(slope * (0.5 - np.asarray(x)))), np.float32)

    low, high = sigmoid(0.0), sigmoid(1.0)
    curved = (sigmoid(values) - low) / (high - low)
    mix = min(1.0, 2 * amount)  # a sigmoid of slope 1 is already a line, so small amounts start at identity
    return np.asarray(values + mix * (curved - values), np.float32)


def black_and_white(image: EncodedRGB, *, weights: tuple[float, float, float] = (0.299, 0.587, 0.114)) -> EncodedRGB:
    """Gray picture from weighted encoded channels.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        weights: Of red, green and blue; their sum need not be 1.

    Returns:
        New array with three equal channels.

    Source:
        Default weights: luma of ITU-R BT.601-7.
    """
    gray = (
        luma(image) * 255
        if weights == (0.299, 0.587, 0.114)
        else image.astype(np.float32) @ np.array(weights, np.float32)
    )
    plane = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
    return EncodedRGB(np.repeat(plane[..., None], 3, axis=2))


def sepia(image: EncodedRGB, *, strength: float = 1.0) -> EncodedRGB:
    """The brown tone of old prints.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        strength: 0 (identity) to 1.

    Returns:
        New array, same shape.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        The sepia matrix in W3C Filter Effects Module Level 1, 9.4.
    """
    if not 0 <= strength <= 1:
        raise ParameterOutOfRange("strength must be between 0 and 1", param="strength")
    toned = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)
    matrix = np.eye(3, dtype=np.float32) * (1 - strength) + toned * strength
    return EncodedRGB(np.asarray(cv2.transform(np.asarray(image), matrix)))


def _check(name: str, value: float, limit: float) -> None:
    if not -limit <= value <= limit:
        raise ParameterOutOfRange(f"{name} must be between {-limit:g} and {limit:g}", param=name)


def _ramp() -> EncodedRGB:
    return EncodedRGB(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))


def _patch(given: OpInput, image: EncodedRGB) -> Patch:
    return whole(given.image, image, alpha=given.region.alpha if given.region else None)


def _by_table(curve: Callable[[EncodedRGB], EncodedRGB], given: OpInput) -> Patch:
    """Run a function of single channel values on all 256 of them, then look every pixel up."""
    table = np.ascontiguousarray(np.asarray(curve(_ramp()))[0, :, 0])
    return _patch(given, EncodedRGB(np.asarray(cv2.LUT(np.ascontiguousarray(given.image.rgb), table))))


def _encoded_curve(function: Callable[..., Plane], given: OpInput) -> Patch:
    def curve(ramp: EncodedRGB) -> EncodedRGB:
        values = function(np.asarray(ramp, np.float32) / 255, amount=given.parameters["amount"])
        return EncodedRGB(np.clip(np.rint(values * 255), 0, 255).astype(np.uint8))

    return _by_table(curve, given)


def _exposure(given: OpInput) -> Patch:
    stops = given.parameters["exposure_ev"]
    return _by_table(lambda ramp: to_encoded(adjust_exposure(to_linear(ramp), exposure_ev=stops)), given)


def _black_and_white(given: OpInput) -> Patch:
    red, green, blue = given.parameters["weights"]
    return _patch(given, black_and_white(EncodedRGB(given.image.rgb), weights=(red, green, blue)))


def _sepia(given: OpInput) -> Patch:
    return _patch(given, sepia(EncodedRGB(given.image.rgb), strength=given.parameters["strength"]))


_WHERE = frozenset({Need.MASK})

OPS = {
    "adjust_exposure": Op(_exposure, _WHERE),
    "adjust_brightness": Op(lambda given: _encoded_curve(adjust_brightness, given), _WHERE),
    "adjust_contrast": Op(lambda given: _encoded_curve(adjust_contrast, given), _WHERE),
    "black_and_white": Op(_black_and_white, _WHERE),
    "sepia": Op(_sepia, _WHERE),
}
