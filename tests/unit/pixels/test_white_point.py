"""White points: known lights, what is told from pictures under them, and what is left alone."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.base_light import small_light
from cavendish.pixels.white_balance import adjust_warmth, white_balance
from cavendish.pixels.white_point import (
    NEUTRAL,
    Light,
    adaptation,
    estimate_light,
    gray_light,
    light_of,
    rebalanced,
)

EVERYWHERE = np.ones((200, 200), np.bool_)


def under(image, temperature_k):
    light = to_linear(EncodedRGB(np.ascontiguousarray(image)))
    return np.asarray(to_encoded(LinearRGB(cv2.transform(light, adaptation(NEUTRAL, light_of(temperature_k))))))


def told(image):
    light = small_light(EncodedRGB(image), side_px=200)
    return estimate_light(light, np.ones(light.shape[:2], np.bool_))


def distance(one, other):
    lab = [
        cv2.cvtColor((np.asarray(image) / np.float32(255)).astype(np.float32), cv2.COLOR_RGB2LAB)
        for image in (one, other)
    ]
    return float(np.linalg.norm(lab[0] - lab[1], axis=2).mean())


def lawn():
    shade = np.random.default_rng(0).uniform(0.3, 1.0, (200, 200, 1))
    return np.rint(shade * [90, 150, 40]).astype(np.uint8)


def sunset():
    down = np.linspace(0, 1, 150)[:, None, None] * np.ones((1, 200, 1))
    sky = np.array([90, 64, 115]) * (1 - down) + np.array([255, 153, 51]) * down
    return np.concatenate([sky, np.full((50, 200, 3), [20, 13, 15])]).astype(np.uint8)


@pytest.mark.parametrize(
    ("temperature_k", "x", "y"), [(2856, 0.4476, 0.4074), (5000, 0.3451, 0.3516), (6500, 0.3135, 0.3237)]
)
def test_black_bodies_have_their_known_chromaticity(temperature_k, x, y):
    """CIE standard illuminant A, and Planck at 5000 and 6500 K (Wyszecki & Stiles); the fit is good to 0.002."""
    from cavendish.pixels.white_point import _white

    white = _white(light_of(temperature_k))
    assert white[:2] / white.sum() == pytest.approx([x, y], abs=0.003)


def test_adaptation_turns_the_white_of_a_light_to_gray():
    warm = light_of(3200)
    white = adaptation(NEUTRAL, warm) @ np.ones(3)
    assert white[0] > white[1] > white[2]
    assert adaptation(warm) @ white == pytest.approx(np.ones(3), abs=1e-3)


def test_a_neutral_light_changes_nothing():
    assert np.array_equal(adaptation(NEUTRAL), np.eye(3))
    assert light_of(6500) == Light(0, 0)


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
@pytest.mark.parametrize("temperature_k", [4500, 5000, 8000])
def test_a_cast_moves_what_is_told_by_as_much(name, temperature_k):
    image = getattr(data, name)()
    moved = told(under(image, temperature_k)).mired - told(image).mired
    assert moved == pytest.approx(light_of(temperature_k).mired, abs=15)


def test_a_cast_is_taken_out():
    image = data.astronaut()
    yellow = under(image, 4500)
    assert distance(white_balance(EncodedRGB(yellow)), image) < 0.5 * distance(yellow, image)


@pytest.mark.parametrize("scene", [lawn, sunset])
def test_what_has_one_color_by_itself_keeps_it(scene):
    image = scene()
    assert told(image).confidence < 0.25
    assert distance(white_balance(EncodedRGB(image)), image) < 4
    assert distance(white_balance(EncodedRGB(image), mode="gray"), image) > 15


def test_gray_makes_the_average_of_what_is_seen_gray():
    image = np.full((40, 40, 3), [180, 150, 110], np.uint8)
    image[:, 20:] = [20, 120, 40]
    seen = np.zeros((40, 40), np.bool_)
    seen[:, :20] = True
    after = white_balance(EncodedRGB(image), mode="gray", seen=seen)
    assert np.ptp(after[5, 5].astype(int)) <= 3


def test_nothing_is_told_from_black_or_from_too_little():
    assert estimate_light(LinearRGB(np.zeros((200, 200, 3), np.float32)), EVERYWHERE).confidence == 0
    assert gray_light(LinearRGB(np.zeros((200, 200, 3), np.float32)), EVERYWHERE) == NEUTRAL
    image = LinearRGB(np.full((200, 200, 3), 0.5, np.float32))
    assert estimate_light(image, np.zeros_like(EVERYWHERE)).confidence == 0


@pytest.mark.parametrize(("temperature_k", "mired"), [(5000, 46), (8000, -29)])
def test_white_that_was_clipped_before_it_was_tinted_tells_the_tint_of_a_lawn(temperature_k, mired):
    """A lawn alone tells nothing; clipped clouds above it do, unless they are still white."""
    image = lawn()
    image[:20] = 255
    found = told(under(image, temperature_k))
    assert found.mired == pytest.approx(mired, abs=4)
    assert found.confidence == 1
    assert told(image).confidence < 0.3


def test_kelvin_is_the_light_the_picture_was_taken_in():
    image = np.full((4, 4, 3), 128, np.uint8)
    blue, red = (
        white_balance(EncodedRGB(image), mode="kelvin", temperature_k=k)[0, 0].astype(int) for k in (3000, 12000)
    )
    assert blue[2] > 128 > blue[0]
    assert red[0] > 128 > red[2]
    assert np.array_equal(white_balance(EncodedRGB(image), mode="kelvin", temperature_k=6500), image)


@pytest.mark.parametrize("mode", ["auto", "kelvin", "gray"])
def test_tint_counts_in_every_mode(mode):
    image = EncodedRGB(np.full((20, 20, 3), 128, np.uint8))
    green, magenta = (white_balance(image, mode=mode, tint=tint)[0, 0].astype(int) for tint in (-1, 1))
    assert green[1] > 128 > magenta[1]
    assert magenta[0] > 128
    assert magenta[2] > 128


@pytest.mark.parametrize("amount", [-1.0, -0.3, 0.3, 1.0])
def test_warmth_keeps_the_luminance_of_gray(amount):
    image = EncodedRGB(np.full((2, 2, 3), 120, np.uint8))
    after = adjust_warmth(image, amount=amount)[0, 0].astype(int)
    assert np.sign(after[0] - after[2]) == np.sign(amount)
    weights = np.array([0.2126390, 0.7151687, 0.0721923])
    before_light, after_light = (
        float(to_linear(EncodedRGB(np.full((1, 1, 3), c, np.uint8)))[0, 0] @ weights) for c in (120, after)
    )
    assert after_light == pytest.approx(before_light, rel=0.02)


def test_clipped_white_stays_white():
    white = LinearRGB(np.ones((1, 1, 3), np.float32))
    assert rebalanced(white, adaptation(light_of(3000)))[0, 0] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: light_of(1499),
        lambda: light_of(25001),
        lambda: light_of(5000, tint=1.1),
        lambda: adjust_warmth(EncodedRGB(np.zeros((1, 1, 3), np.uint8)), amount=1.1),
    ],
)
def test_what_is_out_of_range_is_refused(call):
    with pytest.raises(ParameterOutOfRange):
        call()
