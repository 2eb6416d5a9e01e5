"""Wires against a plain ground: long, thin, smooth lines with the same on both of their sides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_AREA = 1_000_000
"""Pixels of the copy that wires are looked for in."""
_LEAST_SIDE_PX = 32
_WIDTHS = (1.0, 1.8, 3.0)
_LEAST_CODES = 7.0
_STANDS_OUT = 2.0
_SHORTEST = 0.15
"""Of the longer side: a shorter line is a twig, or the edge of something."""
_THICKEST = 6
"""Pixels of the copy."""
_GAP = 0.012
_PLAIN = 9.0
"""Codes of scatter beside a wire from which the ground is no plain one."""
_SLOPE_SPREAD = 52.0
"""Variance of a slope of one code a pixel over the neighborhood."""
_MOST_BENT = 0.05
"""Of its length, how far a wire may lie off the curve of second order through it."""


def find_wires(image: EncodedRGB) -> Plane:
    """Find wires and cables.

    Args:
        image: Encoded sRGB, h×w×3 uint8.

    Returns:
        h×w, 0 or 1, a little wider than they are; all 0 where there are none.

    Source:
        Ridges by second derivatives over scales: Lindeberg, "Edge detection and ridge detection with automatic scale
        selection", 1998.
    """
    height, width = image.shape[:2]
    if min(height, width) < _LEAST_SIDE_PX:
        return np.zeros((height, width), np.float32)
    scale = min(1.0, math.sqrt(_AREA / (height * width)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    found = np.maximum(_long_lines(gray), _long_lines(-gray))
    wide = cv2.dilate(found, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def _long_lines(gray: Plane) -> np.ndarray:
    """Dark ridges, joined over gaps, that are long, smooth and lie in plain ground."""
    ridge, along = _ridges(gray)
    usual = float(np.quantile(ridge, 0.9))
    plain = _scatter_around(gray) < _PLAIN
    weak = ((ridge > max(_LEAST_CODES, _STANDS_OUT * usual)) & plain).astype(np.uint8)
    gap = max(1, round(_GAP * max(gray.shape)))
    joined = np.zeros_like(weak)
    for k in range(8):  # closed in each direction by itself: a wire goes on where it points
        kernel = _bar(gap, k * math.pi / 8)
        near = np.abs(np.sin(along - k * math.pi / 8)) < math.sin(math.pi / 8)
        closed = cv2.morphologyEx(weak * near.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
        joined = np.maximum(joined, np.asarray(closed, np.uint8))
    return _wires_among(joined, _SHORTEST * max(gray.shape))


def _ridges(gray: Plane) -> tuple[Plane, Plane]:
    """Height of dark ridges in codes, and the angle they run along."""
    best, angle = np.zeros_like(gray), np.zeros_like(gray)
    for sigma in _WIDTHS:
        smooth = cv2.GaussianBlur(gray, (0, 0), sigma)
        xx, yy, xy = (
            np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=s), np.float32)
            for order, s in (((2, 0), 0.25), ((0, 2), 0.25), ((1, 1), 0.25))
        )
        root = np.hypot((xx - yy) / 2, xy)
        across, lengthwise = (xx + yy) / 2 + root, (xx + yy) / 2 - root
        strength = np.where(np.abs(lengthwise) < 0.4 * across, across, 0) * sigma**1.5
        stronger = strength > best
        best[stronger] = strength[stronger]
        normal = 0.5 * np.arctan2(2 * xy, xx - yy)
        angle[stronger] = (normal + math.pi / 2)[stronger]
    return best, angle


def _scatter_around(gray: Plane) -> Plane:
    """Scatter of the ground over a neighborhood, thin lines left out."""
    ground = np.asarray(cv2.medianBlur(np.abs(gray).astype(np.uint8), 17), np.float32)
    mean, square = cv2.blur(ground, (25, 25)), cv2.blur(ground**2, (25, 25))
    smooth = np.asarray(cv2.GaussianBlur(ground, (0, 0), 6), np.float32)
    slope = np.hypot(*np.gradient(smooth))
    return np.asarray(np.sqrt(np.maximum(square - mean**2 - _SLOPE_SPREAD * slope**2, 0)), np.float32)


def _wires_among(lines: np.ndarray, shortest: float) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    kept = np.zeros(count, bool)
    for k in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[k])
        length = math.hypot(width, height)
        if length < shortest or area > _THICKEST * length:
            continue
        ys, xs = np.nonzero(labels[top : top + height, left : left + width] == k)
        kept[k] = _bend(xs, ys) <= _MOST_BENT * length
    return np.asarray(kept[labels], np.uint8)


def _bend(xs: np.ndarray, ys: np.ndarray) -> float:
    """How far points lie off a parabola, 90th percentile, in pixels."""
    along, across = (xs, ys) if np.ptp(xs) >= np.ptp(ys) else (ys, xs)
    if np.ptp(along) < 3:
        return math.inf
    middle = along.mean()
    fitted = np.polyval(np.polyfit(along - middle, across, 2), along - middle)
    return float(np.quantile(np.abs(across - fitted), 0.9))


def _bar(length: int, angle: float) -> np.ndarray:
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.uint8)
    dx, dy = round(length * math.cos(angle)), round(length * math.sin(angle))
    cv2.line(kernel, (length - dx, length - dy), (length + dx, length + dy), 1, 1)
    return kernel
