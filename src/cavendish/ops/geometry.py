"""Geometry: what of the picture shows, and where. Every op but the rounding returns a canvas; pixels move once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from cavendish.domain.plan import Parameters
from cavendish.domain.sizes import NEAREST, RATIO_SIZES, nearest_ratio
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import rotation, scaling, translation
from cavendish.ops.base import Need, Op, OpInput
from cavendish.ops.object_moves import MOVES
from cavendish.pixels.canvas import Canvas, Continued, Fill, Mirrored, Solid, Surround, Transparent
from cavendish.pixels.composite import Patch, Redrawn, apply_patch, put_behind, render, whole
from cavendish.pixels.frames import extend, resize, round_corners
from cavendish.pixels.passport import FORMATS, passport_sheet
from cavendish.pixels.perspective import squared, stood_up
from cavendish.pixels.reframe import cut_window, has_shape, reframe, window_of
from cavendish.pixels.region import Box, Region

_WHITE = 248
"""Codes from here on count as white paper; JPEG leaves white a few codes short of 255."""


_INSET_PX = 1.0
"""By this a turned picture is cropped smaller than what fits: half a pixel a side keeps the outside from mixing in."""


_LEVEL_DEG = 0.1
"""Tilt that nobody sees; turning would only soften the picture."""

_CONTINUED = 0.6
"""Most of a picture's side that is invented when its canvas is extended; more shows what it repeats."""

_LEAST_PX = 48

_TOUCHES = 0.012
"""Of the longer side: a subject that comes as near to a border is cut off by it, and cannot be continued."""


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
        across, down = _inscribed(width, height, *turn)
        new = (math.floor(across - _INSET_PX), math.floor(down - _INSET_PX))
        note = "the turned picture was cropped so that no empty corners show"
    else:
        new = (round(width * turn[1] + height * turn[0]), round(width * turn[0] + height * turn[1]))
    return _turned(size, angle_deg, new, fill or Transparent(), note)


def straighten(size: tuple[int, int], *, angle_deg: float) -> Canvas:
    """Turn the picture a little, and crop it in its own shape so that no corner shows.

    Args:
        size: (width, height).
        angle_deg: Clockwise, −45 to 45.

    Returns:
        The new canvas.
    """
    width, height = size
    sine, cosine = abs(math.sin(math.radians(angle_deg))), math.cos(math.radians(angle_deg))
    share = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    new = (math.floor(share * width - _INSET_PX), math.floor(share * height - _INSET_PX))
    return _turned(size, angle_deg, new, Transparent(), "")


def _turned(size: tuple[int, int], angle_deg: float, new: tuple[int, int], fill: Fill, note: str) -> Canvas:
    """The picture turned about its middle, which stays the middle of the new canvas."""
    canvas = (max(1, new[0]), max(1, new[1]))
    middle = translation(size[0] / 2, size[1] / 2)
    return Canvas(canvas, middle @ rotation(-angle_deg) @ translation(-canvas[0] / 2, -canvas[1] / 2), fill, note)


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
            left, top, right, bottom = _stated(given, "box")
            box = (round(left * width), round(top * height), round(right * width), round(bottom * height))
            return crop(given.size, box)
        case "ratio":
            across, down = map(int, _stated(given, "ratio").split(":"))
            return _window(given, window_of(given.size, (across, down)))
        case "size":
            across, down = map(round, _stated(given, "size"))
            if across > width or down > height:
                raise UnsupportedEdit(f"the picture has only {width}×{height} pixels")
            return _window(given, (across, down))
        case "face":
            if not given.faces:
                raise UnsupportedEdit("no face was found to crop to")
            return _around(given, given.faces[0])
        case _:
            subject = _subject_box(given.foreground)
            if subject is None:
                raise UnsupportedEdit("no clear subject was found to crop to")
            return _around(given, subject)


def _stated(given: OpInput, name: str) -> Any:
    """What the words or the plan must say for the step to mean anything."""
    if name not in given.parameters:
        raise UnsupportedEdit(f"no {name} was given")
    return given.parameters[name]


def _window(given: OpInput, window: tuple[int, int]) -> Canvas:
    """Native pixels of a window of that size, placed to show the subject and the faces."""
    subject = _subject_box(given.foreground)
    fits = subject and subject[2] - subject[0] <= window[0] and subject[3] - subject[1] <= window[1]
    kept = [subject] if subject and (fits or not given.faces) else []
    return cut_window(given.size, window, kept=[*kept, *given.faces])


