"""A close-up of a face, its points there, and where it is skin: what every part of the face is found with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions import face_contours as contours
from cavendish.regions.close_up import CloseUp, close_up
from cavendish.regions.color_model import ColorModel, color_model
from cavendish.regions.guided_filter import guided_filter
from cavendish.regions.skin_tone import skin_tone

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.landmarks import Landmarks

    Points = npt.NDArray[np.float32]

SHARP_PX = 1.2
SOFT_PX = 8.0
"""Standard deviation of the blur along edges that are seen, and along those of parts that have none."""
_FACE_PX = 320
"""Height of the face in the close-up; all lengths below are in its pixels."""
_ROOM_ABOVE, _ROOM_AROUND = 0.4, 0.12
"""What the close-up shows around the points, in heights of the face; the hair line is above them."""
_SURFACE = slice(0, 468)
_TOP, _LOWEST = 10, 152
_SUBPIXEL_BITS = 4
_GUIDED_RADIUS_PX = 5
_GUIDED_VARIANCE = 4e-4
_OPEN_EYE = 0.10
"""Distance of the lids in widths of the eye from which the eyeball is seen."""
_BROW_HAIRS_PX = 4
_HAIR_LINE = 0.3
"""How far above the points the hair may begin, in heights of the face."""
_CORE = 0.85
"""Part of the face from the brows down, in each direction from its middle, that no hair covers."""
_ABOVE_THE_NECK = 0.4
_SKIN_FIRST = 1.5
"""Logarithm of how much likelier skin is than hair or backdrop inside the face from the brows down."""
_NO_RIMS = 0.7
"""Part of the cheeks that the rims of large glasses leave free."""


@dataclass(frozen=True)
class FaceStudy:
    """A close-up of a face, in which the face has always the same height, and its points there.

    Args:
        view: The close-up; all masks have its size.
        points: 478×2, in its pixels.
    """

    view: CloseUp
    points: Points

    def outline(self, indices: Sequence[int]) -> Points:
        """The points (n×2) of these indices."""
        return self.points[list(indices)]

    def hull(self, outline: Points) -> Points:
        """The convex outline around some points."""
        return np.asarray(cv2.convexHull(outline)[:, 0], np.float32)

    def filled(self, outlines: Iterable[Points], *, soft_px: float = SHARP_PX) -> Plane:
        """A mask of the inside of some outlines (n×2 each).

        Args:
            outlines: In pixels of the close-up.
            soft_px: Standard deviation of the blur along their edges.
        """
        width, height = self.view.size
        mask = np.zeros((height, width), np.uint8)
        for outline in outlines:
            fixed = np.rint(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return blurred(mask.astype(np.float32) / np.float32(255), soft_px)

    @property
    def nothing(self) -> Plane:
        """An empty mask of the close-up's size."""
        return np.zeros(self.view.size[::-1], np.float32)

    def opening(self, across: Sequence[int], along: Sequence[int]) -> float:
        """Distance of two points in that of two others."""
        upper, lower = self.outline(across)
        start, end = self.outline(along)
        return float(np.linalg.norm(lower - upper)) / max(float(np.linalg.norm(end - start)), 1e-6)

    @property
    def open_eyes(self) -> list[Points]:
        """Outlines of those eyes that are not shut."""
        pairs = zip(contours.EYES, contours.LIDS, contours.EYE_CORNERS, strict=True)
        return [self.outline(eye) for eye, lids, ends in pairs if self.opening(lids, ends) >= _OPEN_EYE]

    @property
    def core(self) -> Points:
        """Outline of what is face on everybody: from the brows down, away from hair at the sides."""
        middle = self.points[_SURFACE].mean(axis=0)
        below = middle + _CORE * (self.outline(contours.LOWER_OVAL) - middle)
        return np.concatenate([self.outline(contours.OVER_THE_BROWS), below])

    @cached_property
    def cheeks(self) -> Plane:
        """Both cheeks, h×w."""
        return self.filled(map(self.outline, contours.CHEEKS))

    @cached_property
    def cheek_colors(self) -> ColorModel | None:
        """Colors of the skin on the cheeks, without the rims of large glasses."""
        colors = self.view.oklab[self.cheeks > 0.9]
        if not len(colors):
            return None
        distance = np.linalg.norm(colors - np.median(colors, axis=0), axis=1)
        return color_model(colors[distance <= np.quantile(distance, _NO_RIMS)], clusters=1)

    @cached_property
    def skin_samples(self) -> Points:
        """Oklab colors (n×3) of what is skin on everybody."""
        features = [contours.LIPS_OUTER, *contours.EYES, *contours.BROWS, *contours.NOSTRILS]
        inner = self.filled([self.core]) * (1 - self.filled(map(self.outline, features), soft_px=SOFT_PX))
        return np.asarray(self.view.oklab[inner > 0.9], np.float32)

    @cached_property
    def face(self) -> Plane:
        """The whole face, eyes and lips included, up to the hair."""
        core = self.filled([self.core])
        found = np.maximum(core, touching(self.bare, core > 0.5))
        whole = cv2.morphologyEx(found, cv2.MORPH_CLOSE, disk(_BROW_HAIRS_PX))
        return np.asarray(self.silhouette * whole, np.float32)

    @cached_property
    def bare(self) -> Plane:
        """How likely each pixel is skin rather than the hair or the backdrop around the face, 0–1."""
        skin = color_model(self.skin_samples, clusters=4)
        if skin is None:
            return 1 - self.nothing
        usual = float(np.quantile(skin.log_density(self.skin_samples), 0.05))
        others = self.view.oklab[self.beside]
        other = color_model(others[skin.log_density(others) < usual], clusters=4)
        if other is None:
            return 1 - self.nothing
        odds = skin.log_density(self.view.oklab) - other.log_density(self.view.oklab)
        odds += _SKIN_FIRST * self.silhouette * (1 - self.filled([self.above_the_brows]))
        return self.guided(np.asarray(1 / (1 + np.exp(-np.clip(odds, -20, 20))), np.float32))

    @property
    def beside(self) -> npt.NDArray[np.bool_]:
        """Above and beside the face, where hair is if there is any; not below it, where the neck is."""
        up = self.points[_TOP] - self.points[_LOWEST]
        y, x = np.mgrid[: self.view.size[1], : self.view.size[0]].astype(np.float32)
        risen = (np.stack([x, y], axis=-1) - self.points[_LOWEST]) @ up / max(float(up @ up), 1e-6)
        return np.asarray((self.silhouette < 0.05) & (risen > _ABOVE_THE_NECK))

    @cached_property
    def silhouette(self) -> Plane:
        """Where the face may be, the highest of foreheads included."""
        # The oval cuts off the far cheek of a turned face.
        return self.filled([self.hull(self.points[_SURFACE]), self.above_the_brows])

    @property
    def above_the_brows(self) -> Points:
        """Outline of where the hair line may be."""
        top = self.outline(contours.UPPER_OVAL)
        up = self.points[_TOP] - self.points[_LOWEST]
        arch = np.sin(np.linspace(0, np.pi, len(top), dtype=np.float32))[:, np.newaxis]
        return np.concatenate([self.outline(contours.OVER_THE_BROWS), (top + _HAIR_LINE * arch * up)[::-1]])

    @cached_property
    def skin_likeness(self) -> Plane:
        """How much each pixel has the face's tone, whatever the light; all 1 where it has no color."""
        tone = skin_tone(self.skin_samples)
        return 1 - self.nothing if tone is None else self.guided(tone.likeness(self.view.oklab))

    def guided(self, mask: Plane) -> Plane:
        """The mask's edges moved to those of the picture next to them."""
        return guided_filter(mask, self.view.rgb, radius_px=_GUIDED_RADIUS_PX, variance=_GUIDED_VARIANCE)


