"""A new color for a thing that keeps its shading: which of its pixels are the paint, and what becomes of each shade."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.imaging.resample import lifted
from cavendish.pixels.base_light import local_lines
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.region import Region
from cavendish.pixels.strips import light_rows, shrunk_light, shrunk_plane, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Floats = npt.NDArray[np.floating[Any]]

_STUDY_PIXELS = 0.25e6
_SAMPLES = 6000
_INSIDE = 0.9
_CLUSTERS = 4
_NEUTRAL = 0.035
"""Oklab chroma below which a surface has no color of its own."""
_APART = 0.17
"""Distance of two clusters from which they are different materials."""
_DIM, _LIGHTNESS = 0.15, 0.3
"""Lightness below which saturation is noise, and the weight of lightness beside it."""
_DARK, _BRIGHT, _COLORLESS = 0.3, 0.42, 0.1
_DIMMED, _SAME_HUE = 0.6, 0.9
"""Part of the lightness, and cosine of the angle between hues, from which a cluster is a shade of the paint."""
_SHADED = (0.4, 1.3)
"""Saturation of paint in the shade, in that of the paint."""
_LIFT = 1.25
"""Ratio of lightness from which shades are laid out anew instead of being multiplied."""
_LOWEST, _LOWEST_WHITE, _HIGHEST = 0.4, 0.72, 1.0
"""Where the darkest shades go when a thing is made much lighter, in units of the new lightness, and the brightest."""
_MIDDLE_WHITE = 0.94
"""Where the middle shade of what becomes white goes, so that light still shows on it."""
_LOW_KEY = 2.0
"""Ratio of the brightest and middle shades from which a thing lies in the dark, and its new color does so, too."""
_MOST_GAIN = 2.2
"""How much contrast may grow when shades are laid out anew."""
_WHITE = 0.985
_TEXTURE = (0.75, 1.3)
"""By how much texture may change, as seen, in encoded values: less is velvet or plastic, more is a drawing."""
_NOISY = 0.07
"""Lightness of the first code above black; texture down there is rounding."""
_SLOPE_POWER = 0.25
"""Encoded values grow with lightness to the 5/4, so steps of lightness show by the power of this."""
_GRAIN_SHARE, _GRAIN_VARIANCE = 0.012, 2.5e-3
"""Radius that tells shading from texture, by the longer side of the thing, and squared steps that are no texture."""
_DEEPEST = 0.16
"""Lightness of black paint in plain light; pure black would hide every fold."""
_SHEEN, _SPARK = 0.8, 0.95
"""Least chroma of a soft sheen, in that of the paint, and the lightness of sparks, which show the lamp alone."""
_FEATURE, _DARK_PAINT = 0.62, 0.35
"""What is darker than this part of the darkest shades is an eye or a nose and stays, but on paint darker than that."""
_DEPTH = 0.1
"""Range of lightness of a thing that light falls on; dark paint that is darker by more gets no darker."""
_CREASE = 0.02
"""Width by the longer side of the thing below which a dark part of the paint's hue is a crease in it, no nose."""
_VARIATION = 0.25
"""Part of the old paint's variation of hue that stays."""
_SHINE = 0.9
_GUIDE_RADIUS, _GUIDE_VARIANCE = 4, 2e-3


@dataclass(frozen=True)
class Paint:
    """What is known of a thing's paint.

    Args:
        shades: Lightness (Oklab) of its darkest, middle and brightest shades: percentiles 5, 50 and 95.
        chroma: Mean a and b.
        shading: h×w×2, by which lightness becomes that of the shading without the texture: slope and offset.
        weight: How much each pixel of the study is paint, h×w 0–1.
    """

    shades: tuple[float, float, float]
    chroma: tuple[float, float]
    shading: Floats
    weight: Plane

    @property
    def is_neutral(self) -> bool:
        """Whether it is black, white or gray."""
        return math.hypot(*self.chroma) < _NEUTRAL


def repaint(
    image: EncodedRGB, alpha: Plane, color: tuple[int, int, int], *, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Plane]:
    """Give a thing another color, keeping texture, shading and shine.

    The thing's paint is told from its other materials (tires, chrome, a teddy's nose) by clusters of chroma. In Oklab
    each shade of the paint becomes the same shade of the new one: multiplied where that is darker or about as light,
    laid out anew where it is much lighter, since there noise and folds would tear apart. Shine keeps its own color.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        alpha: h×w float32, 0–1: the thing.
        color: Encoded R, G, B of the new paint in plain light.
        check: Called between strips; raises to stop.

    Returns:
        The new picture, and where it differs (0 or 1): mixed edge pixels are recomposed over their own background.

    Source:
        Dichromatic reflection: Shafer, "Using color to separate reflection components", 1985. Oklab: Ottosson, 2020.
    """
    paint = study_paint(image, alpha)
    target = np.asarray(to_oklab(to_linear(EncodedRGB(np.array([[color]], np.uint8)))))[0, 0]
    light, front = light_rows(image), foreground_rows(light_rows(image), alpha)
    size = alpha.shape[1], alpha.shape[0]
    weight, shading = lifted(paint.weight, size), lifted(paint.shading, size)
    pixels, changed = image.copy(), np.zeros(alpha.shape, np.float32)
    for rows in strips(alpha.shape):
        check()
        cover = alpha[rows] * np.clip(weight(rows), 0, 1)
        if not (cover > 0).any():
            continue
        own = front(rows)
        new = OklabImage(_repainted(np.asarray(to_oklab(own)), shading(rows), paint, target))
        mixed = np.asarray(light(rows) + cover[..., None] * (map_into_gamut(from_oklab(new)) - own), np.float32)
        pixels[rows] = to_encoded(LinearRGB(np.clip(mixed, 0, 1)))
        changed[rows] = cover > 1 / 512
    return EncodedRGB(pixels), changed


