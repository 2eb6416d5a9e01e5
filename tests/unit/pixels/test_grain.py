"""Grain drawn like the grain that is there."""

from __future__ import annotations

import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.grain import add_grain


def _noisy(sigma, size=(256, 256)):
    noise = np.random.default_rng(0).normal(0, sigma, (*size, 3))
    return EncodedRGB(np.clip(np.rint(128 + noise), 0, 255).astype(np.uint8))


def _part(size=(256, 256)):
    part = np.zeros(size, bool)
    part[64:192, 64:192] = True
    return part


@pytest.mark.parametrize("sigma", [2.0, 5.0, 10.0])
def test_the_new_grain_is_as_strong_as_the_old(sigma):
    flat = EncodedRGB(np.full((256, 256, 3), 128, np.uint8))
    part = _part()
    grained = np.asarray(add_grain(flat, part, like=_noisy(sigma), usable=~part, rng=np.random.default_rng(1)))
    assert grained[part].std() == pytest.approx(sigma, rel=0.2)
    assert (grained[~part] == 128).all()


def test_a_picture_without_grain_gets_none():
    flat = EncodedRGB(np.full((256, 256, 3), 128, np.uint8))
    part = _part()
    grained = np.asarray(add_grain(flat, part, like=flat, usable=~part, rng=np.random.default_rng(1)))
    assert np.abs(grained.astype(int) - 128).max() <= 1


def test_gray_grain_stays_gray():
    gray = np.repeat(np.asarray(_noisy(6))[..., :1], 3, axis=2)
    part = _part()
    flat = EncodedRGB(np.full((256, 256, 3), 128, np.uint8))
    grained = np.asarray(add_grain(flat, part, like=EncodedRGB(gray), usable=~part, rng=np.random.default_rng(1)))
    inside = grained[part].astype(int)
    assert np.abs(inside - inside.mean(axis=1, keepdims=True)).mean() < 0.7


def test_nowhere_to_look_means_no_grain():
    flat = EncodedRGB(np.full((40, 3, 3), 90, np.uint8))
    everything = np.ones((40, 3), bool)
    same = add_grain(flat, everything, like=flat, usable=~everything, rng=np.random.default_rng(1))
    assert np.array_equal(same, flat)
