"""The color of the light: how it is told from a picture, and how a picture is moved from one light to another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear, to_oklab

Floats = npt.NDArray[np.float64]

_RGB_TO_XYZ = np.array(
    [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
)
"""Linear sRGB to CIE XYZ, IEC 61966-2-1."""
_CAT16 = np.array([[0.401288, 0.650173, -0.051461], [-0.250268, 1.204414, 0.045854], [-0.002079, 0.048952, 0.953127]])
_NEUTRAL_K = 6500.0
"""The light under which sRGB's gray is gray; the lights of this module are told apart from it."""
_WARMEST_K, _COLDEST_K = 1500.0, 25000.0
_TINT_DUV = 0.02
"""Distance from the Planckian locus of a tint of 1: about what the greenest fluorescent tubes have."""

_CLIPPED, _DARK = 0.97, 0.008
_WHITE_FROM = np.float32(0.8)
"""Linear light of the weakest channel from which a color is on its way to clipped white."""
_NORM = 6
_WEIGHTS = (1.0, 3.0, 1.0, 2.0)
"""Of the brightest pixels, edges, the norm and the grays: edges are least often one thing's own color."""
_FEWEST_PIXELS = 64
_BRIGHTEST_SHARE = 0.04
_NEUTRAL_CHROMA = 0.05
"""Of a/L and b/L in Oklab: as far from gray as most gray things are under a light that is a little off."""
_GREATEST_MIRED, _GREATEST_DUV = 140.0, 0.01
_NO_LAMP_DUV = 0.007
"""Lamps are greener than black bodies, hardly ever more magenta: what is, is fur, wood or skin."""
_APART = np.array([45.0, 0.012])
"""Mired and Duv by which views may differ and still speak of one light."""
_ONE_COLOR, _MANY_COLORS = 0.004, 0.012
"""Deviation of tones across the line along which they vary most: none of it tells of the light, and all the more."""
_PALE, _ALL_GRAY = 0.06, 0.7
"""Deviation of tones up to which a picture's colors are few and pale, and the share of gray from which it is gray."""
_LEAST_TINTED, _LEAST_ALIKE, _ALIKE = 0.001, 0.2, 3
"""Share of the picture that is tinted white at least, the share of what is clipped in part that has that one color,
and how many codes that color spreads."""
_WHITE_CODE, _DARKEST_WHITE = 251, 150
"""Weakest channel of what is white without a tint, and with the strongest."""
_TINTS_MIRED = np.arange(-60, 91)
_TINT_ERROR, _LEAST_TINT_MIRED = 0.015, 8
"""Linear light by which a tinted white may miss that of a black body, and what is no tint yet."""


@dataclass(frozen=True)
class Light:
    """A light by what sets it apart from neutral light, and how sure that is.

    Args:
        mired: Reciprocal megakelvin above those of 6500 K; positive is warmer (redder).
        duv: Signed distance from the Planckian locus in CIE 1960 u, v; positive is greener.
        confidence: 0–1.
    """

    mired: float
    duv: float
    confidence: float = 1.0

    def scaled(self, share: float) -> Light:
        """The same light, that far from neutral."""
        return Light(self.mired * share, self.duv * share, self.confidence)


NEUTRAL = Light(0.0, 0.0)


def light_of(temperature_k: float, *, tint: float = 0.0) -> Light:
    """A light by its color temperature.

    Args:
        temperature_k: 1500 (candle and warmer) to 25000 K (blue sky).
        tint: −1 (green) to +1 (magenta), what the correction adds: a magenta correction is made for a green light.

    Raises:
        ParameterOutOfRange: `temperature_k` or `tint` is outside its range.
    """
    require_within("temperature_k", temperature_k, _WARMEST_K, _COLDEST_K)
    require_within("tint", tint, -1, 1)
    return Light(1e6 / temperature_k - 1e6 / _NEUTRAL_K, tint * _TINT_DUV)


