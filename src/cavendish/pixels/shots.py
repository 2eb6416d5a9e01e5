"""Several shots of one scene: laid over one another, then merged by what each of them shows best."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.strips import strips

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

Floats = npt.NDArray[np.floating[Any]]
Features = tuple[Floats, Floats, float]

_STUDY_AREA, _MERGE_AREA = 1_000_000, 1_500_000
_FEATURES, _DISTINCT, _REPROJECTION_PX = 3000, 0.75, 3.0
_LEAST_INLIERS, _LEAST_SHARE = 40, 0.3
"""Matches that one plane explains, and their share of all, under which two pictures show different scenes."""
_LEAST_OVERLAP = 0.5
_LEAST_FOR_MEDIAN = 3
_FOCUS_REACH = 0.005
"""Of the picture's size: over what distance sharpness is compared."""
_DECISIVE = 4
"""Power of the ratio of sharpness: the sharper shot is taken, and mixed only where they are about alike."""


def aligned(images: Sequence[Image]) -> list[EncodedRGB]:
    """Lay shots of one scene over the first of them.

    Args:
        images: At least two; of any size.

    Returns:
        As many h×w×3 pictures on the grid of the first; where one shows nothing it has the first one's pixels.

    Raises:
        UnsupportedEdit: They do not show the same scene from about the same place.

    Source:
        Features: Lowe, "Distinctive image features from scale-invariant keypoints", 2004. Homography: Fischler and
        Bolles, "Random sample consensus", 1981.
    """
    if len(images) < 2:
        raise UnsupportedEdit("no second shot of the scene was supplied")
    first = EncodedRGB(np.ascontiguousarray(images[0].rgb))
    known = _features(first)
    return [first, *(_laid_over(first, known, image, k) for k, image in enumerate(images[1:], start=2))]


def middle_of(shots: Sequence[EncodedRGB], *, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """The median of aligned shots: what stays from shot to shot stays, who passes by is gone.

    Raises:
        UnsupportedEdit: There are fewer than three.

    Source:
        Temporal median: Lo and Velastin, "Automatic congestion detection system for underground platforms", 2001.
    """
    if len(shots) < _LEAST_FOR_MEDIAN:
        raise UnsupportedEdit("at least three shots of the scene are needed to tell what stays")
    middle = np.empty_like(shots[0])
    for rows in strips(middle.shape):
        check()
        middle[rows] = np.median(np.stack([shot[rows] for shot in shots]), axis=0)
    return EncodedRGB(middle)


def fused(shots: Sequence[EncodedRGB], *, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """One picture that is well exposed everywhere, of aligned shots of different exposure.

    Tones are fused on a small copy, and the fine detail of each shot is added where it is exposed best.

    Source:
        Mertens, Kautz and Van Reeth, "Exposure fusion", 2007.
    """
    height, width = shots[0].shape[:2]
    size = small_size((width, height), _MERGE_AREA)
    small = [np.asarray(cv2.resize(shot, size, interpolation=cv2.INTER_AREA), np.uint8) for shot in shots]
    tones = np.asarray(np.clip(cv2.createMergeMertens().process(small), 0, 1), np.float32)
    weights = _shares([_exposedness(shot) for shot in small])
    base = lifted(tones.astype(np.float32), (width, height))
    own = [lifted(shot.astype(np.float32) / np.float32(255), (width, height)) for shot in small]
    merged = np.empty_like(shots[0])
    for rows in strips(merged.shape):
        check()
        codes = base(rows)
        for shot, low, weight in zip(shots, own, weights, strict=True):
            detail = shot[rows].astype(np.float32) / 255 - low(rows)
            codes += lifted(weight, (width, height))(rows)[..., None] * detail.astype(np.float32)
        merged[rows] = np.rint(np.clip(codes, 0, 1) * 255)
    return EncodedRGB(merged)


def focused(shots: Sequence[EncodedRGB], *, check: Callable[[], None] = lambda: None) -> EncodedRGB:
    """One picture that is sharp wherever any of the aligned shots is.

    Source:
        Focus measure by the modified Laplacian: Nayar and Nakagawa, "Shape from focus", 1994.
    """
    height, width = shots[0].shape[:2]
    size = small_size((width, height), 2 * _MERGE_AREA)
    shares = _shares([_sharpness(shot, size) ** _DECISIVE for shot in shots])
    weights = [lifted(share, (width, height)) for share in shares]
    merged = np.empty_like(shots[0])
    for rows in strips(merged.shape):
        check()
        light = sum(
            (to_linear(EncodedRGB(np.ascontiguousarray(shot[rows]))) * weight(rows)[..., None])
            for shot, weight in zip(shots, weights, strict=True)
        )
        merged[rows] = to_encoded(LinearRGB(np.asarray(light, np.float32)))
    return EncodedRGB(merged)


_EVERYWHERE = np.zeros((0, 0), np.uint8)


def matched(first: EncodedRGB, second: EncodedRGB) -> Floats | None:
    """The 3×3 homography from pixels of one picture to those of another, or None where they show different scenes."""
    return _homography(_features(first), _features(second))


def _features(pixels: EncodedRGB) -> Features:
    """Points (n×2, pixels of the picture), their descriptors, and the scale they were found at."""
    width = pixels.shape[1]
    size = small_size((width, pixels.shape[0]), _STUDY_AREA)
    gray = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    small = cv2.createCLAHE(3.0).apply(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8))
    points, descriptors = cv2.SIFT.create(_FEATURES).detectAndCompute(small, _EVERYWHERE)
    if not points:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32), 1.0
    scale = width / size[0]
    return np.array([point.pt for point in points], np.float32) * scale, np.asarray(descriptors, np.float32), scale


