"""sRGB transfer functions, Oklab and luma: every change of color space the picture code makes.

`LinearRGB` and `EncodedRGB` are distinct types so that the type checker catches a blend done in the wrong space.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NewType, cast

import cv2
import numpy as np
import numpy.typing as npt

EncodedRGB = NewType("EncodedRGB", npt.NDArray[np.uint8])
"""h×w×3 uint8, sRGB-encoded (IEC 61966-2-1), order R, G, B."""

LinearRGB = NewType("LinearRGB", npt.NDArray[np.float32])
"""h×w×3 float32, linear light with sRGB primaries (D65); nominal range 0–1, larger values are highlights."""

OklabImage = NewType("OklabImage", npt.NDArray[np.float32])
"""h×w×3 float32: lightness L (0 black, 1 white), then a (green to red) and b (blue to yellow), about ±0.4."""

Plane = npt.NDArray[np.float32]
"""h×w float32, 0–1: an alpha, a mask or a weight."""

_STRIP = 1 << 15  # values per pass of `to_encoded`: its three buffers stay in the second-level cache

# Ottosson 2020, in the revision of 2021-01-25: linear sRGB to cone-like responses, and their cube roots to Lab.
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_linear(image: EncodedRGB) -> LinearRGB:
    """Undo the sRGB transfer function.

    Args:
        image: Encoded sRGB, h×w×3 uint8.

    Returns:
        New array, h×w×3 float32, 0–1. `to_encoded` gives exactly `image` back.

    Source:
        IEC 61966-2-1:1999.
    """
    return LinearRGB(cast("npt.NDArray[np.float32]", cv2.LUT(image, _decoding_table())))


def to_encoded(image: LinearRGB) -> EncodedRGB:
    """Apply the sRGB transfer function and round to the nearest of 256 codes.

    Every float gets the correctly rounded code: one table entry per upper half of the float's bits holds the code
    and the lower half at which the next code begins, so that adding the lower half carries into the code.

    Args:
        image: Linear-light sRGB, h×w×3 float32, any values.

    Returns:
        New array, same shape, uint8. Below 0 and NaN become 0, above 1 becomes 255.

    Source:
        IEC 61966-2-1:1999.
    """
    bits = np.ascontiguousarray(image, dtype=np.float32).reshape(-1).view(np.uint32)
    codes = np.empty(bits.size, np.uint8)
    table = _encoding_table()
    upper = np.empty(_STRIP, np.intp)
    carried = np.empty(_STRIP, np.uint32)
    lower = np.empty(_STRIP, np.uint32)
    for start in range(0, bits.size, _STRIP):
        strip = bits[start : start + _STRIP]
        n = strip.size
        np.right_shift(strip, 16, out=upper[:n])
        table.take(upper[:n], out=carried[:n], mode="clip")
        np.bitwise_and(strip, 0xFFFF, out=lower[:n])
        carried[:n] += lower[:n]
        np.right_shift(carried[:n], 16, out=codes[start : start + n], casting="unsafe")
    return EncodedRGB(codes.reshape(image.shape))


def to_oklab(image: LinearRGB) -> OklabImage:
    """Convert to Oklab, where equal steps look about equal and hue stays put when lightness or chroma changes.

    Args:
        image: Linear-light sRGB, h×w×3 float32. Values outside 0–1 are kept.

    Returns:
        New array, same shape: L, a, b.

    Source:
        Björn Ottosson, "A perceptual color space for image processing", 2020.
    """
    roots = np.cbrt(cv2.transform(image, _RGB_TO_LMS))
    return OklabImage(cast("npt.NDArray[np.float32]", cv2.transform(roots, _LMS_TO_LAB)))


def from_oklab(image: OklabImage) -> LinearRGB:
    """Convert from Oklab; the inverse of `to_oklab`.

    Args:
        image: L, a, b, h×w×3 float32.

    Returns:
        New array, same shape: linear-light sRGB. Colors outside the sRGB gamut have values outside 0–1.

    Source:
        Björn Ottosson, "A perceptual color space for image processing", 2020.
    """
    roots = cv2.transform(image, np.linalg.inv(_LMS_TO_LAB))
    lms = roots * roots * roots
    return LinearRGB(cast("npt.NDArray[np.float32]", cv2.transform(lms, np.linalg.inv(_RGB_TO_LMS))))


def luma(image: EncodedRGB) -> Plane:
    """Weigh the encoded values as analog television did: a gray for encoded-space work, not luminance.

    Args:
        image: Encoded sRGB, h×w×3 uint8.

    Returns:
        h×w float32, 0–1.

    Source:
        ITU-R BT.601-7, section 2.5.1.
    """
    weighted: Any = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY)
    weighted *= np.float32(1 / 255)
    return cast("Plane", np.minimum(weighted, np.float32(1), out=weighted))


def _decode(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


@cache
def _decoding_table() -> npt.NDArray[np.float32]:
    return _decode(np.arange(256) / 255).astype(np.float32)


@cache
def _encoding_table() -> npt.NDArray[np.uint32]:
    """Code (upper 16 bits) and distance to the next code (lower) for each upper half of a float's bits.

    Relies on neighboring codes lying further apart than one step of the upper half: 0.94 % at code 255 against at most
    0.78 %, and more below.
    """
    exact = _decode((np.arange(255) + 0.5) / 255)
    nearest = exact.astype(np.float32)
    least = np.where(nearest < exact, np.nextafter(nearest, np.float32(1)), nearest)
    begins = least.view(np.uint32)  # the least float of each code from 1 on
    first = np.arange(0x7F80, dtype=np.uint32) << 16  # finite and not negative: their bits sort as they do
    at_first = np.searchsorted(begins, first, side="right").astype(np.uint32)
    at_last = np.searchsorted(begins, first | 0xFFFF, side="right").astype(np.uint32)
    table = np.zeros(1 << 16, np.uint32)  # negative numbers and most NaN keep code 0
    table[: first.size] = at_first << 16
    crossed = np.flatnonzero(at_last > at_first)
    table[crossed] += 0x10000 - (begins[at_first[crossed]] & 0xFFFF)
    table[0x7F80] = 0xFFFFFF  # infinity is 255; any lower bit makes it NaN and carries on to 256, which wraps to 0
    return table
