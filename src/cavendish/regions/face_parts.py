"""The parts of a face as soft masks: lips, eyes, brows, teeth, skin and the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from cavendish.regions import face_contours as contours
from cavendish.regions.face_study import SHARP_PX, SOFT_PX, FaceStudy, blurred, disk, study_face
from cavendish.regions.glasses import worn_glasses

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.landmarks import Landmarks

FacePart = Literal[
    "face", "skin", "lips", "mouth", "teeth", "eyes", "irises", "pupils", "eyebrows", "nose", "cheeks", "forehead",
    "chin", "under_eyes", "glasses",
]  # fmt: skip

_OPEN_MOUTH = 0.035
_PORES_PX = 4
_LIP_EDGE_PX = 2
_BESIDE_THE_BROWS_PX = 5
_PLAIN = 0.04
"""Difference of Oklab lightness below which there is nothing to tell apart."""
_TEETH = 0.8
"""Lightness of teeth in that of the skin, at least; an open mouth without them is darker."""
_PUPIL = 0.42
"""Radius in those of the iris: between the pupil of daylight and that of flash photographs with red eyes."""


def face_part(image: Image, landmarks: Landmarks, part: FacePart) -> Plane:
    """Mask one part of one face, in both halves of the face where there are two.

    Args:
        image: The picture the landmarks were found in.
        landmarks: Of the face.
        part: `face` reaches up to the hair; `skin` leaves out lips, eyes, brows and nostrils; `mouth` is the lips with
            what is between them; `eyes` end at the lids; `glasses` are the frames.

    Returns:
        h×w float32, 0–1, the picture's size; soft at edges, softest where the part has none (cheeks, chin). All 0 where
        it is not to be seen: teeth behind closed lips, irises behind closed lids, glasses nobody wears.
    """
    study = study_face(image, landmarks)
    return np.zeros(image.size[::-1], np.float32) if study is None else study.view.lift(_PARTS[part](study))


def face_and_skin(image: Image, landmarks: Landmarks) -> tuple[Plane, Plane]:
    """Mask both of these parts, for little more than the work of one.

    Args:
        image: The picture the landmarks were found in.
        landmarks: Of the face.

    Returns:
        As `face_part` of `face` and of `skin`.
    """
    study = study_face(image, landmarks)
    if study is None:
        nothing = np.zeros(image.size[::-1], np.float32)
        return nothing, nothing
    return study.view.lift(study.face), study.view.lift(_skin(study))


def _face(study: FaceStudy) -> Plane:
    return study.face


def _skin(study: FaceStudy) -> Plane:
    # Moles and highlights are skin.
    even = cv2.morphologyEx(np.maximum(study.bare, study.skin_likeness), cv2.MORPH_CLOSE, disk(_PORES_PX))
    features = [study.outline(contours.LIPS_OUTER), *map(study.outline, (*contours.EYES, *contours.NOSTRILS))]
    bare = study.face * np.asarray(even, np.float32) * (1 - study.filled(features)) * (1 - _eyebrows(study))
    return np.asarray(bare, np.float32)


def _lips(study: FaceStudy) -> Plane:
    lips = study.filled([study.outline(contours.LIPS_OUTER)])
    if study.opening(contours.INNER_LIPS, contours.MOUTH_CORNERS) >= _OPEN_MOUTH:
        lips *= 1 - study.filled([study.outline(contours.LIPS_INNER)])
    near = blurred(np.asarray(cv2.dilate(lips, disk(_LIP_EDGE_PX)), np.float32), SHARP_PX)
    return np.asarray(study.guided(lips) * near, np.float32)


def _mouth(study: FaceStudy) -> Plane:
    return study.filled([study.outline(contours.LIPS_OUTER)])


def _teeth(study: FaceStudy) -> Plane:
    if study.opening(contours.INNER_LIPS, contours.MOUTH_CORNERS) < _OPEN_MOUTH:
        return study.nothing
    inside = study.filled([study.outline(contours.LIPS_INNER)])
    lightness = np.maximum(study.view.oklab[..., 0], 1e-3)
    redness = study.view.oklab[..., 1] / lightness
    seen, lips = inside > 0.5, _lips(study) > 0.9
    if not seen.any() or not lips.any():
        return study.nothing
    white, red = np.quantile(redness[seen], 0.2), np.median(redness[lips])
    bright = np.quantile(lightness[seen], 0.9)
    if bright < _TEETH * np.median(study.skin_samples[:, 0]):
        return study.nothing
    lit = np.interp(lightness / bright, (0.5, 0.75), (0, 1))
    pale = np.interp(redness, (white + 0.4 * (red - white), white + 0.7 * (red - white)), (1, 0))
    return np.asarray(inside * lit * pale, np.float32)


def _eyes(study: FaceStudy) -> Plane:
    return study.filled(study.open_eyes)


def _irises(study: FaceStudy) -> Plane:
    return _in_the_eyes(study, 1.0)


def _pupils(study: FaceStudy) -> Plane:
    return _in_the_eyes(study, _PUPIL)


def _in_the_eyes(study: FaceStudy, radius: float) -> Plane:
    """Disks around the centers of the irises as far as the lids show them; the radius is in those of the irises."""
    outlines = []
    for iris in map(study.outline, contours.IRISES):
        middle = iris[1:].mean(axis=0)
        reach = np.linalg.norm(iris[1:] - middle, axis=1).mean()
        turns = np.linspace(0, 2 * np.pi, 32, endpoint=False, dtype=np.float32)
        outlines.append(middle + radius * reach * np.stack([np.cos(turns), np.sin(turns)], axis=-1))
    return study.filled(outlines) * _eyes(study)


def _eyebrows(study: FaceStudy) -> Plane:
    """As dark as each pixel is between the skin around the brows and the darkest hairs in them."""
    drawn = study.filled(map(study.outline, contours.BROWS))
    zone = cv2.dilate(drawn, disk(_BESIDE_THE_BROWS_PX))
    lightness = study.view.oklab[..., 0]
    around = (zone > 0.5) & (drawn < 0.05)
    if not around.any() or not (drawn > 0.5).any():
        return study.nothing
    bright, dark = np.median(lightness[around]), np.quantile(lightness[drawn > 0.5], 0.1)
    if bright - dark < _PLAIN:
        return study.nothing
    share = np.interp((bright - lightness) / (bright - dark), (0.25, 0.8), (0, 1)).astype(np.float32)
    return np.asarray(share * blurred(np.asarray(zone, np.float32), _BESIDE_THE_BROWS_PX / 2), np.float32)


def _nose(study: FaceStudy) -> Plane:
    return study.filled([study.outline(contours.NOSE)], soft_px=SOFT_PX)


def _cheeks(study: FaceStudy) -> Plane:
    return study.filled(map(study.outline, contours.CHEEKS), soft_px=SOFT_PX) * study.silhouette


def _forehead(study: FaceStudy) -> Plane:
    return blurred(study.face * study.filled([study.above_the_brows]), SOFT_PX / 2)


def _chin(study: FaceStudy) -> Plane:
    return study.filled([study.outline(contours.CHIN)], soft_px=SOFT_PX) * study.silhouette


def _under_eyes(study: FaceStudy) -> Plane:
    return study.filled(map(study.outline, contours.UNDER_EYES), soft_px=SOFT_PX / 2)


_PARTS: dict[str, Callable[[FaceStudy], Plane]] = {
    "face": _face,
    "skin": _skin,
    "lips": _lips,
    "mouth": _mouth,
    "teeth": _teeth,
    "eyes": _eyes,
    "irises": _irises,
    "pupils": _pupils,
    "eyebrows": _eyebrows,
    "nose": _nose,
    "cheeks": _cheeks,
    "forehead": _forehead,
    "chin": _chin,
    "under_eyes": _under_eyes,
    "glasses": worn_glasses,
}
