"""One picture's colors for another: the map between their palettes that moves colors least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, OklabImage, from_oklab, to_linear, to_oklab

if TYPE_CHECKING:
    from cavendish.imaging.color import LinearRGB, Plane
    from cavendish.imaging.image import Image

Floats = npt.NDArray[np.float64]

_SAMPLE_SIDE = 320
"""Longer side of the copies that palettes are read from; a map of a dozen numbers needs no more."""

_QUANTILES = np.linspace(0.01, 0.99, 25)
_SLOPES = (0.45, 2.0)
"""Least and most local contrast of the lightness curve: beyond, shades merge or noise shows."""

_NOISE = 0.012
"""Spread of colors added to both palettes, so that a gray picture's noise is not taken for a palette."""

_GAINS = (0.35, 2.2)
"""Least and most by which the map may shrink or spread colors in any direction."""


@dataclass(frozen=True)
class ColorTransfer:
    """A smooth map of Oklab: a curve of lightness, then an affine map of the color plane that may lean on lightness.

    Args:
        lightness: 2×n: lightnesses and what becomes of them, both increasing.
        matrix: 2×3: what L, a and b, less `source`, contribute to the new a and b.
        source: Mean L, a and b of the picture, after the curve.
        target: Mean a and b of the other picture.
    """

    lightness: Floats
    matrix: Floats
    source: Floats
    target: Floats

    def apply(self, lab: OklabImage, *, strength: float) -> OklabImage:
        """The colors after the map.

        Args:
            lab: h×w×3.
            strength: 0 (as they were) to 1 (all the way).
        """
        moved = np.empty_like(lab)
        moved[..., 0] = np.interp(lab[..., 0], *self.lightness)
        given = np.dstack([moved[..., 0], lab[..., 1], lab[..., 2]]) - self.source.astype(np.float32)
        moved[..., 1:] = given @ self.matrix.T.astype(np.float32) + self.target.astype(np.float32)
        # Black and white have no color to give; a shifted mean would otherwise fog them with one.
        moved[..., 1:] *= np.clip(np.minimum(moved[..., :1], 1 - moved[..., :1]) * 8, 0, 1)
        return OklabImage(lab + np.float32(strength) * (moved - lab))


def palette(image: Image, where: Plane | None = None) -> Floats:
    """A sample of a picture's colors.

    Args:
        image: The picture; what is transparent is left out, unless all of it is.
        where: h×w, 0–1: the part whose colors count (0.5 and above); None, or a part too small to tell, for all.

    Returns:
        n×3: Oklab.
    """
    scale = min(1.0, _SAMPLE_SIDE / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    small = np.asarray(cv2.resize(np.ascontiguousarray(image.rgb), size, interpolation=cv2.INTER_AREA), np.uint8)
    counts = np.ones(size[::-1], bool)
    if image.alpha is not None:
        counts &= cv2.resize(image.opacity, size, interpolation=cv2.INTER_AREA) >= 0.5
    if where is not None:
        counts &= cv2.resize(where, size, interpolation=cv2.INTER_AREA) >= 0.5
    if not counts.any():
        counts[:] = True
    return np.asarray(to_oklab(to_linear(EncodedRGB(small.reshape(size[1], size[0], 3))))[counts], np.float64)


def color_transfer(source: Floats, target: Floats) -> ColorTransfer:
    """The map that gives one palette the lightness and the spread of colors of another.

    Args:
        source: n×3 Oklab: the colors to be changed.
        target: m×3: the colors to be taken; neither is empty.

    Source:
        Linear Monge–Kantorovich map: Pitié and Kokaram, "The linear Monge-Kantorovitch linear colour mapping for
        example-based colour transfer", 2007; on top of Reinhard et al., "Color transfer between images", 2001.
    """
    curve = _curve(source[:, 0], target[:, 0])
    moved = source.copy()
    moved[:, 0] = np.interp(source[:, 0], *curve)
    full = _monge_kantorovich(_covariance(moved), _covariance(target))
    return ColorTransfer(curve, full[1:], moved.mean(axis=0), target[:, 1:].mean(axis=0))


def match_colors(image: LinearRGB, transfer: ColorTransfer, *, strength: float) -> LinearRGB:
    """Give a picture the colors of another.

    Args:
        image: Linear-light sRGB, h×w×3.
        transfer: The map, from `color_transfer`.
        strength: 0 (identity) to 1.

    Returns:
        New array; may leave the sRGB gamut.
    """
    return from_oklab(transfer.apply(to_oklab(image), strength=strength))


def _curve(source: Floats, target: Floats) -> Floats:
    """The increasing curve that takes one distribution of lightness to another, its slope kept within limits."""
    before, after = np.quantile(source, _QUANTILES), np.quantile(target, _QUANTILES)
    before += np.arange(before.size) * 1e-4  # flat pictures have equal quantiles
    steps = np.diff(before)
    rises = np.clip(np.diff(after), _SLOPES[0] * steps, _SLOPES[1] * steps)
    curve = np.concatenate([[0.0], np.cumsum(rises)])
    curve += after.mean() - curve.mean()
    ends = [min(0.0, curve[0]), *curve, max(1.0, curve[-1])]
    return np.stack([[min(0.0, before[0] - 1e-4), *before, max(1.0, before[-1] + 1e-4)], np.clip(ends, 0, 1)])


def _covariance(colors: Floats) -> Floats:
    off = colors - colors.mean(axis=0)
    return np.asarray(off.T @ off / len(off) + _NOISE**2 * np.eye(3))


def _monge_kantorovich(source: Floats, target: Floats) -> Floats:
    """The symmetric matrix that turns one covariance into another, its gains kept within limits."""
    root = _power(source, 0.5)
    inverse = _power(source, -0.5)
    matrix = inverse @ _power(root @ target @ root, 0.5) @ inverse
    gains, axes = np.linalg.eigh(matrix)
    return np.asarray((axes * np.clip(gains, *_GAINS)) @ axes.T)


def _power(matrix: Floats, exponent: float) -> Floats:
    values, axes = np.linalg.eigh(matrix)
    return np.asarray((axes * np.maximum(values, 1e-12) ** exponent) @ axes.T)
