"""The look of another picture: its colors and tones and, where it is painted, its brushwork."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.imaging.gamut import map_into_gamut
from cavendish.imaging.resample import lifted
from cavendish.pixels.base_light import local_lines, small_light
from cavendish.pixels.color_transfer import color_transfer, palette
from cavendish.pixels.strips import strips

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

Floats = npt.NDArray[np.floating[Any]]

_STUDY_SIDE = 720
_STROKE_PX = 4.0
"""Standard deviation of the blur that leaves what a painting shows and takes how it is painted, on the study."""
_PATCH_PX, _STEP_PX = 32, 16
_PATCHES, _FEATURE_PX = 6000, 6
_CHOICE = 30
"""So many patches that fit best are drawn from: one for all of a plain background would show as a grid."""
_MEAN_WEIGHT = 0.5
"""Of a patch's lightness beside its shape: dark places are painted like dark places."""
_CALM = 0.2
"""Share of a picture that is calm: photographs are smooth there, canvases and paper are not."""
_PHOTO, _PAINTING = 0.006, 0.018
"""Spread of Oklab lightness within a stroke's reach, in calm places, that no painting has, and that only one has."""
_GRAY = 0.02
"""Oklab chroma below which nine tenths of a gray picture lie."""
_RADIUS, _EDGE = 0.006, 2e-3
"""Of the longer side, and the variance of lightness within it: what is more is an edge, and stays."""
_SIMPLIFIED = 0.8
"""Share of a photograph's own texture that brushwork replaces."""


def take_style(
    image: Image, other: Image, *, strength: float, seed: int, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, bool]:
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
        New array, of the size of `image`, and whether the other picture had brushwork to give.

    Source:
        Texture transfer: Efros and Freeman, "Image quilting for texture synthesis and transfer", 2001. Patches are
        mixed so that contrast stays: Heitz and Neyret, "High-performance by-example noise using a histogram-preserving
        blending operator", 2018. Colors as `color_transfer`.
    """
    transfer = color_transfer(palette(image), palette(other))
    model = _study(other)
    paintedness = _paintedness(model)
    painted = strength * paintedness
    faded = strength if np.quantile(np.hypot(model[..., 1], model[..., 2]), 0.9) < _GRAY else 0.0
    if painted > 0:
        study = transfer.apply(_study(image), strength=strength)
        change = _change_by_brush(study, model, image.size, np.random.default_rng(seed), check)
    out = np.empty(image.rgb.shape, np.uint8)
    for rows in strips(out.shape):
        check()
        light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb[rows])))
        lab = np.asarray(transfer.apply(to_oklab(light), strength=strength), np.float32)
        if painted > 0:
            lab += painted * change(lab, rows)
        lab[..., 1:] *= 1 - faded
        out[rows] = to_encoded(map_into_gamut(from_oklab(OklabImage(lab))))
    return EncodedRGB(out), paintedness > 0


def _study(image: Image) -> OklabImage:
    """A small copy."""
    return to_oklab(small_light(EncodedRGB(image.rgb), side_px=_STUDY_SIDE))


def _paintedness(model: Floats) -> float:
    """0 for a photograph to 1 for a painting."""
    detail = model[..., 0] - _shown(model[..., 0])
    spread = np.sqrt(np.maximum(_shown(detail * detail), 0))
    return float(np.clip((np.quantile(spread, _CALM) - _PHOTO) / (_PAINTING - _PHOTO), 0, 1))


def _shown(plane: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _STROKE_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _change_by_brush(
    study: Floats, model: Floats, size: tuple[int, int], random: np.random.Generator, check: Callable[[], None]
) -> Callable[[Floats, slice], Floats]:
    """What painting adds to some rows of the full-size picture, in Oklab: strokes come, fine texture goes."""
    lightness = np.ascontiguousarray(study[..., 0], np.float32)
    slope, offset = local_lines(lightness, None, radius=_RADIUS, variance=_EDGE)
    planes = lifted(np.dstack([slope - 1, offset, _brushwork(lightness, model, random, check)]), size)

    def change(lab: Floats, rows: slice) -> Floats:
        steeper, offset, strokes = np.split(planes(rows), (1, 2), axis=2)
        strokes[..., :1] += _SIMPLIFIED * (steeper * lab[..., :1] + offset)
        return strokes

    return change


def _brushwork(lightness: Floats, model: Floats, random: np.random.Generator, check: Callable[[], None]) -> Floats:
    """h×w×3 Oklab: how the other picture is painted, laid out over what this one shows."""
    pad = _PATCH_PX  # so that the rim, too, lies under as many patches as the rest
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
        alike = np.argpartition(squares - 2 * asked @ known.T, _CHOICE, axis=1)[:, :_CHOICE]
        chosen = alike[np.arange(len(columns)), random.integers(0, _CHOICE, len(columns))]
        for left, k in zip(columns, chosen, strict=True):
            patch = detail[tops[k] : tops[k] + _PATCH_PX, lefts[k] : lefts[k] + _PATCH_PX]
            out[top : top + _PATCH_PX, left : left + _PATCH_PX] += window * patch
    return out[pad:-pad, pad:-pad]


def _feature(patch: Floats) -> Floats:
    """How a patch is shaded: its shape, and its lightness a little."""
    small = np.asarray(cv2.resize(patch, (_FEATURE_PX, _FEATURE_PX), interpolation=cv2.INTER_AREA), np.float32).ravel()
    mean = small.mean()
    return np.append(small - mean, _MEAN_WEIGHT * _FEATURE_PX * mean).astype(np.float32)
