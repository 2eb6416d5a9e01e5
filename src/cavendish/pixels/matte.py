"""From a rough cut-out to a clean one: soft edges that follow hair and fur, and colors free of the old background."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.matting_band import hairy_parts, matte_band
from cavendish.pixels.strips import LightRows, shrunk_light, shrunk_plane, strips

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]
_Mask = npt.NDArray[np.bool_]

_WORKING_PIXELS = 0.4e6  # the filter's coefficients are smooth, so they are computed small and lifted
_REGULARIZATION = 1e-5  # variance of the guide, in units of white², below which the guided filter averages
_HAIR_REGULARIZATION = 1e-6  # the same where strands are lifted, which may be fainter
_HAZE, _FULL = 0.10, 0.97  # filtered alphas taken for 0 and 1; lowered the error on four of five pictures tried
_SAME_COLOR = 100  # per white²: colors a tenth apart are alike by a third
_FAINTEST = 1 / 64  # alphas nearer to 0 or 1 than this are haze, which shows on a plain new background
_HAIR_HAZE = 0.04  # the same for the alpha of hair, which has no wide windows to make much of it
_MOST_HAIR_PIXELS = 45_000  # to solve for, which takes about half the work of the small saliency network
_HAIR_TRUST = 0.005  # of the filter's answer against Levin's rule; less lets backgrounds as light as the hair through

_WIDE_PIXELS = 0.25e6  # the same for the first pass of blur fusion

# Lengths in pixels of a picture of one megapixel; they grow with the side of the picture.
_CERTAIN_INSIDE_PX = 10
_CERTAIN_OUTSIDE_PX = 14
_COLOR_RADIUS_PX = 40
_FILTER_RADIUS_PX = 8
_STRAND_PX = 5
_HAIR_REACH_PX = 40
_HAIR_OUTSIDE_PX = 20  # beyond the band: strands that a network of low resolution does not see
_FRAME_PX = 16
_WIDE_WINDOW_PX = 90
_NARROW_WINDOW_PX = 6


def refine_alpha(image: EncodedRGB, alpha: Plane) -> Plane:
    """Redraw the uncertain edge of an alpha from the picture's own colors, so that hair and fur keep their strands.

    In a band around the edge each pixel is placed between the nearby certain foreground and background colors, as far
    as those two are told apart; a guided filter then makes these hints follow the picture's structure. Parts of the
    edge that come out as strands are solved again, in a wider band, by closed-form matting.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        alpha: h×w float32, 0–1: a segmentation's answer, right up to about 10 pixels at one megapixel.

    Returns:
        New h×w float32, 0–1; exactly 0 or 1 outside the band and wherever less than 1/64 from either.

    Source:
        Trimap and color guided filter: He, Sun and Tang, "Guided image filtering", 2013. Coefficients computed small
        and lifted: He and Sun, "Fast guided filter", 2015. Weights: Li et al., "Weighted guided image filtering", 2015.
        Hair: Levin, Lischinski and Weiss, "A closed-form solution to natural image matting", 2008.
    """
    small, coarse = _shrink(image, alpha)
    guide = [np.multiply(plane, 1 / 255, dtype=np.float32) for plane in cv2.split(small)]
    coarse = _unfaded(guide, coarse)
    inside, outside = _certain(coarse)
    light: Any = cv2.split(to_linear(small))  # edge pixels are sums of light, so their shares are read off there
    hint, weight = _color_hint(light, coarse, inside, outside)
    model = _guided_model(guide, hint, weight, radius_px=_scaled(_FILTER_RADIUS_PX, coarse))
    model, outside = _with_hair(model, guide, inside, outside)
    refined = np.empty_like(alpha)
    for strip in strips(alpha.shape):
        refined[strip] = _apply(model, EncodedRGB(image[strip]), strip, image.shape)
        _pin(refined[strip], strip, image.shape, inside, outside)
    return refined


def estimate_foreground(image: LinearRGB, alpha: Plane) -> LinearRGB:
    """Tell what the subject's own color is where its edge is mixed with the background, so that no old color shows.

    Args:
        image: Linear-light sRGB, h×w×3: the picture that `alpha` was made for.
        alpha: h×w float32, 0–1.

    Returns:
        New array, same shape, not below 0 nor above 1 or the brightest value near by: blend it with `alpha` over any
        background, in linear light. Equal to `image` where alpha is 1; a smooth extension of the subject where it is 0.

    Source:
        Forte and Pitié, "Approximate fast foreground colour estimation", 2021 (blur fusion, two passes).
    """
    return foreground_rows(lambda rows: LinearRGB(image[rows]), alpha)(slice(0, alpha.shape[0]))


def foreground_rows(light: LightRows, alpha: Plane) -> LightRows:
    """The same as `estimate_foreground`, a few rows at a time.

    Args:
        light: Makes the picture that `alpha` was made for.
        alpha: h×w float32, 0–1.

    Returns:
        Makes the subject's own colors.
    """
    size = (alpha.shape[1], alpha.shape[0])
    front, back = (lifted(plane, size) for plane in _smooth_colors_wide(light, alpha))
    window_px = _scaled(_NARROW_WINDOW_PX, alpha)

    def rows(wanted: slice) -> LinearRGB:
        seen = slice(max(0, wanted.start - 2 * window_px), min(alpha.shape[0], wanted.stop + 2 * window_px))
        inner = slice(wanted.start - seen.start, wanted.stop - seen.start)
        opacity = alpha[seen]
        if opacity.min() >= 1:
            return LinearRGB(light(wanted).copy())
        return LinearRGB(_fused(light(seen), opacity, front(seen), back(seen), window_px)[inner])

    return rows


def _fused(image: LinearRGB, alpha: Plane, front: _Floats, back: _Floats, window_px: int) -> _Floats:
    """The second, narrow pass: the wide means corrected, and averaged again near by where colors are mixed."""
    mixed = _mixed_box(alpha, margin_px=window_px)
    part, opacity = image[mixed], alpha[mixed]
    corrected = _correct(part, opacity, front[mixed], back[mixed])
    nearby = _smooth_colors(corrected, back[mixed], opacity, window_px, fallback=(front[mixed], back[mixed]))
    front[mixed] = _correct(part, opacity, *nearby)
    np.clip(front, 0, max(1.0, float(image.max(initial=0))), out=front)
    np.copyto(front, image, where=_tripled(alpha) >= 1)
    return front


def _scaled(length_px: float, plane: _Floats) -> int:
    return max(1, round(length_px * math.sqrt(plane.size / 1e6)))


def _shrink(image: EncodedRGB, alpha: Plane) -> tuple[EncodedRGB, _Floats]:
    """Both at no more than the working size."""
    height, width = alpha.shape
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / alpha.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small: Any = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    coarse: Any = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    return small, coarse


def _unfaded(guide: Sequence[_Floats], alpha: _Floats) -> _Floats:
    """Undo the fading of a network's answer towards the frame, where the subject is cut off by it.

    Near the frame alpha is taken from further in, as far as the color there is the same.
    """
    height, width = alpha.shape
    depth = min(_scaled(_FRAME_PX, alpha), (min(height, width) - 1) // 2)
    rows, columns = (np.clip(np.arange(n), depth, n - 1 - depth) for n in (height, width))
    alike = np.zeros_like(alpha)
    for plane in guide:
        alike += (plane - plane[rows][:, columns]) ** 2
    alike = np.exp(-_SAME_COLOR * alike)
    return alpha + alike * np.maximum(alpha[rows][:, columns] - alpha, 0)


def _certain(alpha: _Floats) -> tuple[_Mask, _Mask]:
    """Where the rough alpha is believed: well inside the subject, and well outside."""
    inside = cv2.erode((alpha > 0.9).astype(np.uint8), _ellipse(_scaled(_CERTAIN_INSIDE_PX, alpha)))
    possible = cv2.dilate((alpha > 0.1).astype(np.uint8), _ellipse(_scaled(_CERTAIN_OUTSIDE_PX, alpha)))
    return inside > 0, possible == 0


def _ellipse(radius_px: int) -> npt.NDArray[np.uint8]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return cast("npt.NDArray[np.uint8]", kernel)


def _box(plane: _Floats, window_px: int) -> _Floats:
    return cast("_Floats", cv2.blur(plane, (window_px, window_px), borderType=cv2.BORDER_REPLICATE))


def _dot(left: Sequence[_Floats], right: Sequence[_Floats]) -> _Floats:
    return left[0] * right[0] + left[1] * right[1] + left[2] * right[2]


def _color_hint(light: Sequence[_Floats], alpha: _Floats, inside: _Mask, outside: _Mask) -> tuple[_Floats, _Floats]:
    """An alpha from color alone where the nearby foreground and background differ, and how far to trust it."""
    near, near_spread = _local_color(light, inside)
    far, far_spread = _local_color(light, outside)
    axis = [f - b for f, b in zip(near, far, strict=True)]
    length = _dot(axis, axis)
    above = [g - b for g, b in zip(light, far, strict=True)]
    hint = np.clip(_dot(above, axis) / (length + 1e-3), 0, 1)
    beside = [v - hint * a for v, a in zip(above, axis, strict=True)]
    # Two colors are told apart when they lie far apart for their own scatter, and the pixel lies between them.
    trust = length / (length + 10 * (near_spread + far_spread) + 0.01) * np.exp(-40 * _dot(beside, beside))
    rough = np.clip(1.5 * alpha - 0.25, 0, 1)  # a network of low resolution gives too wide edges
    hint = trust * hint + (1 - trust) * rough
    hint[inside] = 1
    hint[outside] = 0
    weight = trust + np.float32(0.2)
    weight[inside | outside] = 1
    return hint, weight


def _local_color(light: Sequence[_Floats], where: _Mask) -> tuple[Sequence[_Floats], _Floats]:
    """Mean color of the chosen pixels around each pixel, and their variance; very large where none is near."""
    window = 2 * _scaled(_COLOR_RADIUS_PX, light[0]) + 1
    chosen = where.astype(np.float32)
    share = _box(chosen, window)
    scale = 1 / np.maximum(share, 1e-4)
    means = [_box(plane * chosen, window) * scale for plane in light]
    spread = np.maximum(_box(_dot(light, light) * chosen, window) * scale - _dot(means, means), 0)
    spread[share < 2e-3] = 1e3
    return means, spread


def _guided_model(
    guide: Sequence[_Floats],
    target: _Floats,
    weight: _Floats,
    *,
    radius_px: int,
    regularization: float = _REGULARIZATION,
) -> list[_Floats]:
    """The three slopes and the offset that best explain `target` by the guide's color in windows around each pixel."""
    window = 2 * radius_px + 1
    scale = 1 / _box(weight, window)
    weighted = [plane * weight for plane in guide]
    means = [_box(plane, window) * scale for plane in weighted]
    target_mean = _box(target * weight, window) * scale
    covariance = {
        (i, j): _box(weighted[i] * guide[j], window) * scale - means[i] * means[j]
        for i in range(3)
        for j in range(i + 1)
    }
    for i in range(3):
        covariance[i, i] += np.float32(regularization)
    moments = [_box(weighted[i] * target, window) * scale - means[i] * target_mean for i in range(3)]
    slopes = _solve_symmetric(covariance, moments)
    offset = target_mean - _dot(slopes, means)
    return [_box(plane, window) for plane in (*slopes, offset)]


