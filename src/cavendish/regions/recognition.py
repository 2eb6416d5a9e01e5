"""What a part of a picture shows, by a recognizer of a thousand names; and where such a name is seen at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.image import Image
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.pixels.region import Box
    from cavendish.regions.networks import LabelledNetwork
    from cavendish.regions.objects import FloatBox

    Floats = npt.NDArray[np.float32]

_SIDE = 224
_LONGEST = 512
_WINDOWS = (0.35, 0.55, 0.8)
"""Sides of the windows of a heat map, by the shorter side of the picture."""
_PARTS = (0.3, 0.45, 0.65)
"""The same of a heat plane, by the longer side of what is looked at."""
_OVERLAP = 3
_NARROWER, _LEAST_SIDE, _AS_CLEAR = 0.72, 24, 0.9
"""Steps in which the window around what is seen is narrowed, and how clearly it must still be seen."""


def recognize(rgb: npt.NDArray[np.uint8], network: LabelledNetwork) -> Floats:
    """Tell what a picture or a part of it shows.

    Args:
        rgb: h×w×3, any size and shape; squeezed into a square.
        network: EfficientNet-Lite0 with ImageNet's names.

    Returns:
        One probability a name; they add up to 1.

    Source:
        Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
    """
    tensor = (small_copy(Image(rgb), size=(_SIDE, _SIDE)).astype(np.float32) - 127) / 128
    return network.run(tensor[np.newaxis])[0].reshape(-1)


def heat_map(
    rgb: npt.NDArray[np.uint8],
    network: LabelledNetwork,
    names: Sequence[int],
    *,
    check: Callable[[], None] = lambda: None,
) -> tuple[float, FloatBox]:
    """Look for a name in overlapping windows of three sizes.

    Args:
        rgb: h×w×3.
        network: The recognizer.
        names: Indices of the labels that count.
        check: Called between windows; raises to stop.

    Returns:
        The probability in the window where it is highest, and that window's box in pixels of `rgb`.
    """
    shrink = min(1.0, _LONGEST / max(rgb.shape[:2]))
    small = np.asarray(cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = small.shape[:2]
    best, where = 0.0, (0, 0, small.shape[1], small.shape[0])
    for share in _WINDOWS:
        side = min(height, width, max(_LEAST_SIDE, round(min(height, width) * share)))
        for top in _starts(height, side):
            for left in _starts(width, side):
                check()
                window = np.ascontiguousarray(small[top : top + side, left : left + side])
                seen = float(recognize(np.asarray(window, np.uint8), network)[list(names)].sum())
                if seen > best:
                    best, where = seen, (left, top, left + side, top + side)
    where = _narrowed(small, network, list(names), where, best)
    return best, (where[0] / shrink, where[1] / shrink, where[2] / shrink, where[3] / shrink)


def heat_plane(rgb: npt.NDArray[np.uint8], network: LabelledNetwork, names: Sequence[int], box: FloatBox) -> Floats:
    """How likely a name is in the windows around each pixel of a box, those that have it in their middle most.

    Args:
        rgb: h×w×3.
        network: The recognizer.
        names: Indices of the labels that count.
        box: Where to look, in pixels.

    Returns:
        h×w, 0–1; 0 outside the box.
    """
    left, top, right, bottom = (int(edge) for edge in box)
    part = rgb[max(0, top) : bottom, max(0, left) : right]
    height, width = part.shape[:2]
    heat, weights = np.zeros((height, width), np.float32), np.full((height, width), 1e-6, np.float32)
    for share in _PARTS:
        side = min(height, width, max(_LEAST_SIDE, round(max(height, width) * share)))
        middle = np.outer(np.hanning(side + 2)[1:-1], np.hanning(side + 2)[1:-1]).astype(np.float32)
        for y in _starts(height, side):
            for x in _starts(width, side):
                window = slice(y, y + side), slice(x, x + side)
                seen = float(recognize(np.ascontiguousarray(part[window]), network)[list(names)].sum())
                heat[window] += seen * middle
                weights[window] += middle
    plane = np.zeros(rgb.shape[:2], np.float32)
    plane[max(0, top) : bottom, max(0, left) : right] = heat / weights
    return plane


def _narrowed(
    small: npt.NDArray[np.uint8], network: LabelledNetwork, names: list[int], window: Box, seen: float
) -> Box:
    """The smallest window inside another in which a name is still seen about as clearly."""
    left, top, right, _ = window
    side = round((right - left) * _NARROWER)
    slack = right - left - side
    if side < _LEAST_SIDE or seen == 0:
        return window
    corners = [(left + slack * i // 2, top + slack * j // 2) for j in range(3) for i in range(3)]
    crops = [np.ascontiguousarray(small[y : y + side, x : x + side]) for x, y in corners]
    clarity = [float(recognize(np.asarray(crop, np.uint8), network)[names].sum()) for crop in crops]
    best = int(np.argmax(clarity))
    if clarity[best] < _AS_CLEAR * seen:
        return window
    x, y = corners[best]
    return _narrowed(small, network, names, (x, y, x + side, y + side), max(seen, clarity[best]))


def _starts(length: int, side: int) -> list[int]:
    count = 1 + -(-(length - side) * _OVERLAP // side)
    return [round((length - side) * k / max(1, count - 1)) for k in range(count)]
