"""Compose: several supplied pictures become one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import reduce

import cv2
import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Planes, Reader, scaling, translation, warp, warped
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, Redrawn, whole
from cavendish.pixels.harmonize import light_match, sample, sampled_light
from cavendish.pixels.layout import Cell, arranged, beside, divided, exposed_twice, in_grid, in_rows, stacked
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.panorama import stitched
from cavendish.pixels.region import Box, Region
from cavendish.pixels.shadow import contact_shadow_rows
from cavendish.pixels.shots import aligned, focused, fused, middle_of
from cavendish.pixels.strips import light_rows, strips
from cavendish.pixels.style import take_style
from cavendish.pixels.surface import four_corners, onto_quad

Layout = Callable[..., tuple[tuple[int, int], list[Cell]]]

_ACROSS = {"left": 0.24, "right": 0.76}
_DOWN = {"top": 0.42, "center": 0.72}
_STANDS_AT = 0.92
"""Where a thing's foot is put when no height is named, as a fraction of the picture's height."""


_SHADOW = 0.7
"""Greatest density of the contact shadow: ground under a thing gets little but the light that grazes it."""

_RIM_CODES, _RIM_SHARE, _KEYED_CODES = 10, 0.02, 40
"""Codes by which a plain rim may vary, the share of it that may do more, and those by which ink shows entirely."""
_WIDEST, _STICKER_MARGIN = 0.9, 0.03

_BESIDE_SUBJECT, _HELD_IN_A_HAND = 0.6, 0.28
"""Most of the height of the scene's own subject that a thing placed beside it gets, and what a hand could hold."""
_SMALL = frozenset({
    "mug", "cup", "glass", "bottle", "can", "phone", "book", "apple", "orange", "banana", "lemon", "egg", "ball",
    "key", "pen", "watch", "ring", "shoe", "sneaker", "spoon", "fork", "plate", "bowl", "candle", "flower", "rose",
    "hat", "cap", "sunglasses", "glasses", "camera", "donut", "sandwich", "coin", "card",
})  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a thing goes: its box on the target picture, in pixels; may reach over the edges."""

    left: float
    top: float
    width: float
    height: float


def place_subject(
    image: Image,
    subject: Image,
    alpha: Plane,
    box: Box,
    placement: Placement,
    *,
    match: float,
    shadow: bool,
    check: Callable[[], None] = lambda: None,
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
        check: Called now and then; raises to stop.

    Returns:
        A patch that changes nothing but the thing's and its shadow's pixels; `subject` holds the placed alpha.

    Source:
        Premultiplied over-compositing: Porter & Duff 1984, done in linear light.
    """
    cut = slice(box[1], box[3]), slice(box[0], box[2])
    own, part = EncodedRGB(subject.rgb[cut]), np.ascontiguousarray(alpha[cut])
    scale = (box[2] - box[0]) / placement.width, (box[3] - box[1]) / placement.height
    matrix = scaling(*scale) @ translation(-round(placement.left), -round(placement.top))
    placed = np.clip(warp(part, matrix, image.size), 0, 1)
    thing = warped(_premultiplied(own, part), (part.shape[1], part.shape[0]), matrix, image.size)
    density = contact_shadow_rows(placed, strength=_SHADOW if shadow else 0.0)
    around = LinearRGB(to_linear(EncodedRGB(sample(image.rgb))).reshape(-1, 3))
    relight = light_match(sampled_light(own, part), around, amount=match)
    scene = light_rows(EncodedRGB(image.rgb))
    pixels, changed = np.empty(image.rgb.shape, np.uint8), np.zeros(placed.shape, np.float32)
    for strip in strips(placed.shape):
        check()
        dark, cover = density(strip), placed[strip]
        changed[strip] = (cover > 0) | (dark > 1 / 512)
        if not changed[strip].any():
            continue
        color = relight(LinearRGB(np.asarray(thing(strip) / np.maximum(cover, 1e-4)[..., None], np.float32)))
        ground = scene(strip) * (1 - dark)[..., None]
        pixels[strip] = to_encoded(LinearRGB(np.asarray(ground + (color - ground) * cover[..., None], np.float32)))
    opacity = None if image.alpha is None else np.maximum(image.opacity, placed)
    return dataclasses.replace(whole(image, EncodedRGB(pixels), alpha=changed), subject=placed, opacity=opacity)


