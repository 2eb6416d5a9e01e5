"""Lens blur: points of light become discs, the subject stays out of it and its feet stay on the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import LinearRGB
from cavendish.imaging.resample import Rows, lifted
from cavendish.pixels.fill import fill_smooth
from cavendish.pixels.shadow import contact_row
from cavendish.pixels.strips import LightRows, shrunk_light, shrunk_plane

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]

_LUMINANCE = np.array([[0.2126, 0.7152, 0.0722]])  # ITU-R BT.709
_CLIPPED_FROM = 0.9  # luminance above which a sensor has probably clipped
_LARGEST_KERNEL_RADIUS_PX = 8.0  # wider discs are blurred on a smaller picture, where they have this radius
_TRACE = 0.02  # alpha from which a pixel may hold some of the subject's color
_RIM_PX = 8  # width of the rim around a subject that is refilled too, at one megapixel
_WORKING_PIXELS = 2e6
_LAYER_SHARES = (0.0, 0.15, 0.4, 1.0)  # blur of the layers as shares of the full radius; seen steps are about equal


def blur_disc(image: LinearRGB, *, radius_px: float, highlight_gain: float = 4.0) -> LinearRGB:
    """Defocus a picture as a lens with a round aperture would.

    Args:
        image: Linear-light sRGB, h×w×3 float32. Beyond its borders it continues with its border pixels.
        radius_px: Radius of the disc that a point becomes. 0 is identity.
        highlight_gain: How much brighter than recorded small clipped highlights (luminance above 0.9) are taken to
            have been, so that they show as bright discs. 1 conserves energy.

    Returns:
        New array, same shape. Not clipped: with a gain above 1, discs may exceed 1.

    Raises:
        ParameterOutOfRange: `radius_px` is negative or `highlight_gain` below 1.

    Source:
        Circle of confusion: Potmesil and Chakravarty, "A lens and aperture camera model for synthetic image
        generation", 1981.
    """
    if radius_px < 0 or highlight_gain < 1:
        raise ParameterOutOfRange("A lens blur needs a radius of at least 0 and a highlight gain of at least 1.")
    if radius_px == 0:
        return LinearRGB(image.copy())
    bright = image if highlight_gain == 1 else _expand_highlights(image, radius_px, highlight_gain)
    height, width = image.shape[:2]
    factor = math.ceil(radius_px / _LARGEST_KERNEL_RADIUS_PX)
    kernel = _disc(radius_px / factor)
    if factor == 1:
        return LinearRGB(cast("_Floats", cv2.filter2D(bright, -1, kernel, borderType=cv2.BORDER_REPLICATE)))
    # Whole blocks only, so that every pixel weighs the same in the small picture.
    padded: Any = cv2.copyMakeBorder(bright, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
    size = (padded.shape[1], padded.shape[0])
    small = cv2.resize(padded, (size[0] // factor, size[1] // factor), interpolation=cv2.INTER_AREA)
    small = cv2.filter2D(small, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    lifted: Any = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return LinearRGB(np.ascontiguousarray(lifted[:height, :width]))


@dataclass(frozen=True)
class Plate:
    """What is behind a subject, defocused.

    Args:
        light: Makes its rows.
        sharp: h float32, 0–1: how much of each row is the picture itself, as sharp and as grainy as it was.
    """

    light: LightRows
    sharp: _Floats


def blur_background(
    light: LightRows, foreground_alpha: Plane, *, radius_px: float, check: Callable[[], None] = lambda: None
) -> Plate:
    """Defocus what is behind a subject, without any of the subject in it.

    The subject is replaced by a smooth continuation of its surroundings first. Where it stands on the ground in the
    lower half of the frame, the ground at its feet stays sharp and blurs with distance, as it would before a lens;
    a subject that the lower border cuts off has no visible ground. What is blurred is worked out at two megapixels
    at most, since nothing finer is left in it.

    Args:
        light: Makes the picture.
        foreground_alpha: h×w float32, 0–1: the subject.
        radius_px: Radius of the disc that a far point becomes. 0 only removes the subject.
        check: Called between steps; raises to stop.

    Returns:
        The background plate, as large as the picture. The caller blends the subject over it.

    Raises:
        ParameterOutOfRange: `radius_px` is negative.

    Source:
        Depth of the ground plane: on it the inverse of depth, and so the circle of confusion, changes linearly with
        the image row (Hoiem, Efros and Hebert, "Putting objects in perspective", 2008).
    """
    height, width = foreground_alpha.shape
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / foreground_alpha.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small, alpha = shrunk_light(light, (height, width), size), shrunk_plane(foreground_alpha, size)
    check()
    touched = (alpha > _TRACE).astype(np.uint8)
    rim_px = 2 * max(1, round(_RIM_PX * math.sqrt(touched.size / 1e6))) + 1
    beside: Any = cv2.dilate(touched, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim_px, rim_px)))
    clean = fill_smooth(small, (1 - beside).astype(np.float32))
    check()
    blurred = blur_disc(clean, radius_px=radius_px * factor)
    ground = _find_ground(foreground_alpha)
    if ground is None or radius_px == 0:
        return Plate(_plain(lifted(blurred, (width, height))), np.zeros(height, np.float32))
    check()
    _blend_ground(blurred, clean, ground.blur_share(size[1], factor), radius_px * factor)
    sharp = _layer_weights(ground.blur_share(height, 1.0))[0]
    behind = fill_smooth(small, (1 - touched).astype(np.float32))
    return Plate(_with_sharp_ground(light, foreground_alpha, sharp, blurred, behind), sharp)


def _plain(rows: Rows) -> LightRows:
    return lambda wanted: LinearRGB(rows(wanted))


def _with_sharp_ground(
    light: LightRows, alpha: Plane, sharp: _Floats, blurred: LinearRGB, behind: LinearRGB
) -> LightRows:
    """Rows of the blurred layers, blended with the picture itself where its ground is sharp."""
    size = (alpha.shape[1], alpha.shape[0])
    soft, hidden = lifted(blurred, size), lifted(behind, size)

    def rows(wanted: slice) -> LinearRGB:
        plate = soft(wanted)
        share = sharp[wanted]
        if share.any():
            ground = light(wanted)
            covered = alpha[wanted] > _TRACE
            ground[covered] = hidden(wanted)[covered]
            plate += share[:, None, None] * (ground - plate)
        return LinearRGB(plate)

    return rows


@dataclass(frozen=True)
class _Ground:
    """Where a subject stands: the row of contact, and the distance in rows to where the ground is fully blurred."""

    contact_row: int
    reach_px: float

    def blur_share(self, height: int, scale: float) -> _Floats:
        """Blur of the ground seen in each row of a copy at that scale as a share of the full blur, 0–1.

        Nearer to the camera it grows too.
        """
        rows = (np.arange(height, dtype=np.float32) + 0.5) / np.float32(scale) - 0.5
        return np.asarray(np.minimum(np.abs(rows - self.contact_row) / np.float32(self.reach_px), 1))


def _find_ground(alpha: Plane) -> _Ground | None:
    """The ground under the subject, or None when it is out of the frame or the subject hangs in the upper half."""
    height = alpha.shape[0]
    contact = contact_row(alpha)
    if contact is None or contact < height / 2:
        return None
    top = int(np.argmax((alpha > 0.5).any(axis=1)))
    return _Ground(contact, float(np.clip(0.5 * (contact - top), 0.12 * height, 0.35 * height)))


def _layer_weights(share: _Floats) -> _Floats:
    """How much of each layer a row takes, layers×h: the two layers nearest in blur share it."""
    peaks = np.eye(len(_LAYER_SHARES), dtype=np.float32)
    return np.stack([np.interp(share, _LAYER_SHARES, peak) for peak in peaks]).astype(np.float32)


def _blend_ground(plate: LinearRGB, clean: LinearRGB, share: _Floats, radius_px: float) -> None:
    """Replace the rows of `plate` that are not fully blurred by the layers that are blurred at all."""
    rows = np.flatnonzero(share < 1)
    if rows.size == 0:
        return
    first, last = int(rows[0]), int(rows[-1]) + 1
    margin = math.ceil(radius_px) + 1
    start = max(0, first - margin)
    strip = LinearRGB(clean[start : last + margin])
    weights = _layer_weights(share[first:last])[1:]
    weights[0, weights.sum(axis=0) == 0] = 1  # the sharp layer alone is not blended here
    weights /= weights.sum(axis=0)
    layers = [
        blur_disc(strip, radius_px=part * radius_px)[first - start : last - start] for part in _LAYER_SHARES[1:-1]
    ]
    layers.append(LinearRGB(plate[first:last]))
    plate[first:last] = sum(weight[:, None, None] * layer for weight, layer in zip(weights, layers, strict=True))


def _disc(radius_px: float) -> _Floats:
    """An anti-aliased disc that sums to 1."""
    reach = math.ceil(radius_px)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(rows, columns), 0, 1)
    return np.asarray(disc / disc.sum(), np.float32)


def _expand_highlights(image: LinearRGB, radius_px: float, gain: float) -> LinearRGB:
    """Give clipped highlights light back where they stand out; pale surfaces would only eat into their surroundings."""
    luminance: Any = cv2.transform(image, _LUMINANCE)
    clipped = np.clip((luminance - _CLIPPED_FROM) / (1 - _CLIPPED_FROM), 0, 1)
    if not clipped.any():
        return image
    window = 4 * math.ceil(radius_px) + 1
    around: Any = cv2.blur(np.minimum(luminance, 1), (window, window), borderType=cv2.BORDER_REPLICATE)
    stands_out = np.clip(2 * (luminance - around) - 0.5, 0, 1)
    factor = 1 + (gain - 1) * clipped * stands_out
    return LinearRGB(cast("_Floats", cv2.multiply(image, cv2.merge([factor, factor, factor]))))
