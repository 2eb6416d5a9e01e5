"""Scratches, creases and dust found in a picture: what is thin, alike along its whole length and unlike its ground."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, Plane

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_AREA = 1_500_000  # pixels of the copy that is searched
_WIDTH_PX = 9  # what is at least as wide is no scratch
_SPOT_PX = 15  # and no dust
_TEXTURE_PX = 41  # surroundings that tell how much contrast is common here
_LEAST_CONTRAST, _ABOVE_TEXTURE = 14.0, 2.6  # codes; times the surroundings' mean
_BARE, _BAREST, _BARE_CHROMA = 180.0, 220.0, 48.0  # codes: bare paper or film is bright, or dark, and neutral
_BARE_CONTRAST = 22.0  # codes: bare paper shows on most grounds by more
_ONE_TONE = 12.0  # codes by which damage may at least be less bright than what of it shows best
_UNLIKE = 56.0  # codes by which something else that stands out is less bright than damage
_LEAST_SEEN = 60  # pixels of the latter
_FLAT_PX, _FLAT, _CLEAR = 15, 0.58, 20.0  # around a pixel, the share of the usual; codes of contrast that count there
_LINE_PX, _ANGLES = 25, 24  # length and directions of the lines that are laid over what stands out
_COVERED, _BARELY = 0.72, 0.5  # of such a line: enough to begin a scratch, enough to go on
_SHORTEST_PX, _LONG_PX = 24, 110
_ALIKE, _VERY_ALIKE, _ONE_CODE = 30.0, 12.0, 6.0  # codes by which a scratch's own tones vary
_FAR_PX, _BEGUN, _LENGTHENINGS = 41, 0.3, 3  # how lines go on over what is not flat, such as other lines
_GAPS, _FAINT = 0.4, 8.0  # share of a line that is found, and codes of contrast, that bridge where it is faint
_ISOLATED = 0.03  # share of the surroundings that stands out, below which a spot is dust and not texture
_RIM_PX = 2  # soft edge of a scratch, which is to go with it
_OTHER_POLARITY = 0.5  # of the contrast of the clearer kind, bright or dark; less is the scene's own


def find_scratches(
    image: EncodedRGB, *, lines: bool = True, spots: bool = True, check: Callable[[], None] = lambda: None
) -> Plane:
    """Find damage of the print or the film in a picture.

    Args:
        image: Encoded sRGB, h×w×3 uint8. Searched at 1.5 megapixels at most.
        lines: Look for scratches and creases.
        spots: Look for dust and small stains.
        check: Called between directions; raises to stop.

    Returns:
        h×w, 0 or 1, the damage and its rim. Wires and whiskers as bright and as even as a scratch are found, too.

    Source:
        Top-hat transform: Meyer, "Contrast feature extraction", 1979. Lines along which it is high: the path openings
        of Talbot and Appleton, 2007, here over straight pieces.
    """
    height, width = image.shape[:2]
    scale = min(1.0, math.sqrt(_AREA / (height * width)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    chroma = small.max(axis=2).astype(np.float32) - small.min(axis=2)
    gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    kinds = [_damage(tones, chroma, check) for tones in (gray, 255 - gray)]
    clearest = max(clarity for _, clarity in kinds)
    found = np.zeros(gray.shape, np.bool_)
    for (long, round_), clarity in kinds:
        if clarity >= _OTHER_POLARITY * clearest:
            found |= (long if lines else False) | (round_ if spots else False)
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM_PX + 1, 2 * _RIM_PX + 1))
    grown = cv2.dilate(found.astype(np.uint8), rim)
    return np.asarray(cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def _damage(tones: Floats, chroma: Floats, check: Callable[[], None]) -> tuple[tuple[Mask, Mask], float]:
    """Lines and spots brighter than what is around them, and how clearly the lines stand out, all in all."""
    top, stands = _standing_out(tones, _WIDTH_PX)
    paper = stands & (chroma <= _BARE_CHROMA) & (top >= _BARE_CONTRAST)
    limit = _BARE
    seen = _scratches(tones, paper & (tones >= _BAREST), check)
    if np.count_nonzero(seen) >= _LEAST_SEEN:
        usual = float(np.median(tones[seen]))
        limit = max(limit, usual - max(_ONE_TONE, 3 * float(np.median(np.abs(tones[seen] - usual)))))
    bare = paper & (tones >= limit)
    flat = bare & _is_flat(bare, stands & (top >= _CLEAR))
    found = _scratches(tones, flat, check)
    if limit == _BARE:  # creases and scratches that do not go through to the paper
        rest = stands & ~bare
        found |= _lines(tones, rest, rest, shortest_px=_LONG_PX, spread=_VERY_ALIKE, check=check)
    for _ in range(_LENGTHENINGS):
        found |= (_coverage(found, check, length_px=_FAR_PX) > _BEGUN) & bare
    found |= (_coverage(found, check) > _GAPS) & (top >= _FAINT)
    clarity = float((top[found] ** 2).sum())
    top, stands = _standing_out(tones, _SPOT_PX)
    apart = cv2.dilate(found.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    others = apart & (top >= _BARE_CONTRAST) & (tones >= limit - _UNLIKE)
    spots = others & stands & (tones >= limit) & (chroma <= _BARE_CHROMA)
    return (found, _spots(spots, others)), clarity


def _standing_out(tones: Floats, width_px: int) -> tuple[Floats, Mask]:
    """By how much each pixel is brighter than what is as wide as that around it, and where that is uncommonly much."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width_px, width_px))
    top = np.asarray(cv2.morphologyEx(tones, cv2.MORPH_TOPHAT, kernel), np.float32)
    common = cv2.blur(np.minimum(top, 60), (_TEXTURE_PX, _TEXTURE_PX), borderType=cv2.BORDER_REFLECT_101)
    return top, np.asarray(top > np.maximum(_LEAST_CONTRAST, _ABOVE_TEXTURE * common))


