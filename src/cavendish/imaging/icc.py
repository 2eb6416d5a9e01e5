"""Color profiles: pictures of any RGB working space as sRGB."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.gamut import map_into_gamut

# D50 XYZ (the profile connection space) to linear sRGB: Bradford-adapted, from the sRGB profile of the ICC.
_SRGB_FROM_PCS = np.linalg.inv(
    np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
)


@dataclass(frozen=True)
class MatrixProfile:
    """An RGB profile of three primaries and three tone curves.

    Args:
        matrix: 3×3, linear profile RGB to linear sRGB.
        curves: 3×256, code to linear light, a row a channel.
    """

    matrix: npt.NDArray[np.float32]
    curves: npt.NDArray[np.float32]

    @property
    def is_srgb(self) -> bool:
        """Whether converting would change no 8-bit code by more than rounding."""
        ramp = EncodedRGB(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
        same_curves = np.abs(self.curves - np.asarray(to_linear(ramp))[0].T).max() < 0.002
        return bool(same_curves and np.abs(self.matrix - np.eye(3)).max() < 0.004)


def read_matrix_profile(profile: bytes) -> MatrixProfile | None:
    """Read a profile of the matrix kind; None for any other (table-based, CMYK, gray, damaged).

    Source:
        ICC.1:2022 (ISO 15076-1): tag table 7.3, XYZType 10.31, curveType 10.6, parametricCurveType 10.18.
    """
    try:
        if profile[16:20] != b"RGB " or profile[20:24] != b"XYZ ":
            return None
        tags = _tags(profile)
        if b"A2B0" in tags:  # a table says more than the matrix beside it
            return None
        primaries = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
        curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
    except (KeyError, struct.error, ValueError, IndexError, ZeroDivisionError):
        return None
    if not (np.isfinite(curves).all() and np.isfinite(primaries).all()):
        return None
    return MatrixProfile((_SRGB_FROM_PCS @ primaries).astype(np.float32), np.clip(curves, 0, 1).astype(np.float32))


def convert(image: npt.NDArray[np.uint8], profile: MatrixProfile) -> EncodedRGB:
    """Convert a part of a picture from a profile's space to sRGB.

    Args:
        image: h×w×3 codes of the profile's space; its float copies are several times its size.
        profile: The space.

    Returns:
        h×w×3; colors outside sRGB are moved to its border along their hue, all others are exact.
    """
    light = cv2.LUT(image, np.ascontiguousarray(profile.curves.T[None]))
    linear = np.asarray(cv2.transform(light, profile.matrix), np.float32)
    return to_encoded(map_into_gamut(LinearRGB(linear)))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 200:
        raise ValueError("implausible tag count")
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(count))
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _xyz(tag: bytes) -> npt.NDArray[np.float64]:
    return np.array(struct.unpack_from(">iii", tag, 8)) / 65536


def _curve(tag: bytes) -> npt.NDArray[np.float64]:
    """A tone curve at the 256 codes."""
    x = np.arange(256) / 255
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x
        values = np.frombuffer(tag, ">u2", count, 12)
        curve = x ** (values[0] / 256) if count == 1 else np.interp(x, np.linspace(0, 1, count), values / 65535)
        return np.asarray(curve)
    if tag[:4] != b"para":
        raise ValueError("not a curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    lengths = (1, 3, 4, 5, 7)
    g, *rest = np.array(struct.unpack_from(f">{lengths[kind]}i", tag, 12)) / 65536
    a, b, c, d, e, f = (*rest, *(0.0,) * (6 - len(rest))) if rest else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    power = np.maximum(a * x + b, 0) ** g
    if kind == 0:
        return np.asarray(power)
    if kind in {1, 2}:
        floor = c if kind == 2 else 0.0
        return np.asarray(np.where(x >= -b / a, power + floor, floor), np.float64)
    above, below = (e, f) if kind == 4 else (0.0, 0.0)
    return np.asarray(np.where(x >= d, power + above, c * x + below), np.float64)
