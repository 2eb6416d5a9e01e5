"""Parts of the frame itself: halves, thirds, corners, borders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cavendish.pixels.region import Region

if TYPE_CHECKING:
    from cavendish.domain.queries import RegionQuery

_SHARES = {"half": 1 / 2, "side": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "part": 1 / 2, "portion": 1 / 2}
_CORNER = 1 / 4
_BORDER = 0.05
_PLACE = re.compile(
    r"^(?:(?:the|upper|lower|top|bottom|left|right|middle|central|center|hand|of|image|picture|photo)[ -]?)*"
    r"(half|side|third|quarter|part|portion|corners?|borders?|edges?|center|middle|area)?"
    r"(?: of (?:the |this )?(?:image|picture|photo|frame))?$"
)
_SIDES = {"upper": "top", "lower": "bottom", "central": "center", "middle": "center"}


def find_place(query: RegionQuery, size: tuple[int, int]) -> Region | None:
    """The part of the frame an expression names.

    Args:
        query: "left half", "top right corner", "border"; a side may also stand in `side`.
        size: (width, height) of the picture.

    Returns:
        The part with hard edges; None where the expression is not about the frame.
    """
    named = _PLACE.match(query.query.lower())
    if not named or not query.query:
        return None
    words = {_SIDES.get(word, word) for word in re.findall("[a-z]+", f"{query.query} {query.side}".lower())}
    kind = (named.group(1) or "half").rstrip("s")
    sides = words & {"left", "right", "top", "bottom", "center"}
    if kind in {"border", "edge"}:
        return _border(size, sides)
    if kind == "corner" and not sides:
        return _corners(size)
    if not sides:
        return None
    share = _CORNER if kind == "corner" else _SHARES.get(kind, 1 / 2)
    share = 1 / 2 if kind == "quarter" and len(sides) > 1 else share
    width, height = size
    across, down = _span(sides, ("left", "right"), width, share), _span(sides, ("top", "bottom"), height, share)
    if sides == {"center"}:
        across = slice(round(width / 4), round(width * 3 / 4))
        down = slice(round(height / 4), round(height * 3 / 4))
    alpha = np.zeros((height, width), np.float32)
    alpha[down, across] = 1
    return Region(alpha, 1.0, f"the {query.query}")


def _corners(size: tuple[int, int]) -> Region:
    width, height = size
    rows = np.abs(np.arange(height) + 0.5 - height / 2) > height * (1 / 2 - _CORNER)
    columns = np.abs(np.arange(width) + 0.5 - width / 2) > width * (1 / 2 - _CORNER)
    return Region((rows[:, None] & columns).astype(np.float32), 1.0, "the corners")


def _span(sides: set[str], ends: tuple[str, str], length: int, share: float) -> slice:
    if ends[0] in sides:
        return slice(0, max(1, round(length * share)))
    if ends[1] in sides:
        return slice(min(length - 1, round(length * (1 - share))), length)
    return slice(0, length)


def _border(size: tuple[int, int], sides: set[str]) -> Region:
    width, height = size
    thick = max(1, round(_BORDER * max(size)))
    alpha = np.zeros((height, width), np.float32)
    everywhere = slice(0, None)
    strips = {
        "left": (everywhere, slice(0, thick)),
        "right": (everywhere, slice(-thick, None)),
        "top": (slice(0, thick), everywhere),
        "bottom": (slice(-thick, None), everywhere),
    }
    for side in sides & strips.keys() or strips.keys():
        alpha[strips[side]] = 1
    return Region(alpha, 1.0, "the border")
