"""Overlapping pictures of one scene, joined to a wider one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.shots import matched, small_size

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

_MOST_PIXELS_EACH = 8_000_000
"""Joining holds them all as 16-bit integers, several times."""
_LEAST_KEPT = 0.4
"""Share of what was joined that the largest rectangle in it must be, or the pictures do not lie in a row."""
_MOST_SPREAD = 3.0
"""Most area of the canvas in that of all pictures; two small pictures laid around a pole may want tens of times."""
_CROP_SIDE = 400


def stitched(
    images: Sequence[Image], *, most_pixels: int, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Box]:
    """Join overlapping pictures, in whatever order they come.

    Points that two pictures share give each one's direction and focal length; the pictures are laid on a sphere, their
    exposures made equal, joined along seams where they agree and mixed there. The ragged border is cropped.

    Args:
        images: At least two; each is used at eight megapixels at most.
        most_pixels: The most that the panorama may have; it is made smaller if need be.
        check: Called between the stages; raises to stop.

    Returns:
        h×w×3, the panorama, and where in it the first picture lies: left, top, right, bottom, in pixels of that
        picture, as a window that may reach beyond it.

    Raises:
        UnsupportedEdit: Pictures do not overlap enough to be joined; it names them.

    Source:
        Brown and Lowe, "Automatic panoramic image stitching using invariant features", 2007, as OpenCV has it.
    """
    if len(images) < 2:
        raise UnsupportedEdit("no second picture was supplied")
    views = [_resized(image.rgb, _MOST_PIXELS_EACH) for image in images]
    stitcher = _estimated(views, leveled=True)
    if _spread(stitcher, views) > _MOST_SPREAD:
        check()
        stitcher = _estimated(views, leveled=False)
        if _spread(stitcher, views) > _MOST_SPREAD:
            raise UnsupportedEdit("the pictures could not be laid out side by side")
    check()
    status, joined = stitcher.composePanorama()
    if status != cv2.Stitcher_OK:
        raise UnsupportedEdit("the pictures could not be laid out side by side")
    check()
    left, top, right, bottom = _inner(np.asarray(np.any(joined, axis=2)))
    if (right - left) * (bottom - top) < _LEAST_KEPT * joined.shape[0] * joined.shape[1]:
        raise UnsupportedEdit("the pictures do not lie in a row")
    panorama = EncodedRGB(_resized(np.asarray(joined[top:bottom, left:right], np.uint8), most_pixels))
    return panorama, _window(images[0], panorama)


def _estimated(views: Sequence[npt.NDArray[np.uint8]], *, leveled: bool) -> cv2.Stitcher:
    """Where each picture was pointed; leveled, the horizon is made straight, which only suits pictures side by side."""
    cv2.setRNGSeed(0)
    stitcher = cv2.Stitcher.create(cv2.Stitcher_PANORAMA)
    stitcher.setCompositingResol(-1)
    stitcher.setWaveCorrection(leveled)
    if stitcher.estimateTransform(views) != cv2.Stitcher_OK:
        raise UnsupportedEdit("the pictures do not overlap enough to be joined")
    apart = sorted(set(range(len(views))) - {int(k) for k in stitcher.component()})
    if apart:
        names = " and ".join(str(k + 1) for k in apart)
        raise UnsupportedEdit(f"picture{'s' * (len(apart) > 1)} {names} cannot be joined to the others: no overlap")
    return stitcher


def _spread(stitcher: cv2.Stitcher, views: Sequence[npt.NDArray[np.uint8]]) -> float:
    """Area of the canvas in that of all pictures, told before it is made: near a pole of the sphere it is vast."""
    cameras, scale = stitcher.cameras(), 1 / stitcher.workScale()
    warper = cv2.PyRotationWarper("spherical", float(np.median([camera.focal for camera in cameras])) * scale)
    boxes = []
    for camera, k in zip(cameras, stitcher.component(), strict=True):
        matrix = np.asarray(camera.K(), np.float32)
        matrix[:2] *= scale
        size = views[int(k)].shape[1], views[int(k)].shape[0]
        left, top, width, height = warper.warpRoi(size, matrix, np.asarray(camera.R, np.float32))
        boxes.append((left, top, left + width, top + height))
    corners = np.array(boxes, np.float64)
    canvas = np.prod(corners[:, 2:].max(axis=0) - corners[:, :2].min(axis=0))
    return float(canvas / sum(view.shape[0] * view.shape[1] for view in views))


def _resized(pixels: npt.NDArray[np.uint8], most_pixels: int) -> npt.NDArray[np.uint8]:
    size = small_size((pixels.shape[1], pixels.shape[0]), most_pixels)
    return np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA), np.uint8)


def _inner(shown: npt.NDArray[np.bool_]) -> Box:
    """The largest rectangle without a hole, found on a coarse grid: the largest under a histogram, row by row."""
    step = max(1, math.ceil(max(shown.shape) / _CROP_SIDE))
    rows, columns = shown.shape[0] // step, shown.shape[1] // step
    coarse = np.asarray(shown[: rows * step, : columns * step].reshape(rows, step, columns, step).all(axis=(1, 3)))
    heights, best, box = np.zeros(columns, np.int64), 0, (0, 0, shown.shape[1], shown.shape[0])
    for row in range(rows):
        heights = np.where(coarse[row], heights + 1, 0)
        for left in range(columns):
            lowest = np.minimum.accumulate(heights[left:])
            areas = lowest * np.arange(1, columns - left + 1)
            k = int(areas.argmax())
            if areas[k] > best:
                best = int(areas[k])
                box = (left * step, (row + 1 - int(lowest[k])) * step, (left + k + 1) * step, (row + 1) * step)
    return box


def _window(first: Image, panorama: EncodedRGB) -> Box:
    """What the panorama shows in the first picture's pixels; all of that picture where it is not found."""
    matrix = matched(panorama, EncodedRGB(first.rgb))
    if matrix is None:
        return 0, 0, *first.size
    height, width = panorama.shape[:2]
    middle = np.array([[[width / 2, height / 2]]], np.float32)
    across = np.array([[[width / 2 + 1, height / 2]]], np.float32)
    x, y = cv2.perspectiveTransform(middle, matrix)[0, 0]
    pace = float(np.linalg.norm(cv2.perspectiveTransform(across, matrix)[0, 0] - (x, y)))
    half = pace * width / 2, pace * height / 2
    return round(x - half[0]), round(y - half[1]), round(x + half[0]), round(y + half[1])