def _premultiplied(own: EncodedRGB, alpha: Plane) -> Reader:
    """Linear light of the thing's own colors by its alpha; read in whole rows."""
    rows = foreground_rows(light_rows(own), alpha)

    def read(down: slice, across: slice) -> Planes:
        return (rows(down) * alpha[down][..., None])[:, across]

    return read


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
    most = _HELD_IN_A_HAND if set(given.step.target.lower().split()) & _SMALL else _BESIDE_SUBJECT
    return min(scale, most * (busy[3] - busy[1]) / given.image.size[1])


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
    return place_subject(
        given.image,
        given.other,
        given.other_foreground.alpha,
        box,
        placement,
        match=0.5,
        shadow=shadow,
        check=given.check,
    )


def _pictures(given: OpInput) -> tuple[Image, ...]:
    if not given.others:
        raise UnsupportedEdit("no second picture was supplied")
    return (given.image, *given.others)


def _laid_out(given: OpInput, lay: Layout) -> Redrawn:
    """Pictures on one canvas, where the caps allow a canvas that large."""
    pictures = _pictures(given)
    size, cells = lay([picture.size for picture in pictures], gutter_px=round(given.parameters["gutter_px"]))
    if size[0] * size[1] > given.most_pixels:
        raise UnsupportedEdit(f"the pictures together would have {size[0]} × {size[1]} pixels, which is too many")
    first = cells[0]
    # The first picture's grid, seen from the canvas: its own frame is one cell of it.
    across, down = given.image.size[0] / first.width, given.image.size[1] / first.height
    window = (
        round(-first.left * across),
        round(-first.top * down),
        round((size[0] - first.left) * across),
        round((size[1] - first.top) * down),
    )
    return Redrawn(Image(arranged(pictures, size, cells, check=given.check)), window=window)


def _collage(given: OpInput) -> Redrawn:
    layouts: dict[str, Layout] = {"auto": in_rows, "grid": in_grid, "row": beside, "column": stacked}
    return _laid_out(given, layouts[given.parameters["layout"]])


