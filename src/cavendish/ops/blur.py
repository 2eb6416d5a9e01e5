"""Blur: the look of a wide aperture behind the subject."""

from __future__ import annotations

import numpy as np

from cavendish.imaging.color import EncodedRGB, Plane, to_linear
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels import bokeh
from cavendish.pixels.composite import Patch, put_behind


def blur_background(image: Image, foreground: Plane, *, strength: float) -> Patch:
    """Defocus everything behind the foreground as a lens would.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays sharp; unchanged, bit for bit, where it is solid.
        strength: 0–1; the blur disc's radius is 0.4 % of the longer side at 0 and 4 % at 1.

    Returns:
        A patch of the background.
    """
    radius_px = (0.004 + 0.036 * strength) * max(image.size)
    light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb)))
    return put_behind(image, foreground, bokeh.blur_background(light, foreground, radius_px=radius_px))


def _blur_background(given: OpInput) -> Patch:
    assert given.foreground is not None, "the engine resolves declared needs"
    return blur_background(given.image, given.foreground.alpha, strength=given.parameters["strength"])


OPS = {"blur_background": Op(_blur_background, frozenset({Need.FOREGROUND}))}
