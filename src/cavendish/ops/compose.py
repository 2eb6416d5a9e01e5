"""Compose: several supplied pictures become one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import cv2
import numpy as np

from cavendish.domain.placement import Whereabouts, read_placement
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Planes, Reader, scaling, translation, warp, warped
from cavendish.ops.base import Need, Op, OpInput
from cavendish.ops.real_world import base_of, real_height_m
from cavendish.pixels.cast_shadow import CastLight, cast_shadow_rows
from cavendish.pixels.composite import Patch, Redrawn, apply_patch, whole
from cavendish.pixels.harmonize import light_match, sample, sampled_light
from cavendish.pixels.layout import Cell, arranged, beside, divided, exposed_twice, in_grid, in_rows, stacked
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.optics import Optics, match_optics
from cavendish.pixels.panorama import stitched
from cavendish.pixels.region import Box, Region
from cavendish.pixels.shadow import contact_row, contact_shadow_rows
from cavendish.pixels.shots import aligned, focused, fused, middle_of
from cavendish.pixels.staging import Placement, Scene, Thing, stage
from cavendish.pixels.strips import light_rows, strips
from cavendish.pixels.style import take_style
from cavendish.pixels.surface import four_corners, onto_quad, printed_on

Layout = Callable[..., tuple[tuple[int, int], list[Cell]]]

_MATCH = 0.6
"""How far a thing's light is moved towards the scene's."""
_SHADOW = 0.9
"""Greatest density of the contact shadow: ground under a thing gets little but the light that grazes it."""

_SUNK, _GIVEN_BACK = 0.07, (0.6, 0.15)
"""Part of a floating thing that is under water; how much of it the water mirrors, next to it and of its top."""

_RIM_CODES, _RIM_SHARE, _KEYED_CODES = 10, 0.02, 40
"""Codes by which a plain rim may vary, the share of it that may do more, and those by which ink shows entirely."""
_WIDEST, _STICKER_MARGIN = 0.9, 0.03

_BESIDE_SUBJECT, _HELD_IN_A_HAND, _SMALL_M = 0.6, 0.28, 0.3
"""Most of the height of the scene's own subject that a thing placed beside it gets, and what a hand could hold."""
_TRUE_TO_SIZE = 0.7
"""How far the table of sizes is believed: a cat may be a kitten, and a dog on its hind legs."""
_SCALES = (0.07, 0.92)
"""Least and greatest height of a thing that is sized by another, as a fraction of the picture's."""
_TELLING = 0.3
"""Height of the scene's own subject, of the picture's, from which it tells how large things are there."""
_SEEN_IN_PART = frozenset({"table", "bed", "wall", "water"})
"""What a picture seldom shows as a whole, so that its height there tells nothing."""
_INSTEAD = (0.6, 1.5)
"""Least and greatest height of what takes another thing's place, as a part of that thing's."""
_SEEN_OF_CUT = 0.5
"""Part of its real height that is seen of what the frame cuts off."""
_SIZED_BY = frozenset({"next to", "in front of", "behind", "left of", "right of", "between", "under", "instead of"})


