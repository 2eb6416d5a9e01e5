"""Tone against closed forms: every number here can be checked with a pocket calculator."""

import cv2
import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.ops import tone

from .support import disc, edited, noise, run

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
        *((name, "amount") for name in ("adjust_highlights", "adjust_shadows", "adjust_whites", "adjust_blacks")),
        *((name, "amount") for name in ("local_contrast", "dehaze", "adjust_warmth", "fade", "vignette")),
        *((name, "strength") for name in ("auto_enhance", "brighten_low_light", "brighten_backlit", "grade_look")),
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
        lambda: tone.adjust_highlights(np.zeros((1, 1, 3), np.uint8), amount=1.1),
        lambda: tone.adjust_shadows(np.zeros((1, 1, 3), np.uint8), amount=-1.1),
        lambda: tone.adjust_whites(np.zeros((1, 1, 3), np.uint8), amount=1.1),
        lambda: tone.adjust_blacks(np.zeros((1, 1, 3), np.uint8), amount=-1.1),
        lambda: tone.apply_curve(np.zeros((1, 1, 3), np.uint8), points=[(0, 0)]),
        lambda: tone.apply_curve(np.zeros((1, 1, 3), np.uint8), points=[(0, 0), (1, 1.1)]),
    ],
)
def test_amounts_outside_their_range_are_refused(call):
    with pytest.raises(ParameterOutOfRange):
        call()


@pytest.mark.parametrize(("stops", "said"), [(0, False), (1.5, True)])
def test_it_is_said_that_blown_parts_stay(stops, said):
    light = to_linear(EncodedRGB(data.astronaut()[::2, ::2].copy()))
    image = Image(np.asarray(to_encoded(LinearRGB(light * np.float32(2**stops)))))
    assert ("blown out" in run("auto_enhance", image).note) == said


STRONG = {
    "auto_enhance": {"strength": 1.0},
    "adjust_exposure": {},
    "adjust_brightness": {},
    "adjust_contrast": {},
    "adjust_highlights": {"amount": -1.0},
    "adjust_shadows": {"amount": 1.0},
    "adjust_whites": {"amount": -1.0},
    "adjust_blacks": {"amount": 1.0},
    "apply_curve": {"points": [[0, 0.1], [0.5, 0.3], [1, 0.8]]},
    "local_contrast": {"amount": 1.0},
    "dehaze": {"amount": 1.0},
    "brighten_low_light": {"strength": 1.0},
    "brighten_backlit": {"strength": 1.0},
    "white_balance": {"tint": 1.0},
    "adjust_warmth": {"amount": 1.0},
    "black_and_white": {},
    "sepia": {},
    "fade": {},
    "vignette": {"amount": 1.0},
    "grade_look": {},
    "match_tone": {},
}


HALVES = {"vignette", "brighten_backlit", "adjust_highlights", "adjust_shadows"}
"""What moves only a part of the scene below."""