def study_paint(image: EncodedRGB, alpha: Plane) -> Paint:
    """Find out which pixels of a thing are its paint and which shades that has, on a small copy.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        alpha: h×w float32, 0–1: the thing; at least one pixel is above 0.
    """
    height, width = alpha.shape
    factor = min(1.0, math.sqrt(_STUDY_PIXELS / alpha.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    lab = np.asarray(to_oklab(shrunk_light(light_rows(image), image.shape, size)))
    small = shrunk_plane(alpha, size)
    inside = small >= min(_INSIDE, float(small.max()))
    box = Region(alpha).box
    longer = factor * max(box[2] - box[0], box[3] - box[1]) if box else 1.0
    weight = _paint_weight(lab, inside, crease_px=round(_CREASE * longer))
    chosen = inside & (weight > 0.5)
    shades = np.percentile(lab[chosen if chosen.any() else inside][:, 0], (5, 50, 95))
    chroma = lab[chosen if chosen.any() else inside][:, 1:].mean(axis=0)
    lightness = np.ascontiguousarray(lab[..., 0], np.float32)
    radius = _GRAIN_SHARE * longer / max(lightness.shape)
    shading = np.dstack(local_lines(lightness, None, radius=radius, variance=_GRAIN_VARIANCE))
    return Paint(
        (float(shades[0]), float(shades[1]), float(shades[2])), (float(chroma[0]), float(chroma[1])), shading, weight
    )


def _paint_weight(lab: Floats, inside: npt.NDArray[np.bool_], *, crease_px: int) -> Plane:
    """How much each pixel looks like the material that covers most of the thing."""
    features = _features(lab)
    samples = features[inside]
    samples = samples[:: max(1, len(samples) // _SAMPLES)]
    centers, shares = _clusters(samples)
    saturation = np.hypot(centers[:, 0], centers[:, 1])
    main = int(np.argmax(shares * (1 + 2 * np.minimum(saturation, 0.3))))
    foreign = [k for k in range(len(centers)) if _is_other_material(centers[k], centers[main])]
    if not foreign:
        return np.ones(lab.shape[:2], np.float32)
    away: Floats = np.array([np.linalg.norm(features - center, axis=-1) for center in centers])
    nearer = np.delete(away, foreign, axis=0).min(axis=0) - away[foreign].min(axis=0)
    weight = (1 / (1 + np.exp(np.clip(nearer / 0.02, -30, 30)))).astype(np.float32)
    alike = [k for k in foreign if _cosine(centers[k], centers[main]) > _SAME_HUE]
    if alike:
        which = away.argmin(axis=0)
        other = np.isin(which, foreign).astype(np.uint8)
        whole = cv2.morphologyEx(other, cv2.MORPH_CLOSE, np.ones((crease_px // 2 | 1, crease_px // 2 | 1), np.uint8))
        wide = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((crease_px | 1, crease_px | 1), np.uint8))
        weight[np.isin(which, alike) & (cv2.dilate(wide, np.ones((5, 5), np.uint8)) == 0)] = 1
    return _smoothed(lab, weight)


def _is_other_material(center: Floats, main: Floats) -> bool:
    """Whether a cluster is no shade of the paint: noses, tires of a colored thing, wheels and chrome of a dark one."""
    saturation, lightness = np.hypot(center[0], center[1]), center[2] / _LIGHTNESS
    if main[2] / _LIGHTNESS < _DARK:  # in the dark every color looks black, so what is colored is paint in the light
        return bool(saturation < _COLORLESS and lightness > _BRIGHT)
    if _cosine(center, main) > _SAME_HUE:
        if saturation >= _COLORLESS and center[2] >= _DIMMED * main[2]:
            return False  # the same paint where light and shine fall on it
        if _SHADED[0] <= saturation / max(np.hypot(main[0], main[1]), 1e-6) <= _SHADED[1]:
            return False  # and where they do not
    return bool(np.linalg.norm(center - main) > _APART)


def _cosine(center: Floats, main: Floats) -> float:
    """Of the angle between two hues."""
    return float(center[:2] @ main[:2] / max(float(np.linalg.norm(center[:2]) * np.linalg.norm(main[:2])), 1e-6))


def _features(lab: Floats) -> Floats:
    """What tells materials apart: their saturation, which shade does not change, and lightness a little."""
    lightness = lab[..., :1]
    return np.concatenate([lab[..., 1:] / np.maximum(lightness, _DIM), _LIGHTNESS * lightness], axis=-1)


def _clusters(samples: Floats) -> tuple[Floats, Floats]:
    """Centers of up to four clusters, and the share of each."""
    if len(samples) <= _CLUSTERS:
        return samples, np.full(len(samples), 1 / len(samples))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-4)
    cv2.setRNGSeed(0)
    initial: Any = None
    _, labels, centers = cv2.kmeans(samples.astype(np.float32), _CLUSTERS, initial, criteria, 3, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centers, np.float32), np.bincount(labels.ravel(), minlength=_CLUSTERS) / len(samples)


def _smoothed(lab: Floats, weight: Plane) -> Plane:
    """Without speckle: a guided filter by lightness keeps the borders of materials."""
    guide = np.ascontiguousarray(lab[..., 0], np.float32)
    slope, offset = local_lines(guide, weight, radius=_GUIDE_RADIUS / max(guide.shape), variance=_GUIDE_VARIANCE)
    return np.asarray(np.clip(slope * guide + offset, 0, 1), np.float32)


def _repainted(lab: Floats, shading: Floats, paint: Paint, target: Floats) -> Floats:
    """The same shades in the new color."""
    lightness = lab[..., 0]
    middle = max(paint.shades[1], 0.05)
    aim = float(np.clip(target[0], _DEEPEST, 0.97))
    new = _shaded(lightness, shading[..., 0] * lightness + shading[..., 1], paint, aim)
    size = float(np.hypot(target[1], target[2]))
    old = max(float(np.hypot(*paint.chroma)), 1e-6)
    if paint.is_neutral:
        share = np.clip(new / aim, 0, 1.15)
        share *= np.clip((1.02 - new) / 0.12, 0, 1) if aim < _SHINE else 1
    else:
        saturation = np.hypot(lab[..., 1], lab[..., 2]) / np.maximum(lightness, 0.05) * middle / old
        least = _SHEEN * np.clip((1 - lightness) / (1 - _SPARK), 0, 1)  # a soft sheen is lit paint, a spark is not
        share = np.minimum(least + (1 - least) * np.minimum(saturation, 1) + np.maximum(saturation - 1, 0), 1.25)
        share *= np.clip(new / aim, 0, 1.2)
    direction = target[1:] / max(size, 1e-6)
    along = (size * share)[..., None] * direction
    variation = _VARIATION * (lab[..., 1:] - np.asarray(paint.chroma)) if size > _NEUTRAL else 0.0
    keep = np.clip(1 - np.abs(np.asarray(share)[..., None] - 1), 0, 1) if size > _NEUTRAL else 0.0
    return np.concatenate([new[..., None], along + variation * keep], axis=-1).astype(np.float32)


def _shaded(lightness: Floats, base: Floats, paint: Paint, aim: float) -> Floats:
    """Where each shade of the old paint goes; texture stays about as strong as it looked."""
    _, middle, high = paint.shades
    ratio = aim / max(middle, 0.05)
    if ratio <= _LIFT:
        shine = np.maximum(base - max(high, middle + 0.02), 0)
        new = np.minimum(base, max(high, middle + 0.02)) * ratio + shine
        slope = np.full(base.shape, min(ratio, 1.0))
    else:
        knots, laid_out = _layout(paint, aim)
        new = np.interp(base, knots, laid_out)
        slope = (np.interp(base + 0.01, knots, laid_out) - np.interp(base - 0.01, knots, laid_out)) / 0.02
    shows = (np.maximum(new, 0.05) / np.maximum(base, 0.05)) ** _SLOPE_POWER
    gain = np.clip(slope * shows, *_TEXTURE) / shows * np.clip((base - _NOISY) / _NOISY, 0, 1)
    return np.asarray(np.clip(new + gain * (lightness - base), 0, 1 if ratio > _LIFT else _WHITE))


def _layout(paint: Paint, aim: float) -> tuple[Floats, Floats]:
    """Shades of the base, in order, and where they go, for a paint that is much lighter than the old."""
    low, middle, high = paint.shades
    white = aim > _SHINE
    shaded = min(1.0, (high - low) / _DEPTH)  # a flat print has no shades that need room
    center = aim * (
        1 - (1 - _MIDDLE_WHITE) * shaded if white else min(1.0, (_LOW_KEY * max(middle, 0.05) / max(high, 0.05)) ** 0.5)
    )
    dark = max(center - _MOST_GAIN * (middle - low), (_LOWEST_WHITE if white else _LOWEST) * aim)
    bright = min(_WHITE, center + min(0.6 * (_WHITE - center), _MOST_GAIN * (high - middle)))
    shades, laid_out = [low, middle, high, 1.0], [dark, center, bright, _HIGHEST]
    if middle > _DARK_PAINT:
        feature = _FEATURE * low
        shades, laid_out = [0.0, feature, *shades], [0.9 * feature, feature, *laid_out]
    else:
        shades, laid_out = [low - _DEPTH, *shades], [0.85 * dark, *laid_out]
    return np.maximum.accumulate(np.array(shades) + np.arange(len(shades)) * 1e-4), np.array(laid_out)
