"""Tones against closed forms: odds multiply, hues stay, curves go through their points."""

import colorsys

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cavendish.imaging.color import EncodedRGB, LinearRGB
from cavendish.pixels.tone_curves import curve_through, map_tones, relight, shoulder, smooth_step, within_gamut

RAMP = np.arange(256, dtype=np.float32) / np.float32(255)


def colors(seed=0, low=0.0, high=1.0):
    return LinearRGB(np.random.default_rng(seed).uniform(low, high, (20, 30, 3)).astype(np.float32))


@for_all(st.floats(0.05, 20))
def test_the_inverse_gain_undoes_relighting(gain):
    light = colors(high=0.98)
    assert np.allclose(relight(relight(light, gain), 1 / gain), light, atol=2e-4)


def test_relighting_multiplies_the_odds_of_the_strongest_channel():
    after = relight(LinearRGB(np.array([[[0.5, 0.25, 0.1]]], np.float32)), 3.0)
    assert after[0, 0] == pytest.approx([0.75, 0.375, 0.15], abs=1e-6)


@for_all(st.floats(0.05, 20))
def test_relighting_clips_nothing_and_keeps_chromaticity(gain):
    light = colors(low=0.01)
    after = relight(light, gain)
    assert after.max() <= 1 + 1e-6
    assert np.allclose(after / after.sum(axis=2, keepdims=True), light / light.sum(axis=2, keepdims=True), atol=1e-5)


def test_a_curve_goes_through_its_points_and_never_turns_back():
    curve = curve_through([(0.8, 0.9), (0, 0.1), (0.4, 0.4), (1, 0.9)])
    for x, y in ((0, 0.1), (102 / 255, 0.4), (204 / 255, 0.9), (1, 0.9)):
        assert curve[round(x * 255)] == pytest.approx(y, abs=1e-6)
    assert (np.diff(curve) >= 0).all()
    assert np.allclose(curve_through([(0, 0), (0.3, 0.3), (1, 1)]), RAMP, atol=1e-6)
    assert np.isfinite(curve_through([(0, 0), (1e-300, 0.5), (1, 1)])).all()


def test_outer_points_continue_to_the_ends():
    curve = curve_through([(0.25, 0.5), (0.75, 0.6)])
    assert curve[0] == pytest.approx(0.5)
    assert curve[255] == pytest.approx(0.6)


def test_a_curve_keeps_hues_and_maps_grays_exactly():
    image = EncodedRGB(np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8))
    after = map_tones(image, curve_through([(0, 0), (0.25, 0.1), (0.75, 0.9), (1, 1)]))
    for before, moved in zip(image.reshape(-1, 3) / 255, after.reshape(-1, 3) / 255, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        new_hue, new_saturation, new_value = colorsys.rgb_to_hsv(*moved)
        if min(saturation * value, new_saturation * new_value) > 0.2:
            assert abs((hue - new_hue + 0.5) % 1 - 0.5) < 0.02  # a code of 255 over a fifth of the range
    gray = EncodedRGB(np.full((1, 1, 3), 64, np.uint8))
    table = curve_through([(0, 0), (0.25, 0.1), (1, 1)])
    assert map_tones(gray, table)[0, 0].tolist() == [round(float(table[64]) * 255)] * 3


def test_colors_within_the_gamut_stay_to_the_bit_and_others_come_in():
    inside = colors(low=0.01, high=0.98)
    assert np.array_equal(within_gamut(inside), inside)
    wild = LinearRGB(np.array([[[1.3, 0.5, -0.1], [0.2, 0.4, -0.05]]], np.float32))
    tame = within_gamut(wild)
    assert tame.min() > 0
    assert tame.max() < 1
    weights = [0.2126390, 0.7151687, 0.0721923]
    assert (tame @ weights) == pytest.approx(wild @ weights, abs=1e-3)


def test_the_shoulder_ends_at_white_and_begins_as_a_line():
    light = LinearRGB(np.array([[[0.5, 0.1, 0.1], [2.0, 1.0, 0.5]]], np.float32))
    after = shoulder(light, 2.0)
    assert after[0, 0] == pytest.approx([0.5, 0.1, 0.1])
    assert after[0, 1] == pytest.approx([1.0, 0.5, 0.25], abs=1e-5)
    assert np.array_equal(shoulder(light, 1.0), light)


def test_a_smooth_step_may_fall():
    assert smooth_step([0.0, 0.5, 1.0], 0.0, 1.0).tolist() == [0, 0.5, 1]
    assert smooth_step([0.0, 0.5, 1.0], 1.0, 0.0).tolist() == [1, 0.5, 0]
