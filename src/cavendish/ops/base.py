"""What an operation is: a pure function from what it declared it needs to a patch or a canvas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cavendish.domain.limits import DecodeSettings
from cavendish.pixels.restorers import Restorers

if TYPE_CHECKING:
    import numpy as np

    from cavendish.domain.plan import Parameters, Step
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.canvas import Canvas
    from cavendish.pixels.cast_shadow import CastLight
    from cavendish.pixels.composite import Patch, Redrawn
    from cavendish.pixels.perspective import Perspective
    from cavendish.pixels.region import Box, Region


class Need(StrEnum):
    """What the engine resolves for an op before calling it; a need that cannot be met skips the step."""

    MASK = "mask"
    """The region the step names, where it names one; the whole picture otherwise."""
    POINTED = "pointed"
    """What the caller points at, and nothing by name: the op finds what the step names by itself."""
    FOREGROUND = "foreground"
    """The subject's alpha in the picture being edited."""
    FOREGROUND_IF_ANY = "foreground_if_any"
    """The same, but the op also works without a subject."""
    DETAILS = "details"
    """Boxes of faces and lettering in the picture being edited."""
    FACES = "faces"
    """Boxes of heads, the largest first, in the picture being edited."""
    HORIZON = "horizon"
    """By how much the picture being edited is turned from upright; whether anything tells it is the op's matter."""
    PARTS = "parts"
    """The two things the step names, apart; `step.region` has them in `any_of`."""
    SHADOW = "shadow"
    """The shadow that what the step names throws on its ground, where there is one."""
    COMPANY = "company"
    """What else stands in the picture being edited, beside what the step names."""
    SKIN = "skin"
    """The skin of the faces in the picture being edited; whether there is some is the op's matter."""
    PERSPECTIVE = "perspective"
    """What should stand upright or lie square in the picture being edited; whether there is such is the op's matter."""
    OTHER_IMAGE = "other_image"
    """The picture `step.image` points to."""
    OTHER_IMAGE_IF_ANY = "other_image_if_any"
    """The same, but the op also works where the step points to none."""
    ALL_IMAGES = "all_images"
    """Every other picture of the request."""
    SKY = "sky"
    """The sky of the picture being edited."""
    OTHER_FOREGROUND = "other_foreground"
    """The subject's alpha in that picture."""
    ANCHOR = "anchor"
    """What `step.placement` names in the picture being edited; whether it is there is the op's matter."""
    LIGHT = "light"
    """How shadows fall in the picture being edited; whether anything tells it is the op's matter."""


CAN_BE_POINTED_AT = frozenset({Need.MASK, Need.POINTED, Need.FOREGROUND})
"""Needs that a mask, a box or points of the caller meet."""


@dataclass(frozen=True)
class OpInput:
    """Everything an op may look at.

    Args:
        image: The picture as it stands.
        size: (width, height) of the grid the step works on; differs from `image.size` only after an earlier
            geometry step, since those move pixels together, once.
        step: The step being run; its `placement` and `target` are the words about where and what.
        parameters: The op's amounts for this output, defaults filled in.
        region: Where to act, where needed and named; None for the whole picture.
        foreground: The subject on that grid, where needed and found.
        details: Boxes of faces and lettering on that grid, where needed.
        faces: Boxes of heads on that grid, hair and chin included, the largest first, where needed.
        tilt_deg: Clockwise turn of that grid from upright, where needed and told by anything.
        perspective: What should be square on that grid, where needed and found.
        parts: The two things on that grid, where needed.
        shadow: Share of light that the region's shadow takes on that grid, h×w, where needed and found.
        company: What stands beside the region on that grid, h×w, 0–1, where needed.
        sky: The sky on that grid, where needed.
        skin: Skin of faces on that grid, where needed and found.
        other: The other picture, where needed.
        others: All other pictures of the request, where needed.
        other_foreground: The other picture's subject, where needed.
        anchor: What the placement names on that grid, where needed and found.
        light: How shadows fall on that grid, where needed and told by one.
        random: Chance for this output; None for the first picture, which is done plainly.
        restorers: The networks pictures are restored with.
        most_pixels: The largest picture an op may make.
        check: To be called now and then during long work; raises to stop.
    """

    image: Image
    size: tuple[int, int]
    step: Step
    parameters: Parameters
    region: Region | None = None
    foreground: Region | None = None
    details: tuple[Box, ...] = ()
    faces: tuple[Box, ...] = ()
    tilt_deg: float | None = None
    perspective: Perspective | None = None
    parts: tuple[Region, ...] = ()
    shadow: Plane | None = None
    company: Plane | None = None
    sky: Region | None = None
    skin: Region | None = None
    other: Image | None = None
    others: tuple[Image, ...] = ()
    other_foreground: Region | None = None
    anchor: Region | None = None
    light: CastLight | None = None
    random: np.random.Generator | None = None
    restorers: Restorers = field(default_factory=Restorers)
    most_pixels: int = DecodeSettings.max_pixels
    check: Callable[[], None] = lambda: None


def _never(_size: tuple[int, int], _parameters: Parameters) -> bool:
    return False


@dataclass(frozen=True)
class Op:
    """One operation.

    Args:
        apply: The function that does it. Raises `UnsupportedEdit` where the picture does not allow it.
        needs: What the engine must resolve first.
        spares: Whether a call on a grid of that (width, height) with those parameters gets by without what `needs`
            lists; finding regions costs far more than most edits.
        acts_on: The part it acts on, whichever part of whom the step names: hair, lips, irises.
        moves_pixels: Whether `apply` returns a `Canvas`; such steps wait to be merged into one resample.
    """

    apply: Callable[[OpInput], Patch | Canvas | Redrawn]
    needs: frozenset[Need] = frozenset()
    spares: Callable[[tuple[int, int], Parameters], bool] = _never
    acts_on: str = ""
    moves_pixels: bool = False