def _with_hair(
    model: list[_Floats], guide: Sequence[_Floats], inside: _Mask, outside: _Mask
) -> tuple[list[_Floats], _Mask]:
    """The model, matted anew where the edge is hairy, and what is certainly outside once the strands are looked for."""
    alpha = np.clip((_evaluated(model, guide) - _HAZE) / (_FULL - _HAZE), 0, 1)
    alpha[inside], alpha[outside] = 1, 0
    hairy = hairy_parts(
        alpha,
        ~(inside | outside),
        strand_px=_scaled(_STRAND_PX, alpha),
        reach_px=_scaled(_HAIR_REACH_PX, alpha),
    )
    if not hairy.any():
        return model, outside
    near = cv2.dilate((hairy & ~outside).astype(np.uint8), _ellipse(_scaled(_HAIR_OUTSIDE_PX, alpha))) > 0
    outside = outside & ~near
    strands = _strands(guide, (hairy | near) & ~(inside | outside), alpha)
    share = _box((hairy | near).astype(np.float32), 2 * _scaled(_STRAND_PX, alpha) + 1)
    return [plane + share * (other - plane) for plane, other in zip(model, strands, strict=True)], outside


def _strands(guide: Sequence[_Floats], unknown: _Mask, alpha: _Floats) -> list[_Floats]:
    """The model of the closed-form matte, computed smaller where much is unknown."""
    factor = min(1.0, math.sqrt(_MOST_HAIR_PIXELS / max(1, int(unknown.sum()))))
    size = (max(1, round(alpha.shape[1] * factor)), max(1, round(alpha.shape[0] * factor)))
    given = [np.asarray(plane, np.float32) for plane in (*guide, alpha, unknown)]
    *small, guess, part = (shrunk_plane(plane, size) for plane in given)
    colors: Any = cv2.merge(small)
    matted = matte_band(colors, part > 0, guess, trust=_HAIR_TRUST)
    # Levin's own windows, so that the lines he finds are the ones lifted; written as the filter would have hazed it.
    target = _HAZE + (_FULL - _HAZE) * np.clip((matted - _HAIR_HAZE) / (1 - _HAIR_HAZE), 0, 1)
    model = _guided_model(small, target, np.ones_like(target), radius_px=1, regularization=_HAIR_REGULARIZATION)
    lifts: Any = [cv2.resize(plane, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR) for plane in model]
    return cast("list[_Floats]", lifts)


