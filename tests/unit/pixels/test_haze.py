"""Haze of known thickness over a known scene."""

import cv2
import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.haze import dehaze, measure_haze

CLEAR = np.linspace(0.25, 0.9, 240, dtype=np.float32)[:, None, None]
"""Transmission: thick haze above, hardly any below."""


def scene():
    coarse = np.random.default_rng(0).uniform(-0.1, 0.6, (80, 107, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC), 0, 1)


def hazed(light, clear):
    return np.asarray(to_encoded(LinearRGB((light * clear + 0.8 * (1 - clear)).astype(np.float32))))


def lightness_error(image, light):
    return float(np.abs(image.astype(int) - np.asarray(to_encoded(LinearRGB(light)))).mean())


def test_haze_is_taken_away():
    light = scene()
    veiled = hazed(light, CLEAR)
    assert lightness_error(np.asarray(dehaze(EncodedRGB(veiled), amount=0.8)), light) < 0.6 * lightness_error(
        veiled, light
    )


def test_more_amount_takes_more():
    veiled = hazed(scene(), CLEAR)
    darkest = [float(np.quantile(dehaze(EncodedRGB(veiled), amount=amount), 0.02)) for amount in (0, 0.25, 0.5, 1)]
    assert darkest == sorted(darkest, reverse=True)
    assert darkest[3] < 0.5 * darkest[0]


def test_thick_haze_is_told_from_thin():
    light = to_linear(EncodedRGB(hazed(scene(), CLEAR)))
    haze = measure_haze(light, share=1.0)
    through = haze.slope * np.cbrt(light @ np.array([0.2126, 0.7152, 0.0722], np.float32)) + haze.offset
    assert through[70:90].mean() < through[130:150].mean() < through[200:].mean()


def test_a_clear_picture_hardly_moves():
    clear = hazed(scene(), 1.0)
    assert np.abs(np.asarray(dehaze(EncodedRGB(clear), amount=0.5)).astype(int) - clear).mean() < 8


def test_a_flat_sky_gets_no_noise():
    rng = np.random.default_rng(3)
    sky = np.clip(rng.normal(0.62, 0.008, (120, 320, 1)) * [0.95, 1.0, 1.08], 0, 1)
    picture = np.asarray(to_encoded(LinearRGB(np.concatenate([sky, scene()[:120]]).astype(np.float32))))
    after = np.asarray(dehaze(EncodedRGB(picture), amount=1.0))
    assert after[10:100].std() < 2 * picture[10:100].std()
    assert np.abs(after[10:100].astype(int) - picture[10:100]).mean() < 25


def test_zero_is_identity():
    veiled = hazed(scene(), CLEAR)
    assert np.array_equal(dehaze(EncodedRGB(veiled), amount=0), veiled)


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_an_amount_out_of_range_is_refused(amount):
    with pytest.raises(ParameterOutOfRange):
        dehaze(EncodedRGB(np.zeros((4, 4, 3), np.uint8)), amount=amount)