def _homography(known: Features, other: Features) -> Floats | None:
    if min(len(known[0]), len(other[0])) < _LEAST_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(known[1], other[1], k=2)
    good = [pair[0] for pair in pairs if len(pair) > 1 and pair[0].distance < _DISTINCT * pair[1].distance]
    if len(good) < _LEAST_INLIERS:
        return None
    here = np.array([known[0][match.queryIdx] for match in good], np.float32)
    there = np.array([other[0][match.trainIdx] for match in good], np.float32)
    matrix, inliers = cv2.findHomography(here, there, cv2.RANSAC, _REPROJECTION_PX * max(known[2], other[2]))
    if matrix is None or inliers.sum() < max(_LEAST_INLIERS, _LEAST_SHARE * len(good)):
        return None
    return np.asarray(matrix, np.float64)


def _laid_over(first: EncodedRGB, known: Features, image: Image, number: int) -> EncodedRGB:
    strange = UnsupportedEdit(f"picture {number} does not show the same scene from the same place as the first")
    rgb = EncodedRGB(np.ascontiguousarray(image.rgb))
    matrix = _homography(known, _features(rgb))
    if matrix is None:
        raise strange
    size = first.shape[1], first.shape[0]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    laid = np.asarray(cv2.warpPerspective(rgb, matrix, size, flags=flags), np.uint8)
    inside = np.full(rgb.shape[:2], 255, np.uint8)
    shown = np.asarray(cv2.warpPerspective(inside, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)) == 255
    if float(shown.mean()) < _LEAST_OVERLAP:
        raise strange
    laid[~shown] = first[~shown]
    return EncodedRGB(laid)


def _exposedness(codes: npt.NDArray[np.uint8]) -> Floats:
    """How near to middle gray a place is, smoothed, h×w."""
    values = codes.astype(np.float32).mean(axis=2) / 255
    good = np.exp(-((values - 0.5) ** 2) / (2 * 0.2**2))
    return np.asarray(cv2.GaussianBlur(good, (0, 0), 0.008 * max(codes.shape)) + 1e-4, np.float32)


def _sharpness(shot: EncodedRGB, size: tuple[int, int]) -> Floats:
    small = np.asarray(cv2.resize(shot, size, interpolation=cv2.INTER_AREA), np.uint8)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    second = np.abs(cv2.filter2D(gray, -1, _ACROSS)) + np.abs(cv2.filter2D(gray, -1, _ACROSS.T))
    return np.asarray(cv2.GaussianBlur(second, (0, 0), max(1.0, _FOCUS_REACH * max(size))) + 0.3, np.float32)


_ACROSS = np.array([[-1, 2, -1]], np.float32)


def _shares(weights: Sequence[Floats]) -> list[Floats]:
    total = np.sum(weights, axis=0)
    return [np.asarray(weight / total, np.float32) for weight in weights]


def small_size(size: tuple[int, int], area: int) -> tuple[int, int]:
    """A (width, height) of the same shape and at most so many pixels."""
    scale = min(1.0, math.sqrt(area / (size[0] * size[1])))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
