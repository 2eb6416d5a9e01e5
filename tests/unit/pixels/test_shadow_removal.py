"""Giving shaded ground its light back."""

import numpy as np
from skimage import data

from cavendish.imaging.color import EncodedRGB, to_encoded, to_linear
from cavendish.pixels.shadow_removal import relight


def ground():
    return EncodedRGB(
        np.repeat(np.clip(data.gravel()[:300, :400, None].astype(int) // 2 + 90, 0, 255), 3, 2).astype(np.uint8)
    )


def density(depth=0.5):
    rows, columns = np.mgrid[:300, :400]
    distance = np.hypot((rows - 150) / 60, (columns - 200) / 110)
    return (depth * np.clip((1.1 - distance) / 0.2, 0, 1)).astype(np.float32)


def shaded(depth=0.5, powers=(1.0, 1.0, 1.0)):
    left = (1 - density(depth))[..., None] ** np.array(powers, np.float32)
    return to_encoded((to_linear(ground()) * left).astype(np.float32))


def error(a, b):
    return float(np.abs(a.astype(int) - b).mean())


def test_the_ground_comes_back_with_its_texture():
    lit = relight(EncodedRGB(shaded()), density())
    inside = density() > 0.02
    assert error(lit[inside], ground()[inside]) < 0.15 * error(shaded()[inside], ground()[inside])


def test_the_blue_of_skylight_is_taken_off():
    given = EncodedRGB(shaded(powers=(1.1, 1.0, 0.85)))
    core = density() > 0.4
    colors = relight(given, density())[core].astype(float).mean(axis=0)
    assert np.ptp(colors) < 4 < np.ptp(given[core].astype(float).mean(axis=0))


def test_outside_it_stays_bit_identical():
    given = EncodedRGB(shaded())
    outside = density() < 0.02
    assert np.array_equal(relight(given, density())[outside], given[outside])


def test_a_shadow_without_ground_around_is_only_raised():
    given = EncodedRGB(np.full((40, 40, 3), 60, np.uint8))
    assert relight(given, np.full((40, 40), 0.5, np.float32)).min() > 60