def _around(given: OpInput, box: Box) -> Canvas:
    x, y = (round(given.parameters["margin"] * side) for side in (box[2] - box[0], box[3] - box[1]))
    return crop(given.size, (box[0] - x, box[1] - y, box[2] + x, box[3] + y))


def _straighten(given: OpInput) -> Canvas:
    angle = given.parameters.get("angle_deg")
    if angle is None:
        if not given.parameters["auto"]:
            raise UnsupportedEdit("no angle was given")
        if given.tilt_deg is None:
            raise UnsupportedEdit("nothing in the picture tells what is level")
        angle = -given.tilt_deg
    if abs(angle) < _LEVEL_DEG:
        return Canvas(given.size, np.eye(3), note="it is level already")
    way = "clockwise" if angle > 0 else "counterclockwise"
    if given.image.alpha is not None:
        canvas, note = rotate(given.size, angle_deg=angle, fill=Transparent()), f"turned {way} by {abs(angle):.1f}°"
    else:
        canvas = straighten(given.size, angle_deg=angle)
        note = f"turned {way} by {abs(angle):.1f}° and cropped so that no corners show"
    return dataclasses.replace(canvas, note=note)


def _correct_perspective(given: OpInput) -> Canvas:
    quad = given.parameters.get("quad")
    if quad is not None:
        corners = [(x * given.size[0], y * given.size[1]) for x, y in quad]
        return squared(given.size, (corners[0], corners[1], corners[2], corners[3]))
    if not given.parameters["auto"]:
        raise UnsupportedEdit("no corners were given")
    found = given.perspective
    if found is not None and found.page is not None:
        return dataclasses.replace(squared(given.size, found.page), note="it was cropped to the page")
    if found is not None and found.upright is not None:
        return dataclasses.replace(stood_up(given.size, found.upright), note="what fell outside was cropped")
    raise UnsupportedEdit("no leaning lines and no page were found; give the four corners as “quad”")


def _resize(given: OpInput) -> Canvas:
    width, height = given.parameters.get("width_px"), given.parameters.get("height_px")
    if width and height:
        resize(given.size, (width, height))  # refuses what is too large
        return reframe(
            given.size,
            (width, height),
            subject=_subject_box(given.foreground),
            policy="auto",
            fill=_background_fill(given.image, given.foreground),
            others=given.details,
        )
    if width:
        return resize(given.size, (width, max(1, round(given.size[1] * width / given.size[0]))))
    if height:
        return resize(given.size, (max(1, round(given.size[0] * height / given.size[1])), height))
    scale = given.parameters.get("scale", 1.0)
    if scale == 1 and "max_bytes" not in given.parameters:
        raise UnsupportedEdit("no new size was given")
    return resize(given.size, (max(1, round(given.size[0] * scale)), max(1, round(given.size[1] * scale))))


def _extend(given: OpInput) -> Canvas:
    sides, amounts = given.parameters["sides"], given.parameters["amounts"]
    if len(amounts) not in {1, len(sides)}:
        raise UnsupportedEdit("there must be one amount for all sides or one for each")
    shares = dict(zip(sides, amounts if len(amounts) == len(sides) else amounts * len(sides), strict=True))
    if given.parameters["fill"] == "auto" and "sides" not in given.step.parameters:
        shares = _free_sides(given, shares)
    left, right = (round(shares.get(side, 0) * given.size[0]) for side in ("left", "right"))
    top, bottom = (round(shares.get(side, 0) * given.size[1]) for side in ("top", "bottom"))
    if not left + top + right + bottom:
        raise UnsupportedEdit("nothing would be added")
    fill, note = _ground(given, max((left + right) / given.size[0], (top + bottom) / given.size[1]))
    return extend(given.size, (left, top, right, bottom), fill=fill, note=note)


def _free_sides(given: OpInput, shares: dict[str, float]) -> dict[str, float]:
    """The sides at which the subject does not go on beyond the picture; all of them where it does everywhere."""
    box = _subject_box(given.foreground)
    if box is None:
        return shares
    width, height = given.size
    air = {"left": box[0], "top": box[1], "right": width - box[2], "bottom": height - box[3]}
    free = {side: share for side, share in shares.items() if air[side] > _TOUCHES * max(given.size)}
    return free or shares


