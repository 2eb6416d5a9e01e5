"""How bright a picture is around each pixel, edges kept: what decides that a place is a shadow or a highlight.

Light that is changed by its surroundings' brightness keeps the texture within them; changed by the pixel's own, a
lifted shadow goes flat. Between bright and dark areas the surroundings end at the edge, so that no halo shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import relight, smooth_step

_LUMINANCE = np.array([[0.2126390, 0.7151687, 0.0721923]], np.float32)
_SIDE_PX = 512
"""Longer side of the copy on which surroundings are looked at."""
_RADIUS = 0.05
"""Of the longer side; a window is twice that."""
_VARIANCE = 0.006
"""Of lightness: contrast below its root (8 % of white) is texture, above it an edge."""
_HIGHLIGHTS_EV, _SHADOWS_EV = 1.6, 2.0
_LEVELS = 4096
"""Steps of the table from brightness to gain; a step of gain is far below one of 8-bit codes."""


@dataclass(frozen=True)
class BaseLight:
    """The brightness of the surroundings as a local line over the pixels' own lightness.

    Args:
        slope: h×w on a small grid.
        offset: h×w on the same.
        size: (width, height) of the picture.
    """

    slope: Plane
    offset: Plane
    size: tuple[int, int]

    def rows(self, lightness: Plane, rows: slice) -> Plane:
        """The surroundings' lightness, 0–1, for some rows, given the lightness of the pixels there."""
        planes = lifted(np.dstack([self.slope, self.offset]), self.size)(rows)
        return np.asarray(np.clip(planes[..., 0] * lightness + planes[..., 1], 0, 1), np.float32)


def lightness(light: LinearRGB) -> Plane:
    """How light colors look: the cube root of luminance, h×w, 0–1; middle gray (18 %) is 0.56."""
    return np.asarray(np.cbrt(np.maximum(cv2.transform(light, _LUMINANCE), 0)), np.float32).reshape(light.shape[:2])


def small_light(image: EncodedRGB, *, side_px: int = _SIDE_PX) -> LinearRGB:
    """A small copy in linear light for looking at, averaged over encoded areas so that noise does not bias it."""
    height, width = image.shape[:2]
    scale = min(1.0, side_px / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return to_linear(EncodedRGB(np.asarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA))))


def looked_at(seen: npt.NDArray[np.bool_] | None, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Which pixels of a copy of that shape (h, w, …) statistics look at; all where none would be left.

    Args:
        seen: The same at any other size; None for all.
        shape: Of the copy.
    """
    everywhere = np.ones(shape[:2], np.bool_)
    if seen is None:
        return everywhere
    part = np.asarray(cv2.resize(seen.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)) > 0
    return part if part.any() else everywhere


def base_light(image: EncodedRGB) -> BaseLight:
    """Separate the brightness of the surroundings from texture.

    Args:
        image: h×w×3, any size.

    Source:
        He, Sun & Tang, "Guided image filtering", 2013; computed small and lifted: He & Sun, "Fast guided filter", 2015.
    """
    slope, offset = local_lines(lightness(small_light(image)), None, radius=_RADIUS, variance=_VARIANCE)
    return BaseLight(slope, offset, (image.shape[1], image.shape[0]))


def local_lines(guide: Plane, target: Plane | None, *, radius: float, variance: float) -> tuple[Plane, Plane]:
    """Explain a plane, window by window, as a line over a guide.

    Args:
        guide: h×w.
        target: h×w, or None for the guide itself.
        radius: Half the window, as a fraction of the longer side.
        variance: Of the guide, below which the target is merely averaged.

    Returns:
        Slope and offset, h×w; smooth enough to be enlarged and applied to a larger guide.

    Source:
        He, Sun & Tang, "Guided image filtering", 2013.
    """
    window = (2 * max(1, round(radius * max(guide.shape))) + 1,) * 2

    def mean(values: Plane) -> Plane:
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT), np.float32)

    target = guide if target is None else target
    guide_mean, target_mean = mean(guide), mean(target)
    covariance = mean(guide * target) - guide_mean * target_mean
    spread = np.maximum(mean(guide * guide) - guide_mean * guide_mean, 0)
    slope = np.asarray(covariance / (spread + np.float32(variance)), np.float32)
    return mean(slope), mean(np.asarray(target_mean - slope * guide_mean, np.float32))


def relight_by_base(
    image: EncodedRGB, gain: Callable[[Plane], Plane], *, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Give each place the light its brightness asks for; see `relight`.

    Args:
        image: h×w×3 encoded, any size.
        gain: From lightness of the surroundings (0–1, any shape) to gain; keeps the order of tones as long as it falls
            more slowly than the light it multiplies rises.
        check: Called once a strip; raises to stop.

    Returns:
        New array.
    """
    base = base_light(image)
    table = np.asarray(gain(np.linspace(0, 1, _LEVELS, dtype=np.float32)), np.float32)
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[rows])))
        around = base.rows(lightness(light), rows)
        out[rows] = to_encoded(relight(light, table[(around * (_LEVELS - 1)).astype(np.int16)]))
    return EncodedRGB(out)


def adjust_highlights(image: EncodedRGB, *, amount: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Brighten or darken the bright areas, texture in them kept; pure white stays.

    Args:
        image: h×w×3 encoded, any size.
        amount: −1 to +1; 0 is identity, ±1 moves bright areas by 1.6 stops, less the nearer to white.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Durand & Dorsey, "Fast bilateral filtering for the display of high-dynamic-range images", 2002, with the base
        of `base_light`.
    """
    require_within("amount", amount, -1, 1)
    if amount == 0:
        return EncodedRGB(image.copy())
    return relight_by_base(
        image, lambda base: np.exp2(np.float32(amount * _HIGHLIGHTS_EV) * smooth_step(base, 0.35, 0.95)), check=check
    )


def adjust_shadows(image: EncodedRGB, *, amount: float, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Brighten or darken the dark areas, texture in them kept; pure black stays.

    Args:
        image: h×w×3 encoded, any size.
        amount: −1 to +1; 0 is identity, ±1 moves the darkest areas by 2 stops.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        As for `adjust_highlights`.
    """
    require_within("amount", amount, -1, 1)
    if amount == 0:
        return EncodedRGB(image.copy())
    return relight_by_base(
        image, lambda base: np.exp2(np.float32(amount * _SHADOWS_EV) * smooth_step(base, 0.75, 0.15)), check=check
    )
