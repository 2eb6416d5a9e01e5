"""Geometry: crop, rotate, flip, and the reframe to the answer's shape. Every op returns a canvas; pixels move once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cavendish.domain.plan import Parameters
from cavendish.domain.sizes import NEAREST, RATIO_SIZES, nearest_ratio
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.imaging.resample import rotation, scaling, translation
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Canvas, Fill, Solid, Surround, Transparent
from cavendish.pixels.reframe import has_shape, reframe, window_of
from cavendish.pixels.region import Box, Region

_WHITE = 248
"""Codes from here on count as white paper; JPEG leaves white a few codes short of 255."""


def crop(size: tuple[int, int], box: Box) -> Canvas:
    """Keep the pixels inside `box`.

    Args:
        size: (width, height) of the picture.
        box: (left, top, right, bottom) in pixels; clipped to the picture.

    Returns:
        A canvas of the box's size.

    Raises:
        UnsupportedEdit: The box holds no pixel of the picture.
    """
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(size[0], box[2]), min(size[1], box[3])
    if right <= left or bottom <= top:
        raise UnsupportedEdit("the part to keep is empty")
    return Canvas((right - left, bottom - top), translation(left, top))


def flip(size: tuple[int, int], *, direction: str) -> Canvas:
    """Mirror left–right (`horizontal`) or turn upside down (`vertical`)."""
    width, height = size
    if direction == "horizontal":
        return Canvas(size, translation(width, 0) @ scaling(-1, 1))
    return Canvas(size, translation(0, height) @ scaling(1, -1))


def rotate(size: tuple[int, int], *, angle_deg: float, fill: Fill | None) -> Canvas:
    """Turn the picture about its center.

    Args:
        size: (width, height).
        angle_deg: Clockwise; quarter turns are exact.
        fill: What the corners get on a canvas that holds everything, or None to crop to the largest rectangle
            without corners.

    Returns:
        The new canvas.
    """
    width, height = size
    turn = abs(math.sin(math.radians(angle_deg))), abs(math.cos(math.radians(angle_deg)))
    note = ""
    if fill is None and angle_deg % 90:
        new = _inscribed(width, height, *turn)
        note = "the turned picture was cropped so that no empty corners show"
    else:
        new = (width * turn[1] + height * turn[0], width * turn[0] + height * turn[1])
    canvas = (max(1, round(new[0])), max(1, round(new[1])))
    back = translation(width / 2, height / 2) @ rotation(-angle_deg) @ translation(-canvas[0] / 2, -canvas[1] / 2)
    return Canvas(canvas, back, fill or Transparent(), note)


def _inscribed(width: float, height: float, sine: float, cosine: float) -> tuple[float, float]:
    """Size of the largest axis-aligned rectangle inside a rotated one, by area."""
    long, short = max(width, height), min(width, height)
    if short <= 2 * sine * cosine * long:  # two corners touch the long sides
        half = short / 2
        return (half / sine, half / cosine) if width >= height else (half / cosine, half / sine)
    spread = cosine * cosine - sine * sine
    return (width * cosine - height * sine) / spread, (height * cosine - width * sine) / spread


def _background_fill(image: Image, foreground: Region | None) -> Fill:
    """How padding looks natural: transparent for cut-outs, white for white paper, else a blurred surround."""
    if image.alpha is not None:
        return Transparent()
    edges = _frame_of(image.rgb).min(axis=1)
    if foreground is not None and foreground.alpha.shape == image.rgb.shape[:2]:
        behind = edges[_frame_of(foreground.alpha) < 0.05]
        edges = behind if behind.size > 0.3 * edges.size else edges
    return Solid((255, 255, 255)) if float((edges >= _WHITE).mean()) > 0.97 else Surround()


def _frame_of(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The outermost pixels, in one row."""
    return np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])


def _subject_box(foreground: Region | None) -> Box | None:
    return foreground.box if foreground else None


def _crop(given: OpInput) -> Canvas:
    width, height = given.size
    match given.parameters["to"]:
        case "box":
            left, top, right, bottom = given.parameters["box"]
            box = (round(left * width), round(top * height), round(right * width), round(bottom * height))
            return crop(given.size, box)
        case "ratio":
            across, down = map(int, given.parameters["ratio"].split(":"))
            window = window_of(given.size, (across, down))
            return reframe(given.size, window, subject=_subject_box(given.foreground), policy="crop", fill=Surround())
        case _:
            subject = _subject_box(given.foreground)
            if subject is None:
                raise UnsupportedEdit("no clear subject was found to crop to")
            x, y = (
                round(given.parameters["margin"] * side) for side in (subject[2] - subject[0], subject[3] - subject[1])
            )
            return crop(given.size, (subject[0] - x, subject[1] - y, subject[2] + x, subject[3] + y))


def _rotate(given: OpInput) -> Canvas:
    fills: dict[str, Fill | None] = {
        "crop": None,
        "blur": Surround(),
        "white": Solid((255, 255, 255)),
        "transparent": Transparent(),
    }
    fill = Transparent() if given.image.alpha is not None else fills[given.parameters["fill"]]
    return rotate(given.size, angle_deg=given.parameters["angle_deg"], fill=fill)


def _target(size: tuple[int, int], parameters: Parameters) -> tuple[int, int]:
    ratio = parameters["ratio"]
    return RATIO_SIZES[nearest_ratio(size) if ratio == NEAREST else ratio]


def _reframe(given: OpInput) -> Canvas:
    return reframe(
        given.size,
        _target(given.size, given.parameters),
        subject=_subject_box(given.foreground),
        policy=given.parameters["policy"],
        fill=_background_fill(given.image, given.foreground),
        others=given.details,
    )


_SUBJECT = frozenset({Need.FOREGROUND_IF_ANY})


def _fits_as_it_is(size: tuple[int, int], parameters: Parameters) -> bool:
    return has_shape(size, _target(size, parameters))


def _is_to_a_box(_size: tuple[int, int], parameters: Parameters) -> bool:
    return bool(parameters["to"] == "box")


OPS = {
    "crop": Op(_crop, _SUBJECT, _is_to_a_box, moves_pixels=True),
    "rotate": Op(_rotate, moves_pixels=True),
    "flip": Op(lambda given: flip(given.size, direction=given.parameters["direction"]), moves_pixels=True),
    "reframe": Op(_reframe, _SUBJECT | {Need.DETAILS}, _fits_as_it_is, moves_pixels=True),
}
