"""What of a person is head, bare skin and clothes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.pixels.region import Region
from cavendish.regions.close_up import CloseUp, close_up
from cavendish.regions.guided_filter import guided_filter
from cavendish.regions.hair import hair_on
from cavendish.regions.head import Head, head_of, standing
from cavendish.regions.skin_tone import SkinTone, skin_tone

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.landmarks import Landmarks
    from cavendish.regions.people import Face

    Floats = npt.NDArray[np.float32]

Half = Literal["", "upper", "lower"]

_LONGEST = 640
"""Longer side of the close-up of the whole person."""
_PALE = (0.5, 0.7)
"""Chroma, in that of the face, between what is white and what is skin."""
_LEAST_SKIN, _LEAST_GARMENT = 0.08, 0.02
"""Area of some fingers and of a cuff, in squares of the height of the face."""
_SHOULDERS = -1.0
"""Below this v skin may begin anew, on arms and legs; above it only what goes on from the face is skin."""
_COLLAR = ((0.5, 0.9, 1.2), (0.0, 0.3, 9.0))
"""Distances |u| from the middle, and v up to which clothes reach there: collars, and arms held up beside the head."""
_FADE = 0.15
_LIKE_THE_FACE = 0.018
"""Difference of tone between the face and a bare chest, at most: two had 0.010, a beige coat 0.025."""
_STRICT = 2.5
"""How much closer to the face's tone a pixel of the chest must be where most of it is clothes of almost that tone."""
_NECK, _COLLARBONE = 0.3, -0.45
_THREAD = 0.1
"""Width, in heights of the face, below which an edge is taken for clothes where skin and backdrop mix."""
_HIPS, _LEAST_LEGS = -3.1, 0.5
"""v of the hips, and how far below them a person must be seen to wear anything there."""
_WAIST_RANGE = (-4.2, -2.2)
_WAIST_STEP = 0.1
_WAIST_CONTRAST = 0.06
"""Difference in Oklab between an upper and a lower garment, at least."""


def find_head(image: Image, face: Face | Landmarks, person: Plane) -> Plane:
    """Find the whole head: face, ears, hair however long, and what is worn on it.

    Args:
        image: The picture.
        face: The head's landmarks, or else the face as the detector found it.
        person: h×w float32, 0–1: the cut-out of the person.

    Returns:
        h×w float32, 0–1, the picture's size.
    """
    head = head_of(image, face)
    view = close_up(image, head.around(beside=1.2, above=0.9, below=0.3), scale=110 / head.height_px)
    hair = hair_on(head, person)
    if view is None:
        return hair
    u, v = head.coordinates(view)
    above_the_jaw = np.interp(v, (0.2, 0.3), (0, 1)) * np.interp(np.abs(u), (0.9, 1.0), (1, 0))
    upper = np.maximum(head.bare_face(view)[0], above_the_jaw.astype(np.float32))
    return np.maximum(hair, np.minimum(view.lift(upper), person), out=hair)


def find_bare_skin(image: Image, person: Plane, faces: Sequence[Face | Landmarks]) -> Plane:
    """Find all skin that is seen: of the face, the neck, arms, hands and legs.

    Args:
        image: The picture.
        person: h×w float32, 0–1: the cut-out of the person or persons.
        faces: All faces in it; their color is what tells skin from clothes.

    Returns:
        h×w float32, 0–1, the picture's size; all 0 without a face.
    """
    figure = _figure(image, person, faces)
    if figure is None:
        return np.zeros_like(person)
    skin = figure.view.lift(figure.skin)
    return np.multiply(skin, person, out=skin)


def find_clothes(image: Image, person: Plane, faces: Sequence[Face | Landmarks], *, half: Half = "") -> Plane:
    """Find what a person wears below the head: everything that is neither skin nor hair, and so things held as well.

    Args:
        image: The picture.
        person: h×w float32, 0–1: the cut-out of the person or persons.
        faces: All faces in it. Without any the person is taken to stand upright, and skin is not told from clothes.
        half: `upper` ends and `lower` begins at the waist, where the color changes there, or else at the hips.

    Returns:
        h×w float32, 0–1, the picture's size; `lower` is all 0 where the picture ends above the legs.
    """
    figure = _figure(image, person, faces)
    if figure is None:
        return np.zeros_like(person)
    clothes = figure.view.lift(_half(figure, _clothes(figure), half))
    return np.multiply(clothes, person, out=clothes)


class _Figure(NamedTuple):
    view: CloseUp
    person: Plane
    heads: Sequence[Head]
    face: Plane
    hair: Plane
    skin: Plane


def _figure(image: Image, person: Plane, faces: Sequence[Face | Landmarks]) -> _Figure | None:
    box = Region(person).box
    if box is None:
        return None
    heads = [head_of(image, face) for face in faces] or [standing(image, box)]
    view = close_up(image, box, scale=min(1.0, _LONGEST / max(box[2] - box[0], box[3] - box[1])))
    if view is None:
        return None
    face, hair, skin = (np.zeros(view.size[::-1], np.float32) for _ in range(3))
    inside = view.cut(person)
    for head in heads:
        if head.face is None:
            continue
        its_face, seen = head.bare_face(view)
        its_hair = view.cut(hair_on(head, person))
        face, hair = np.maximum(face, its_face), np.maximum(hair, its_hair)
        tone = skin_tone(view.oklab[seen & (inside > 0.5)])
        if tone is not None:
            skin = np.maximum(skin, _skin(view, head, tone, its_face, inside * (1 - its_hair)))
    return _Figure(view, inside, heads, face, hair, skin)