def adaptation(source: Light, target: Light = NEUTRAL) -> npt.NDArray[np.float32]:
    """The matrix that turns a picture taken in one light into the same picture in another.

    Args:
        source: The light the picture was taken in.
        target: The light it shall seem to have been taken in.

    Returns:
        3×3, for linear sRGB as a column. Keeps the luminance of what is gray in `source`.

    Source:
        Von Kries adaptation of the cone responses of CAT16: Li et al., "Comprehensive color solutions", 2017.
    """
    if source.mired == target.mired and source.duv == target.duv:
        return np.eye(3, dtype=np.float32)
    to_cones = _CAT16 @ _RGB_TO_XYZ
    gains = (_CAT16 @ _white(target)) / (_CAT16 @ _white(source))
    return np.asarray(np.linalg.inv(to_cones) @ (gains[:, None] * to_cones), np.float32)


def rebalanced(light: LinearRGB, matrix: npt.NDArray[np.float32]) -> LinearRGB:
    """Apply an adaptation, except to what is clipped: clipped white has lost its cast, and would get the opposite.

    Args:
        light: Linear-light sRGB, h×w×3, 0–1.
        matrix: Of `adaptation`.

    Returns:
        New array, not negative; may go beyond 1.
    """
    moved = cv2.transform(light, matrix)
    weakest = np.minimum(np.minimum(light[..., 0], light[..., 1]), light[..., 2])
    kept = np.clip((weakest - _WHITE_FROM) / (1 - _WHITE_FROM), 0, 1)[..., None]
    moved += (light - moved) * kept
    return LinearRGB(np.maximum(moved, 0, out=moved))


def estimate_light(image: LinearRGB, seen: npt.NDArray[np.bool_]) -> Light:
    """Tell the color of the light from a picture's own colors.

    Four views that fail on different pictures are asked: the brightest pixels, edges, a high norm of all pixels, and
    the grays nearest to neutral. They are believed as far as they agree, as the corrected picture has more true grays
    than before, and as the picture has many colors: a lawn or a blue wall tells nothing of the light. White that was
    clipped before it was tinted has one color all over, which tells the tint alone.

    Args:
        image: A small copy, h×w×3, about 200 pixels a side.
        seen: h×w, which pixels count.

    Returns:
        The light, within ±140 mired and a small tint, with its confidence; neutral and 0 where nothing can be told.

    Source:
        Finlayson & Trezzi, "Shades of gray and colour constancy", 2004; van de Weijer, Gevers & Gijsenij, "Edge-based
        color constancy", 2007; Cheng, Prasad & Brown, "Illuminant estimation for color constancy", 2014.
    """
    light = np.maximum(image.astype(np.float32), 0)
    tint = _tinted_white(light[seen])
    if tint is not None:
        return tint
    usable = seen & (light.max(axis=2) < _CLIPPED) & (light.mean(axis=2) > _DARK)
    pixels = light[usable]
    if len(pixels) < _FEWEST_PIXELS:
        return Light(0.0, 0.0, 0.0)
    views = np.array(
        [_offset(_brightest(pixels)), _offset(_edges(light, usable)), _offset(_shade(pixels)), _offset(_grays(pixels))]
    )
    middle = np.average(views, axis=0, weights=_WEIGHTS)
    mired = float(np.clip(middle[0], -_GREATEST_MIRED, _GREATEST_MIRED))
    duv = float(np.clip(middle[1], -_GREATEST_DUV, _GREATEST_DUV))
    found = Light(mired, duv)
    magenta = math.exp(-0.5 * (max(0.0, -float(middle[1])) / _NO_LAMP_DUV) ** 2)
    return Light(mired, duv, _agreement(views) * _plausibility(pixels, found) * magenta)


def gray_light(image: LinearRGB, seen: npt.NDArray[np.bool_]) -> Light:
    """The light in which the average of a picture is gray, whatever it shows.

    Args:
        image: A small copy, h×w×3.
        seen: h×w, which pixels count; those of a thing known to be gray, for instance.

    Source:
        Buchsbaum, "A spatial processor model for object colour perception", 1980.
    """
    usable = seen & (image.max(axis=2) < 0.999)
    pixels = image[usable if usable.any() else seen]
    if pixels.size == 0 or float(pixels.mean()) <= 0:
        return NEUTRAL
    mired, duv = _offset(pixels.mean(axis=0).astype(np.float64))
    return Light(float(mired), float(duv))


