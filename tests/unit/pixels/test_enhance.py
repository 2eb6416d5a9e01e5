"""Automatic light: helps what is bad, and leaves alone what is good."""

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
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
    return np.asarray(auto_enhance(EncodedRGB(image), strength=strength)[0])


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


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_an_overexposed_photo_gets_some_of_its_tones_back_and_keeps_its_whites(name):
    """What is blown stays so, and bounds what can come back."""
    image = photo(name)
    worse = exposed(image, 1.5)
    after = enhanced(worse)
    assert difference(after, image) < 0.85 * difference(worse, image)
    assert after[(worse == 255).all(axis=2)].min() > 225


def test_strong_colors_that_clip_are_not_overexposed():
    """A flower's red clips in one channel; darkening it for that would lose its glow."""
    image = photo("coffee")
    glow = image.copy()
    glow[:80, :, 0] = 255
    glow[:80, :, 2] = image[:80, :, 2] // 3
    assert measure(EncodedRGB(glow), None, share=1).exposure_ev > -0.05


def test_nothing_becomes_pure_that_was_not():
    image = np.clip(exposed(photo("astronaut"), 0.5), 2, 253)
    after = enhanced(image, 1.0)
    assert after.min() >= 1
    assert after.max() <= 254


def test_skin_and_wood_gain_less_color_than_the_sky():
    """A gray picture with two patches of equal lightness and chroma, 0.06 in Oklab."""
    lab = np.full((100, 150, 3), [0.65, 0, 0], np.float32)
    lab[:5, :, 0], lab[-5:, :, 0] = 0, 1
    lab[20:60, 10:60] = [0.65, 0.037, 0.047]
    lab[20:60, 90:140] = [0.65, -0.02, -0.0566]
    image = np.asarray(to_encoded(from_oklab(OklabImage(lab))))
    after = np.asarray(to_oklab(to_linear(EncodedRGB(enhanced(image)))))
    skin, sky = (float(np.hypot(*after[40, column, 1:])) for column in (30, 115))
    assert 0.06 < skin < sky - 0.005


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
