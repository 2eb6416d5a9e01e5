"""Scratches: found by themselves, filled, and nothing else touched."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.pixels.scratches import find_scratches

from .support import disc, edited, run


def photo():
    return np.ascontiguousarray(data.coffee()[:, 60:540])


def damaged(pixels, tone):
    """Five scratches and nine specks, and where they are."""
    given, where = pixels.copy(), np.zeros(pixels.shape[:2], np.uint8)
    random = np.random.default_rng(4)
    for k in range(5):
        start, end = ((int(x), int(y)) for x, y in random.uniform((10, 10), (470, 390), (2, 2)))
        for target, value in ((given, tone), (where, 1)):
            cv2.line(target, start, end, value, 2 + k % 2)
    for x, y in random.uniform((20, 20), (460, 380), (9, 2)):
        for target, value in ((given, tone), (where, 1)):
            cv2.circle(target, (int(x), int(y)), 3, value, -1)
    return given, where > 0


@pytest.mark.parametrize("negative", [False, True])
def test_most_damage_is_found_and_little_else(negative):
    given, where = damaged(photo(), (248, 246, 240))
    found = find_scratches(EncodedRGB(255 - given if negative else given)) > 0
    near = cv2.dilate(where.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert found[where].mean() > 0.85
    assert near[found].mean() > 0.8


def test_removing_scratches_comes_near_the_undamaged_picture():
    given, where = damaged(photo(), (248, 246, 240))
    after = edited("remove_scratches", Image(given)).rgb

    def error(pixels):
        return ((pixels[where].astype(float) - photo()[where]) ** 2).mean()

    assert error(after) < error(given) / 8


def test_only_what_is_pointed_at_is_mended():
    given, _ = damaged(photo(), (248, 246, 240))
    region = disc(480, 400)
    after = edited("remove_scratches", Image(given), region=region)
    assert np.array_equal(after.pixels[region.alpha < 0.5], given[region.alpha < 0.5])
    assert not np.array_equal(after.pixels, given)


def test_a_picture_without_damage_is_refused():
    y, x = np.mgrid[:200, :300].astype(np.float32)
    soft = np.rint(np.stack([90 + 0.3 * x, 80 + 0.4 * y, 70 + 0.1 * (x + y)], axis=2)).astype(np.uint8)
    with pytest.raises(UnsupportedEdit, match="no scratches"):
        run("remove_scratches", Image(soft))
