"""Automatic light and color: what a picture lacks is measured, and each lack is made up for within limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, luma, to_encoded, to_linear, to_oklab
from cavendish.pixels.base_light import base_light, lightness, looked_at, small_light
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import relight, shoulder, smooth_step, within_gamut
from cavendish.pixels.white_point import NEUTRAL, Light, adaptation, estimate_light, rebalanced

Floats = npt.NDArray[np.float32]

_LOOK_PX = 256
"""Longer side of the copy on which colors are looked at."""
_WHITE = 0.93
"""Encoded, where the brightest half percent belongs: below white, so that nothing clips."""
_MOST_EV = 2.5
_USUAL_MIRED, _CALM_MIRED = 3.0, 6.0
"""Pictures without a cast look this warm on the whole, and casts of so much more are taste; of twice as much, none."""
_MOST_MIRED, _MOST_DUV = 45.0, 0.006
_DOUBT, _TRUST = 0.2, 4.0
"""Confidence up to which a cast is left alone, and how fast belief grows beyond."""
_LEAST_SKIN, _SKIN_DEG = 0.01, 2.4
"""Share of the picture from which what looks like skin is spared, and how far its Oklab hue may turn; a cast
that is beyond doubt may turn it three times as far, back to where it was."""
_SKIN_HUES_DEG = (46.0, 58.0)
_OVER_MIDDLE_EV, _OVER_WHITE = 1.8, 0.14
"""Stops by which the middle tones of an overexposed picture get darker, and the share of light that its white loses:
blown parts stay blown, and gray paper for a sky looks worse than white."""
_GREATEST_VIBRANCE = 0.55
_VIVID, _PALE = 0.16, 0.08
"""Oklab chroma of the strongest colors of pictures that need none, and all, of the vibrance."""
_SKIN_COLOR = (0.62, 0.78)
"""Direction of skin in Oklab's a and b; wood, sand and brick lie there too."""
_SPARED = 0.45
"""Share of the vibrance that skin and its like do without: they look burnt soonest."""
_DEEPEST_LIFT_EV = 0.5
_BRIGHT_VEIL = 0.5
"""Share of a veil that is left where the picture may be bright all over."""
_UNSEEN_MIRED = 1.5
"""Less than anybody sees."""
_UNSEEN = 0.002
"""Change of light that is less than a code of 8 bits anywhere."""


@dataclass(frozen=True)
class Correction:
    """What is to be done to a picture.

    Args:
        ends: Encoded values that become black and white; 0 and 1 for none.
        balance: 3×3 on linear light: the color of the light.
        exposure_ev: Stops for the whole picture.
        middle: Gain of the middle tones; see `relight`. 1 for none.
        lift_ev: How many stops the darkest surroundings are lifted.
        vibrance: How much weak colors gain, 0 for none.
        white: Linear light of what is white in the end; 1 but for overexposed pictures.
        overexposure: How surely the picture got too much light, 0–1.
    """

    ends: tuple[float, float]
    balance: Floats
    exposure_ev: float
    middle: float
    lift_ev: float
    vibrance: float
    white: float
    overexposure: float