def scene(width=60, height=40, channels=4):
    """Dark noise before a brighter, bluish half."""
    dark = noise(width, height, channels=channels).pixels // 4
    dark[:, width // 2 :, :3] += np.array([90, 110, 130], np.uint8)
    return Image(dark)


def resolved(name):
    return {"other": Image(255 - scene().pixels[..., :3])} if name == "match_tone" else {}


def test_every_op_of_the_family_is_tried():
    assert set(STRONG) == set(tone.OPS)


@pytest.mark.parametrize("name", STRONG)
def test_a_region_limits_the_change(name):
    image = scene()
    region = disc(60, 40, radius=0.4)
    after = edited(name, image, region=region, parameters=STRONG[name], **resolved(name))
    changed = (after.pixels != image.pixels).any(axis=2)
    assert changed[region.alpha == 1].mean() > (0.4 if name in HALVES else 0.8)
    assert not changed[region.alpha == 0].any()
    assert np.array_equal(after.pixels[..., 3], image.pixels[..., 3])


@pytest.mark.parametrize("name", STRONG)
def test_sources_are_not_written_to_and_results_repeat(name):
    image = scene()
    before = image.pixels.copy()
    first, second = (edited(name, image, parameters=STRONG[name], **resolved(name)) for _ in range(2))
    assert np.array_equal(image.pixels, before)
    assert np.array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("name", STRONG)
def test_tiny_pictures_pass(name):
    tiny = Image(np.array([[[90, 120, 60]]], np.uint8))
    assert edited(name, tiny, parameters=STRONG[name], **resolved(name)).size == (1, 1)


@pytest.mark.parametrize(
    ("name", "dark_moves", "bright_moves"),
    [("adjust_shadows", True, False), ("adjust_highlights", False, True)],
)
@pytest.mark.parametrize("amount", [-0.6, 0.6])
def test_shadows_and_highlights_move_alone(name, dark_moves, bright_moves, amount):
    halves = np.full((80, 160, 3), 40, np.uint8)
    halves[:, 80:] = 215
    after = edited(name, Image(halves), parameters={"amount": amount}).pixels.astype(int) - halves
    for part, moves in ((after[:, :40], dark_moves), (after[:, 120:], bright_moves)):
        assert (np.sign(part) == np.sign(amount)).all() if moves else np.abs(part).max() <= 3


@pytest.mark.parametrize("name", ["adjust_whites", "adjust_blacks"])
def test_white_and_black_points_move_by_22_percent_at_most_and_keep_the_order(name):
    for amount in (-1, -0.3, 0.3, 1):
        after = edited(name, gray_ramp(), parameters={"amount": amount}).pixels[0, :, 0].astype(int)
        assert (np.diff(after) >= 0).all()
        end = after[255] if name == "adjust_whites" else after[0]
        moved = 0.22 * abs(amount) * 255 if (amount < 0) == (name == "adjust_whites") else 0
        assert abs(end - (255 if name == "adjust_whites" else 0)) == pytest.approx(moved, abs=0.51)
        assert abs(after[89] - 89) <= 1 or name == "adjust_blacks"  # 0.35 and below hardly feel the white point


def test_the_default_curve_is_a_gentle_s():
    after = edited("apply_curve", gray_ramp()).pixels[0, :, 0]
    assert after[64] == pytest.approx(51, abs=1)
    assert after[191] == pytest.approx(204, abs=1)
    assert (after[0], after[255]) == (0, 255)


@pytest.mark.parametrize(
    ("name", "parameter", "one", "other"),
    [
        ("white_balance", "mode", {"mode": "auto"}, {"mode": "gray"}),
        ("white_balance", "temperature_k", {"mode": "kelvin"}, {"mode": "kelvin", "temperature_k": 4000}),
        ("white_balance", "tint", {}, {"tint": 0.4}),
        ("vignette", "roundness", {}, {"roundness": 0.9}),
        ("grade_look", "name", {"name": "night"}, {"name": "film"}),
    ],
)
def test_every_parameter_has_an_effect(name, parameter, one, other):
    image = scene()
    first, second = (edited(name, image, parameters=parameters).pixels for parameters in (one, other))
    assert (first != second).any(), parameter


def test_a_face_in_the_shade_decides_how_far_backlight_is_lifted():
    image = Image(np.full((80, 120, 3), 70, np.uint8))
    image.pixels[20:60, 40:70] = 45
    lifted = [
        edited("brighten_backlit", image, details=boxes).pixels[40, 55, 0]
        for boxes in ((), ((40, 20, 70, 60),), ((0, 0, 120, 8),))
    ]
    assert lifted[1] > lifted[0] >= 45
    assert lifted[2] == lifted[0]  # wide boxes are lettering


def test_what_is_transparent_tells_nothing_of_the_light():
    """A hidden white area must not keep a dark picture from being brightened."""
    dark = np.dstack([np.full((60, 90, 3), 30, np.uint8), np.full((60, 90), 255, np.uint8)])
    dark[:30] += np.array([10, 10, 10, 0], np.uint8)
    hidden = dark.copy()
    hidden[:, 60:] = [255, 255, 255, 0]
    plain, masked = (edited("brighten_low_light", Image(pixels)).pixels[10, 10, 0] for pixels in (dark, hidden))
    assert abs(int(plain) - int(masked)) <= 2


def test_work_can_be_stopped():
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    for name in ("auto_enhance", "grade_look", "local_contrast", "dehaze", "white_balance", "match_tone", "vignette"):
        with pytest.raises(Stopped):
            edited(name, scene(), parameters=STRONG[name], check=stop, **resolved(name))
