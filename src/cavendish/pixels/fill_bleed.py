"""What a tight mask leaves behind: pixels beside a hole that hold some of the removed thing's color. Called by `fill`.

A cut-out edge is soft, JPEG smears it, and a mask drawn to the outline leaves that rim outside. Such pixels must not be
changed, but neither may they color the filling.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill_scene import Floats, Mask

_WIDTH = 3  # pixels that are left out where the first one is found to be mixed
_SHARE = 0.1  # of the removed thing's color, in the mean of the first ring, from which it bleeds; clean edges have 0.03
_SAFE = 4  # pixels from the hole's edge from which colors are taken for pure
_NEAR = 25  # pixels: window in which they are averaged
_TILE = 1024  # pixels each way that are looked at


def without_bleed(image: EncodedRGB, hole: Mask, usable: Mask) -> Mask:
    """Leave out the rim of a hole where the removed thing's color bleeds into it.

    Args:
        image: The window, h×w×3, with the removed thing still in the hole.
        hole: h×w, to be filled.
        usable: h×w, may be copied from.

    Returns:
        `usable`, without the three pixels around the hole where the first holds a tenth of the removed thing's color.

    Source:
        That share is the least-squares α of the matting equation, C = αF + (1 − α)B, with local means as F and B.
    """
    tile = _rim_tile(hole, usable)
    if not _bleeds(image[tile], hole[tile], usable[tile]):
        return usable
    clean = usable & ~_grown(hole, _WIDTH)
    return clean if clean.any() else usable


def _rim_tile(hole: Mask, usable: Mask) -> tuple[slice, slice]:
    """A part of the window around the middle of the rim, so that memory is bounded."""
    places = np.flatnonzero(_grown(hole, 1) & usable)
    y, x = divmod(int(places[places.size // 2]) if places.size else 0, hole.shape[1])
    reach = _TILE // 2
    return slice(max(0, y - reach), y + reach), slice(max(0, x - reach), x + reach)


def _bleeds(image: npt.NDArray[np.uint8], hole: Mask, usable: Mask) -> bool:
    colors = image.astype(np.float32)
    inside, near_inside = _mean_near(colors, _shrunk(hole, _SAFE))
    outside, near_outside = _mean_near(colors, usable & ~_grown(hole, _SAFE))
    ring = _grown(hole, 1) & usable & near_inside & near_outside
    axis, beyond = (inside - outside)[ring], (colors - outside)[ring]
    power = float((axis * axis).sum())
    return power > 0 and float((beyond * axis).sum()) >= _SHARE * power


def _mean_near(colors: Floats, where: Mask) -> tuple[Floats, Mask]:
    """Mean of the chosen colors around each pixel, and where there are any."""
    weight = where.astype(np.float32)
    total = np.asarray(cv2.blur(weight, (_NEAR, _NEAR)), np.float32)
    mean = cv2.blur(colors * weight[..., None], (_NEAR, _NEAR)) / np.maximum(total, 1e-4)[..., None]
    return np.asarray(mean, np.float32), total > 0.01


def _grown(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _ball(reach)) > 0)


def _shrunk(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _ball(reach)) > 0)


def _ball(reach: int) -> cv2.typing.MatLike:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
