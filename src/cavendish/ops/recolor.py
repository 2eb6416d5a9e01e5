"""Recolor: one thing gets another color, and everything else stays as it is."""

from __future__ import annotations

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.paint import repaint


def _repaint(given: OpInput, color: tuple[int, int, int]) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("it does not say what to recolor")
    pixels, changed = repaint(EncodedRGB(given.image.rgb), given.region.alpha, color, check=given.check)
    return whole(given.image, pixels, alpha=changed)


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _recolor(given: OpInput) -> Patch:
    return _repaint(given, _rgb(given.parameters["color"]))


OPS = {"recolor": Op(_recolor, frozenset({Need.MASK}))}
