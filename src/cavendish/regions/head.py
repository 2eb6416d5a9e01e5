"""Where a head is and how it is held: the measure of everything else on a person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cavendish.regions.close_up import CloseUp
from cavendish.regions.face_parts import face_and_skin
from cavendish.regions.landmarks import Landmarks

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box
    from cavendish.regions.close_up import FloatBox
    from cavendish.regions.people import Face

    Floats = npt.NDArray[np.float32]

_TO_THE_HAIR = 1.04
"""From the chin to the top of the forehead, in sides of the detector's square: of five faces 0.95 to 1.06."""
_FACE_MIDDLE, _FACE_HALVES = 0.48, (0.36, 0.5)
"""Ellipse of a face that only the detector has seen, in heights of the face."""
_HEADS = 7.5
"""Height of a person in those of the head, crown to chin."""
_WITH_HAIR = 1.35
"""Height of the head in that of the face."""
_CERTAIN = 0.7
"""Part of it that is skin on nearly everybody."""


@dataclass(frozen=True)
class Head:
    """A head in one picture. Its own coordinates count heights of the face: u to the right, v up from the chin.

    Args:
        image: The picture.
        face: What was found of the head; None where only the person is known.
        chin: (x, y) in pixels.
        up: Unit vector (x, y) from the chin to the forehead.
        height_px: From the chin to the top of the forehead.
    """

    image: Image
    face: Face | Landmarks | None
    chin: Floats
    up: Floats
    height_px: float

    def placed(self, u: float, v: float) -> tuple[float, float]:
        """The point of the picture at the head's own coordinates."""
        right = (-float(self.up[1]), float(self.up[0]))
        x = float(self.chin[0]) + self.height_px * (u * right[0] + v * float(self.up[0]))
        y = float(self.chin[1]) + self.height_px * (u * right[1] + v * float(self.up[1]))
        return x, y

    def coordinates(self, view: CloseUp) -> tuple[Floats, Floats]:
        """The head's own u and v at each pixel of a close-up, h×w each."""
        left, top, right, bottom = view.box
        width, height = view.size
        x = left + (np.arange(width, dtype=np.float32) + 0.5) * ((right - left) / width) - self.chin[0]
        y = top + (np.arange(height, dtype=np.float32)[:, np.newaxis] + 0.5) * ((bottom - top) / height) - self.chin[1]
        u = (-self.up[1] * x + self.up[0] * y) / self.height_px
        v = (self.up[0] * x + self.up[1] * y) / self.height_px
        return np.asarray(u, np.float32), np.asarray(v, np.float32)

    def around(self, *, beside: float, above: float, below: float) -> FloatBox:
        """The upright box that holds a part of the head's surroundings, which may be tilted.

        Args:
            beside: Heights of the face to both sides of its middle.
            above: From the forehead up.
            below: From the chin down.
        """
        corners = np.array([self.placed(u, v) for u in (-beside, beside) for v in (-below, 1 + above)])
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def bare_face(self, view: CloseUp) -> tuple[Plane, npt.NDArray[np.bool_]]:
        """The face in a close-up up to the hair, and those of its pixels that are skin; only where a face was found."""
        if isinstance(self.face, Landmarks):
            face, skin = map(view.cut, self._outlined)
            return face, skin > 0.9
        u, v = self.coordinates(view)
        radius = np.hypot(u / _FACE_HALVES[0], (v - _FACE_MIDDLE) / _FACE_HALVES[1])
        return np.asarray(np.clip(5.5 - 5 * radius, 0, 1), np.float32), radius < _CERTAIN

    @cached_property
    def _outlined(self) -> tuple[Plane, Plane]:
        assert isinstance(self.face, Landmarks)
        return face_and_skin(self.image, self.face)


def head_of(image: Image, face: Face | Landmarks) -> Head:
    """Measure a head by its landmarks, or roughly by what the detector says of it."""
    if isinstance(face, Landmarks):
        return Head(image, face, face.chin, face.up, max(face.height_px, 1.0))
    (right_x, right_y), (left_x, left_y) = face.eyes
    across = (left_x - right_x, left_y - right_y)
    length = math.hypot(*across)
    up = np.array([across[1], -across[0]], np.float32) / length if length > 0 else np.array([0, -1], np.float32)
    chin = np.asarray(face.center, np.float32) - up * (face.extent_px / 2)
    return Head(image, face, chin, np.asarray(up, np.float32), _TO_THE_HAIR * face.extent_px)


def standing(image: Image, person: Box) -> Head:
    """Where the head of a person who stands upright is, by the proportions of a grown-up.

    Args:
        image: The picture.
        person: The box around the person.
    """
    left, top, right, bottom = person
    tall = (bottom - top) / _HEADS
    chin = np.array([(left + right) / 2, top + tall], np.float32)
    return Head(image, None, chin, np.array([0, -1], np.float32), tall / _WITH_HAIR)
