"""The hair of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.close_up import CloseUp, close_up
from cavendish.regions.color_model import ColorModel, color_model
from cavendish.regions.guided_filter import guided_filter
from cavendish.regions.head import Head, head_of
from cavendish.regions.landmarks import Landmarks
from cavendish.regions.skin_tone import skin_tone

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.people import Face

    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

_FACE_PX = 110
"""Height of the face in the close-up."""
_BESIDE, _ABOVE, _BELOW = 2.0, 0.9, 2.9
"""What the close-up shows, in heights of the face: long hair ends there."""
_PERSON = 0.95
_EDGE_PX, _STRAND_PX = 2, 5
"""Widths in the close-up: of the person's uncertain edge, and of strands in another light, which are hair as well."""
_CAP = 0.4
"""Width of the zone around the upper face, in heights of the face, where every hair style has hair."""
_LEAST_CAP = 0.12
"""Part of that zone which is not skin on those who have hair."""
_NECK = 0.36
"""Half its width."""
_IN_THE_SHADE = 0.9
_USUAL = 0.05
_STRANGE = -2.0
"""Log density below which a color is as good as never seen; what nothing explains is told by its place."""
_ROUNDS = 2


def find_hair(image: Image, face: Face | Landmarks, person: Plane) -> Plane:
    """Find the hair on one head: what is like the hair above the forehead in color, and where hair can be.

    Args:
        image: The picture.
        face: The head's landmarks, or else the face as the detector found it, which is less exact.
        person: h×w float32, 0–1: the cut-out of the person, whose soft edge the hair keeps.

    Returns:
        h×w float32, 0–1, the picture's size; all 0 for a bald head. A hat counts as hair.
    """
    return hair_on(head_of(image, face), person)


def hair_on(head: Head, person: Plane) -> Plane:
    """Find the hair of a head that is already measured; see `find_hair`."""
    around = head.around(beside=_BESIDE, above=_ABOVE, below=_BELOW)
    view = close_up(head.image, around, scale=_FACE_PX / head.height_px)
    if view is None:
        return np.zeros_like(person)
    hair = view.lift(_hair(_scene(head, view, person)))
    return np.multiply(hair, person, out=hair)


class _Scene(NamedTuple):
    view: CloseUp
    face: Plane
    skin: Mask
    person: Plane
    certain: Mask
    """Well inside the person."""
    u: Floats
    v: Floats
    exact: bool
    """Whether the face's outline is known."""
    distance: Floats
    """From the face, in its heights."""

    @property
    def cap(self) -> Mask:
        return self.certain & (self.v > 0.55) & (np.abs(self.u) < 1) & (self.distance < _CAP) & (self.distance > 0)


def _scene(head: Head, view: CloseUp, person: Plane) -> _Scene:
    face, skin = head.bare_face(view)
    exact = isinstance(head.face, Landmarks)
    inside = view.cut(person)
    certain = (
        cv2.erode((inside > _PERSON).astype(np.uint8), np.ones((2 * _EDGE_PX + 1,) * 2, np.uint8), borderValue=1) > 0
    )
    distance = cv2.distanceTransform((face < 0.5).astype(np.uint8), cv2.DIST_L2, 3) / np.float32(_FACE_PX)
    return _Scene(
        view, face, skin & certain, inside, certain, *head.coordinates(view), exact, np.asarray(distance, np.float32)
    )


def _hair(scene: _Scene) -> Plane:
    colors = scene.view.oklab
    skin = _skin_density(scene)
    nothing = np.zeros(scene.face.shape, np.float32)
    if skin is None:
        return nothing
    seed = scene.cap & (skin < float(np.quantile(skin[scene.skin], _USUAL)))
    if np.count_nonzero(seed) < _LEAST_CAP * np.count_nonzero(scene.cap):
        return nothing
    share, hair = nothing, color_model(colors[seed], clusters=3)
    garment = None if hair is None else _first_garment(scene, hair.log_density(colors), seed)
    for _ in range(_ROUNDS):
        if hair is None:
            return nothing
        share = _share_of_hair(scene, hair, skin, garment)
        hair = color_model(colors[scene.certain & (share > 0.9)], clusters=4)
        garment = color_model(colors[scene.certain & (share < 0.1) & ~scene.skin & (scene.v < -0.2)], clusters=5)
    return _finished(scene, share)


