"""What stands in front, alone: everything behind it becomes transparent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from cavendish.imaging.color import EncodedRGB, to_encoded
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.strips import light_rows, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image


def remove_background(image: Image, foreground: Plane, *, check: Callable[[], None] = lambda: None) -> Patch:
    """Make everything behind the foreground transparent.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        check: Called now and then; raises to stop.

    Returns:
        A patch that sets the alpha plane; half-covered pixels get the foreground's own color, so no rim of the old
        background remains, and fully transparent ones get black, so nothing removed survives in the file.
    """
    rows = foreground_rows(light_rows(EncodedRGB(image.rgb)), foreground)
    color = np.empty(image.rgb.shape, np.uint8)
    for strip in strips(color.shape):
        check()
        color[strip] = to_encoded(rows(strip))
        color[strip][foreground[strip] <= 0] = 0
    patch = whole(image, EncodedRGB(color), alpha=(foreground < 1).astype(np.float32))
    return dataclasses.replace(patch, opacity=foreground if image.alpha is None else foreground * image.opacity)