def _skin(view: CloseUp, head: Head, tone: SkinTone, face: Plane, person: Plane) -> Plane:
    """What has the tone of the face and lies where skin may be bare."""
    chroma = np.hypot(view.oklab[..., 1], view.oklab[..., 2]) / np.maximum(view.oklab[..., 0], 1e-3)
    colored = np.interp(chroma / max(float(np.hypot(*tone.mean)), 1e-3), _PALE, (0, 1))
    u, v = head.coordinates(view)
    chest = np.interp(v, (-1.8, -1.4), (0, 1)) * np.interp(np.abs(u), (1.3, 1.6), (1, 0))
    chest *= (face < 0.5) & ((np.abs(u) > _NECK) | (v < _COLLARBONE)) & (person > 0.5)
    alike = tone.likeness(view.oklab)
    bare = view.oklab[(chest > 0.5) & (alike > 0.5)]
    if len(bare) and tone.distance(np.median(bare, axis=0)) > _LIKE_THE_FACE:
        alike = tone.likeness(view.oklab, strictness=(1 + (_STRICT - 1) * chest).astype(np.float32))
    alike *= np.maximum(colored, face).astype(np.float32) * (person > 0.3)
    even = guided_filter(alike, view.rgb, radius_px=4, variance=1e-3)
    unit = _unit_px(view, head)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((even > 0.5).astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[np.unique(labels[(face > 0.5) | ((np.abs(u) < _NECK) & (v < 0) & (v > _SHOULDERS))])] = True
    for k in range(1, count):
        large = stats[k, cv2.CC_STAT_AREA] >= _LEAST_SKIN * unit**2
        kept[k] = kept[k] or (large and float(v[labels == k].max()) < _SHOULDERS)
    kept[0] = False
    near = cv2.dilate(kept[labels].astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(even * near, np.float32)


def _unit_px(view: CloseUp, head: Head) -> float:
    """Height of the face in the close-up."""
    return head.height_px * view.size[0] / (view.box[2] - view.box[0])


def _clothes(figure: _Figure) -> Plane:
    clothes = figure.person - np.maximum.reduce([figure.face, figure.hair, figure.skin])
    clothes = np.clip(clothes, 0, 1)
    for head in figure.heads:
        u, v = head.coordinates(figure.view)
        rises = np.interp(np.abs(u), *_COLLAR) if head.face is not None else _COLLAR[1][0]
        clothes = clothes * np.clip((rises - v) / _FADE + 0.5, 0, 1)
    unit = _unit_px(figure.view, figure.heads[0])
    clothes = guided_filter(clothes.astype(np.float32), figure.view.rgb, radius_px=3, variance=1e-3)
    return _without_threads(clothes, round(_THREAD * unit), _LEAST_GARMENT * unit**2)


def _without_threads(mask: Plane, width_px: int, area_px: float) -> Plane:
    """Without what is narrower or smaller than anything worn."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width_px + 1, 2 * width_px + 1))
    broad = cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_OPEN, disk)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(broad)
    kept = stats[:, cv2.CC_STAT_AREA] >= area_px
    kept[0] = False
    near = cv2.dilate(kept[labels].astype(np.uint8), np.ones((2 * width_px + 5,) * 2, np.uint8))
    return np.asarray(mask * near, np.float32)


def _half(figure: _Figure, clothes: Plane, half: Half) -> Plane:
    if not half:
        return clothes
    head = figure.heads[0]
    _, v = head.coordinates(figure.view)
    waist = _waist(figure, clothes)
    if half == "lower" and not ((figure.person > 0.5) & (v < _HIPS - _LEAST_LEGS)).any():
        return np.zeros_like(clothes)
    lower = np.interp(v, (waist - 0.05, waist + 0.05), (1, 0)).astype(np.float32)
    return clothes * (lower if half == "lower" else 1 - lower)


def _waist(figure: _Figure, clothes: Plane) -> float:
    """V of the strongest change of color across the body near the hips, or of the hips where it has none."""
    u, v = figure.heads[0].coordinates(figure.view)
    middle = (clothes > 0.9) & (np.abs(u) < 1.2)
    edges = np.arange(_WAIST_RANGE[0] - 0.5, _WAIST_RANGE[1] + 0.5 + _WAIST_STEP / 2, _WAIST_STEP)
    rows = [figure.view.oklab[middle & (v >= low) & (v < low + _WAIST_STEP)] for low in edges[:-1]]
    best, waist = _WAIST_CONTRAST, _HIPS
    for k in range(5, len(rows) - 4):
        below, above = np.concatenate(rows[k - 5 : k]), np.concatenate(rows[k : k + 5])
        if not len(below) or not len(above):
            continue
        contrast = float(np.linalg.norm(below.mean(axis=0) - above.mean(axis=0)))
        contrast *= float(np.exp(-0.5 * (edges[k] - _HIPS) ** 2))
        if contrast > best:
            best, waist = contrast, float(edges[k])
    return waist
