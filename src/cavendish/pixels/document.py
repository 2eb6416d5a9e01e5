"""Photographed pages as a scanner would show them: even light, white paper, dark ink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.resample import lifted
from cavendish.pixels.strips import strips_with_margin

Floats = npt.NDArray[np.float32]
Mode = Literal["color", "gray", "black_and_white"]

_SMALL_PX = 320  # longer side of the copy the light on the paper is read from
_PEN = 0.06  # of its longer side: what is darker than paper over less than that is ink or a picture's detail
_PAPER = 0.94  # of the paper's own brightness: from here on it is white
_INK = 0.35  # of the paper's brightness: from here down it is black
_SHADE_LIMIT = 0.25  # of the page's brightest paper: darker places are not paper in shade but dark things
_SAUVOLA_K, _SAUVOLA_RANGE = 0.2, 0.5
_WINDOW = 1 / 40  # of the longer side


def scan_document(image: EncodedRGB, *, mode: Mode, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """Even out the light on a page and make its paper white.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        mode: `color` keeps the inks' colors, `gray` only their darkness, `black_and_white` nothing between.
        check: Called between strips; raises to stop.

    Returns:
        New array, same shape.

    Source:
        The paper's light as a closing of the picture: Soille, "Morphological image analysis", 2003, ch. 4.
        Threshold: Sauvola and Pietikäinen, "Adaptive document image binarization", 2000.
    """
    size = (image.shape[1], image.shape[0])
    paper = lifted(_paper_light(image), size)
    window = max(15, round(max(size) * _WINDOW)) | 1
    out = np.empty(image.shape, np.uint8)
    for strip, seen, inner in strips_with_margin(image.shape, margin_px=window):
        check()
        flat = np.asarray(image[seen] / np.maximum(paper(seen), 1), np.float32)
        if mode == "color":
            out[strip] = _inked(flat[inner])
            continue
        gray = np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), np.float32)
        page = _inked(gray[inner]) if mode == "gray" else _thresholded(gray, window)[inner]
        out[strip] = page[..., None]
    return EncodedRGB(out)


def _paper_light(image: EncodedRGB) -> Floats:
    """What the page would look like if nothing were on it, small, in codes."""
    scale = min(1.0, _SMALL_PX / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    side = max(3, round(_PEN * max(size))) | 1
    closed = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    soft = np.asarray(cv2.GaussianBlur(closed.astype(np.float32), (0, 0), side / 2), np.float32)
    bright = np.percentile(soft.reshape(-1, 3), 95, axis=0)
    return np.maximum(soft, np.asarray(bright * _SHADE_LIMIT, np.float32))


def _inked(flat: Floats) -> npt.NDArray[np.uint8]:
    """Paper to white and ink to black, with what lies between in proportion."""
    return np.asarray(np.rint(255 * np.clip((flat - _INK) / (_PAPER - _INK), 0, 1)), np.uint8)


def _thresholded(gray: Floats, window: int) -> npt.NDArray[np.uint8]:
    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, (window, window), borderType=cv2.BORDER_REFLECT_101), np.float32)

    local = mean(gray)
    deviation = np.sqrt(np.maximum(mean(gray * gray) - local * local, 0))
    threshold = local * (1 + _SAUVOLA_K * (deviation / _SAUVOLA_RANGE - 1))
    return np.asarray(np.where(gray >= threshold, 255, 0), np.uint8)