def _tinted_white(pixels: npt.NDArray[np.float32]) -> Light | None:
    """The tint of what was clipped to white first: one color over an area, with a channel clipped, and no white left.

    Of the tints by which black-body light explains the color, the one that clips least is taken.
    """
    codes = to_encoded(LinearRGB(pixels[None]))[0].astype(np.int32)
    strongest, weakest = codes.max(axis=1), codes.min(axis=1)
    partly = codes[(strongest >= 254) & (weakest < _WHITE_CODE) & (weakest > _DARKEST_WHITE)]
    fewest = max(_LEAST_TINTED * len(codes), 4.0 * int(np.count_nonzero(weakest >= _WHITE_CODE)), 1.0)
    if len(partly) < fewest:
        return None
    _, inverse, counts = np.unique(partly // 2, axis=0, return_inverse=True, return_counts=True)
    usual = partly[inverse.ravel() == counts.argmax()].mean(axis=0)
    alike = partly[np.abs(partly - usual).max(axis=1) <= _ALIKE]
    if len(alike) < max(fewest, _LEAST_ALIKE * len(partly)):
        return None
    color = to_linear(EncodedRGB(np.rint(alike.mean(axis=0)).astype(np.uint8).reshape(1, 1, 3)))[0, 0]
    for stops in np.linspace(0, 0.2, 9):
        errors = np.abs(np.minimum(_tinted_whites() * 2**stops, 1) - color).max(axis=1)
        mired = int(_TINTS_MIRED[errors.argmin()])
        if errors.min() < _TINT_ERROR:
            inside = abs(mired) >= _LEAST_TINT_MIRED and _TINTS_MIRED[0] < mired < _TINTS_MIRED[-1]
            return Light(float(mired), 0.0) if inside else None
    return None


@cache
def _tinted_whites() -> Floats:
    """White in each of the tints, linear sRGB, n×3; may go beyond 1."""
    return np.array([adaptation(NEUTRAL, Light(float(mired), 0)).sum(axis=1) for mired in _TINTS_MIRED], np.float64)


def _brightest(pixels: npt.NDArray[np.float32]) -> Floats:
    luminance = pixels @ _RGB_TO_XYZ[1]
    return np.asarray(pixels[luminance >= np.quantile(luminance, 1 - _BRIGHTEST_SHARE)].mean(axis=0), np.float64)


def _shade(pixels: npt.NDArray[np.float32]) -> Floats:
    return np.asarray((pixels.astype(np.float64) ** _NORM).mean(axis=0) ** (1 / _NORM))


def _edges(light: npt.NDArray[np.float32], usable: npt.NDArray[np.bool_]) -> Floats:
    smooth = cv2.GaussianBlur(light, (0, 0), 1)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    inner = cv2.erode(usable.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return _shade(slope[inner] + np.float32(1e-4)) if inner.any() else np.ones(3)


def _grays(pixels: npt.NDArray[np.float32]) -> Floats:
    """The mean of the pixels near a gray that is sought from neutral on, a few steps towards its like."""
    tone = _tones(pixels)
    middle, weight = np.zeros(2), np.ones(len(tone))
    for _ in range(4):
        weight = np.exp(-(((tone - middle) / _NEUTRAL_CHROMA) ** 2).sum(axis=1)) + 1e-6
        middle = (weight[:, None] * tone).sum(axis=0) / weight.sum()
    return np.asarray((weight[:, None] * pixels).sum(axis=0) / weight.sum(), np.float64)


def _agreement(views: Floats) -> float:
    """How near the views are to each other, a step off the locus counting more than one along it."""
    apart = (views - np.median(views, axis=0)) / _APART
    return float(np.exp(-0.5 * np.median(np.hypot(apart[:, 0], apart[:, 1])) ** 2))


def _plausibility(pixels: npt.NDArray[np.float32], found: Light) -> float:
    """Whether the correction makes grays of what was not gray, and leaves colors that the light does not explain.

    The light moves all colors along one line; where nothing varies across it (a lawn, a blue wall, a sunset), or
    colors are few and pale, the color may as well be the things' own. A picture that becomes gray all over by a small
    step is taken for a gray scene.
    """
    before, after = _tones(pixels), _tones(pixels @ adaptation(found).T)
    grays = [float(np.exp(-((np.linalg.norm(tones, axis=1) / 0.03) ** 2)).mean()) for tones in (before, after)]
    variances = np.linalg.eigvalsh(np.cov(after.T))
    across, spread = math.sqrt(max(0.0, float(variances[0]))), math.sqrt(max(0.0, float(variances.sum())))
    varied = min(max((across - _ONE_COLOR) / _MANY_COLORS, 0.1), 1.0) * min(1.0, spread / _PALE)
    gray_scene = min(1.0, max(0.0, 4 * (grays[1] - _ALL_GRAY))) * max(0.0, 1 - abs(found.mired) / 90)
    return min(max(0.5 + 2 * (grays[1] - grays[0]), 0.15), 1.0) * max(varied, gray_scene)


def _tones(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Oklab a and b relative to lightness, which do not change with the amount of light, n×2."""
    lab = to_oklab(LinearRGB(np.maximum(pixels, 0)[None].astype(np.float32)))[0]
    return np.asarray(lab[:, 1:] / np.maximum(lab[:, :1], 0.05), np.float32)


def _offset(rgb: Floats) -> Floats:
    """A color of light as mired and Duv from neutral."""
    white = _RGB_TO_XYZ @ (rgb / max(float(rgb.max()), 1e-9)) * (_white(NEUTRAL) / _d65())
    point = _uv(white)
    table, mireds = _locus()
    nearest = int(((table - point) ** 2).sum(axis=1).argmin())
    along = table[min(nearest + 1, len(table) - 1)] - table[max(nearest - 1, 0)]
    off = point - table[nearest]
    side = math.copysign(1.0, float(along[0] * off[1] - along[1] * off[0]))
    return np.array([mireds[nearest], side * float(np.hypot(*off))])


def _white(light: Light) -> Floats:
    """XYZ of a light, Y = 1."""
    table, mireds = _locus()
    at = np.clip(light.mired, mireds[0], mireds[-1])
    point = np.array([np.interp(at, mireds, table[:, k]) for k in range(2)])
    along = np.array([np.interp(at + 1, mireds, table[:, k]) for k in range(2)]) - np.array(
        [np.interp(at - 1, mireds, table[:, k]) for k in range(2)]
    )
    along /= np.hypot(*along)
    u, v = point + light.duv * np.array([-along[1], along[0]])
    y = 2 * v / (2 * u - 8 * v + 4)
    x = 3 * u / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _d65() -> Floats:
    return np.asarray(_RGB_TO_XYZ.sum(axis=1))


def _uv(xyz: Floats) -> Floats:
    return np.asarray(np.array([4 * xyz[0], 6 * xyz[1]]) / (xyz[0] + 15 * xyz[1] + 3 * xyz[2]))


@cache
def _locus() -> tuple[Floats, Floats]:
    """CIE 1960 u, v of black bodies a mired apart, and the mireds above neutral.

    Source:
        Planck's law; color matching functions: Wyman, Sloan & Shirley, "Simple analytic approximations to the CIE XYZ
        color matching functions", 2013.
    """
    neutral = 1e6 / _NEUTRAL_K
    mireds = np.arange(1e6 / _COLDEST_K - 1, 1e6 / _WARMEST_K + 2)
    wave = np.arange(380, 781, 5.0)

    def lobe(middle: float, rising: float, falling: float) -> Floats:
        return np.asarray(np.exp(-0.5 * ((wave - middle) / np.where(wave < middle, rising, falling)) ** 2))

    matching = np.stack([
        1.056 * lobe(599.8, 37.9, 31.0) + 0.362 * lobe(442.0, 16.0, 26.7) - 0.065 * lobe(501.1, 20.4, 26.2),
        0.821 * lobe(568.8, 46.9, 40.5) + 0.286 * lobe(530.9, 16.3, 31.1),
        1.217 * lobe(437.0, 11.8, 36.0) + 0.681 * lobe(459.0, 26.0, 13.8),
    ])  # fmt: skip
    power = (wave / 560) ** -5 / np.expm1(1.4387769e7 / wave * mireds[:, None] * 1e-6)
    points = np.array([_uv(xyz) for xyz in power @ matching.T])
    return points, mireds - neutral