def place_subject(
    image: Image,
    subject: Image,
    alpha: Plane,
    box: Box,
    placement: Placement,
    *,
    match: float,
    light: CastLight | None = None,
    check: Callable[[], None] = lambda: None,
) -> Patch:
    """Stand a cut-out thing into a scene.

    Args:
        image: The scene.
        subject: The picture the thing comes from.
        alpha: h×w alpha of the thing in that picture.
        box: Box of the thing in that picture.
        placement: Where the box lands in the scene, and what hides it there.
        match: 0–1, how far the thing's light is moved towards that around its place; above 0 it also gets the blur
            and the grain of that part of the scene.
        light: How shadows fall in the scene; None to let the thing shade no more than what it stands on.
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
    zone = EncodedRGB(image.rgb[_zone(placement, image.size)])
    optics = match_optics(own, zone, shrink=scale[1]) if match else Optics()
    own, part = optics.soften(own, part)
    placed = np.clip(warp(part, matrix, image.size), 0, 1)
    thing = warped(_premultiplied(own, part), (part.shape[1], part.shape[0]), matrix, image.size)
    density = contact_shadow_rows(placed, strength=_SHADOW if placement.grounded else 0.0)
    thrown = cast_shadow_rows(placed, light if placement.grounded else None)
    seen = None if placement.front is None else 1 - placement.front
    around = LinearRGB(to_linear(EncodedRGB(sample(zone))).reshape(-1, 3))
    relight = light_match(sampled_light(own, part), around, amount=match)
    scene = light_rows(EncodedRGB(image.rgb))

    def blended(strip: slice, dark: Plane, cover: Plane) -> EncodedRGB:
        color = relight(LinearRGB(np.asarray(thing(strip) / np.maximum(placed[strip], 1e-4)[..., None], np.float32)))
        ground = scene(strip) * (1 - dark)[..., None]
        return to_encoded(LinearRGB(np.asarray(ground + (color - ground) * cover[..., None], np.float32)))

    pixels, changed = np.empty(image.rgb.shape, np.uint8), np.zeros(placed.shape, np.float32)
    for strip in strips(placed.shape):
        check()
        dark, cover = 1 - (1 - density(strip)) * (1 - thrown(strip)), placed[strip]
        if seen is not None:
            dark, cover = dark * seen[strip], cover * seen[strip]
        changed[strip] = (cover > 0) | (dark > 1 / 512)
        if changed[strip].any():
            pixels[strip] = optics.grained(blended(strip, dark, cover), cover, seed=strip.start)
    placed = placed if seen is None else placed * seen
    opacity = None if image.alpha is None else np.maximum(image.opacity, placed)
    return dataclasses.replace(whole(image, EncodedRGB(pixels), alpha=changed), subject=placed, opacity=opacity)


def float_subject(
    image: Image, subject: Image, alpha: Plane, box: Box, placement: Placement, water: Plane, **how: Any
) -> Patch:
    """Let a cut-out thing float: its lowest part is under water, and the rest stands upside down in it, ever fainter.

    Args:
        image: The scene.
        subject: The picture the thing comes from.
        alpha: h×w alpha of the thing in that picture.
        box: Box of the thing in that picture.
        placement: Where the box lands in the scene.
        water: h×w, 0–1, where the scene is water.
        how: What else `place_subject` takes.

    Source:
        The law of reflection on a level mirror, seen from far away. Water gives back the more the flatter it is seen
        (Fresnel), so the part next to the thing, seen flattest for what is mirrored in it, is the strongest.
    """
    left, top, right, bottom = box
    line = bottom - max(1, round(_SUNK * (bottom - top)))
    above = dataclasses.replace(placement, height=placement.height * (line - top) / (bottom - top))
    cut = slice(top, line), slice(left, right)
    fading = np.linspace(*_GIVEN_BACK, line - top, dtype=np.float32)[:, None]
    mirror = dataclasses.replace(above, top=above.top + above.height, front=1 - water)
    turned, size = np.ascontiguousarray(subject.rgb[cut][::-1]), (0, 0, right - left, line - top)
    reflected = place_subject(image, Image(turned), alpha[cut][::-1] * fading, size, mirror, **how)
    mirrored = apply_patch(image, reflected)
    patch = place_subject(mirrored, subject, alpha, (left, top, right, line), above, **how)
    both = apply_patch(mirrored, patch)
    changed = np.maximum(patch.alpha, reflected.alpha)
    return dataclasses.replace(patch, pixels=EncodedRGB(both.rgb), alpha=changed)


def _zone(placement: Placement, size: tuple[int, int]) -> tuple[slice, slice]:
    """The thing's surroundings in the scene: as much again on each side."""
    spans = ((placement.top, placement.height, size[1]), (placement.left, placement.width, size[0]))
    rows, columns = (
        slice(max(0, min(int(begin - length), most - 1)), max(1, min(int(begin + 2 * length) + 1, most)))
        for begin, length, most in spans
    )
    return rows, columns


def _premultiplied(own: EncodedRGB, alpha: Plane) -> Reader:
    """Linear light of the thing's own colors by its alpha; read in whole rows."""
    rows = foreground_rows(light_rows(own), alpha)

    def read(down: slice, across: slice) -> Planes:
        return (rows(down) * alpha[down][..., None])[:, across]

    return read


def _scale(given: OpInput, where: Whereabouts, thing: Thing) -> float:
    """The height asked for; unasked, as tall beside what it stands to as such things are, or clearly smaller."""
    scale: float = given.parameters.get("scale", _BESIDE_SUBJECT)
    if "scale" in given.step.stated:
        return scale
    assert given.other_foreground is not None, "the engine resolves declared needs"
    own = real_height_m(given.step.target or given.other_foreground.label)
    known = real_height_m(where.anchor) is not None and base_of(where.anchor) not in _SEEN_IN_PART
    within = where.relation in {"on", "in"} and known
    anchor = given.anchor if where.relation in _SIZED_BY or within else None
    other = anchor or given.foreground
    if other is None or other.box is None:
        return scale
    height = given.image.size[1]
    seen = (other.box[3] - other.box[1]) / height
    name = where.anchor if anchor else "" if base_of(other.label) in _SEEN_IN_PART else other.label
    ratio = _ratio(own, real_height_m(name), thing, other, height)
    if where.relation == "instead of" and anchor is not None:
        return seen * min(max(ratio or 1.0, _INSTEAD[0]), _INSTEAD[1])
    if ratio is not None:
        return float(np.clip(seen * ratio, *_SCALES))
    if seen < _TELLING and not anchor:
        return scale
    most = _HELD_IN_A_HAND if own is not None and own < _SMALL_M else _BESIDE_SUBJECT
    return min(scale, most * seen)


def _ratio(own: float | None, other: float | None, thing: Thing, beside: Region, height: int) -> float | None:
    """How much higher than another a thing should be seen; None where the usual height of either is not known."""
    if own is None or other is None or beside.box is None:
        return None
    own *= _SEEN_OF_CUT if "bottom" in thing.cut else 1
    other *= _SEEN_OF_CUT if beside.box[3] >= height and contact_row(beside.alpha) is None else 1
    return float((own / other) ** _TRUE_TO_SIZE * _BESIDE_SUBJECT ** (1 - _TRUE_TO_SIZE))


