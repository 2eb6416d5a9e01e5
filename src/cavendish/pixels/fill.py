"""Filling holes smoothly from what surrounds them, where no detail is needed: behind a subject before a blur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import LinearRGB

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]


def fill_smooth(image: LinearRGB, known: Plane) -> LinearRGB:
    """Fill the unknown part of a picture with a smooth continuation of the known part.

    Each unknown pixel takes the weighted mean of the known ones at the finest scale that reaches any, so that a hole
    of any size is filled in time linear in the picture's area.

    Args:
        image: Linear-light sRGB, h×w×3 float32; finite also where unknown.
        known: h×w float32, 0–1: how far each pixel is to be believed.

    Returns:
        New array, same shape. Pixels with known = 1 are bit-identical to `image`; those in between are a blend. Where
        nothing at all is known, the mean of the picture, which serves a blur better than black would.

    Source:
        Knutsson and Westin, "Normalized and differential convolution", 1993, at every scale of a pyramid as in the
        pull-push of Gortler et al., "The Lumigraph", 1996.
    """
    if not known.any():
        return LinearRGB(np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32))
    weighted = image * _tripled(known)
    filled = weighted + _tripled(1 - known) * _finer(_fill_level(*_coarser(weighted, known)), known.shape)
    np.copyto(filled, image, where=_tripled(known) == 1)
    return LinearRGB(filled.astype(np.float32, copy=False))


def _fill_level(weighted: _Floats, weight: _Floats) -> _Floats:
    """Colors of one pyramid level: its own means where it has some, else those of the next coarser level."""
    if weight.size == 1 or float(weight.min()) >= 0.5:
        return cast("_Floats", weighted / _tripled(np.maximum(weight, 1e-12)))
    # A level that is half known there already has a mean as good as the coarser one's, and from nearer by.
    trust = np.minimum(2 * weight, 1)
    own = weighted * _tripled(trust / np.maximum(weight, 1e-12))
    return cast("_Floats", own + _tripled(1 - trust) * _finer(_fill_level(*_coarser(weighted, weight)), weight.shape))


def _coarser(weighted: _Floats, weight: _Floats) -> tuple[_Floats, _Floats]:
    return cast("_Floats", cv2.pyrDown(weighted)), cast("_Floats", cv2.pyrDown(weight))


def _finer(level: _Floats, shape: tuple[int, ...]) -> _Floats:
    return cast("_Floats", cv2.pyrUp(level, dstsize=(shape[1], shape[0])))


def _tripled(plane: _Floats) -> _Floats:
    return cast("_Floats", cv2.merge([plane, plane, plane]))
