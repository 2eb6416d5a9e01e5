"""Hue: which color, everywhere; done in Oklab so that lightness stays."""

from __future__ import annotations

from functools import partial

import numpy as np

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_oklab
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.strips import map_linear


def adjust_saturation(image: LinearRGB, *, amount: float) -> LinearRGB:
    """Strengthen or weaken every color by the same factor of its chroma.

    Args:
        image: Linear-light sRGB, h×w×3.
        amount: −1 (gray) to +1 (double the chroma). 0 is identity.

    Returns:
        New array; may leave the sRGB gamut, encoding clips.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        Oklab: Ottosson 2020, "A perceptual color space for image processing".
    """
    if not -1 <= amount <= 1:
        raise ParameterOutOfRange("amount must be between -1 and 1", param="amount")
    lab = np.asarray(to_oklab(image)).copy()
    lab[..., 1:] *= np.float32(1 + amount)
    return from_oklab(OklabImage(lab))


def _saturation(given: OpInput) -> Patch:
    adjust = partial(adjust_saturation, amount=given.parameters["amount"])
    pixels = map_linear(EncodedRGB(given.image.rgb), adjust)
    return whole(given.image, pixels, alpha=given.region.alpha if given.region else None)


OPS = {"adjust_saturation": Op(_saturation, frozenset({Need.MASK}))}
