"""Compose: several supplied pictures become one."""

from __future__ import annotations

import dataclasses

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import scaling, translation, warp
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.harmonize import match_light
from cavendish.pixels.matte import estimate_foreground
from cavendish.pixels.region import Box, Region
from cavendish.pixels.shadow import contact_shadow

_ACROSS = {"left": 0.24, "right": 0.76}
_DOWN = {"top": 0.42, "center": 0.72}
_STANDS_AT = 0.92
"""Where a thing's foot is put when no height is named, as a fraction of the picture's height."""


_SHADOW = 0.7
"""Greatest density of the contact shadow: ground under a thing gets little but the light that grazes it."""

_BESIDE_SUBJECT = 0.6
"""Most of the height of the scene's own subject that a thing placed beside it gets."""


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a thing goes: its box on the target picture, in pixels; may reach over the edges."""

    left: float
    top: float
    width: float
    height: float


def place_subject(
    image: Image, subject: Image, alpha: Plane, box: Box, placement: Placement, *, match: float, shadow: bool
) -> Patch:
    """Stand a cut-out thing into a scene.

    Args:
        image: The scene.
        subject: The picture the thing comes from.
        alpha: h×w alpha of the thing in that picture.
        box: Box of the thing in that picture.
        placement: Where the box lands in the scene.
        match: 0–1, how far the thing's light is moved towards the scene's.
        shadow: Whether the thing darkens what it stands on.

    Returns:
        A patch that changes nothing but the thing's and its shadow's pixels; `subject` holds the placed alpha.

    Source:
        Premultiplied over-compositing: Porter & Duff 1984, done in linear light.
    """
    light = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(subject.rgb[box[1] : box[3], box[0] : box[2]]))))
    part = np.ascontiguousarray(alpha[box[1] : box[3], box[0] : box[2]])
    front = np.asarray(estimate_foreground(LinearRGB(light), part))
    scale = (box[2] - box[0]) / placement.width, (box[3] - box[1]) / placement.height
    matrix = scaling(*scale) @ translation(-round(placement.left), -round(placement.top))
    premultiplied = warp(front * part[..., None], matrix, image.size)
    placed = np.clip(warp(part, matrix, image.size), 0, 1)
    scene = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(image.rgb))))
    color = LinearRGB(np.asarray(premultiplied / np.maximum(placed, 1e-4)[..., None], np.float32))
    if match > 0:
        color = match_light(color, placed, LinearRGB(scene), amount=match)
    density = contact_shadow(placed, strength=_SHADOW) if shadow else np.zeros_like(placed)
    ground = scene * (1 - density)[..., None]
    mixed = np.asarray(ground + (color - ground) * placed[..., None], np.float32)
    changed = ((placed > 0) | (density > 1 / 512)).astype(np.float32)
    opacity = None if image.alpha is None else np.maximum(image.opacity, placed)
    patch = whole(image, to_encoded(LinearRGB(mixed)), alpha=changed)
    return dataclasses.replace(patch, subject=placed, opacity=opacity)


def choose_placement(
    size: tuple[int, int], box: Box, *, scale: float, side: str, busy: Region | None, random: np.random.Generator | None
) -> Placement:
    """Decide where a thing stands.

    Args:
        size: (width, height) of the scene.
        box: The thing's box in its own picture; only its shape matters.
        scale: Height of the thing as a fraction of the scene's height; less where it would be wider than 0.8 of it.
        side: Words: `left`, `right`, `center`, `top`, `bottom`, joined by `-`; "" picks the side away from `busy`.
        busy: The scene's own subject, or None.
        random: Moves the thing by up to 6 % for further pictures of a request, or None.

    Returns:
        The placement, in pixels.
    """
    width, height = size
    shape = (box[2] - box[0]) / (box[3] - box[1])
    tall = min(scale * height, 0.8 * width / shape)
    words = set(side.split("-")) - {""}
    across = next((_ACROSS[word] for word in words if word in _ACROSS), None)
    if across is None:
        across = 0.5 if "center" in words or busy is None else _free_side(busy)
    foot = next((_DOWN[word] for word in words if word in _DOWN), _STANDS_AT)
    if random is not None:
        across += float(random.uniform(-0.06, 0.06))
        foot += float(random.uniform(-0.03, 0.02))
    wide = tall * shape
    margin = 0.03 * width
    left = min(max(across * width - wide / 2, margin), max(margin, width - wide - margin))
    return Placement(left, max(foot * height - tall, 0.02 * height), wide, tall)


def _scale(given: OpInput) -> float:
    """The height asked for; unasked, a thing stays clearly smaller than the scene's own subject."""
    scale: float = given.parameters["scale"]
    busy = given.foreground.box if given.foreground else None
    if busy is None or "scale" in given.step.stated:
        return scale
    return min(scale, _BESIDE_SUBJECT * (busy[3] - busy[1]) / given.image.size[1])


def _free_side(busy: Region) -> float:
    columns = busy.alpha.sum(axis=0)
    middle = columns.size // 2
    return _ACROSS["right"] if columns[:middle].sum() > columns[middle:].sum() else _ACROSS["left"]


def _place_subject(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    assert given.other_foreground is not None, "the engine resolves declared needs"
    box = given.other_foreground.box
    if box is None:
        raise UnsupportedEdit("the thing to place has no clear outline")
    placement = choose_placement(
        given.image.size,
        box,
        scale=_scale(given),
        side=given.step.placement,
        busy=given.foreground,
        random=given.random,
    )
    shadow = given.parameters["shadow"] != "none"
    patch = place_subject(
        given.image, given.other, given.other_foreground.alpha, box, placement, match=0.5, shadow=shadow
    )
    thing = given.step.target or "subject"
    note = f"taken to be the main subject of picture {given.step.image + 1}" if given.step.target else ""
    return dataclasses.replace(patch, note=f"the {thing} was {note}" if note else "")


OPS = {
    "place_subject": Op(_place_subject, frozenset({Need.FOREGROUND_IF_ANY, Need.OTHER_IMAGE, Need.OTHER_FOREGROUND})),
}