def _split_compare(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    position = given.parameters["position"]
    pixels, first = divided(given.image, given.other, position=position, check=given.check)
    changed = np.zeros(pixels.shape[:2], np.float32)
    changed[:, first:] = 1
    return whole(given.image, pixels, alpha=changed)


def _double_exposure(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    rows = exposed_twice(given.image, given.other, amount=given.parameters["amount"])
    pixels = np.empty(given.image.rgb.shape, np.uint8)
    for strip in strips(pixels.shape):
        given.check()
        pixels[strip] = to_encoded(rows(strip))
    return whole(given.image, EncodedRGB(pixels))


def sticker_alpha(image: Image) -> Plane:
    """What of a picture is a logo: its own transparency, or all that is not the plain color of its rim.

    Args:
        image: The picture; one without a plain rim is a sticker as a whole.

    Returns:
        h×w, 0–1.
    """
    if image.alpha is not None:
        return image.opacity
    rgb = image.rgb
    rim = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).astype(np.float32)
    plain = np.median(rim, axis=0)
    if float((np.abs(rim - plain).max(axis=1) > _RIM_CODES).mean()) > _RIM_SHARE:
        return np.ones(rgb.shape[:2], np.float32)
    away = reduce(np.maximum, (np.asarray(cv2.absdiff(rgb[..., k], np.full(1, plain[k]))) for k in range(3)))
    return np.asarray(np.clip((away.astype(np.float32) - _RIM_CODES) / _KEYED_CODES, 0, 1), np.float32)


def _place_sticker(given: OpInput) -> Patch:
    """In the corner that is named, or at the lower right, flat on the picture."""
    assert given.other is not None, "the engine resolves declared needs"
    alpha = sticker_alpha(given.other)
    box = Region(alpha).box
    if box is None:
        raise UnsupportedEdit("the picture to lay on top is empty")
    width, height = given.image.size
    shape = (box[2] - box[0]) / (box[3] - box[1])
    tall = min(given.parameters["scale"] * height, _WIDEST * width / shape)
    wide, margin = tall * shape, _STICKER_MARGIN * min(width, height)
    words = set((given.step.placement or "bottom-right").split("-"))
    left = margin if "left" in words else width - wide - margin if "right" in words else (width - wide) / 2
    top = margin if "top" in words else height - tall - margin if "bottom" in words else (height - tall) / 2
    patch = place_subject(
        given.image,
        given.other,
        np.multiply(alpha, np.float32(given.parameters["opacity"]), out=alpha),
        box,
        Placement(left, top, wide, tall),
        match=0.0,
        shadow=False,
        check=given.check,
    )
    return dataclasses.replace(patch, subject=None)


def _place_on_surface(given: OpInput) -> Patch:
    """Onto a flat four-sided thing, or the corners that are given."""
    assert given.other is not None, "the engine resolves declared needs"
    width, height = given.image.size
    corners = given.parameters.get("quad")
    if corners is not None:
        quad = np.array(corners, np.float32) * (width, height)
    elif given.region is not None:
        quad = four_corners(given.region.alpha)
    else:
        raise UnsupportedEdit("it does not say onto what")
    pixels, alpha = onto_quad(given.image, given.other, quad, check=given.check)
    return whole(given.image, pixels, alpha=alpha)


def _merged(merge: Callable[..., EncodedRGB]) -> Callable[[OpInput], Patch]:
    """Shots of one scene, laid over the first and merged."""

    def apply(given: OpInput) -> Patch:
        shots = aligned(_pictures(given))
        return whole(given.image, merge(shots, check=given.check))

    return apply


def _stitch_panorama(given: OpInput) -> Redrawn:
    panorama, window = stitched(_pictures(given), most_pixels=given.most_pixels, check=given.check)
    return Redrawn(Image(panorama), window=window)


def _copy_object(given: OpInput) -> Patch:
    """As large as it is in its own picture, unless a size is said."""
    assert given.other is not None, "the engine resolves declared needs"
    assert given.other_foreground is not None, "the engine resolves declared needs"
    box = given.other_foreground.box
    if box is None:
        raise UnsupportedEdit("the thing to copy has no clear outline")
    own = (box[3] - box[1]) / given.other.size[1]
    scale = given.parameters.get("scale", own)
    return _place_subject(dataclasses.replace(given, parameters={**given.parameters, "scale": scale}, foreground=None))


def _style_from(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    seed = int(given.random.integers(2**31)) if given.random is not None else 0
    strength = given.parameters["strength"]
    pixels, brushed = take_style(given.image, given.other, strength=strength, seed=seed, check=given.check)
    note = "" if brushed else "it shows no brushwork, so its colors and tones were taken"
    return whole(given.image, pixels, note=note)


_OTHER = frozenset({Need.OTHER_IMAGE})
_ALL = frozenset({Need.ALL_IMAGES})

OPS = {
    "remove_passers_by": Op(_merged(middle_of), _ALL),
    "fuse_exposures": Op(_merged(fused), _ALL),
    "stack_focus": Op(_merged(focused), _ALL),
    "stitch_panorama": Op(_stitch_panorama, _ALL),
    "copy_object": Op(_copy_object, frozenset({Need.OTHER_IMAGE, Need.OTHER_FOREGROUND})),
    "style_from": Op(_style_from, _OTHER),
    "side_by_side": Op(lambda given: _laid_out(given, beside), _ALL),
    "collage": Op(_collage, _ALL),
    "split_compare": Op(_split_compare, _OTHER),
    "double_exposure": Op(_double_exposure, _OTHER),
    "place_sticker": Op(_place_sticker, _OTHER),
    "place_on_surface": Op(_place_on_surface, _OTHER | {Need.MASK}),
    "place_subject": Op(_place_subject, frozenset({Need.FOREGROUND_IF_ANY, Need.OTHER_IMAGE, Need.OTHER_FOREGROUND})),
}