def _evaluated(model: Sequence[_Floats], guide: Sequence[_Floats]) -> _Floats:
    return _dot(model[:3], guide) + model[3]


def _solve_symmetric(matrix: Mapping[tuple[int, int], _Floats], right: Sequence[_Floats]) -> list[_Floats]:
    """Solve a positive definite 3×3 system at every pixel by LDLᵀ, which stays accurate in float32."""
    pivot0 = matrix[0, 0]
    l10 = matrix[1, 0] / pivot0
    l20 = matrix[2, 0] / pivot0
    pivot1 = matrix[1, 1] - l10 * matrix[1, 0]
    mixed = matrix[2, 1] - l20 * matrix[1, 0]
    l21 = mixed / pivot1
    pivot2 = matrix[2, 2] - l20 * matrix[2, 0] - l21 * mixed
    y1 = right[1] - l10 * right[0]
    x2 = (right[2] - l20 * right[0] - l21 * y1) / pivot2
    x1 = y1 / pivot1 - l21 * x2
    x0 = right[0] / pivot0 - l10 * x1 - l20 * x2
    return [x0, x1, x2]


def _apply(model: Sequence[_Floats], image: EncodedRGB, rows: slice, shape: tuple[int, ...]) -> Plane:
    """Lift slopes and offset to some rows of the picture and evaluate them, then clear the haze of wide windows."""
    lifts: Any = [lifted(np.asarray(plane, np.float32), (shape[1], shape[0]))(rows) for plane in model]
    refined: _Floats = lifts[3].copy()
    for slope, channel in zip(lifts[:3], cv2.split(image), strict=True):
        refined += slope * channel * np.float32(1 / 255)
    refined -= np.float32(_HAZE)
    refined *= np.float32(1 / (_FULL - _HAZE))
    return cast("Plane", np.clip(refined, 0, 1, out=refined))


