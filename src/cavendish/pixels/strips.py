"""Whole pictures through float functions a few rows at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear

STRIP_ROWS = 64
"""At 6,000 pixels a row a strip's float copy is 4.6 MB; whole-frame float at 12 MP is 144 MB a temporary."""


def map_linear(image: EncodedRGB, function: Callable[[LinearRGB], LinearRGB]) -> EncodedRGB:
    """Apply a function of single pixels in linear light.

    Args:
        image: h×w×3 encoded, any size.
        function: Maps linear light to linear light, each pixel by itself; called once a strip.

    Returns:
        h×w×3 encoded, rounded to the nearest code.
    """
    source = np.asarray(image)
    out = np.empty(source.shape, np.uint8)
    for top in range(0, source.shape[0], STRIP_ROWS):
        strip = np.ascontiguousarray(source[top : top + STRIP_ROWS])
        out[top : top + STRIP_ROWS] = to_encoded(function(to_linear(EncodedRGB(strip))))
    return EncodedRGB(out)
