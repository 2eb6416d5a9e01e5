"""Passport photographs: what countries ask of their size and of the head on them, and the sheet to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.resample import scaling, translation
from cavendish.pixels.canvas import Canvas, Continued, Fill
from cavendish.pixels.sheet import px, sheet_of

if TYPE_CHECKING:
    from cavendish.pixels.region import Box

_PAPER_MM = (150, 100)
"""10×15 cm, lying."""

_MARGIN_MM, _GAP_MM = 2.0, 1.0

_ABOVE = 0.4
"""Share of the free height that lies above the head: chins need more room than crowns, for the shoulders."""

_FREE_PX = 2
"""What may be missing at an edge without being seen."""


@dataclass(frozen=True)
class Format:
    """What a country asks for.

    Args:
        width_mm: Of the photograph.
        height_mm: Of the photograph.
        head_mm: From the chin to the crown, the middle of what is allowed.
        background: Code of the plain gray behind the head, 255 where white is asked for.
    """

    width_mm: float
    height_mm: float
    head_mm: float
    background: int = 255


FORMATS: Mapping[str, Format] = {
    "eu": Format(35, 45, 34, 232),
    "uk": Format(35, 45, 31.5, 232),
    "us": Format(50.8, 50.8, 30),
    "canada": Format(50, 70, 33.5),
    "mexico": Format(35, 45, 33),
    "brazil": Format(50, 70, 33.5),
    "india": Format(35, 45, 33),
    "china": Format(33, 48, 30.5),
    "japan": Format(35, 45, 34, 232),
    "australia": Format(35, 45, 34, 232),
}
"""Sizes and the middle of the head heights allowed, as the countries' passport offices published them: EU, Japan and
Australia 32–36 mm (ICAO Doc 9303, part 3), UK 29–34, USA 25–35, Canada 31–36, China 28–33; the others after ICAO. The
background is light gray where white is refused, or any light gray will do."""


def passport_sheet(size: tuple[int, int], head: Box, country: str, *, fill: Fill) -> Canvas:
    """Crop to a head as a passport needs it, and lay out a sheet of 10×15 cm at 300 dpi.

    Args:
        size: (width, height) of the picture.
        head: Box of the head, hair and chin included.
        country: One of `FORMATS`.
        fill: What is beside and above the picture where it ends too early.

    Returns:
        A canvas of the sheet.

    Raises:
        UnsupportedEdit: The picture ends below the chin before the format does.

    Source:
        ICAO Doc 9303, Machine Readable Travel Documents, part 3.
    """
    wanted = FORMATS[country]
    photo = (px(wanted.width_mm), px(wanted.height_mm))
    scale = (head[3] - head[1]) / px(wanted.head_mm)  # of the picture's pixels to the print's
    left = (head[0] + head[2]) / 2 - photo[0] * scale / 2
    top = head[1] - _ABOVE * px(wanted.height_mm - wanted.head_mm) * scale
    if top + photo[1] * scale > size[1] + _FREE_PX:
        raise UnsupportedEdit("the picture ends too close below the head for a passport photo")
    short = min(left, top, size[0] - left - photo[0] * scale) < -_FREE_PX
    note = f"photos of {wanted.width_mm:g}×{wanted.height_mm:g} mm at 300 dpi; measure the head before you hand them in"
    if short and isinstance(fill, Continued):
        note += "; the background was continued where the picture ends"
    sheet = sheet_of(photo, (px(_PAPER_MM[0]), px(_PAPER_MM[1])), margin_px=px(_MARGIN_MM), gap_px=px(_GAP_MM))
    return Canvas(sheet.size, translation(left, top) @ scaling(scale, scale), fill, note, sheet=sheet)