def auto_enhance(
    image: EncodedRGB,
    *,
    strength: float,
    seen: npt.NDArray[np.bool_] | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[EncodedRGB, float]:
    """Balance exposure, contrast, the color of the light and weak colors as far as a picture lacks them.

    A picture that lacks nothing hardly changes. Hues stay but for the color of the light; nothing is clipped.

    Args:
        image: h×w×3 encoded, any size.
        strength: 0 (identity) to 1; 0.5 goes seven eighths of the way to what was measured.
        seen: Which pixels are looked at, at any size; None for all.
        check: Called once a strip; raises to stop.

    Returns:
        New array, and how surely the picture got too much light, 0–1: what is blown out in it cannot come back.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        Percentile exposure as in Reinhard et al., "Photographic tone reproduction for digital images", 2002; the rest
        as `estimate_light`, `relight` and `base_light` say.
    """
    require_within("strength", strength, 0, 1)
    if strength == 0:
        return EncodedRGB(image.copy()), 0.0
    correction = measure(image, seen, share=1 - (1 - strength) ** 3)
    return apply_correction(image, correction, check=check), correction.overexposure


def measure(image: EncodedRGB, seen: npt.NDArray[np.bool_] | None, *, share: float) -> Correction:
    """What a picture lacks.

    Args:
        image: h×w×3 encoded.
        seen: Which pixels are looked at, at any size; None for all.
        share: 0–1, how far to go.
    """
    light = small_light(image, side_px=_LOOK_PX)
    where = looked_at(seen, light.shape)
    codes = to_encoded(light)
    ends = _ends(codes[where], share)
    stretched = LinearRGB(_decoded((codes / np.float32(255) - ends[0]) / (ends[1] - ends[0])))
    cast = _mild(estimate_light(stretched, where)).scaled(share)
    cast = NEUTRAL if abs(cast.mired) < _UNSEEN_MIRED else cast
    balance = adaptation(_sparing_skin(cast, stretched[where]))
    balanced = rebalanced(stretched, balance)
    over = _overexposure(codes[where])
    exposure_ev = share * _exposure_ev(to_encoded(balanced)[where])
    shown = np.asarray(to_encoded(LinearRGB(balanced * np.float32(2**exposure_ev)))[where])
    return Correction(
        ends=ends,
        balance=balance,
        exposure_ev=exposure_ev,
        middle=float(2 ** (share * (_middle_ev(shown) - _OVER_MIDDLE_EV * over))),
        lift_ev=share * _lift_ev(shown),
        vibrance=share * _vibrance(shown),
        white=1 - share * over * _OVER_WHITE,
        overexposure=over,
    )


def apply_correction(
    image: EncodedRGB, correction: Correction, *, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Do what was measured, in strips."""
    base = base_light(image)
    low, high = correction.ends
    table = np.asarray(_decoded(np.clip((np.arange(256) / 255 - low) / (high - low), 0, 1)), np.float32)
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        source = np.ascontiguousarray(image[rows])
        around = base.rows(lightness(to_linear(EncodedRGB(source))), rows)
        light = _exposed(LinearRGB(np.asarray(cv2.LUT(source, table))), correction)
        lift = np.float32(correction.lift_ev) * smooth_step(around, 0.6, 0.15)
        light = relight(light, np.float32(correction.middle) * np.exp2(lift))
        light *= np.float32(correction.white)
        out[rows] = _unclipped(to_encoded(within_gamut(_more_vibrant(light, correction.vibrance))), source)
    return EncodedRGB(out)


def _unclipped(edited: EncodedRGB, source: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Only what was black or white in a channel is."""
    least, most = (source > 0).astype(np.uint8), np.uint8(254) + (source == 255).astype(np.uint8)
    return np.clip(edited, least, most)


def _exposed(light: LinearRGB, correction: Correction) -> LinearRGB:
    """In another light, and more or less of it; nothing new clips."""
    gain = 2**correction.exposure_ev
    if abs(gain - 1) < _UNSEEN and np.array_equal(correction.balance, np.eye(3)):
        return light
    return shoulder(LinearRGB(rebalanced(light, correction.balance) * np.float32(gain)), gain)


def _decoded(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Linear light of encoded values between codes, 0–1."""
    v = np.clip(np.asarray(values, np.float64), 0, 1)
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _mild(found: Light) -> Light:
    """Only what is surely a cast."""
    sure = min(max(_TRUST * (found.confidence - _DOUBT), 0.0), 1.0)
    off = found.mired - _USUAL_MIRED
    told = min(max(abs(off) / _CALM_MIRED - 1, 0.0), 1.0)
    mired = min(max(off * told, -_MOST_MIRED), _MOST_MIRED)
    return Light(mired, min(max(found.duv, -_MOST_DUV), _MOST_DUV)).scaled(sure)


def _sparing_skin(cast: Light, pixels: Floats) -> Light:
    """As much of a cast as can be taken out without turning the hue of what may be skin, unless it turns to skin's."""
    lab = to_oklab(LinearRGB(pixels[None]))[0]
    hue, chroma = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])), np.hypot(lab[:, 1], lab[:, 2])
    skin = (hue > 30) & (hue < 75) & (chroma > 0.03) & (chroma < 0.14) & (lab[:, 0] > 0.35)
    if float(skin.mean()) < _LEAST_SKIN:
        return cast
    before = _mean_hue_deg(lab[skin])
    natural = min(max(before, _SKIN_HUES_DEG[0]), _SKIN_HUES_DEG[1])
    free_deg = _SKIN_DEG * (1 + 2 * float(smooth_step(cast.confidence, 0.68, 0.85)))
    least, most = min(before - free_deg, natural), max(before + free_deg, natural)
    for tenths in range(10, 0, -1):
        part = cast.scaled(tenths / 10)
        after = _mean_hue_deg(
            to_oklab(LinearRGB(np.asarray(cv2.transform(pixels[skin][None], adaptation(part)), np.float32)))[0]
        )
        if least <= after <= most:
            return part
    return NEUTRAL


