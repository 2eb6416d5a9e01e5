"""A part of a picture at the size it is studied at, and the way back for what is found there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, OklabImage, to_linear, to_oklab
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

    Floats = npt.NDArray[np.float32]
    FloatBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class CloseUp:
    """A box of a picture, resized.

    Args:
        rgb: h×w×3 uint8; what is transparent in the picture counts as gray.
        box: Where it lies in the picture.
        picture_size: (width, height) of the picture.
    """

    rgb: npt.NDArray[np.uint8]
    box: Box
    picture_size: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the close-up."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @cached_property
    def oklab(self) -> OklabImage:
        """Its colors, h×w×3."""
        return to_oklab(to_linear(EncodedRGB(self.rgb)))

    def seen(self, points: Floats) -> Floats:
        """Points (n×2) of the picture in pixels of the close-up."""
        left, top, right, bottom = self.box
        scale = np.divide(self.size, (right - left, bottom - top))
        return np.asarray((points - (left, top)) * scale, np.float32)

    def cut(self, plane: Plane) -> Plane:
        """The same part of a plane that has the picture's size."""
        left, top, right, bottom = self.box
        part = plane[top:bottom, left:right]
        least = (min(self.size[0], right - left), min(self.size[1], bottom - top))
        return np.asarray(cv2.resize(cv2.resize(part, least, interpolation=cv2.INTER_AREA), self.size), np.float32)

    def lift(self, plane: Plane) -> Plane:
        """A plane of the picture's size that holds what was found in the close-up, and 0 around it."""
        left, top, right, bottom = self.box
        width, height = right - left, bottom - top
        least = (min(self.size[0], width), min(self.size[1], height))
        lifted = np.zeros(self.picture_size[::-1], np.float32)
        small = cv2.resize(plane, least, interpolation=cv2.INTER_AREA)
        lifted[top:bottom, left:right] = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(lifted, 0, 1, out=lifted)


def close_up(image: Image, around: FloatBox, *, scale: float) -> CloseUp | None:
    """Cut out and resize the part of a picture inside a box.

    Args:
        image: The picture.
        around: The box in pixels; what of it lies outside the picture is left out.
        scale: Pixels of the close-up for each of the picture.

    Returns:
        The close-up, or None where the box lies outside the picture.
    """
    left, top = max(0, math.floor(around[0])), max(0, math.floor(around[1]))
    right, bottom = min(image.size[0], math.ceil(around[2])), min(image.size[1], math.ceil(around[3]))
    if right <= left or bottom <= top:
        return None
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    part = image.with_pixels(image.pixels[top:bottom, left:right])
    return CloseUp(small_copy(part, size=size), (left, top, right, bottom), image.size)
