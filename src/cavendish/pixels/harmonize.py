"""Bringing a pasted subject into the light of its new scene: exposure, tint and saturation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_linear, to_oklab

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]
_Samples = TypeVar("_Samples", bound=npt.NDArray[Any])

_SAMPLE_SIDE_PX = 256  # statistics need no more
_GREATEST_SHIFT_EV = 0.7
_GREATEST_TINT = 0.03  # Oklab a, b; about what tungsten light leaves after a camera's white balance
_GREATEST_SATURATION = 1.25
_NEUTRAL_CHROMA = 0.1  # by lightness; colors up to about here tell of the light, stronger ones of the thing


def match_light(foreground: LinearRGB, alpha: Plane, scene: LinearRGB, *, amount: float = 0.5) -> LinearRGB:
    """Shift a subject's exposure, white balance and saturation towards those of the scene it is pasted into.

    Shadows, midtones and highlights are matched separately by robust percentiles; hue and texture stay the subject's.

    Args:
        foreground: Linear-light sRGB, h×w×3 float32: the subject's colors.
        alpha: h×w float32, 0–1: where they count.
        scene: Linear-light sRGB of any size: the surroundings it shall fit.
        amount: 0 is identity, 1 the full match, within ±0.7 EV, a modest tint and a quarter of saturation.

    Returns:
        New array of the shape of `foreground`.

    Raises:
        ParameterOutOfRange: `amount` is outside 0–1.

    Source:
        Xue et al., "Understanding and improving the realism of image composites", 2012, in Oklab.
    """
    own = sample(foreground)[sample(alpha) > 0.5]
    return light_match(LinearRGB(own), LinearRGB(sample(scene).reshape(-1, 3)), amount=amount)(foreground)


def light_match(own: LinearRGB, scene: LinearRGB, *, amount: float) -> Callable[[LinearRGB], LinearRGB]:
    """The function of single pixels that `match_light` applies, from samples of the colors; for use in strips.

    Args:
        own: n×3, colors of the subject.
        scene: m×3, colors of the surroundings.
        amount: As for `match_light`.

    Returns:
        Maps colors of the subject (h×w×3) to those it would have in the scene, as a new array.

    Raises:
        ParameterOutOfRange: `amount` is outside 0–1.
    """
    if not 0 <= amount <= 1:
        raise ParameterOutOfRange("The amount of a light match is between 0 and 1.")
    if amount == 0 or own.size == 0 or scene.size == 0:
        return lambda colors: LinearRGB(colors.copy())
    mine, theirs = _look(own), _look(scene)
    return lambda colors: _relight(colors, mine, theirs, amount)


@dataclass(frozen=True)
class _Look:
    """What the light of a picture looks like, robustly.

    Args:
        zones: Oklab lightness of shadows, midtones and highlights.
        tint: Oklab a and b of near-neutral colors, relative to lightness: the cast of the light.
        neutrals: Share of near-neutral pixels, 0–1: how far `tint` is to be believed.
        saturation: Middle chroma, relative to lightness.
    """

    zones: _Floats
    tint: _Floats
    neutrals: float
    saturation: float


def sample(plane: _Samples) -> _Samples:
    """At most 256 pixels a side, evenly taken so that no colors are mixed."""
    rows, columns = (max(1, -(-side // _SAMPLE_SIDE_PX)) for side in plane.shape[:2])
    return cast("_Samples", np.ascontiguousarray(plane[::rows, ::columns]))


def sampled_light(image: EncodedRGB, alpha: Plane) -> LinearRGB:
    """Linear light of a sample of the pixels that are at least half covered, n×3."""
    codes = sample(image)[sample(alpha) > 0.5]
    if codes.size == 0:
        return LinearRGB(np.zeros((0, 3), np.float32))
    return LinearRGB(to_linear(EncodedRGB(codes[None]))[0])


def _look(colors: _Floats) -> _Look:
    lab = to_oklab(LinearRGB(np.maximum(colors, 0)[None]))[0]
    lightness, opponents = lab[:, 0], lab[:, 1:]
    chroma = np.linalg.norm(opponents, axis=1) / np.maximum(lightness, 0.02)  # relative: free of the exposure
    neutral = np.exp(-((chroma / _NEUTRAL_CHROMA) ** 2))
    return _Look(
        zones=np.percentile(lightness, (10, 50, 90)).astype(np.float32),
        tint=(neutral[:, None] * opponents).sum(axis=0) / max(float((neutral * lightness).sum()), 1e-6),
        neutrals=float(neutral.mean()),
        saturation=float(np.median(chroma)),
    )


def _relight(foreground: LinearRGB, mine: _Look, theirs: _Look, amount: float) -> LinearRGB:
    lab = to_oklab(foreground)
    planes: Any = cv2.split(lab)
    lightness, green_red, blue_yellow = planes
    saturation = (theirs.saturation + 0.01) / (mine.saturation + 0.01)
    saturation = float(np.clip(saturation, 1 / _GREATEST_SATURATION, _GREATEST_SATURATION)) ** amount
    tint = (theirs.tint - mine.tint) * min(1.0, 4 * min(mine.neutrals, theirs.neutrals))
    tint *= amount * min(1.0, _GREATEST_TINT / max(float(np.linalg.norm(tint)), 1e-6))
    # Oklab is homogeneous: scaling L, a and b by the cube root of a gain is exactly that gain in linear light.
    root = np.exp2(_exposure_ev(lightness, mine.zones, theirs.zones, amount) / 3)
    planes = (
        lightness * root,
        (green_red * np.float32(saturation) + tint[0] * lightness) * root,
        (blue_yellow * np.float32(saturation) + tint[1] * lightness) * root,
    )
    return LinearRGB(np.maximum(from_oklab(OklabImage(cv2.merge(planes))), 0))


def _exposure_ev(lightness: _Floats, mine: _Floats, theirs: _Floats, amount: float) -> _Floats:
    """Exposure per pixel: the shift of the midtones, and up to half the greatest one more or less at both ends."""
    wanted = 3 * np.log2(np.maximum(theirs, 0.02) / np.maximum(mine, 0.02))
    wanted = np.clip(wanted, -_GREATEST_SHIFT_EV, _GREATEST_SHIFT_EV) * np.float32(amount)
    low, middle, high = wanted
    # Zones closer than this would turn a small difference in exposure into a jump in contrast.
    down, up = np.maximum(np.abs(np.diff(mine)), np.float32(0.2))
    half = np.float32(_GREATEST_SHIFT_EV * amount / 2)
    into_shadow = np.clip((mine[1] - lightness) / down, 0, 1)
    into_highlight = np.clip((lightness - mine[1]) / up, 0, 1)
    below, above = np.clip(low - middle, -half, half), np.clip(high - middle, -half, half)
    return np.asarray(middle + below * into_shadow + above * into_highlight, np.float32)
