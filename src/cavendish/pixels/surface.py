"""A picture laid onto a flat surface that is seen at a slant: a screen, a frame, a poster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded
from cavendish.imaging.image import Image
from cavendish.imaging.resample import scaling, translation, warp, warped
from cavendish.pixels.base_light import base_light, lightness, looked_at, small_light
from cavendish.pixels.layout import covering
from cavendish.pixels.region import Region
from cavendish.pixels.strips import light_rows, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

Quad = npt.NDArray[np.floating[Any]]

_FLAT = 0.88
"""Shared by joint area of a thing and four corners from which it is a flat four-sided one."""
_LEAST_SIDE_PX = 2.0
_STUDY_SIDE = 320
_FULL, _PRINTED = 0.985, 0.8
"""Share of a box that must lie on a thing to be room for a print, and the part of that room's width it takes."""
_LIT, _BRIGHTEST = 0.7, 1.08
"""Quantile of a thing's lightness that is plain light on it, and the most in its unit; a print shows no shine."""


def four_corners(alpha: Plane) -> Quad | None:
    """Find the corners of a four-sided thing.

    Args:
        alpha: h×w, 0–1.

    Returns:
        4×2, (x, y) in pixels, clockwise from the upper left; None where it has no four straight sides.

    Source:
        Douglas and Peucker, 1973, on the outline's convex hull.
    """
    solid = (alpha >= 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if outlines:
        hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
        length = cv2.arcLength(hull, closed=True)
        for share in (0.02, 0.03, 0.05, 0.08):
            corners = cv2.approxPolyDP(hull, share * length, closed=True)[:, 0].astype(np.float32)
            if len(corners) == len("quad") and _fits(corners, solid):
                return _clockwise(corners)
    return None


def onto_quad(
    image: Image, other: Image, quad: Quad, *, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Plane]:
    """Lay a picture onto a flat surface in perspective.

    Args:
        image: The scene.
        other: The picture, cropped around its middle to about the surface's shape.
        quad: 4×2, (x, y) of the surface's corners in pixels, clockwise from the picture's upper left.
        check: Called now and then; raises to stop.

    Returns:
        New pixels, and how much of them shows, 0–1, soft over one pixel at the sides.

    Raises:
        UnsupportedEdit: The corners enclose nothing.

    Source:
        Homography of four points: Hartley and Zisserman, "Multiple View Geometry", 2004, 4.1.
    """
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    if float(sides.min()) < _LEAST_SIDE_PX or not cv2.isContourConvex(quad.astype(np.float32)):
        raise UnsupportedEdit("the four corners enclose no surface")
    width, height = (max(1, round(float(sides[k] + sides[k + 2]) / 2)) for k in (0, 1))
    flat = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(quad.astype(np.float32), flat), np.float64)
    rows = covering(other, (width, height))
    laid = warped(lambda down, across: rows(down)[:, across], (width, height), matrix, image.size)
    cover = np.clip(warp(np.ones((height, width), np.float32), matrix, image.size), 0, 1)
    pixels = EncodedRGB(np.array(image.rgb, order="C"))
    for strip in strips(pixels.shape):
        check()
        share = cover[strip][..., None]
        if share.any():
            light = np.clip(laid(strip) / np.maximum(share, 1e-3), 0, 1)
            pixels[strip] = np.where(share > 0, to_encoded(LinearRGB(np.asarray(light, np.float32))), pixels[strip])
    return pixels, cover


def printed_on(
    image: Image, other: Image, ink: Plane, thing: Plane, *, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, Plane]:
    """Print a picture onto the front of a thing of any form, upright, in the light that falls there.

    Args:
        image: The scene.
        other: The picture.
        ink: h×w, 0–1: what of it is printed.
        thing: H×W, 0–1: the thing.
        check: Called now and then; raises to stop.

    Returns:
        New pixels, and how much of them is ink, 0–1.

    Raises:
        UnsupportedEdit: The thing has no room for it.
    """
    box = Region(ink).box
    if box is None:
        raise UnsupportedEdit("the picture to print is empty")
    left, top, width = _room_on(thing, (box[2] - box[0]) / (box[3] - box[1]))
    matrix = translation(box[0], box[1]) @ scaling((box[2] - box[0]) / width, (box[2] - box[0]) / width)
    matrix = matrix @ translation(-left, -top)
    cover = np.clip(warp(ink, matrix, image.size), 0, 1) * thing
    colors = light_rows(EncodedRGB(other.rgb))
    laid = warped(lambda down, across: (colors(down) * ink[down][..., None])[:, across], other.size, matrix, image.size)
    base, seen = base_light(EncodedRGB(image.rgb)), lightness(small_light(EncodedRGB(image.rgb)))
    usual = float(np.quantile(seen[looked_at(thing > 0.5, seen.shape)], _LIT))
    pixels = EncodedRGB(np.array(image.rgb, order="C"))
    scene = light_rows(EncodedRGB(image.rgb))
    for strip in strips(pixels.shape):
        check()
        share = cover[strip][..., None]
        if share.any():
            behind = scene(strip)
            shade = np.minimum(base.rows(lightness(behind), strip) / max(usual, 1e-3), _BRIGHTEST) ** 3
            own = laid(strip) / np.maximum(share, 1e-3) * shade[..., None]
            pixels[strip] = to_encoded(LinearRGB(np.clip(behind + (own - behind) * share, 0, 1).astype(np.float32)))
    return pixels, cover


def _room_on(thing: Plane, shape: float) -> tuple[float, float, float]:
    """Left, top and width of the largest upright box of a shape, width by height, around the thing's thickest part."""
    factor = min(1.0, _STUDY_SIDE / max(thing.shape))
    small: Any = cv2.resize(thing, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    solid = np.pad((small > 0.5).astype(np.uint8), 1)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    rows, columns = np.nonzero(depth >= 0.9 * depth.max())
    x, y = float(columns.mean()), float(rows.mean())
    least, most = 0.0, float(max(solid.shape))
    sums = cv2.integral(solid)
    for _ in range(20):
        width = (least + most) / 2
        low, high = round(x - width / 2), round(x + width / 2) + 1
        upper, lower = round(y - width / shape / 2), round(y + width / shape / 2) + 1
        whole = (high - low) * (lower - upper)
        high, lower, low, upper = min(high, solid.shape[1]), min(lower, solid.shape[0]), max(low, 0), max(upper, 0)
        covered = sums[lower, high] - sums[upper, high] - sums[lower, low] + sums[upper, low]
        least, most = (width, most) if covered >= _FULL * whole else (least, width)
    if least < _LEAST_SIDE_PX:
        raise UnsupportedEdit("the thing has no room for it")
    width = _PRINTED * least / factor
    return (x - 1) / factor - width / 2, (y - 1) / factor - width / shape / 2, width


def _fits(corners: Quad, solid: npt.NDArray[np.uint8]) -> bool:
    filled = np.zeros_like(solid)
    cv2.fillConvexPoly(filled, np.rint(corners).astype(np.int32), 1)
    return float((filled & solid).sum()) >= _FLAT * float((filled | solid).sum())


def _clockwise(corners: Quad) -> Quad:
    """From the upper left on."""
    middle = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    ordered = corners[np.argsort(angles)]
    return np.roll(ordered, -int(ordered.sum(axis=1).argmin()), axis=0)