def _pin(refined: Plane, rows: slice, shape: tuple[int, ...], inside: _Mask, outside: _Mask) -> None:
    """Set to exactly 0 or 1 what is certain or as good as certain."""
    down = np.arange(rows.start, rows.stop) * inside.shape[0] // shape[0]
    across = np.arange(shape[1]) * inside.shape[1] // shape[1]
    refined[inside[down][:, across]] = 1
    refined[outside[down][:, across]] = 0
    refined[refined < _FAINTEST] = 0
    refined[refined > 1 - _FAINTEST] = 1


def _smooth_colors(
    front: _Floats, back: _Floats, alpha: _Floats, window_px: int, *, fallback: tuple[_Floats, _Floats]
) -> tuple[_Floats, _Floats]:
    """Mean color of subject and background around each pixel; the fallback where a window holds none of one."""
    opacity = _tripled(alpha)
    share = _tripled(_box(alpha, window_px))
    slack = np.float32(1e-4)
    smooth_front = _box(front * opacity, window_px)
    smooth_front += slack * fallback[0]
    smooth_front /= share + slack
    smooth_back = _box(back - back * opacity, window_px)
    smooth_back += slack * fallback[1]
    smooth_back /= 1 + slack - share
    return smooth_front, smooth_back


def _tripled(plane: _Floats) -> _Floats:
    # Multiplying arrays of equal shapes is twice as fast as broadcasting a plane.
    return cast("_Floats", cv2.merge([plane, plane, plane]))


