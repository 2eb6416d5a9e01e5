"""Whole pictures through float functions a few rows at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.resample import Planes, scaling, warped

LightRows = Callable[[slice], LinearRGB]
"""Makes some rows of a picture in linear light, as a new array; start and stop are given, and inside the picture."""

STRIP_ROWS = 64
"""At 6,000 pixels a row a strip's float copy is 4.6 MB; whole-frame float at 12 MP is 144 MB a temporary."""


_STRIP_AREA = 1 << 20
"""Pixels of the strips of functions that look at their surroundings, for which low strips would be mostly margin."""


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a picture of that shape (h, w, …) in strips of about a megapixel, from the top down."""
    step = max(STRIP_ROWS, _STRIP_AREA // shape[1])
    return (slice(top, min(top + step, shape[0])) for top in range(0, shape[0], step))


def strips_with_margin(shape: tuple[int, ...], *, margin_px: int) -> Iterator[tuple[slice, slice, slice]]:
    """Strips for functions that look some rows beyond a pixel.

    Args:
        shape: (h, w, …) of the picture.
        margin_px: How many rows they look.

    Yields:
        Rows of the picture to write, rows to read for them, and where among the latter the former are.
    """
    for strip in strips(shape):
        top = max(0, strip.start - margin_px)
        yield strip, slice(top, min(strip.stop + margin_px, shape[0])), slice(strip.start - top, strip.stop - top)


def light_rows(image: EncodedRGB) -> LightRows:
    """Read a picture (h×w×3) in linear light, a few rows at a time."""
    return lambda rows: to_linear(EncodedRGB(np.ascontiguousarray(image[rows])))


def shrunk_light(rows: LightRows, shape: tuple[int, ...], size: tuple[int, int]) -> LinearRGB:
    """A smaller copy of a picture that is never whole in memory.

    Args:
        rows: Makes the picture.
        shape: (h, w, …) of the picture.
        size: (width, height) of the copy, at most those of the picture.

    Returns:
        h×w×3, area-averaged.
    """
    height, width = shape[:2]

    def read(wanted: slice, columns: slice) -> Planes:
        return rows(wanted)[:, columns]

    return LinearRGB(warped(read, (width, height), scaling(width / size[0], height / size[1]), size)(slice(0, size[1])))


def shrunk_plane(plane: Planes, size: tuple[int, int]) -> Planes:
    """A smaller copy of a mask, area-averaged."""
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


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
