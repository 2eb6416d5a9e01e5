"""Moves of single things within a picture; part of the geometry family, which moves whole pictures."""

from __future__ import annotations

import dataclasses

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.resample import Matrix, rotation, scaling, translation
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.object_moves import Thing, foot_of, move_things
from cavendish.pixels.region import Box, Region

_PLACED = {
    "left": (0.22, None),
    "right": (0.78, None),
    "top": (None, 0.25),
    "bottom": (None, 0.95),
    "center": (0.5, None),
}
"""Where the middle of a thing (of the width) and its foot (of the height) come by a word for a side."""
_GAP = 1.06
"""Of its own width, how far beside a thing its copy stands."""
_NEAREST = 0.98
"""Part of the way to a side of the picture that a growing thing goes at most; its edge is soft."""
_WORTHWHILE = 1.05
"""Factor from which growing shows."""
_STAYS: Matrix = np.eye(3)


def _region(given: OpInput) -> tuple[Region, Box]:
    if given.region is None or given.region.box is None:
        raise UnsupportedEdit("it does not say which thing")
    return given.region, given.region.box


def _moved(given: OpInput, *places: Matrix) -> Patch:
    region, _ = _region(given)
    thing = Thing(region.alpha, places, given.shadow)
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    pixels, changed = move_things(rgb, [thing], company=given.company, check=given.check)
    return whole(given.image, pixels, alpha=changed)


def _about(x: float, y: float, matrix: Matrix) -> Matrix:
    return translation(x, y) @ matrix @ translation(-x, -y)


def _shifted(dx: float, dy: float) -> Matrix:
    return translation(-round(dx), -round(dy))  # whole pixels, so that nothing is resampled


def _move(given: OpInput) -> Patch:
    region, box = _region(given)
    width, height = given.image.size
    dx, dy = (given.parameters.get(name) for name in ("dx", "dy"))
    if dx is None and dy is None:
        words = [word for word in given.step.placement.split("-") if word in _PLACED]
        if not words:
            raise UnsupportedEdit("it does not say where to move it")
        x, y = foot_of(region.alpha)
        across = next((_PLACED[word][0] for word in words if _PLACED[word][0] is not None), None)
        down = next((_PLACED[word][1] for word in words if _PLACED[word][1] is not None), None)
        dx = 0.0 if across is None else across - x / width
        dy = 0.0 if down is None else down - y / height
    right, lower = (dx or 0.0) * width, (dy or 0.0) * height
    if box[0] + right >= width or box[2] + right <= 0 or box[1] + lower >= height or box[3] + lower <= 0:
        raise UnsupportedEdit("it would be moved out of the picture")
    return _moved(given, _shifted(right, lower))


def _scale(given: OpInput) -> Patch:
    """As asked where a factor is stated; else no larger than that nothing of it leaves the picture."""
    region, box = _region(given)
    foot = foot_of(region.alpha)
    wanted = given.parameters["scale"]
    scale = wanted if "scale" in given.step.stated else min(wanted, _largest(foot, box, given.image.size))
    if scale < min(wanted, _WORTHWHILE):
        raise UnsupportedEdit("it already fills the picture")
    patch = _moved(given, _about(*foot, scaling(1 / scale, 1 / scale)))
    return patch if scale == wanted else dataclasses.replace(patch, note="as large as there is room for")


def _largest(foot: tuple[float, float], box: Box, size: tuple[int, int]) -> float:
    """The factor by which a thing grows from its foot until it comes to a side of the picture that it is not at."""
    (x, y), (left, top, right, _) = foot, box
    room = [(x, x - left), (size[0] - x, right - x), (y, y - top)]
    return max(1.0, min((_NEAREST * most / own for most, own in room if most > own + 1 > 1), default=1.0))


def _mirror(given: OpInput) -> Patch:
    _, (left, top, right, bottom) = _region(given)
    flip = scaling(-1, 1) if given.parameters["direction"] == "horizontal" else scaling(1, -1)
    return _moved(given, _about((left + right) / 2, (top + bottom) / 2, flip))


def _rotate(given: OpInput) -> Patch:
    _, (left, top, right, bottom) = _region(given)
    turned = _about((left + right) / 2, (top + bottom) / 2, rotation(-given.parameters["angle_deg"]))
    return _moved(given, turned)


def _duplicate(given: OpInput) -> Patch:
    """Copies in a row, beside the thing where there is room and else on its other side."""
    _, (left, _, right, _) = _region(given)
    width, height = given.image.size
    copies = int(given.parameters["copies"])
    dx, dy = (given.parameters.get(name) for name in ("dx", "dy"))
    step = _GAP * (right - left) if dx is None else dx * width
    lower = 0.0 if dy is None else dy * height
    places: list[Matrix] = []
    if dx is None and dy is None:
        after = int((width - right) // step)
        before = int(left // step)
        if after + before < copies:
            raise UnsupportedEdit(f"there is room for {after + before} more of it, not for {copies}")
        shifts = [*range(1, after + 1), *range(-1, -before - 1, -1)][:copies]
        places = [_shifted(k * step, 0) for k in shifts]
    else:
        places = [_shifted(k * step * (dx is not None), k * lower) for k in range(1, copies + 1)]
    return _moved(given, _STAYS, *places)


def _swap(given: OpInput) -> Patch:
    first, second = given.parts
    (x0, y0), (x1, y1) = foot_of(first.alpha), foot_of(second.alpha)
    things = [
        Thing(first.alpha, [_shifted(x1 - x0, y1 - y0)]),
        Thing(second.alpha, [_shifted(x0 - x1, y0 - y1)]),
    ]
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    pixels, changed = move_things(rgb, things, check=given.check)
    return whole(given.image, pixels, alpha=changed)


_LIFTED = frozenset({Need.MASK, Need.SHADOW, Need.COMPANY})

MOVES = {
    "move_object": Op(_move, _LIFTED),
    "scale_object": Op(_scale, _LIFTED),
    "mirror_object": Op(_mirror, _LIFTED),
    "rotate_object": Op(_rotate, _LIFTED),
    "duplicate_object": Op(_duplicate, _LIFTED),
    "swap_objects": Op(_swap, frozenset({Need.PARTS})),
}
