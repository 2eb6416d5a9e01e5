"""Where exactly the features of a face lie: 478 points on its surface, irises included."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.regions.people import Face

    Points = npt.NDArray[np.float32]

LandmarkNetwork = Callable[[npt.NDArray[np.float32]], tuple[npt.NDArray[np.float32], ...]]
"""Maps a float32 tensor 1×256×256×3 (RGB, 0–1) to 478 points (x, y, z in its pixels) and the logit of a face."""

_CROP_PX = 256
_ROOM = 1.5
"""Side of the crop in those of the face: what the network was trained on."""
_POINTS = 478
_LEAST_LOGIT = 0.0
_BACKDROP = 128

_CHIN = 152
_FOREHEAD = 10
_TEMPLES = (234, 454)
_EYE_CORNERS = ((33, 133), (362, 263))


@dataclass(frozen=True)
class Landmarks:
    """A face's points in one picture.

    Args:
        points: 478×2 float32, x and y in pixels, in the order of MediaPipe's face mesh; 468–477 are the irises.
            They may lie outside the picture.
    """

    points: Points

    @property
    def height_px(self) -> float:
        """From the chin to the top of the forehead, where the hair begins on many people."""
        return float(np.linalg.norm(self.points[_FOREHEAD] - self.points[_CHIN]))

    @property
    def width_px(self) -> float:
        """From temple to temple as seen; small for a face in profile."""
        return float(np.linalg.norm(self.points[_TEMPLES[1]] - self.points[_TEMPLES[0]]))

    @property
    def up(self) -> Points:
        """Unit vector (x, y) from the chin to the forehead."""
        return cast("Points", (self.points[_FOREHEAD] - self.points[_CHIN]) / max(self.height_px, 1e-6))

    @property
    def chin(self) -> Points:
        """Lowest point of the face (x, y)."""
        return cast("Points", self.points[_CHIN])

    @property
    def center(self) -> Points:
        """Middle between chin and forehead (x, y)."""
        return cast("Points", (self.points[_FOREHEAD] + self.points[_CHIN]) / 2)


def find_landmarks(image: Image, face: Face, network: LandmarkNetwork) -> Landmarks | None:
    """Find the points of one face.

    The network looks twice: the first answer tells better than the detector how the face is turned and how large it is.

    Args:
        image: The picture the face was found in; what is transparent or outside counts as gray.
        face: One face of `find_faces`.
        network: MediaPipe's landmark network with irises.

    Returns:
        The points, or None where the network says that there is no face.

    Source:
        Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.
    """
    points = _look(image, face.center, face.extent_px, np.asarray(face.eyes, np.float32), network)
    if points is None:
        return None
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    center = (low + high) / 2
    eyes = np.stack([points[list(corners)].mean(axis=0) for corners in _EYE_CORNERS])
    closer = _look(image, (float(center[0]), float(center[1])), float((high - low).max()), eyes, network)
    return None if closer is None else Landmarks(closer)


def _look(
    image: Image, center: tuple[float, float], extent_px: float, eyes: Points, network: LandmarkNetwork
) -> Points | None:
    """The points in pixels of the picture, seen upright in a square around the center."""
    to_crop = _upright(center, _ROOM * max(extent_px, 1.0), eyes)
    answers = network(_crop(image, to_crop)[np.newaxis])
    points, logit = (next(a for a in answers if a.size == size) for size in (3 * _POINTS, 1))
    if float(logit.reshape(())) < _LEAST_LOGIT:
        return None
    flat = points.reshape(_POINTS, 3)[:, :2]
    back = cv2.invertAffineTransform(to_crop)
    return np.asarray(flat @ back[:, :2].T + back[:, 2], np.float32)


def _upright(center: tuple[float, float], side_px: float, eyes: Points) -> npt.NDArray[np.float64]:
    """2×3 transform from the picture to the crop."""
    across = eyes[1] - eyes[0]
    turn_deg = math.degrees(math.atan2(float(across[1]), float(across[0])))
    matrix = np.asarray(cv2.getRotationMatrix2D(center, turn_deg, _CROP_PX / side_px), np.float64)
    matrix[:, 2] += _CROP_PX / 2 - np.asarray(center)
    return matrix


def _crop(image: Image, to_crop: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """256×256×3, 0–1. A large face is averaged down before it is warped, since warping does not antialias."""
    back = cv2.invertAffineTransform(to_crop)
    corners = np.array([[0, 0], [_CROP_PX, 0], [0, _CROP_PX], [_CROP_PX, _CROP_PX]]) @ back[:, :2].T + back[:, 2]
    left, top = (max(0, math.floor(v)) for v in corners.min(axis=0))
    right, bottom = (min(side, math.ceil(v)) for v, side in zip(corners.max(axis=0), image.size, strict=True))
    if right <= left or bottom <= top:
        return np.full((_CROP_PX, _CROP_PX, 3), _BACKDROP / 255, np.float32)
    shrink = min(1.0, math.hypot(*to_crop[0, :2]) * 2)
    size = (max(1, round((right - left) * shrink)), max(1, round((bottom - top) * shrink)))
    part = small_copy(image.with_pixels(image.pixels[top:bottom, left:right]), size=size)
    ratio = np.divide((right - left, bottom - top), size)
    matrix = to_crop.copy()
    matrix[:, 2] += to_crop[:, :2] @ ((left, top) + (ratio - 1) / 2)
    matrix[:, :2] *= ratio
    warped = cv2.warpAffine(part, matrix, (_CROP_PX, _CROP_PX), borderValue=(_BACKDROP,) * 3)
    return np.asarray(warped, np.float32) / np.float32(255)