def _is_flat(bare: Mask, stands: Mask) -> Mask:
    """Where what stands out has the bare tone all across: rods and rims that shine fall off to their sides.

    A scratch falls off, too, by its own soft edge; so what is usual in the picture counts.
    """
    there, around_it = (cv2.blur(mask.astype(np.float32), (_FLAT_PX, _FLAT_PX)) for mask in (bare, stands))
    share = there / np.maximum(around_it, 1e-4)
    usual = float(np.median(share[bare])) if bare.any() else 1.0
    return np.asarray(share > _FLAT * usual)


def _scratches(tones: Floats, mask: Mask, check: Callable[[], None]) -> Mask:
    """Bare lines; those of a pixel's width slip between the pixels of a line laid over them, so they are laid wider."""
    found = _lines(tones, mask, mask, shortest_px=_SHORTEST_PX, spread=_ALIKE, check=check)
    wider = np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2, 2), np.uint8), anchor=(0, 0)) > 0)
    return found | _lines(tones, mask, wider, shortest_px=2 * _SHORTEST_PX, spread=_ONE_CODE, check=check)


def _lines(
    tones: Floats, mask: Mask, laid_over: Mask, *, shortest_px: int, spread: float, check: Callable[[], None]
) -> Mask:
    """Parts of the mask that are thin, long and of one tone, whatever they cross."""
    coverage = _coverage(laid_over, check)
    begun, going = mask & (coverage > _COVERED), mask & (coverage > _BARELY)
    found = np.zeros_like(mask)
    for window, part in _parts(going):
        own = tones[window][part]
        length = math.hypot(*part.shape)
        varies = float(np.percentile(own, 75) - np.percentile(own, 25))
        if length >= shortest_px and varies <= spread and np.any(begun[window] & part):
            found[window] |= part
    return found


def _coverage(mask: Mask, check: Callable[[], None], *, length_px: int = _LINE_PX) -> Floats:
    """For each pixel, how much of the best straight line through it stands out."""
    values = mask.astype(np.float32)
    best = np.zeros_like(values)
    for k in range(_ANGLES):
        check()
        np.maximum(best, cv2.filter2D(values, -1, _line(math.pi * k / _ANGLES, length_px)), out=best)
    return best


def _line(angle: float, length_px: int) -> Floats:
    kernel = np.zeros((length_px, length_px), np.uint8)
    middle, reach = length_px // 2, length_px / 2
    across, down = round(reach * math.cos(angle)), round(reach * math.sin(angle))
    cv2.line(kernel, (middle - across, middle - down), (middle + across, middle + down), 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _parts(mask: Mask) -> Iterator[tuple[tuple[slice, slice], Mask]]:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for k in range(1, count):
        left, top, width, height = (int(value) for value in boxes[k, :4])
        window = slice(top, top + height), slice(left, left + width)
        yield window, labels[window] == k


def _spots(mask: Mask, others: Mask) -> Mask:
    """Parts of the mask that are small and round, where little else stands out."""
    side = 2 * _TEXTURE_PX + 1
    crowd = cv2.blur(others.astype(np.float32), (side, side), borderType=cv2.BORDER_REFLECT_101)
    found = np.zeros_like(mask)
    for window, part in _parts(mask):
        small = max(part.shape) <= _SPOT_PX and np.count_nonzero(part) >= 0.4 * part.size
        if small and float(crowd[window][part].mean()) < _ISOLATED:
            found[window] |= part
    return found
