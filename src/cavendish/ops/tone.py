"""Tone: how light falls. Functions of single 8-bit values go through a 256-entry table, the others through strips."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import ParameterOutOfRange, require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, luma, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.base_light import adjust_highlights, adjust_shadows
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.enhance import auto_enhance
from cavendish.pixels.grades import GRADES, apply_grade, fade, vignette_gain
from cavendish.pixels.haze import dehaze
from cavendish.pixels.local_laplacian import local_contrast
from cavendish.pixels.low_light import brighten_backlit, brighten_low_light
from cavendish.pixels.region import Box
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import curve_through, map_tones
from cavendish.pixels.tone_match import match_tones
from cavendish.pixels.white_balance import adjust_warmth, white_balance

_STATISTICS_PX = 1024
"""Longest side of the grid on which it is said which pixels statistics look at."""
_SURELY = 0.5
"""Overexposure from which it is said that some of it stays."""
_ENDS = 0.22
"""Of the encoded range: how far the white or the black point moves at most."""
_FACE_SHAPES = (0.5, 1.5)
"""Width by height; boxes of lettering are wider."""


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
    require_within("exposure_ev", exposure_ev, -5, 5)
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
    require_within("amount", amount, -1, 1)
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
    require_within("amount", amount, -1, 1)
    if amount <= 0:
        return np.asarray(0.5 + (values - 0.5) * (1 + amount), np.float32)
    slope = 1 + 9 * amount

    def sigmoid(x: Plane | float) -> Plane:
        return np.asarray(1 / (1 + np.exp(slope * (0.5 - np.asarray(x)))), np.float32)

    low, high = sigmoid(0.0), sigmoid(1.0)
    curved = (sigmoid(values) - low) / (high - low)
    mix = min(1.0, 2 * amount)  # a sigmoid of slope 1 is already a line, so small amounts start at identity
    return np.asarray(values + mix * (curved - values), np.float32)


def adjust_whites(image: EncodedRGB, *, amount: float) -> EncodedRGB:
    """Move the white point: the brightest tones to white, or white down to gray.

    Args:
        image: h×w×3 encoded.
        amount: −1 (white is 78 % gray) to +1 (78 % gray is all but white); 0 is identity.

    Returns:
        New array, hues kept; middle and dark tones hardly move.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Levels, Gonzalez & Woods, Digital Image Processing, 3.2.4, with soft ends.
    """
    require_within("amount", amount, -1, 1)
    reach = _ENDS * abs(amount)
    ends = [(1 - reach, 1 - 0.2 * reach), (1, 1)] if amount > 0 else [(1, 1 - reach)]
    return map_tones(image, curve_through([(0, 0), (0.35, 0.35), *ends]))


def adjust_blacks(image: EncodedRGB, *, amount: float) -> EncodedRGB:
    """Move the black point: black up to gray, or the darkest tones to black.

    Args:
        image: h×w×3 encoded.
        amount: −1 (22 % gray is all but black) to +1 (black is 22 % gray); 0 is identity.

    Returns:
        New array, hues kept; middle and bright tones hardly move.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        As for `adjust_whites`.
    """
    require_within("amount", amount, -1, 1)
    reach = _ENDS * abs(amount)
    ends = [(0, reach)] if amount > 0 else [(0, 0), (reach, 0.2 * reach)]
    return map_tones(image, curve_through([*ends, (0.65, 0.65), (1, 1)]))


def apply_curve(image: EncodedRGB, *, points: Sequence[Sequence[float]]) -> EncodedRGB:
    """Map tones through a smooth curve, hues kept.

    Args:
        image: h×w×3 encoded.
        points: Two or more pairs of input and output, encoded 0–1; see `curve_through`.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: Fewer than two points, or a coordinate outside 0 to 1.

    Source:
        As `curve_through` and `map_tones` say.
    """
    if len(points) < 2 or not all(0 <= value <= 1 for point in points for value in point):
        raise ParameterOutOfRange("points must be two or more, between 0 and 1", param="points")
    return map_tones(image, curve_through(points))


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
    require_within("strength", strength, 0, 1)
    toned = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)
    matrix = np.eye(3, dtype=np.float32) * (1 - strength) + toned * strength
    return EncodedRGB(np.asarray(cv2.transform(np.asarray(image), matrix)))


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


def _by_strips(given: OpInput, function: Callable[[LinearRGB, slice], LinearRGB]) -> Patch:
    """Run a function of linear light and its rows over the picture."""
    out = np.empty(given.image.rgb.shape, np.uint8)
    for rows in strips(out.shape):
        given.check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(given.image.rgb[rows])))
        out[rows] = to_encoded(function(light, rows))
    return _patch(given, EncodedRGB(out))


def _seen(given: OpInput) -> npt.NDArray[np.bool_] | None:
    """Which pixels tell how the picture is: opaque ones within the region; None for all."""
    step = max(1, max(given.image.size) // _STATISTICS_PX)
    parts = []
    if given.region is not None:
        parts.append(given.region.alpha[::step, ::step] > 0.5)
    if given.image.alpha is not None:
        parts.append(given.image.alpha[::step, ::step] > 127)
    return np.logical_and.reduce(parts) if parts else None


def _measured(function: Callable[..., EncodedRGB], given: OpInput) -> Patch:
    """Run a function of a strength that looks at the picture first."""
    image = EncodedRGB(given.image.rgb)
    strength = given.parameters["strength"]
    return _patch(given, function(image, strength=strength, seen=_seen(given), check=given.check))


def _enhance(given: OpInput) -> Patch:
    image = EncodedRGB(given.image.rgb)
    strength = given.parameters["strength"]
    pixels, overexposure = auto_enhance(image, strength=strength, seen=_seen(given), check=given.check)
    note = "what was blown out stays white" if overexposure > _SURELY else ""
    return dataclasses.replace(_patch(given, pixels), note=note)


def _local(function: Callable[..., EncodedRGB], given: OpInput) -> Patch:
    """Run a function of an amount that works in strips of its own."""
    image = EncodedRGB(given.image.rgb)
    return _patch(given, function(image, amount=given.parameters["amount"], check=given.check))


def _level(function: Callable[..., EncodedRGB], given: OpInput) -> Patch:
    return _patch(given, function(EncodedRGB(given.image.rgb), **given.parameters))


def _backlit(given: OpInput) -> Patch:
    image = EncodedRGB(given.image.rgb)
    lit = brighten_backlit(image, strength=given.parameters["strength"], faces=_faces(given), check=given.check)
    return _patch(given, lit)


def _faces(given: OpInput) -> list[Box]:
    """Boxes of faces within the region, or else the region's own box."""
    least, most = _FACE_SHAPES
    upright = [box for box in given.details if least <= (box[2] - box[0]) / (box[3] - box[1]) <= most]
    if given.region is None:
        return upright
    alpha = given.region.alpha
    inside = [box for box in upright if alpha[(box[1] + box[3]) // 2, (box[0] + box[2]) // 2] > 0.5]
    return inside or ([given.region.box] if given.region.box else [])


def _white_balance(given: OpInput) -> Patch:
    image = EncodedRGB(given.image.rgb)
    return _patch(given, white_balance(image, **given.parameters, seen=_seen(given), check=given.check))


def _fade(given: OpInput) -> Patch:
    return _by_strips(given, lambda light, _: fade(light, amount=given.parameters["amount"]))


def _vignette(given: OpInput) -> Patch:
    def darkened(light: LinearRGB, rows: slice) -> LinearRGB:
        gain = vignette_gain(given.image.size, rows, **given.parameters)
        return LinearRGB(light * gain[..., None])

    return _by_strips(given, darkened)


def _grade_look(given: OpInput) -> Patch:
    grade, strength = GRADES[given.parameters["name"]], given.parameters["strength"]
    return _by_strips(given, lambda light, _: apply_grade(light, grade, strength=strength))


def _match_tone(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    match = match_tones(_sample(given.image, _seen(given)), _sample(given.other, None))
    strength = given.parameters["strength"]
    return _by_strips(given, lambda light, _: match.apply(light, strength=strength))


def _sample(image: Image, seen: npt.NDArray[np.bool_] | None) -> LinearRGB:
    """Colors of a grid over the picture in linear light, n×3; only opaque ones."""
    step = max(1, max(image.size) // _STATISTICS_PX)
    codes = np.ascontiguousarray(image.rgb[::step, ::step])
    if seen is None and image.alpha is not None:
        seen = image.alpha[::step, ::step] > 127
    light = to_linear(EncodedRGB(codes))
    return LinearRGB(light[seen] if seen is not None and seen.any() else light.reshape(-1, 3))


_WHERE = frozenset({Need.MASK})

OPS = {
    "auto_enhance": Op(_enhance, _WHERE),
    "adjust_exposure": Op(_exposure, _WHERE),
    "adjust_brightness": Op(lambda given: _encoded_curve(adjust_brightness, given), _WHERE),
    "adjust_contrast": Op(lambda given: _encoded_curve(adjust_contrast, given), _WHERE),
    "adjust_highlights": Op(lambda given: _local(adjust_highlights, given), _WHERE),
    "adjust_shadows": Op(lambda given: _local(adjust_shadows, given), _WHERE),
    "adjust_whites": Op(lambda given: _level(adjust_whites, given), _WHERE),
    "adjust_blacks": Op(lambda given: _level(adjust_blacks, given), _WHERE),
    "apply_curve": Op(lambda given: _level(apply_curve, given), _WHERE),
    "local_contrast": Op(lambda given: _local(local_contrast, given), _WHERE),
    "dehaze": Op(lambda given: _local(dehaze, given), _WHERE),
    "brighten_low_light": Op(lambda given: _measured(brighten_low_light, given), _WHERE),
    "brighten_backlit": Op(_backlit, _WHERE | {Need.DETAILS}),
    "white_balance": Op(_white_balance, _WHERE),
    "adjust_warmth": Op(lambda given: _local(adjust_warmth, given), _WHERE),
    "black_and_white": Op(_black_and_white, _WHERE),
    "sepia": Op(_sepia, _WHERE),
    "fade": Op(_fade, _WHERE),
    "vignette": Op(_vignette, _WHERE),
    "grade_look": Op(_grade_look, _WHERE),
    "match_tone": Op(_match_tone, _WHERE | {Need.OTHER_IMAGE}),
}
