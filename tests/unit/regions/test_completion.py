"""A subject is completed by what adjoins it in its very colors, and by nothing else."""

from __future__ import annotations

import numpy as np

from cavendish.pixels.region import Region
from cavendish.regions.completion import completed


def coat(*, background=(150, 170, 150)):
    """Someone in black on a lawn; the network saw the upper part alone."""
    rng = np.random.default_rng(3)
    rgb = np.clip(rng.normal(background, 8, (300, 400, 3)), 0, 255).astype(np.uint8)
    rgb[60:280, 120:280] = rng.integers(10, 26, (220, 160, 1))
    alpha = np.zeros((300, 400), np.float32)
    alpha[60:205, 120:280] = 1
    return rgb, Region(alpha, 0.8)


def test_the_rest_of_a_coat_belongs_to_it():
    rgb, seen = coat()
    whole = completed(rgb, seen).alpha
    assert whole[215:270, 130:270].min() > 0.9
    assert whole[:, :110].max() < 0.1
    np.testing.assert_array_equal(whole[70:180, 130:270], 1)


def test_colors_that_are_everywhere_tell_nothing():
    rgb, seen = coat(background=(18, 18, 18))
    np.testing.assert_array_equal(completed(rgb, seen).alpha, seen.alpha)


def test_what_stands_apart_is_another_thing():
    rgb, seen = coat()
    rgb[205:225] = (150, 170, 150)
    np.testing.assert_array_equal(completed(rgb, seen).alpha, seen.alpha)


def test_specks_are_left():
    rgb, seen = coat()
    rgb[211:280] = (150, 170, 150)
    np.testing.assert_array_equal(completed(rgb, seen).alpha, seen.alpha)


def test_where_nothing_is_seen_nothing_is_completed():
    rgb, _ = coat()
    nothing = Region(np.zeros((300, 400), np.float32), 0.0)
    assert completed(rgb, nothing).alpha.max() == 0
