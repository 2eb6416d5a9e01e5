"""Blur: the look of a wide aperture behind the subject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels import bokeh
from cavendish.pixels.composite import Patch, put_behind
from cavendish.pixels.grain import measure_grain, regrain
from cavendish.pixels.strips import light_rows

_BEHIND = 0.02
"""Alpha below which a pixel shows the background alone."""


def blur_background(
    image: Image, foreground: Plane, *, strength: float, check: Callable[[], None] = lambda: None
) -> Patch:
    """Defocus everything behind the foreground as a lens would, and keep the grain of the film or sensor.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays sharp; unchanged, bit for bit, where it is solid.
        strength: 0–1; the blur disc's radius is 0.4 % of the longer side at 0 and 4 % at 1.
        check: Called now and then; raises to stop.

    Returns:
        A patch of the background.
    """
    radius_px = (0.004 + 0.036 * strength) * max(image.size)
    rgb = EncodedRGB(image.rgb)
    plate = bokeh.blur_background(light_rows(rgb), foreground, radius_px=radius_px, check=check)
    grain = measure_grain(rgb, foreground < _BEHIND)
    rows = plate.light if grain is None else regrain(plate.light, grain, np.sqrt(1 - plate.sharp**2))
    return put_behind(image, foreground, rows, check=check)


def _blur_background(given: OpInput) -> Patch:
    assert given.foreground is not None, "the engine resolves declared needs"
    return blur_background(
        given.image, given.foreground.alpha, strength=given.parameters["strength"], check=given.check
    )


OPS = {"blur_background": Op(_blur_background, frozenset({Need.FOREGROUND}))}
