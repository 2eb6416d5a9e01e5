"""What a plan's words mean in one picture: found, said and drawn over it."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFont

from cavendish.errors import UnsupportedEdit
from cavendish.ops.base import Need
from cavendish.ops.catalog import catalog
from cavendish.pixels.region import Box, Region

if TYPE_CHECKING:
    import numpy.typing as npt

    from cavendish.domain.plan import EditPlan, Step
    from cavendish.domain.queries import RegionQuery
    from cavendish.imaging.image import Image

Color = tuple[int, int, int]

DIM = 0.35
"""What is left of the brightness outside the regions."""

_LINE_PX, _TYPE_PX = 2.5, 19
"""Width of an outline and height of the type on a picture of a megapixel."""
_LEAST_TYPE_PX = 11
_FIRST_HUE, _NEXT_HUE = 0.13, (3 - math.sqrt(5)) / 2
"""Hues go round by the golden angle: however many there are, no two are alike and neighbors lie far apart."""


@dataclass(frozen=True)
class Finding:
    """What was found for one step.

    Args:
        step: The step; it names a region.
        region: Where that is, or None.
        reason: Why there is none.
    """

    step: Step
    region: Region | None = None
    reason: str = ""


def find_regions(
    plan: EditPlan, image: Image, find: Callable[[Image, RegionQuery], Region]
) -> tuple[Finding | None, ...]:
    """Look for what each step names.

    Args:
        plan: The plan.
        image: The first picture.
        find: `RegionResolver.find`.

    Returns:
        One finding a step, in order; None for a step that names nothing.
    """
    return tuple(_find(step, image, find) for step in plan.steps)


def report_lines(finding: Finding) -> Iterator[str]:
    """Say a finding for people."""
    region = finding.region
    if region is None or region.box is None:
        yield f"not found: {finding.reason}"
        return
    left, top, right, bottom = region.box
    yield (
        f"found: {_thing(finding.step)}, box {left}, {top}, {right}, {bottom} px, {region.share:.2%} of the picture, "
        f"confidence {region.confidence:.2f}"
    )
    if region.doubt:
        yield f"in doubt: {region.doubt}"


def draw_overlay(image: Image, findings: Sequence[Finding]) -> PIL.Image.Image:
    """Draw regions over their picture: all else dimmed, and each outlined and labelled in a color of its own.

    Args:
        image: The picture.
        findings: Found regions; steps that name the same thing share an outline.

    Returns:
        An RGB picture of the same size, over white where the picture is transparent.
    """
    regions = [found.region for found in findings if found.region is not None]
    scale = math.sqrt(image.size[0] * image.size[1] / 1e6)
    drawn = np.array(_dimmed(image, regions))
    labels: list[tuple[str, Box, Color]] = []
    for k, (query, region) in enumerate({f.step.region: f.region for f in findings if f.region is not None}.items()):
        color = _color(k)
        _outline(drawn, region, color, width_px=max(1, round(_LINE_PX * scale)))
        if region.box is not None:
            labels.append((_label([f.step for f in findings if f.step.region == query]), region.box, color))
    picture = PIL.Image.fromarray(drawn)
    _write(picture, labels, type_px=max(_LEAST_TYPE_PX, round(_TYPE_PX * scale)))
    return picture


def _find(step: Step, image: Image, find: Callable[[Image, RegionQuery], Region]) -> Finding | None:
    if step.region is None:
        return None
    row = catalog()[step.op]
    if row.available and Need.OTHER_FOREGROUND in row.load().needs:
        return Finding(step, reason=f"{_thing(step)} is looked for in picture {step.image + 1}")
    try:
        return Finding(step, find(image, step.region))
    except UnsupportedEdit as absent:
        return Finding(step, reason=absent.public_message)


def _thing(step: Step) -> str:
    return step.target or (step.region.query if step.region else "")


def _label(steps: Sequence[Step]) -> str:
    return f"{', '.join(dict.fromkeys(step.op for step in steps))}: {_thing(steps[0])}"


def _dimmed(image: Image, regions: Sequence[Region]) -> PIL.Image.Image:
    """The picture as it is inside the regions; in 8 bits, since whole pictures of floats are large."""
    picture = PIL.Image.fromarray(image.pixels)
    if image.alpha is not None:
        seen = PIL.Image.new("RGB", image.size, "white")
        seen.paste(picture, mask=picture.getchannel("A"))
        picture = seen
    inside = np.zeros(image.rgb.shape[:2], np.uint8)
    for region in regions:
        np.maximum(inside, np.rint(255 * region.alpha).astype(np.uint8), out=inside)
    return PIL.Image.composite(picture, picture.point(lambda code: code * DIM), PIL.Image.fromarray(inside))


def _color(k: int) -> Color:
    red, green, blue = colorsys.hsv_to_rgb((_FIRST_HUE + k * _NEXT_HUE) % 1, 0.7, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def _outline(pixels: npt.NDArray[np.uint8], region: Region, color: Color, *, width_px: int) -> None:
    """A colored line with a black rim, which shows on any picture."""
    solid = (region.alpha >= 0.5).astype(np.uint8)
    contours, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(pixels, contours, -1, (0, 0, 0), width_px + 2, cv2.LINE_AA)
    cv2.drawContours(pixels, contours, -1, color, width_px, cv2.LINE_AA)


def _write(picture: PIL.Image.Image, labels: Sequence[tuple[str, Box, Color]], *, type_px: int) -> None:
    """Write each label above its region, or as near as there is room."""
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(type_px)
    margin, height = max(2, type_px // 4), round(1.5 * type_px)
    taken: list[tuple[float, int, float]] = []
    for text, box, color in labels:
        shown = _shortened(text, lambda part: font.getlength(part) + 2 * margin <= picture.width)
        width = font.getlength(shown) + 2 * margin
        left = max(0, min(box[0], picture.width - width))
        top = max(0, min(box[1] - height, picture.height - height))
        while any(abs(top - y) < height and left < end and start < left + width for start, y, end in taken):
            top += height
        taken.append((left, top, left + width))
        dark = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] < 128
        draw.rectangle((left, top, left + width - 1, top + height - 1), fill=color)
        place = (left + margin, top + height / 2)
        draw.text(place, shown, fill="white" if dark else "black", font=font, anchor="lm")


def _shortened(text: str, fits: Callable[[str], bool]) -> str:
    if fits(text):
        return text
    cut = next((k for k in range(len(text) - 1, 0, -1) if fits(text[:k].rstrip() + "…")), 0)
    return text[:cut].rstrip() + "…"
