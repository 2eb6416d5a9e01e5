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
from cavendish.imaging.resample import warp, warped
from cavendish.pixels.layout import covering
from cavendish.pixels.strips import strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

Quad = npt.NDArray[np.floating[Any]]

_FLAT = 0.8
"""Shared by joint area of a thing and four corners from which it is a flat four-sided one."""
_LEAST_SIDE_PX = 2.0


def four_corners(alpha: Plane) -> Quad:
    """Find the corners of a four-sided thing.

    Args:
        alpha: h×w, 0–1.

    Returns:
        4×2, (x, y) in pixels, clockwise from the upper left.

    Raises:
        UnsupportedEdit: It has no four straight sides.

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
    raise UnsupportedEdit("it is no flat four-sided surface; name its corners")


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
