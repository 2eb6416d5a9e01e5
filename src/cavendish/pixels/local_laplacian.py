"""Local contrast by Laplacian pyramids that are remapped around each tone: detail without halos."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.base_light import lightness, local_lines
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import within_gamut

_SIDE_PX = 1400
"""Longer side of the copy that is worked on; its change is lifted to the picture along the picture's own edges."""
_TONES = 18
"""Sampled tones; the remapping is smooth enough for the tones between to be interpolated."""
_DETAIL = 0.18
"""Lightness: smaller differences are detail and change, larger ones are edges and stay."""
_COARSEST_PX = 12
_LIFT_RADIUS, _LIFT_VARIANCE = 0.0015, 1e-5


def local_contrast(image: EncodedRGB, *, amount: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Bring out (or soften) local contrast of lightness at all sizes, colors and large edges kept.

    Args:
        image: h×w×3 encoded, any size.
        amount: −1 (soft) to +1 (strong, the look of tone-mapped HDR); 0 is identity.
        check: Called now and then; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Paris, Hasinoff & Kautz, "Local Laplacian filters", 2011; Aubry et al., "Fast local Laplacian filters", 2014.
    """
    require_within("amount", amount, -1, 1)
    if amount == 0:
        return EncodedRGB(image.copy())
    height, width = image.shape[:2]
    scale = min(1.0, _SIDE_PX / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = EncodedRGB(np.asarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA)))
    guide = lightness(to_linear(small))
    filtered = np.clip(local_laplacian(guide, detail=_strength(amount), check=check), 0, 1)
    slope, offset = local_lines(guide, filtered, radius=_LIFT_RADIUS, variance=_LIFT_VARIANCE)
    rows_of = lifted(np.dstack([slope, offset]), (width, height))
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[rows])))
        before, lines = lightness(light), rows_of(rows)
        after = np.clip(lines[..., 0] * before + lines[..., 1], 0, 1)
        ratio = (after + np.float32(0.01)) / (before + np.float32(0.01))
        # Lightness is the cube root of luminance.
        out[rows] = to_encoded(within_gamut(LinearRGB(light * (ratio * ratio * ratio)[..., None])))
    return EncodedRGB(out)


def local_laplacian(plane: Plane, *, detail: float, check: Callable[[], None] = lambda: None) -> Plane:
    """Multiply differences of up to 0.18 from the tone around, at every size, and keep larger ones.

    Args:
        plane: h×w, 0–1.
        detail: Factor on the smallest differences, above 0; 1 is identity.
        check: Called once a sampled tone; raises to stop.

    Returns:
        New h×w; may go beyond 0–1 by a little.

    Source:
        Aubry et al., "Fast local Laplacian filters", 2014.
    """
    depth = max(1, int(np.log2(max(2.0, min(plane.shape) / _COARSEST_PX))))
    gaussian = _gaussian(plane, depth)
    result = [np.zeros_like(level) for level in gaussian[:-1]]
    tones = np.linspace(0, 1, _TONES, dtype=np.float32)
    step = float(tones[1])
    for tone in tones:
        check()
        remapped = _gaussian(_remap(plane, float(tone), detail), depth)
        for k, level in enumerate(result):
            share = np.maximum(0, 1 - np.abs(gaussian[k] - tone) / np.float32(step))
            if share.any():
                result[k] = level + share * (remapped[k] - _enlarged(remapped[k + 1], remapped[k].shape))
    image = gaussian[-1]
    for level in reversed(result):
        image = _enlarged(image, level.shape) + level
    return image


def _strength(amount: float) -> float:
    return 1 + 1.5 * amount if amount > 0 else 1 + 0.8 * amount


def _remap(plane: Plane, tone: float, detail: float) -> Plane:
    """Differences from the tone times `detail` where they are small, in a bump that is over at the edge of detail."""
    off = plane - np.float32(tone)
    bump = np.exp(-(off * off) / np.float32(2 * (_DETAIL / 2) ** 2))
    return np.asarray(plane + np.float32(detail - 1) * off * bump, np.float32)


def _gaussian(plane: Plane, depth: int) -> list[Plane]:
    levels = [plane]
    for _ in range(depth):
        levels.append(np.asarray(cv2.pyrDown(levels[-1]), np.float32))
    return levels


def _enlarged(plane: Plane, shape: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.pyrUp(plane, dstsize=(shape[1], shape[0])), np.float32)
