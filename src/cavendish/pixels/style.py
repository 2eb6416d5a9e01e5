"""The look of another picture: its colors and tones and, where it is painted, its brushwork."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.imaging.resample import lifted
from cavendish.pixels.color_transfer import ColorTransfer, color_transfer, palette
from cavendish.pixels.guided import guided
from cavendish.pixels.strips import strips

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

Floats = npt.NDArray[np.floating[Any]]

_STUDY_AREA = 400_000
_STROKE_PX = 4.0
"""Standard deviation of the blur that leaves what a painting shows and takes how it is painted, on the study."""
_PATCH_PX, _STEP_PX = 32, 16
_PATCHES, _FEATURE_PX = 6000, 6
_MEAN_WEIGHT = 0.5
"""Of a patch's lightness beside its shape: dark places are painted like dark places."""
_CALM = 0.2
"""Share of a picture that is calm: photographs are smooth there, canvases and paper are not."""
_PHOTO, _PAINTING = 0.006, 0.018
"""Spread of Oklab lightness within a stroke's reach, in calm places, that no painting has, and that only one has."""
_GRAY = 0.02
"""Oklab chroma below which nine tenths of a gray picture lie."""
_RADIUS_PX, _EDGE = 4, 2e-3
_SIMPLIFIED = 0.8
"""Share of a photograph's own texture that brushwork replaces."""


def take_style(
    image: Image, other: Image, *, strength: float, seed: int, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Give a picture the look of another, at its own full resolution.

    Colors and tones go all over. Brushwork (what a painting shows within a few pixels) is put together from patches of
    the other picture that are shaded alike; it replaces the fine texture and leaves edges. A photograph has none to
    give, which is told by how smooth its calm places are. The look of a gray picture is gray.

    Args:
        image: The picture.
        other: The picture whose look is taken; any size.
        strength: 0 (identity) to 1.
        seed: Chooses the patches that are looked at.
        check: Called now and then; raises to stop.

    Returns:
        New array, of the size of `image`.

    Source:
        Texture transfer: Efros and Freeman, "Image quilting for texture synthesis and transfer", 2001. Patches are
        mixed so that contrast stays: Heitz and Neyret, "High-performance by-example noise using a histogram-preserving
        blending operator", 2018. Colors as `color_transfer`.
    """
    transfer = color_transfer(palette(image), palette(other))
    study = _study(image, transfer, strength)
    model = _study(other, None, 0.0)
    painted = strength * _paintedness(model)
    faded = strength if np.quantile(np.hypot(model[..., 1], model[..., 2]), 0.9) < _GRAY else 0.0
    lightness = np.ascontiguousarray(study[..., 0])
    smooth = lifted(guided(lightness, lightness, radius=_RADIUS_PX, variance=_EDGE), image.size)
    strokes = _brushwork(lightness, model, np.random.default_rng(seed), check) if painted > 0 else np.zeros_like(study)
    strokes_rows = lifted(strokes, image.size)
    out = np.empty(image.rgb.shape, np.uint8)
    for rows in strips(out.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb[rows])))
        lab = np.asarray(transfer.apply(to_oklab(light), strength=strength), np.float32)
        if painted > 0:
            factor, summand = np.moveaxis(smooth(rows), -1, 0)
            lab[..., 0] += painted * _SIMPLIFIED * ((factor - 1) * lab[..., 0] + summand)
            lab += painted * strokes_rows(rows)
        lab[..., 1:] *= 1 - faded
        out[rows] = to_encoded(map_into_gamut(from_oklab(OklabImage(lab))))
    return EncodedRGB(out)


def _study(image: Image, transfer: ColorTransfer | None, strength: float) -> Floats:
    """Oklab of a small copy, in the new colors."""
    scale = min(1.0, math.sqrt(_STUDY_AREA / (image.size[0] * image.size[1])))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    small = np.asarray(cv2.resize(np.ascontiguousarray(image.rgb), size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = to_oklab(to_linear(EncodedRGB(small)))
    return np.asarray(lab if transfer is None else transfer.apply(lab, strength=strength), np.float32)


def _paintedness(model: Floats) -> float:
    """0 for a photograph to 1 for a painting."""
    detail = model[..., 0] - _shown(model[..., 0])
    spread = np.sqrt(np.maximum(_shown(detail * detail), 0))
    return float(np.clip((np.quantile(spread, _CALM) - _PHOTO) / (_PAINTING - _PHOTO), 0, 1))


def _shown(plane: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _STROKE_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _brushwork(lightness: Floats, model: Floats, random: np.random.Generator, check: Callable[[], None]) -> Floats:
    """h×w×3 Oklab: how the other picture is painted, laid out over what this one shows."""
    pad = _PATCH_PX
    short = [max(0, _PATCH_PX - side) for side in model.shape[:2]]
    model = np.asarray(cv2.copyMakeBorder(model, 0, short[0], 0, short[1], cv2.BORDER_REFLECT_101), np.float32)
    detail, shown = model - _shown(model), _shown(np.ascontiguousarray(model[..., 0]))
    tops = random.integers(0, shown.shape[0] - _PATCH_PX + 1, _PATCHES)
    lefts = random.integers(0, shown.shape[1] - _PATCH_PX + 1, _PATCHES)
    known = np.array([_feature(shown[y : y + _PATCH_PX, x : x + _PATCH_PX]) for y, x in zip(tops, lefts, strict=True)])
    squares = (known**2).sum(axis=1)
    wanted = _shown(np.pad(lightness, pad, mode="symmetric"))
    ramp = np.sin(np.pi * (np.arange(_PATCH_PX) + 0.5) / _PATCH_PX)
    window = np.outer(ramp, ramp).astype(np.float32)[..., None]  # squares of overlapping ones sum to 1
    out = np.zeros((*wanted.shape, 3), np.float32)
    columns = range(0, wanted.shape[1] - _PATCH_PX + 1, _STEP_PX)
    for top in range(0, wanted.shape[0] - _PATCH_PX + 1, _STEP_PX):
        check()
        asked = np.array([_feature(wanted[top : top + _PATCH_PX, x : x + _PATCH_PX]) for x in columns])
        best = np.argmin(squares - 2 * asked @ known.T, axis=1)
        for left, k in zip(columns, best, strict=True):
            patch = detail[tops[k] : tops[k] + _PATCH_PX, lefts[k] : lefts[k] + _PATCH_PX]
            out[top : top + _PATCH_PX, left : left + _PATCH_PX] += window * patch
    return out[pad:-pad, pad:-pad]


def _feature(patch: Floats) -> Floats:
    """How a patch is shaded: its shape, and its lightness a little."""
    small = np.asarray(cv2.resize(patch, (_FEATURE_PX, _FEATURE_PX), interpolation=cv2.INTER_AREA), np.float32).ravel()
    mean = small.mean()
    return np.append(small - mean, _MEAN_WEIGHT * _FEATURE_PX * mean).astype(np.float32)
