"""Automatic light: helps what is bad, and leaves alone what is good."""

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.enhance import auto_enhance, measure


def photo(name):
    image = getattr(data, name)()
    return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def exposed(image, stops):
    return np.asarray(to_encoded(LinearRGB(to_linear(EncodedRGB(image)) * np.float32(2**stops))))


def flat(image):
    return np.rint(127.5 + (image - 127.5) * 0.6).astype(np.uint8)


def difference(one, other):
    return float(deltaE_ciede2000(rgb2lab(one), rgb2lab(other)).mean())


def clipped(image):
    return float(((image == 0) | (image == 255)).any(axis=2).mean())


def enhanced(image, strength=0.5):
    return np.asarray(auto_enhance(EncodedRGB(image), strength=strength))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_a_good_photo_hardly_moves(name):
    image = photo(name)
    assert difference(enhanced(image), image) < 3


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
@pytest.mark.parametrize(("harm", "most"), [(lambda i: exposed(i, -1.5), 0.5), (flat, 0.6)])
def test_a_dark_or_flat_photo_gets_most_of_its_light_back(name, harm, most):
    image = photo(name)
    worse = harm(image)
    assert difference(enhanced(worse), image) < most * difference(worse, image)


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("stops", [-1.5, 0, 1.5])
def test_no_more_is_clipped_than_was(strength, stops):
    image = exposed(photo("astronaut"), stops)
    assert clipped(enhanced(image, strength)) <= clipped(image) + 0.005


def test_white_backdrops_stay_white():
    image = np.full((120, 160, 3), 255, np.uint8)
    image[40:80, 60:100] = [40, 80, 160]
    after = enhanced(image)
    assert (after[:30] == 255).all()


def test_gray_pictures_stay_gray():
    image = np.repeat(photo("camera")[..., None], 3, axis=2)
    assert np.ptp(enhanced(image).astype(int), axis=2).max() <= 1


def test_more_strength_is_more():
    image = exposed(photo("coffee"), -1.5)
    moved = [difference(enhanced(image, strength), image) for strength in (0.2, 0.5, 1.0)]
    assert moved == sorted(moved)
    assert np.array_equal(enhanced(image, 0.0), image)


def test_only_what_is_seen_counts():
    image = np.concatenate([exposed(photo("coffee"), -2.5), photo("coffee")], axis=1)
    seen = np.zeros(image.shape[:2], np.bool_)
    seen[:, : image.shape[1] // 2] = True
    assert measure(EncodedRGB(image), seen, share=1).exposure_ev > 1.5
    assert measure(EncodedRGB(image), None, share=1).exposure_ev < 0.1


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3)])
def test_tiny_pictures_pass(shape):
    assert enhanced(np.full(shape, 90, np.uint8)).shape == shape


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strength_out_of_range_is_refused(strength):
    with pytest.raises(ParameterOutOfRange):
        enhanced(np.zeros((2, 2, 3), np.uint8), strength)
