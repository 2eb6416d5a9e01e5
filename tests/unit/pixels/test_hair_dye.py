"""Dyed hair: the color that is asked for as hair has it, every strand in its place, and nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab
from cavendish.pixels.hair_dye import dye_hair


def head(*, low=15, high=75, seed=2):
    """Strands of brownish black on gray, and where they are."""
    rng = np.random.default_rng(seed)
    strands = np.repeat(rng.integers(low, high, 80), 2)[None, :, None] + np.array((6, 2, 0))
    pixels = np.full((120, 160, 3), 150, np.uint8)
    pixels[20:100, 30:130] = np.broadcast_to(strands, (120, 160, 3))[20:100, 30:130]
    hair = np.zeros((120, 160), np.float32)
    hair[20:100, 30:130] = 1
    return EncodedRGB(pixels), hair


def oklab(pixels, where):
    return np.asarray(to_oklab(to_linear(EncodedRGB(pixels))))[where]


@pytest.mark.parametrize(
    ("color", "hue_deg"), [((227, 196, 141), (70, 95)), ((224, 32, 32), (30, 45)), ((244, 114, 182), (-20, 10))]
)
def test_dark_hair_takes_the_hue_and_becomes_lighter(color, hue_deg):
    image, hair = head()
    pixels, _ = dye_hair(image, hair, color)
    before, after = oklab(image, hair > 0), oklab(pixels, hair > 0)
    a, b = after[:, 1:].mean(axis=0)
    assert hue_deg[0] <= np.degrees(np.arctan2(b, a)) <= hue_deg[1]
    assert after[:, 0].mean() > before[:, 0].mean() + 0.1


def test_red_hair_is_copper_not_signal_red():
    image, hair = head()
    after = oklab(dye_hair(image, hair, (255, 0, 0))[0], hair > 0)
    assert np.hypot(*after[:, 1:].mean(axis=0)) < 0.14
    assert after[:, 0].mean() < 0.55


def test_strands_keep_their_order_and_show_as_much():
    image, hair = head()
    after = oklab(dye_hair(image, hair, (227, 196, 141))[0], hair > 0)[:, 0]
    before = oklab(image, hair > 0)[:, 0]
    assert np.corrcoef(before, after)[0, 1] > 0.97
    assert after.std() >= 0.8 * before.std()


def test_black_hair_keeps_its_light():
    image, hair = head(low=90, high=210)
    after = oklab(dye_hair(image, hair, (0, 0, 0))[0], hair > 0)
    assert 0.1 < np.median(after[:, 0]) < 0.25
    assert np.ptp(after[:, 0]) > 0.1
    assert np.abs(after[:, 1:]).mean() < 0.03


def test_nothing_but_hair_changes():
    image, hair = head()
    pixels, changed = dye_hair(image, hair, (0, 120, 255))
    np.testing.assert_array_equal(pixels[hair == 0], image[hair == 0])
    np.testing.assert_array_equal(changed > 0, hair > 0)