def _mean_hue_deg(lab: Floats) -> float:
    _, red, yellow = lab.mean(axis=0)
    return math.degrees(math.atan2(float(yellow), float(red)))


def _ends(pixels: npt.NDArray[np.uint8], share: float) -> tuple[float, float]:
    """Encoded values that become black and white where a veil lies over the darkest tones.

    A picture that has white and no black may as well be bright all over, unless nothing in it is even dark gray.
    """
    low = float(np.quantile(pixels.min(axis=-1), 0.005)) / 255
    high = float(np.quantile(pixels.max(axis=-1), 0.995)) / 255
    bright = float(smooth_step(high, 0.88, 0.97) * smooth_step(low, 0.42, 0.34))
    veiled = share * float(smooth_step(low, 0.04, 0.13)) * (1 - _BRIGHT_VEIL * bright)
    return 0.9 * low * veiled, 1 - veiled * max(0.0, _WHITE + 0.04 - high)


def _overexposure(pixels: npt.NDArray[np.uint8]) -> float:
    """0–1, by how much is clipped in its strongest channel while the weakest still varies.

    A white backdrop is clipped in all three, and strong colors in one: neither is a mistake.
    """
    clipped = pixels[pixels.max(axis=-1) >= 251]
    if clipped.size == 0:
        return 0.0
    variation = float(clipped.min(axis=-1).std())
    bright = smooth_step(luma(EncodedRGB(pixels[None])).mean(), 0.48, 0.58)
    return float(bright * smooth_step(3 * len(clipped) / pixels.size, 0.08, 0.25) * smooth_step(variation, 12, 30))


def _exposure_ev(pixels: npt.NDArray[np.uint8]) -> float:
    """Stops that bring the brightest tones near white; small gaps are left, since a soft picture may have no white."""
    white = float(np.quantile(pixels.max(axis=-1), 0.995)) / 255
    missing = math.log2(float(_decoded(_WHITE)) / max(float(_decoded(white)), 1e-4))
    return min(max(missing, 0.0), _MOST_EV) * float(smooth_step(white, 0.8, 0.66))


def _middle_ev(pixels: npt.NDArray[np.uint8]) -> float:
    """Stops that bring dark middle tones into the range of usual pictures; night stays night."""
    tones = luma(EncodedRGB(pixels[None]))
    night = float(smooth_step(np.median(tones), 0.06, 0.16))
    return min(1.0, 4 * max(0.0, 0.3 - float(tones.mean()))) * night


def _lift_ev(pixels: npt.NDArray[np.uint8]) -> float:
    """Stops for deep shadows beside bright parts, by how much of the picture they are."""
    tones = luma(EncodedRGB(pixels[None]))
    dark = float((tones < 0.2).mean())
    bright = float((tones > 0.55).mean())
    return _DEEPEST_LIFT_EV * float(smooth_step(dark, 0.08, 0.35) * smooth_step(bright, 0.05, 0.2))


def _vibrance(pixels: npt.NDArray[np.uint8]) -> float:
    """How pale the strongest colors are; none for pictures that are all but gray, nor at night, whose colors are."""
    lab = to_oklab(to_linear(EncodedRGB(pixels[None])))[0]
    day = smooth_step(luma(EncodedRGB(pixels[None])).mean(), 0.15, 0.35)
    strong = float(np.quantile(np.hypot(lab[:, 1], lab[:, 2]), 0.95))
    return _GREATEST_VIBRANCE * float(smooth_step(strong, _VIVID, _PALE) * smooth_step(strong, 0.012, 0.03) * day)


def _more_vibrant(light: LinearRGB, amount: float) -> LinearRGB:
    if amount <= 0:
        return light
    lab = np.asarray(to_oklab(light)).copy()
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    towards_skin = (lab[..., 1] * _SKIN_COLOR[0] + lab[..., 2] * _SKIN_COLOR[1]) / np.maximum(chroma, np.float32(1e-6))
    spared = 1 - np.float32(_SPARED) * smooth_step(towards_skin, 0.75, 0.95)
    lab[..., 1:] *= (1 + np.float32(amount) * spared * smooth_step(chroma, 0.22, 0.06))[..., None]
    return from_oklab(OklabImage(lab))
