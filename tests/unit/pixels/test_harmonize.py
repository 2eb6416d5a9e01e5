"""Matching light: direction, limits and identity."""

import numpy as np
import pytest
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import to_linear, to_oklab
from cavendish.pixels.harmonize import match_light


@pytest.fixture(name="photo")
def fixture_photo():
    return to_linear(data.coffee())


def everywhere(image):
    return np.ones(image.shape[:2], np.float32)


def test_amount_zero_is_identity(photo):
    assert np.array_equal(match_light(photo, everywhere(photo), 0.2 * photo, amount=0), photo)


def test_a_subject_already_in_the_light_of_its_scene_stays(photo):
    assert np.abs(match_light(photo, everywhere(photo), photo, amount=1) - photo).max() < 1e-4


@pytest.mark.parametrize("gain", [0.75, 1.5])
def test_a_small_difference_in_exposure_is_removed(photo, gain):
    scene = gain * photo
    matched = match_light(photo, everywhere(photo), scene, amount=1)
    assert np.median(matched) == pytest.approx(np.median(scene), rel=0.03)


@pytest.mark.parametrize("gain", [0.01, 60])
def test_exposure_moves_by_seven_tenths_of_a_stop_at_most(photo, gain):
    matched = match_light(photo, everywhere(photo), gain * photo, amount=1)
    shift_ev = np.log2(matched.mean() / photo.mean())
    assert abs(shift_ev) == pytest.approx(0.7, abs=0.12)
    assert np.sign(shift_ev) == np.sign(gain - 1)


def test_half_the_amount_moves_half_as_far(photo):
    scene = 1.5 * photo
    half = match_light(photo, everywhere(photo), scene, amount=0.5)
    assert np.log2(np.median(half) / np.median(photo)) == pytest.approx(np.log2(1.5) / 2, abs=0.03)


def tint(image):
    return to_oklab(image)[..., 1:].mean(axis=(0, 1))


def test_a_gray_subject_takes_a_modest_part_of_a_warm_light():
    gray = np.repeat(to_linear(data.chelsea())[..., 1:2], 3, axis=2)
    warm = gray * np.array([1.25, 1, 0.7], np.float32)
    moved = tint(match_light(gray, everywhere(gray), warm, amount=1)) - tint(gray)
    wanted = tint(warm) - tint(gray)
    assert 0.2 < np.dot(moved, wanted) / np.dot(wanted, wanted) <= 1.05
    assert np.linalg.norm(moved) < 0.04


def test_a_red_thing_stays_red_in_a_gray_scene():
    red = np.full((60, 60, 3), (0.5, 0.03, 0.03), np.float32)
    red *= np.linspace(0.7, 1.2, 60, dtype=np.float32)[:, None, None]
    gray = np.repeat(to_linear(data.chelsea())[..., 1:2], 3, axis=2)
    matched = match_light(red, everywhere(red), gray, amount=1)
    before, after = to_oklab(red), to_oklab(matched)
    hues = [np.arctan2(lab[..., 2], lab[..., 1]).mean() for lab in (before, after)]
    assert hues[1] == pytest.approx(hues[0], abs=0.05)
    chroma = [np.hypot(lab[..., 1], lab[..., 2]).mean() / lab[..., 0].mean() for lab in (before, after)]
    assert 0.75 < chroma[1] / chroma[0] < 1


def test_tones_keep_their_order():
    ramp = np.repeat(np.linspace(0.1, 0.3, 200, dtype=np.float32)[None, :, None], 3, axis=2).repeat(20, axis=0)
    contrasty = to_linear(data.astronaut())
    matched = match_light(ramp, everywhere(ramp), contrasty, amount=1)
    assert (np.diff(matched[0, :, 1]) > 0).all()


def test_only_the_subject_is_measured(photo):
    alpha = everywhere(photo)
    alpha[:, :300] = 0
    other = photo.copy()
    other[:, :300] = 5
    scene = to_linear(data.astronaut())
    left = match_light(photo, alpha, scene)
    right = match_light(other, alpha, scene)
    assert np.array_equal(left[:, 300:], right[:, 300:])


def test_without_a_subject_nothing_changes(photo):
    assert np.array_equal(match_light(photo, 0 * everywhere(photo), photo, amount=1), photo)


@pytest.mark.parametrize("amount", [-0.1, 1.5])
def test_wrong_amounts_are_refused(photo, amount):
    with pytest.raises(ParameterOutOfRange):
        match_light(photo, everywhere(photo), photo, amount=amount)
