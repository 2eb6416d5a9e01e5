"""Spots on skin: small, darker or redder than the skin around them, and neither pores nor features."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_SCALES = (0.012, 0.02, 0.034, 0.055)
"""Radii of spots, of the root of the skin's area."""
_STANDS_OUT = 5.0
"""How many times the skin's own scatter a spot is darker or redder."""
_LEAST_CODES = 5.0
_LONGEST = 2.2
"""Length by width from which a dark place is a fold or a hair."""
_INSIDE = 0.9
"""Share of a spot's surroundings that must be skin: what touches an eye, lips or hair is theirs."""
_RIM = 0.016
"""Of the root of the skin's area: how far a spot's color reaches beyond it."""
_MOST = 0.12
"""Share of the skin from which what was found is the skin's look, and no spots."""


def find_blemishes(image: EncodedRGB, skin: Plane) -> Plane:
    """Find spots: pimples, moles, scars.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        skin: h×w, 0–1, bare skin.

    Returns:
        h×w, 0–1: the spots, a little widened; all 0 where there are none.

    Source:
        Spots as extrema of differences of averages over scales: Lindeberg, "Feature detection with automatic scale
        selection", 1998.
    """
    found = np.zeros(skin.shape, np.float32)
    solid = (skin >= 0.5).astype(np.uint8)
    if not solid.any():
        return found
    rows, columns = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    window = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    part = solid[window].astype(np.float32)
    lab = cv2.cvtColor(np.ascontiguousarray(image[window]), cv2.COLOR_RGB2LAB).astype(np.float32)
    signal = 0.7 * (255 - lab[..., 0]) + 1.3 * lab[..., 1]
    size = math.sqrt(float(part.sum()))
    spots = np.zeros(part.shape, np.uint8)
    for scale in _SCALES:
        radius = scale * size
        if radius >= 1:
            spots |= _spots_of(signal, part, radius)
    if float((spots * part).sum()) > _MOST * float(part.sum()):
        return found
    grown = cv2.dilate(spots, _disc(max(2, round(_RIM * size))))
    found[window] = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), max(1.0, 0.004 * size))
    return np.minimum(found, skin)


def _spots_of(signal: Plane, skin: Plane, radius: float) -> np.ndarray:
    """Round places of about that radius that differ from the ring around them."""
    inner, outer = _mean_over(signal, skin, 0.6 * radius), _mean_over(signal, skin, 2.2 * radius)
    excess = (inner - outer) * skin
    seen = excess[skin > 0]
    scatter = 1.48 * float(np.median(np.abs(seen - np.median(seen))))
    dark = (excess > max(_STANDS_OUT * scatter, _LEAST_CODES)).astype(np.uint8)
    within = cv2.blur(skin, (2 * round(2 * radius) + 1,) * 2)
    count, labels, stats, centers = cv2.connectedComponentsWithStats(dark)
    kept = np.zeros(count, bool)
    for k in range(1, count):
        _, _, width, height, area = (int(value) for value in stats[k])
        x, y = (round(float(value)) for value in centers[k])
        long, short = max(width, height), max(1, min(width, height))
        filled = area / max(1, width * height)
        round_enough = long <= _LONGEST * short and filled > 0.45
        small = long <= 4 * radius
        kept[k] = round_enough and small and within[min(y, within.shape[0] - 1), min(x, within.shape[1] - 1)] > _INSIDE
    return np.asarray(kept[labels], np.uint8)


def _mean_over(signal: Plane, skin: Plane, sigma: float) -> Plane:
    share = cv2.GaussianBlur(skin, (0, 0), sigma)
    return np.asarray(cv2.GaussianBlur(signal * skin, (0, 0), sigma) / np.maximum(share, 1e-3), np.float32)


def _disc(radius: int) -> np.ndarray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
