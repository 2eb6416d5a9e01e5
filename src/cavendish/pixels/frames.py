"""Plain changes of a picture's frame: more or fewer pixels, more room, round corners."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.resample import scaling, translation
from cavendish.pixels.canvas import Canvas, Fill

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_MOST_PIXELS = 50_000_000
"""Of an answer: as many as a picture that comes in may have."""


def resize(size: tuple[int, int], target: tuple[int, int]) -> Canvas:
    """Change the number of pixels; the shape changes with it.

    Args:
        size: (width, height) of the picture.
        target: (width, height) wanted.

    Returns:
        The new canvas.

    Raises:
        UnsupportedEdit: The answer would hold more than 50 megapixels.
    """
    if target[0] * target[1] > _MOST_PIXELS:
        raise UnsupportedEdit(f"an answer of {target[0]}×{target[1]} would hold more than 50 megapixels")
    return Canvas(target, scaling(size[0] / target[0], size[1] / target[1]))


def extend(size: tuple[int, int], margins: tuple[int, int, int, int], *, fill: Fill, note: str = "") -> Canvas:
    """Put new ground around a picture, whose own pixels stay as they are.

    Args:
        size: (width, height) of the picture.
        margins: Pixels to add at the left, top, right and bottom.
        fill: What the new ground gets.
        note: What the description should add.

    Returns:
        The new canvas; scaled down, and said so, where it would hold more than 50 megapixels.
    """
    left, top, right, bottom = margins
    full = (left + size[0] + right, top + size[1] + bottom)
    canvas = Canvas(full, translation(-left, -top), fill, note)
    shrink = math.sqrt(full[0] * full[1] / _MOST_PIXELS)
    if shrink <= 1:
        return canvas
    small = resize(full, (max(1, math.floor(full[0] / shrink)), max(1, math.floor(full[1] / shrink))))
    said = "; ".join(filter(None, (note, "it was scaled down to 50 megapixels")))
    return Canvas(small.size, canvas.matrix @ small.matrix, fill, said)


def round_corners(size: tuple[int, int], *, radius_px: float) -> Plane:
    """How much of each pixel is inside a picture with round corners.

    Args:
        size: (width, height).
        radius_px: Of the quarter circles; at most half the shorter side counts.

    Returns:
        height×width, 0–1, antialiased.
    """
    width, height = size
    radius = min(radius_px, min(size) / 2)
    inside = np.ones((height, width), np.float32)
    reach = min(math.ceil(radius), width, height)
    at = np.arange(reach, dtype=np.float32) + 0.5
    corner = np.clip(radius - np.hypot(radius - at[:, None], radius - at) + 0.5, 0, 1)
    corner[(at[:, None] > radius) | (at > radius)] = 1
    for rows, columns, flipped in (
        (slice(None, reach), slice(None, reach), corner),
        (slice(None, reach), slice(-reach, None), corner[:, ::-1]),
        (slice(-reach, None), slice(None, reach), corner[::-1]),
        (slice(-reach, None), slice(-reach, None), corner[::-1, ::-1]),
    ):
        inside[rows, columns] = np.minimum(inside[rows, columns], flipped)
    return inside
