"""Looks do what their names say, and matches take the other picture's light."""

import numpy as np
import pytest
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_linear, to_oklab
from cavendish.ops.catalog import catalog
from cavendish.pixels.grades import GRADES, apply_grade, fade, vignette_gain
from cavendish.pixels.tone_match import match_tones


def light_of_photo(name="astronaut"):
    return to_linear(EncodedRGB(np.ascontiguousarray(getattr(data, name)()[::4, ::4])))


def means(light):
    lab = to_oklab(light)
    return lab[..., 0].mean(), lab[..., 2].mean(), np.hypot(lab[..., 1], lab[..., 2]).mean() / lab[..., 0].mean()


def graded(name, strength=0.7):
    before = light_of_photo()
    return means(before), means(apply_grade(before, GRADES[name], strength=strength))


def test_every_name_of_the_table_is_a_grade():
    assert set(catalog()["grade_look"].parameters["name"].choices) == set(GRADES)


@pytest.mark.parametrize("name", GRADES)
def test_no_strength_is_identity_and_a_little_is_close(name):
    light = light_of_photo()
    assert np.array_equal(apply_grade(light, GRADES[name], strength=0), light)
    assert np.abs(to_oklab(apply_grade(light, GRADES[name], strength=0.01)) - to_oklab(light)).mean() < 0.01


@pytest.mark.parametrize("name", GRADES)
def test_tones_keep_their_order(name):
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None] ** 2, 3, axis=2)
    after = to_oklab(apply_grade(LinearRGB(ramp), GRADES[name], strength=1))[0, :, 0]
    assert (np.diff(after) > -1e-3).all()


def test_names_are_kept():
    (light, blue, chroma), (_, warmer, _) = graded("golden_hour")
    assert warmer > blue + 0.01
    for name in ("night", "dusk", "moody"):
        assert graded(name)[1][0] < light - 0.03
    assert graded("night")[1][0] < graded("dusk")[1][0]
    assert graded("night")[1][1] < blue - 0.02
    assert graded("noir")[1][2] < 0.002
    for name in ("overcast", "bleach_bypass", "matte", "moody"):
        assert graded(name)[1][2] < chroma
    assert graded("pastel")[1][0] > light


def test_teal_and_orange_split_dark_from_bright():
    grays = LinearRGB(np.array([[[0.02] * 3, [0.5] * 3]], np.float32))
    lab = to_oklab(apply_grade(grays, GRADES["teal_orange"], strength=0.7))[0]
    assert lab[0, 2] < -0.005
    assert lab[1, 2] > 0.005


def test_fading_lifts_black_and_dulls_white():
    ends = LinearRGB(np.array([[[0, 0, 0], [1, 1, 1]]], np.float32))
    black, white = fade(ends, amount=1.0)[0].mean(axis=-1)
    assert 0.04 < black < 0.12
    assert 0.7 < white < 0.95


def test_a_vignette_spares_the_middle_and_falls_towards_the_corners():
    gain = vignette_gain((200, 100), slice(0, 100), amount=1.0, roundness=0.0)
    assert gain[50, 100] > 0.99
    assert gain[0, 0] == pytest.approx(1 / 8, rel=0.05)
    assert gain[50, 0] == pytest.approx(gain[0, 100], rel=0.05)  # the picture's own shape: both edges alike
    assert (np.diff(gain[50, 100:]) <= 0).all()
    circle = vignette_gain((200, 100), slice(0, 100), amount=1.0, roundness=1.0)
    assert circle[0, 100] > circle[50, 0] + 0.1  # a circle: the near edges stay lighter
    assert np.array_equal(vignette_gain((200, 100), slice(30, 40), amount=1.0, roundness=0.0), gain[30:40])


def test_a_match_takes_over_the_brightness_and_the_tint():
    own = light_of_photo("chelsea")
    dark = LinearRGB((light_of_photo("coffee") * np.array([0.2, 0.2, 0.3])).astype(np.float32))
    match = match_tones(LinearRGB(own.reshape(-1, 3)), LinearRGB(dark.reshape(-1, 3)))
    target = np.median(to_oklab(dark)[..., 0])
    gaps = [abs(np.median(to_oklab(match.apply(own, strength=s))[..., 0]) - target) for s in (0.0, 0.5, 1.0)]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.25 * gaps[0]


def test_a_match_with_itself_changes_nothing_much():
    own = light_of_photo("coffee")
    match = match_tones(LinearRGB(own.reshape(-1, 3)), LinearRGB(own.reshape(-1, 3)))
    assert np.abs(to_oklab(match.apply(own, strength=1.0)) - to_oklab(own)).mean() < 0.01


def test_flat_pictures_can_be_matched():
    flat = LinearRGB(np.full((50, 3), 0.2, np.float32))
    match = match_tones(flat, LinearRGB(np.full((50, 3), 0.5, np.float32)))
    assert np.isfinite(match.apply(LinearRGB(flat[None]), strength=1.0)).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda light: apply_grade(light, GRADES["film"], strength=1.1),
        lambda light: fade(light, amount=-0.1),
        lambda light: match_tones(light[0], light[0]).apply(light, strength=2),
        lambda _: vignette_gain((4, 4), slice(0, 4), amount=1.1, roundness=0),
        lambda _: vignette_gain((4, 4), slice(0, 4), amount=0.5, roundness=-0.1),
    ],
)
def test_what_is_out_of_range_is_refused(call):
    with pytest.raises(ParameterOutOfRange):
        call(LinearRGB(np.full((2, 2, 3), 0.5, np.float32)))
