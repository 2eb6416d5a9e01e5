"""A sheet of photographs to be printed and cut: one picture, laid out several times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cavendish.imaging.image import Image

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

DPI = 300

_PAPER = 255
_CUT = 200
"""Gray of the lines to cut along."""

_INCH_MM = 25.4


@dataclass(frozen=True)
class Sheet:
    """Where the photographs lie.

    Args:
        size: (width, height) of the sheet.
        photo: (width, height) of each photograph.
        places: (left, top) of each.
    """

    size: tuple[int, int]
    photo: tuple[int, int]
    places: tuple[tuple[int, int], ...]


def px(millimeters: float) -> int:
    """Pixels of a length at 300 dots per inch."""
    return round(millimeters * DPI / _INCH_MM)


def sheet_of(photo: tuple[int, int], paper: tuple[int, int], *, margin_px: int, gap_px: int) -> Sheet:
    """Lay out as many photographs as a sheet of paper holds, upright, the paper turned as holds more.

    Args:
        photo: (width, height) of one.
        paper: (width, height) of the paper; at least one photograph must fit.
        margin_px: Paper that printers leave white.
        gap_px: Between photographs.
    """
    wide = _rows_of(photo, paper, margin_px, gap_px)
    tall = _rows_of(photo, paper[::-1], margin_px, gap_px)
    return wide if len(wide.places) >= len(tall.places) else tall


def _rows_of(photo: tuple[int, int], paper: tuple[int, int], margin_px: int, gap_px: int) -> Sheet:
    counts = [(paper[k] - 2 * margin_px + gap_px) // (photo[k] + gap_px) for k in (0, 1)]
    starts = [(paper[k] - counts[k] * photo[k] - (counts[k] - 1) * gap_px) // 2 for k in (0, 1)]
    lefts, tops = ([starts[k] + n * (photo[k] + gap_px) for n in range(counts[k])] for k in (0, 1))
    return Sheet(paper, photo, tuple((left, top) for top in tops for left in lefts))


def printed(photo: Image, sheet: Sheet) -> Image:
    """The sheet as a picture of 300 dots per inch: white paper, photographs, and thin lines to cut along.

    Args:
        photo: One photograph, of the sheet's `photo` size; lies on white where it is transparent.
        sheet: Where it goes.
    """
    pixels = np.full((sheet.size[1], sheet.size[0], 3), _PAPER, np.uint8)
    opacity = photo.opacity[..., None]
    tile = np.rint(photo.rgb * opacity + _PAPER * (1 - opacity)).astype(np.uint8)
    height, width = tile.shape[:2]
    for left, top in sheet.places:
        pixels[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = _CUT
    for left, top in sheet.places:
        pixels[top : top + height, left : left + width] = tile
    return Image(pixels, replace(photo.metadata, dpi=(DPI, DPI)))


def laid_out(plane: Plane, sheet: Sheet) -> npt.NDArray[np.float32]:
    """A mask of one photograph as one of the sheet."""
    out = np.zeros((sheet.size[1], sheet.size[0]), np.float32)
    height, width = plane.shape
    for left, top in sheet.places:
        out[top : top + height, left : left + width] = plane
    return out