def _place_subject(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    assert given.other_foreground is not None, "the engine resolves declared needs"
    box = given.other_foreground.box
    if box is None:
        raise UnsupportedEdit("the thing to place has no clear outline")
    thing, where = Thing.of(given.other_foreground.alpha, box), read_placement(given.step.placement)
    scene = Scene(
        given.image.size,
        where.sides,
        where.relation,
        given.anchor,
        base_of(where.anchor),
        where.depth,
        given.foreground,
    )
    placement = stage(scene, thing, scale=_scale(given, where, thing), random=given.random)
    if given.parameters["shadow"] == "none":
        placement = dataclasses.replace(placement, grounded=False)
    lost = bool(where.anchor) and given.anchor is None
    put = place_subject if placement.water is None else partial(float_subject, water=placement.water)
    patch = put(
        given.image,
        given.other,
        given.other_foreground.alpha,
        box,
        placement,
        match=_MATCH,
        light=given.light,
        check=given.check,
    )
    note = f"“{where.anchor}” was not found in the scene, so it stands where there is room" if lost else ""
    return dataclasses.replace(patch, note=note)


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
        image: The picture; one without a plain rim, or of one color, is a sticker as a whole.

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
    ink = np.asarray(np.clip((away.astype(np.float32) - _RIM_CODES) / _KEYED_CODES, 0, 1), np.float32)
    return ink if ink.any() else np.ones_like(ink)


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
        Placement(left, top, wide, tall, grounded=False),
        match=0.0,
        check=given.check,
    )
    return dataclasses.replace(patch, subject=None)


def _place_on_surface(given: OpInput) -> Patch:
    """Onto a flat four-sided thing, or the corners that are given; logos, and what is on other things, are printed."""
    assert given.other is not None, "the engine resolves declared needs"
    corners, thing = given.parameters.get("quad"), given.region
    if corners is not None:
        quad = np.array(corners, np.float32) * given.image.size
    elif thing is None:
        raise UnsupportedEdit("it does not say onto what")
    else:
        ink, flat = sticker_alpha(given.other), four_corners(thing.alpha)
        if flat is None or ink.min() < 1:
            pixels, alpha = printed_on(given.image, given.other, ink, thing.alpha, check=given.check)
            note = "" if flat is not None else "printed on it without bending, since it is not flat"
            return whole(given.image, pixels, alpha=alpha, note=note)
        quad = flat
    pixels, alpha = onto_quad(given.image, given.other, quad.astype(np.float32), check=given.check)
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
    """In another thing's place, or else as large as it is in its own picture, unless a size is said."""
    if given.anchor is not None and read_placement(given.step.placement).relation == "instead of":
        return _place_subject(dataclasses.replace(given, foreground=None))
    assert given.other is not None, "the engine resolves declared needs"
    assert given.other_foreground is not None, "the engine resolves declared needs"
    box = given.other_foreground.box
    if box is None:
        raise UnsupportedEdit("the thing to copy has no clear outline")
    own = (box[3] - box[1]) / given.other.size[1]
    scale = given.parameters.get("scale", own)
    step = dataclasses.replace(given.step, stated=(*given.step.stated, "scale"))
    parameters = {**given.parameters, "scale": scale}
    return _place_subject(dataclasses.replace(given, step=step, parameters=parameters, foreground=None))


def _style_from(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    seed = int(given.random.integers(2**31)) if given.random is not None else 0
    strength = given.parameters["strength"]
    pixels, brushed = take_style(given.image, given.other, strength=strength, seed=seed, check=given.check)
    note = "" if brushed else "it shows no brushwork, so its colors and tones were taken"
    return whole(given.image, pixels, note=note)


_OTHER = frozenset({Need.OTHER_IMAGE})
_ALL = frozenset({Need.ALL_IMAGES})
_STOOD = frozenset({Need.OTHER_IMAGE, Need.OTHER_FOREGROUND, Need.ANCHOR, Need.LIGHT})

OPS = {
    "remove_passers_by": Op(_merged(middle_of), _ALL),
    "fuse_exposures": Op(_merged(fused), _ALL),
    "stack_focus": Op(_merged(focused), _ALL),
    "stitch_panorama": Op(_stitch_panorama, _ALL),
    "copy_object": Op(_copy_object, _STOOD),
    "style_from": Op(_style_from, _OTHER),
    "side_by_side": Op(lambda given: _laid_out(given, beside), _ALL),
    "collage": Op(_collage, _ALL),
    "split_compare": Op(_split_compare, _OTHER),
    "double_exposure": Op(_double_exposure, _OTHER),
    "place_sticker": Op(_place_sticker, _OTHER),
    "place_on_surface": Op(_place_on_surface, _OTHER | {Need.MASK}),
    "place_subject": Op(_place_subject, _STOOD | {Need.FOREGROUND_IF_ANY}),
}
