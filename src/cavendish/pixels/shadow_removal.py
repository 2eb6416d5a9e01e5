"""Taking a shadow off the ground it lies on: the ground stays, and gets the light back that it misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB, to_encoded, to_linear
from cavendish.pixels.strips import strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_CORE = 0.6
"""Of the shadow's own depth: where it is full, rather than half-shadow."""
_FAINT = 0.02
_MOST_GAIN = 12.0
_LEAST_PIXELS = 50
_POWERS = (0.8, 1.15)
"""Of one channel: skylight colors a shadow by no more, and what is raised further glows."""


def relight(image: EncodedRGB, shadow: Plane) -> EncodedRGB:
    """Give shaded ground its light back, channel by channel.

    The light a shadow leaves is bluer than sunlight, so each channel is raised by its own power of the shadow's
    depth; the powers, 1 on average, are those with which its core gets the color of the lit ground around it.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        shadow: h×w, the share of linear light that is missing, 0–1.

    Returns:
        New array; bit-identical where `shadow` is below 0.02.

    Source:
        Finlayson, Hordley, Lu and Drew, "On the removal of shadows from images", 2006.
    """
    powers = _powers(image, shadow)
    lit = EncodedRGB(image.copy())
    for rows in strips(image.shape):
        missing = shadow[rows]
        where = missing >= _FAINT
        if not where.any():
            continue
        left = np.maximum(1 - missing[where], 1 / _MOST_GAIN)[:, None]
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[rows][where][None])))[0]
        raised = np.minimum(light * left**-powers, 1.0).astype(np.float32)
        lit[rows][where] = to_encoded(raised[None])[0]
    return lit


def _powers(image: EncodedRGB, shadow: Plane) -> np.ndarray:
    """Of (1 − depth), for each channel; 1 for all where the ground tells nothing."""
    depth = float(shadow.max())
    scale = min(1.0, 512 / max(shadow.shape))
    size = max(1, round(shadow.shape[1] * scale)), max(1, round(shadow.shape[0] * scale))
    small = cv2.resize(shadow, size, interpolation=cv2.INTER_AREA)
    light = to_linear(EncodedRGB(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)))
    core = small >= _CORE * depth
    touched = (small > _FAINT).astype(np.uint8)
    reach = max(3, round(0.04 * max(size)))
    around = (cv2.dilate(touched, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0) & (small <= _FAINT)
    if core.sum() < _LEAST_PIXELS or around.sum() < _LEAST_PIXELS:
        return np.ones(3, np.float32)
    # What is as dark as the core is the thing that throws the shadow, or another one.
    brightness = light.mean(axis=2)
    lit = around & (brightness > np.median(brightness[core]))
    if lit.sum() < _LEAST_PIXELS:
        return np.ones(3, np.float32)
    missing = np.log(np.maximum(np.median(light[lit], axis=0), 1e-4) / np.maximum(np.median(light[core], axis=0), 1e-4))
    return np.asarray(np.clip(missing / max(float(missing.mean()), 1e-3), *_POWERS), np.float32)
