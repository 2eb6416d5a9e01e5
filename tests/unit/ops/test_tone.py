"""Tone against closed forms: every number here can be checked with a pocket calculator."""

import cv2
import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, to_linear
from cavendish.imaging.image import Image
from cavendish.ops import tone

from .support import disc, edited, noise

RAMP = np.arange(256, dtype=np.uint8)


def gray_ramp():
    return Image(np.repeat(RAMP[None, :, None], 3, axis=2))


def decode(codes):
    x = np.asarray(codes, np.float64) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encode(light):
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@for_all(st.floats(-5, 5))
def test_exposure_scales_light_by_powers_of_two(exposure_ev):
    light = np.asarray(to_linear(EncodedRGB(noise().pixels)))
    assert np.allclose(tone.adjust_exposure(light, exposure_ev=exposure_ev), light * 2**exposure_ev, rtol=1e-6)


@pytest.mark.parametrize("exposure_ev", [-2, -1, 0.5, 1, 3])
def test_exposure_of_a_picture_is_the_closed_form_rounded(exposure_ev):
    after = edited("adjust_exposure", gray_ramp(), parameters={"exposure_ev": exposure_ev})
    exact = encode(decode(RAMP) * 2.0**exposure_ev)
    assert np.abs(after.pixels[0, :, 0] - exact).max() <= 0.51


def test_one_stop_down_halves_the_light():
    after = edited("adjust_exposure", Image(np.full((1, 1, 3), 188, np.uint8)), parameters={"exposure_ev": -1})
    assert after.pixels[0, 0, 0] == pytest.approx(137, abs=1)  # 188 is half the light of 255, 137 a quarter


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("adjust_exposure", "exposure_ev"),
        ("adjust_brightness", "amount"),
        ("adjust_contrast", "amount"),
        ("adjust_saturation", "amount"),
        ("sepia", "strength"),
    ],
)
def test_zero_is_identity(name, parameter):
    image = noise()
    assert np.array_equal(edited(name, image, parameters={parameter: 0}).pixels, image.pixels)


@pytest.mark.parametrize("amount", [-1, -0.3, 0.3, 1])
def test_brightness_is_a_power_law_that_keeps_black_and_white(amount):
    after = edited("adjust_brightness", gray_ramp(), parameters={"amount": amount}).pixels[0, :, 0]
    exact = 255 * (RAMP / 255) ** (2 ** (-1.2 * amount))
    assert np.abs(after - exact).max() <= 0.51
    assert (after[0], after[255]) == (0, 255)
    assert (np.diff(after.astype(int)) >= 0).all()


def test_brightness_moves_middle_gray_as_documented():
    half = np.float32(0.5)
    assert float(tone.adjust_brightness(half, amount=1)) == pytest.approx(0.74, abs=0.005)
    assert float(tone.adjust_brightness(half, amount=-1)) == pytest.approx(0.20, abs=0.005)


@for_all(st.floats(0, 1))
def test_more_contrast_is_monotone_and_clips_nothing(amount):
    after = tone.adjust_contrast(RAMP.astype(np.float32) / 255, amount=amount)
    assert after[0] == pytest.approx(0, abs=1e-6)
    assert after[255] == pytest.approx(1, abs=1e-6)
    assert (np.diff(after) >= -1e-6).all()
    assert after[64] <= 64 / 255 + 1e-6
    assert after[192] >= 192 / 255 - 1e-6
    assert abs(float(tone.adjust_contrast(np.float32(0.5), amount=amount)) - 0.5) < 1e-6


@for_all(st.floats(0, 1), st.floats(0, 1))
def test_more_is_more(one, other):
    """A larger amount never gives less contrast, so that a slider and the ladder of four pictures make sense."""
    low, high = sorted((one, other))
    dark = np.float32(0.25)
    assert tone.adjust_contrast(dark, amount=high) <= tone.adjust_contrast(dark, amount=low) + 1e-4


@pytest.mark.parametrize("amount", [-1, -0.5, -0.1])
def test_less_contrast_is_a_line_through_middle_gray(amount):
    after = tone.adjust_contrast(RAMP.astype(np.float32) / 255, amount=amount)
    assert np.allclose(after, 0.5 + (RAMP / 255 - 0.5) * (1 + amount), atol=1e-6)


def test_black_and_white_is_luma_as_opencv_computes_it():
    image = noise(200, 100)
    after = edited("black_and_white", image)
    reference = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
    assert np.abs(after.pixels[..., 0].astype(int) - reference).max() <= 1
    assert (np.ptp(after.pixels, axis=2) == 0).all()


def test_black_and_white_of_the_primaries():
    image = Image(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [7, 7, 7]]], np.uint8))
    assert edited("black_and_white", image).pixels[0, :, 0].tolist() == [76, 150, 29, 255, 7]


def test_black_and_white_with_a_red_filter():
    after = edited("black_and_white", noise(), parameters={"weights": [1, 0, 0]})
    assert np.array_equal(after.pixels[..., 2], noise().pixels[..., 0])


def test_sepia_is_the_w3c_matrix():
    image = noise(64, 64)
    matrix = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    exact = np.clip(image.pixels @ matrix.T, 0, 255)
    assert np.abs(edited("sepia", image).pixels - exact).max() < 1  # OpenCV's fixed-point weights, rounded
    half = np.clip(image.pixels @ (matrix + np.eye(3)).T / 2, 0, 255)
    assert np.abs(edited("sepia", image, parameters={"strength": 0.5}).pixels - half).max() < 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: tone.adjust_exposure(np.zeros((1, 1, 3), np.float32), exposure_ev=5.01),
        lambda: tone.adjust_exposure(np.zeros((1, 1, 3), np.float32), exposure_ev=float("nan")),
        lambda: tone.adjust_brightness(np.zeros(1, np.float32), amount=-1.01),
        lambda: tone.adjust_contrast(np.zeros(1, np.float32), amount=1.01),
        lambda: tone.sepia(np.zeros((1, 1, 3), np.uint8), strength=-0.1),
        lambda: tone.sepia(np.zeros((1, 1, 3), np.uint8), strength=1.1),
    ],
)
def test_amounts_outside_their_range_are_refused(call):
    with pytest.raises(ParameterOutOfRange):
        call()


@pytest.mark.parametrize(
    "name", ["adjust_exposure", "adjust_brightness", "adjust_contrast", "black_and_white", "sepia"]
)
def test_a_region_limits_the_change(name):
    image = noise(60, 40, channels=4)
    region = disc(60, 40)
    after = edited(name, image, region=region)
    changed = (after.pixels != image.pixels).any(axis=2)
    assert changed[region.alpha == 1].mean() > 0.9
    assert not changed[region.alpha == 0].any()
    assert np.array_equal(after.pixels[..., 3], image.pixels[..., 3])


def test_sources_are_not_written_to():
    image = noise()
    before = image.pixels.copy()
    for name in ("adjust_exposure", "adjust_brightness", "adjust_contrast", "black_and_white", "sepia"):
        edited(name, image)
    assert np.array_equal(image.pixels, before)
