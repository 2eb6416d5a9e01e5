"""Hue: color changes, lightness stays."""

import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab
from cavendish.imaging.image import Image
from cavendish.ops.hue import adjust_saturation

from .support import disc, edited, noise


def lab(pixels):
    return np.asarray(to_oklab(to_linear(EncodedRGB(np.ascontiguousarray(pixels)))))


def pastels():
    """Colors so close to gray that doubling their chroma stays inside sRGB."""
    return Image(np.random.default_rng(3).integers(110, 146, (30, 40, 3)).astype(np.uint8))


def test_full_desaturation_is_gray_of_the_same_lightness():
    image = noise(64, 48)
    after = edited("adjust_saturation", image, parameters={"amount": -1})
    assert np.ptp(after.pixels.astype(int), axis=2).max() <= 1
    assert np.abs(lab(after.pixels)[..., 0] - lab(image.pixels)[..., 0]).max() < 0.005


@pytest.mark.parametrize("amount", [-0.5, 0.4, 1])
def test_chroma_is_scaled_and_lightness_and_hue_stay(amount):
    before, after = (
        lab(pastels().pixels),
        lab(edited("adjust_saturation", pastels(), parameters={"amount": amount}).pixels),
    )
    assert np.abs(after[..., 0] - before[..., 0]).max() < 0.005
    # Rounding to 8 bits moves a and b by up to half a code, about 0.003 here.
    assert np.abs(after[..., 1:] - before[..., 1:] * (1 + amount)).max() < 0.006


def test_grays_stay_gray():
    grays = Image(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    after = edited("adjust_saturation", grays, parameters={"amount": 1})
    assert np.abs(after.pixels.astype(int) - grays.pixels).max() <= 1


@pytest.mark.parametrize("amount", [-1.1, 1.1, float("nan")])
def test_amounts_outside_their_range_are_refused(amount):
    with pytest.raises(ParameterOutOfRange):
        adjust_saturation(np.zeros((1, 1, 3), np.float32), amount=amount)


def test_a_region_limits_the_change():
    image, region = noise(60, 40), disc(60, 40)
    after = edited("adjust_saturation", image, parameters={"amount": -1}, region=region)
    assert np.ptp(after.pixels.astype(int), axis=2)[region.alpha == 1].max() <= 1
    assert np.array_equal(after.pixels[region.alpha == 0], image.pixels[region.alpha == 0])