def _smooth_colors_wide(light: LightRows, alpha: Plane) -> tuple[_Floats, _Floats]:
    """Both colors from the wide window, computed at a quarter of the side or less: nothing that fine is in them."""
    height, width = alpha.shape
    factor = max(4.0, math.sqrt(alpha.size / _WIDE_PIXELS))
    size = (max(1, int(width / factor)), max(1, int(height / factor)))
    small, coverage = shrunk_light(light, alpha.shape, size), shrunk_plane(alpha, size)
    total = float(coverage.sum())
    mean_front = (small * coverage[..., None]).sum(axis=(0, 1)) / max(total, 1e-6)
    mean_back = (small * (1 - coverage[..., None])).sum(axis=(0, 1)) / max(coverage.size - total, 1e-6)
    window_px = _scaled(_WIDE_WINDOW_PX, coverage)
    return _smooth_colors(small, small, coverage, window_px, fallback=(mean_front, mean_back))


def _correct(image: _Floats, alpha: _Floats, smooth_front: _Floats, smooth_back: _Floats) -> _Floats:
    """Move the smooth foreground by what blending it would miss, as far as the pixel belongs to the subject."""
    opacity = _tripled(alpha)
    missed = image - smooth_back
    missed -= opacity * (smooth_front - smooth_back)
    missed *= opacity
    missed += smooth_front
    return missed


def _mixed_box(alpha: Plane, *, margin_px: int) -> tuple[slice, slice]:
    """The rows and columns that hold every pixel with a share of both, and a margin."""
    mixed = (alpha > 0) & (alpha < 1)
    rows, columns = np.flatnonzero(mixed.any(axis=1)), np.flatnonzero(mixed.any(axis=0))
    if rows.size == 0:
        return slice(0, 1), slice(0, 1)  # OpenCV refuses empty arrays; one pixel more costs nothing
    return (
        slice(max(0, int(rows[0]) - margin_px), int(rows[-1]) + margin_px + 1),
        slice(max(0, int(columns[0]) - margin_px), int(columns[-1]) + margin_px + 1),
    )