def _skin_density(scene: _Scene) -> Floats | None:
    colors = scene.view.oklab
    model = color_model(colors[scene.skin], clusters=4)
    if model is None:
        return None
    density = model.log_density(colors)
    tone = skin_tone(colors[scene.skin])
    if tone is None:
        return density
    # The neck is in the shade of the chin, and a face in profile lit unlike the few of its pixels that are known.
    neck = (np.abs(scene.u) < _NECK) & (scene.v < 0.3) & (scene.v > -0.8)
    light = colors[..., 0] / tone.lightness
    believed = neck & (light < _IN_THE_SHADE) if scene.exact else np.ones_like(neck)
    lit = np.interp(light, (0.5, 0.65), (0, 1))
    likeness = np.where(believed, tone.likeness(colors) * lit, 0)
    usual = float(np.median(density[scene.skin]))
    return np.asarray(np.maximum(density, usual + 2 * np.log(np.maximum(likeness, 1e-4))), np.float32)


def _first_garment(scene: _Scene, hair: Floats, seed: Mask) -> ColorModel | None:
    """What the person wears below the neck, as far as it is not like the hair, which may fall over it."""
    unlike = hair < float(np.quantile(hair[seed], _USUAL))
    return color_model(scene.view.oklab[scene.certain & (scene.v < -0.9) & unlike], clusters=5)


def _share_of_hair(scene: _Scene, hair: ColorModel, skin: Floats, garment: ColorModel | None) -> Plane:
    """How likely each pixel is hair, 0–1, by its color and its place."""
    colors, v = scene.view.oklab, scene.v
    neck = (np.abs(scene.u) < _NECK) & (v < 0.3)
    falling = np.interp(v, (-2.8, -1.8, -0.6, 0.3, 0.7), (-12, -4, -0.5, 0, 2)).astype(np.float32)
    place = falling - 4 * np.maximum(scene.distance - np.interp(v, (0, 0.4), (9, 0.45)), 0) - 2.5 * neck
    if scene.exact:
        place += np.interp(v, (0.9, 1.15), (0, 5)).astype(np.float32)
    others = [np.maximum(skin, _STRANGE)]
    if garment is not None:
        below = np.interp(v, (-0.6, 0.2), (1, -4))
        others.append(np.maximum(garment.log_density(colors), _STRANGE) + below)
    least = np.interp(v, (-0.1, 0.3), (-12, _STRANGE))
    odds = np.maximum(hair.log_density(colors), least) + place - np.maximum.reduce(others)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -20, 20))), np.float32)


def _finished(scene: _Scene, share: Plane) -> Plane:
    """One piece, with the picture's edges, and carried on to where the person fades out."""
    weight = scene.certain.astype(np.float32) + np.float32(1e-3)
    spread = cv2.GaussianBlur(share * weight, (0, 0), 2.5) / cv2.GaussianBlur(weight, (0, 0), 2.5)
    share = np.where(scene.certain, share, spread).astype(np.float32)
    even = guided_filter(share, scene.view.rgb, radius_px=4, variance=1e-3)
    even = np.asarray(cv2.morphologyEx(even, cv2.MORPH_CLOSE, np.ones((_STRAND_PX,) * 2, np.uint8)), np.float32)
    pieces = cv2.erode((even * scene.person > 0.3).astype(np.uint8), np.ones((2 * _EDGE_PX + 1,) * 2, np.uint8))
    _, labels = cv2.connectedComponents(pieces)
    kept = np.unique(labels[(scene.distance < _CAP) & (scene.v > 0.3) & (labels > 0)])
    near = cv2.dilate(np.isin(labels, kept).astype(np.uint8), np.ones((4 * _EDGE_PX + 3,) * 2, np.uint8))
    return np.asarray(even * near * (1 - scene.face), np.float32)
