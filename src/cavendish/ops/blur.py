"""Blur: the look of a wide aperture behind the subject, and blur, streaks and blocks wherever they are wanted."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, Plane, to_encoded
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels import bokeh
from cavendish.pixels.composite import Patch, put_behind, whole
from cavendish.pixels.grain import measure_grain, regrain
from cavendish.pixels.region_blur import defocused, pixelate, shifted_focus, streaked, zoomed
from cavendish.pixels.strips import LightRows, light_rows

_SOLID = 0.5
_BEHIND = 0.02
"""Alpha below which a pixel shows the background alone."""


_LEAST_HIDING_PX = 6.0
"""Of blocks and blurs that hide: what is finer shows small lettering."""

_STRIP_AREA = 4_000_000
"""Pixels of a strip: lower ones would mostly be the margin that a long streak needs."""


def blur_background(
    image: Image, foreground: Plane, *, strength: float, check: Callable[[], None] = lambda: None
) -> Patch:
    """Defocus everything behind the foreground as a lens would, and keep the grain of the film or sensor.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays sharp; unchanged, bit for bit, where it is solid.
        strength: 0–1; the blur disc's radius is 0.4 % of the longer side at 0 and 4 % at 1.
        check: Called now and then; raises to stop.

    Returns:
        A patch of the background.
    """
    radius_px = (0.004 + 0.036 * strength) * max(image.size)
    rgb = EncodedRGB(image.rgb)
    plate = bokeh.blur_background(light_rows(rgb), foreground, radius_px=radius_px, check=check)
    grain = measure_grain(rgb, foreground < _BEHIND)
    rows = plate.light if grain is None else regrain(plate.light, grain, np.sqrt(1 - plate.sharp**2))
    return put_behind(image, foreground, rows, check=check)


def _blur_background(given: OpInput) -> Patch:
    assert given.foreground is not None, "the engine resolves declared needs"
    return blur_background(
        given.image, given.foreground.alpha, strength=given.parameters["strength"], check=given.check
    )


def blur_where(
    image: Image, where: Plane | None, rows: LightRows, *, check: Callable[[], None] = lambda: None
) -> Patch:
    """Lay a blurred version over a part of a picture, with the grain that the blur took.

    Args:
        image: The picture.
        where: h×w, 0–1: the part; None for all of it.
        rows: Makes the blurred version.
        check: Called between strips; raises to stop.
    """
    rgb = EncodedRGB(image.rgb)
    grain = None if where is None else measure_grain(rgb, where < _BEHIND)
    if grain is not None:
        rows = regrain(rows, grain, np.ones(rgb.shape[0], np.float32))
    pixels = np.empty_like(rgb, order="C")
    step = max(1, _STRIP_AREA // pixels.shape[1])
    for top in range(0, pixels.shape[0], step):
        check()
        strip = slice(top, min(top + step, pixels.shape[0]))
        pixels[strip] = to_encoded(rows(strip))
    return whole(image, EncodedRGB(pixels), alpha=where)


def _where(given: OpInput) -> Plane | None:
    return given.region.alpha if given.region else None


def _blur_region(given: OpInput) -> Patch:
    rgb, where = EncodedRGB(given.image.rgb), _where(given)
    rows = defocused(light_rows(rgb), rgb.shape[:2], where, radius_px=given.parameters["radius_px"])
    return blur_where(given.image, where, rows, check=given.check)


def _motion_blur(given: OpInput) -> Patch:
    rgb, where = EncodedRGB(given.image.rgb), _where(given)
    amounts = {name: given.parameters[name] for name in ("angle_deg", "length_px")}
    rows = streaked(light_rows(rgb), rgb.shape[:2], where, **amounts)
    return blur_where(given.image, where, rows, check=given.check)


def _zoom_blur(given: OpInput) -> Patch:
    """Outwards from what is named, or from the middle."""
    rgb = EncodedRGB(given.image.rgb)
    left, top, right, bottom = (given.region.box if given.region else None) or (0, 0, *given.image.size)
    center = (left + right) / 2, (top + bottom) / 2
    rows = zoomed(light_rows(rgb), rgb.shape[:2], center=center, amount=given.parameters["amount"])
    return blur_where(given.image, None, rows, check=given.check)


def _tilt_shift(given: OpInput) -> Patch:
    rgb = EncodedRGB(given.image.rgb)
    amounts = {name: given.parameters[name] for name in ("angle_deg", "width")}
    rows = shifted_focus(light_rows(rgb), rgb.shape[:2], **amounts)
    return blur_where(given.image, None, rows, check=given.check)


def _pixelate_region(given: OpInput) -> Patch:
    box = given.region.box if given.region else None
    block = round(given.parameters["block_px"])
    pixels = pixelate(EncodedRGB(given.image.rgb), block_px=block, corner=(box[0], box[1]) if box else (0, 0))
    return whole(given.image, pixels, alpha=_where(given))


def _outlines(alpha: Plane) -> list[npt.NDArray[np.int32]]:
    """Outlines of the separate things of a region, the largest first."""
    solid = (alpha >= _SOLID).astype(np.uint8)
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return sorted((np.asarray(outline, np.int32) for outline in outlines), key=lambda o: -cv2.contourArea(o))


def _bars_over(alpha: Plane) -> Plane:
    """The smallest rectangle over each thing, turned as the thing lies."""
    bars = (alpha >= _SOLID).astype(np.uint8)
    for outline in _outlines(alpha):
        corners = cv2.boxPoints(cv2.minAreaRect(outline))
        cv2.fillConvexPoly(bars, np.rint(corners).astype(np.int32), 1)
    return bars.astype(np.float32)


def _censor_region(given: OpInput) -> Patch:
    """Blocks and blur as coarse as hides the largest thing; a bar over each."""
    if given.region is None or given.region.box is None:
        raise UnsupportedEdit("nothing says what to hide")
    rgb, where = EncodedRGB(given.image.rgb), given.region.alpha
    left, top, width, height = cv2.boundingRect(_outlines(where)[0])
    side = min(width, height)
    match given.parameters["style"]:
        case "bar":
            return whole(given.image, EncodedRGB(np.zeros_like(rgb, order="C")), alpha=_bars_over(where))
        case "blur":
            rows = defocused(light_rows(rgb), rgb.shape[:2], where, radius_px=max(_LEAST_HIDING_PX, side / 5))
            return blur_where(given.image, where, rows, check=given.check)
        case _:
            pixels = pixelate(rgb, block_px=max(round(_LEAST_HIDING_PX), side // 7), corner=(left, top))
            return whole(given.image, pixels, alpha=where)


_MASKED = frozenset({Need.MASK})

OPS = {
    "blur_background": Op(_blur_background, frozenset({Need.FOREGROUND})),
    "blur_region": Op(_blur_region, _MASKED),
    "motion_blur": Op(_motion_blur, _MASKED),
    "zoom_blur": Op(_zoom_blur, _MASKED),
    "tilt_shift": Op(_tilt_shift),
    "censor_region": Op(_censor_region, _MASKED),
    "pixelate_region": Op(_pixelate_region, _MASKED),
}