def study_face(image: Image, landmarks: Landmarks) -> FaceStudy | None:
    """Look closely at a face.

    Args:
        image: The picture the landmarks were found in.
        landmarks: Of the face.

    Returns:
        The study, or None where the face lies outside the picture.
    """
    surface, height = landmarks.points[_SURFACE], max(landmarks.height_px, 1.0)
    room = _ROOM_AROUND * height
    # The hair line lies up from the brows, wherever up is.
    above = surface + landmarks.up * (_ROOM_ABOVE * height)
    both = np.concatenate([surface, above])
    (left, top), (right, bottom) = both.min(axis=0), both.max(axis=0)
    around = (float(left) - room, float(top) - room, float(right) + room, float(bottom) + room)
    # Points that make no face, wide and without height, must not ask for an endless close-up.
    extent = float((surface.max(axis=0) - surface.min(axis=0)).max())
    view = close_up(image, around, scale=_FACE_PX / max(height, extent / 2))
    return None if view is None else FaceStudy(view, view.seen(landmarks.points))


def blurred(plane: Plane, sigma_px: float) -> Plane:
    """A plane, or several in one array h×w×n, with a Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE), np.float32)


def touching(mask: Plane, seed: npt.NDArray[np.bool_]) -> Plane:
    """Without the pieces that do not reach the seed."""
    _, labels = cv2.connectedComponents((mask > 0.3).astype(np.uint8))
    kept = np.unique(labels[seed & (labels > 0)])
    near = cv2.dilate(np.isin(labels, kept).astype(np.uint8), np.ones((5, 5), np.uint8))
    return mask * near.astype(np.float32)


def disk(radius_px: int) -> npt.NDArray[np.uint8]:
    """The structuring element that grows or shrinks a mask by a radius."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return np.asarray(kernel, np.uint8)