def _ground(given: OpInput, share: float) -> tuple[Fill, str]:
    """What is put around a picture, and what is said of it."""
    named: dict[str, Fill] = {
        "mirror": Mirrored(),
        "blur": Surround(),
        "white": Solid((255, 255, 255)),
        "black": Solid((0, 0, 0)),
        "transparent": Transparent(),
    }
    chosen = given.parameters["fill"]
    if chosen != "auto":
        return named[chosen], ""
    fill = _background_fill(given.image, given.foreground)
    if not isinstance(fill, Surround):
        return fill, ""
    if share <= _CONTINUED and min(given.size) >= _LEAST_PX:
        return Continued(), "the surroundings were continued with what is beside them"
    return fill, "so much room was filled with a blurred copy"


def _pad(given: OpInput) -> Canvas:
    code = given.parameters["color"]
    fill = Solid((int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)))
    width, height = given.size
    margin = round(given.parameters["amount"] * min(width, height))
    if ratio := given.parameters.get("ratio"):
        across, down = map(int, ratio.split(":"))
        full = max(width, math.ceil(height * across / down)), max(height, math.ceil(width * down / across))
        left, top = (full[0] - width) // 2, (full[1] - height) // 2
        return extend(given.size, (left, top, full[0] - width - left, full[1] - height - top), fill=fill)
    return extend(given.size, (margin, margin, margin, margin), fill=fill)


def _round_corners(given: OpInput) -> Patch:
    inside = round_corners(given.image.size, radius_px=given.parameters["radius_px"])
    patch = whole(given.image, EncodedRGB(given.image.rgb), alpha=np.asarray(inside < 1, np.float32))
    return dataclasses.replace(patch, opacity=inside * given.image.opacity)


def _passport_sheet(given: OpInput) -> Canvas | Redrawn:
    """On the plain background that passports need, or the picture's own where nobody can be told from it."""
    if not given.faces:
        raise UnsupportedEdit("no face was found for a passport photo")
    image, country = given.image, given.parameters["country"]
    if image.alpha is not None or given.foreground is None:
        fill = Transparent() if image.alpha is not None else Continued()
        return passport_sheet(given.size, given.faces[0], country, fill=fill)
    color = (FORMATS[country].background,) * 3
    plain = to_linear(EncodedRGB(np.array([[color]], np.uint8)))
    patch = put_behind(image, given.foreground.alpha, lambda _: plain, check=given.check)
    canvas = passport_sheet(given.size, given.faces[0], country, fill=Solid(color))
    sheet = render(apply_patch(image, patch), canvas, check=given.check)
    return Redrawn(sheet, note=f"on a plain background; {canvas.note}")


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


def _is_told(name: str) -> Callable[[tuple[int, int], Parameters], bool]:
    """Whether a parameter says what would have to be found else."""
    return lambda _, parameters: name in parameters or not parameters["auto"]


def _keeps_its_shape(size: tuple[int, int], parameters: Parameters) -> bool:
    width, height = parameters.get("width_px"), parameters.get("height_px")
    return not (width and height) or has_shape(size, (width, height))


def _is_filled_as_said(_size: tuple[int, int], parameters: Parameters) -> bool:
    return bool(parameters["fill"] != "auto")


OPS = {
    "crop": Op(_crop, _SUBJECT | {Need.FACES}, _is_to_a_box, moves_pixels=True),
    "straighten": Op(_straighten, frozenset({Need.HORIZON}), _is_told("angle_deg"), moves_pixels=True),
    "rotate": Op(_rotate, moves_pixels=True),
    "flip": Op(lambda given: flip(given.size, direction=given.parameters["direction"]), moves_pixels=True),
    "correct_perspective": Op(_correct_perspective, frozenset({Need.PERSPECTIVE}), _is_told("quad"), moves_pixels=True),
    "resize": Op(_resize, _SUBJECT | {Need.DETAILS}, _keeps_its_shape, moves_pixels=True),
    "extend_canvas": Op(_extend, _SUBJECT, _is_filled_as_said, moves_pixels=True),
    "pad": Op(_pad, moves_pixels=True),
    "round_corners": Op(_round_corners),
    "passport_sheet": Op(_passport_sheet, _SUBJECT | {Need.FACES}),
    "reframe": Op(_reframe, _SUBJECT | {Need.DETAILS}, _fits_as_it_is, moves_pixels=True),
    **MOVES,
}
