"""Grain measured and added."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.grain import add_grain, measure_grain


@pytest.mark.parametrize("sigma", [2.0, 5.0, 10.0])
def test_known_grain_is_measured(sigma):
    y, x = np.mgrid[:256, :256]
    smooth = np.stack([100 + x / 4, 120 + y / 5, 110 + (x + y) / 8], -1)
    noisy = smooth + np.random.default_rng(0).normal(0, sigma, smooth.shape)
    found = measure_grain(EncodedRGB(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)))
    assert found == pytest.approx([sigma] * 3, rel=0.15)


def test_structure_is_not_taken_for_grain():
    photo = data.astronaut()
    noisy = np.clip(photo + np.random.default_rng(0).normal(0, 8, photo.shape), 0, 255).astype(np.uint8)
    assert measure_grain(EncodedRGB(photo)).max() < 3.5
    assert measure_grain(EncodedRGB(noisy)).mean() == pytest.approx(8, rel=0.25)


def test_only_the_named_part_is_measured():
    photo = np.full((128, 128, 3), 120, np.uint8)
    photo[:, 64:] = np.clip(120 + np.random.default_rng(0).normal(0, 9, (128, 64, 3)), 0, 255)
    left = np.zeros((128, 128), np.float32)
    left[:, :64] = 1
    assert measure_grain(EncodedRGB(photo), where=left).max() == 0
    assert measure_grain(EncodedRGB(photo), where=1 - left).min() > 6


def test_added_grain_has_the_strength_and_stays_inside():
    flat = EncodedRGB(np.full((200, 200, 3), 128, np.uint8))
    amount = np.zeros((200, 200), np.float32)
    amount[50:150, 50:150] = 1
    grained = np.asarray(add_grain(flat, np.full(3, 6, np.float32), amount, random=np.random.default_rng(3)))
    outside = amount == 0
    assert (grained[outside] == 128).all()
    assert grained[~outside].std() == pytest.approx(6, rel=0.05)


def test_tiny_pictures_are_measured_without_error():
    for size in [(1, 1), (3, 40), (40, 3)]:
        assert measure_grain(EncodedRGB(np.zeros((*size, 3), np.uint8))).shape == (3,)
