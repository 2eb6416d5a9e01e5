"""Blur undone: by back-projection from a clean copy, with detail a network imagines where the blur took everything."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.resample import lifted
from cavendish.pixels.restorers import Run
from cavendish.pixels.strips import strips_with_margin
from cavendish.pixels.tiles import enlarge

Floats = npt.NDArray[np.float32]

_MOST_ROUNDS = 8
_IMAGINED_SIDE_PX, _IMAGINED_MARGIN_PX = 56, 10  # two tiles of Real-ESRGAN take 0.9 GB
_IMAGINED_AREA = 36_000  # pixels of the small copy: a few seconds; four times as long would not be waited for
_IMAGINED_SHARE = 0.5  # of the start: what is made up and wrong costs more than what is right gains
_NARROWEST_PX = 1.5  # blur below which back-projection finds all detail by itself
_RESOLVED = 0.8  # pixels of blur that a shrunk copy may be left with: below, detail is thrown away


def deblur(
    image: EncodedRGB,
    *,
    blur_px: float,
    strength: float,
    imagined: EncodedRGB | None = None,
    trusted: Plane | None = None,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Sharpen until the result, blurred again, looks like the picture.

    Args:
        image: Encoded sRGB, h×w×3 uint8, without noise: noise would be sharpened, too.
        blur_px: Standard deviation of the blur, above 0.
        strength: 0 (identity) to 1; 0.5 is right for a picture that had noise or compression.
        imagined: The same view, sharp, at any size (see `imagine`); what agrees with the picture is kept of it.
        trusted: Smaller h×w, 0–1: how much of `imagined` may be used at each place.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape.

    Source:
        Landweber, "An iteration formula for Fredholm integral equations of the first kind", 1951, which is the back-
        projection of Irani and Peleg, "Improving resolution by image registration", 1991.
    """
    rounds = max(1, round(_MOST_ROUNDS * strength))
    weight = np.float32(min(1.0, 4 * strength))
    size = (image.shape[1], image.shape[0])
    drawn = None if imagined is None else lifted(imagined.astype(np.float32), size)
    share = None if trusted is None else lifted(trusted, size)
    out = np.empty(image.shape, np.uint8)
    margin_px = math.ceil(3 * blur_px * math.sqrt(rounds)) + 4
    for strip, seen, inner in strips_with_margin(image.shape, margin_px=margin_px):
        check()
        given = image[seen].astype(np.float32)
        sharp = given.copy()
        if drawn is not None:
            part = np.float32(_IMAGINED_SHARE) if share is None else _IMAGINED_SHARE * share(seen)[..., None]
            sharp += part * (drawn(seen) - given)
        for _ in range(rounds):
            sharp += given
            sharp -= cv2.GaussianBlur(sharp - given, (0, 0), blur_px)
            np.clip(sharp, 0, 255, out=sharp)
        sharp = given + weight * (sharp - given)
        out[strip] = np.clip(np.rint(sharp[inner]), 0, 255)
    return EncodedRGB(out)


def imagine(
    image: EncodedRGB, run: Run, *, blur_px: float, check: Callable[[], None] = lambda: None
) -> EncodedRGB | None:
    """Draw a sharp version of a picture from a copy so small that it is sharp.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        run: Real-ESRGAN (see `Restorers`).
        blur_px: Standard deviation of the picture's blur.
        check: Called between tiles; raises to stop.

    Returns:
        The view, at most as large as the picture; None where it would take too long or is not needed.

    Source:
        Wang et al., "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data", 2021.
    """
    height, width = image.shape[:2]
    shrink = max(1.0, min(4.0, blur_px), math.sqrt(height * width / _IMAGINED_AREA))
    if blur_px < _NARROWEST_PX or shrink > blur_px / _RESOLVED:
        return None
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    drawn = enlarge(small, run, factor=4, side_px=_IMAGINED_SIDE_PX, margin_px=_IMAGINED_MARGIN_PX, check=check)
    if drawn.shape[0] > height:
        drawn = np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return EncodedRGB(drawn)
