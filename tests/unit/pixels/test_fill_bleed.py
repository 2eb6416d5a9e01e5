"""A tight mask around a soft edge: what is left of the thing must not color what takes its place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from cavendish.pixels.fill import fill
from cavendish.pixels.fill_bleed import without_bleed


def photo():
    return cv2.resize(skimage.data.grass(), (320, 240), interpolation=cv2.INTER_AREA)


def with_thing(softness_px):
    """A red disc on grass, cut out to its outline: picture, mask, truth."""
    truth = np.repeat((60 + photo() // 2)[..., None], 3, axis=2)
    disc = np.zeros(truth.shape[:2], np.float32)
    cv2.circle(disc, (160, 120), 45, 1.0, -1)
    mask = disc > 0.5
    if softness_px:
        disc = cv2.GaussianBlur(disc, (0, 0), softness_px)
    mixed = truth + (np.array([230, 20, 20]) - truth) * disc[..., None]
    return np.rint(mixed).astype(np.uint8), mask, truth


def test_a_clean_edge_is_used_up_to_the_hole():
    image, mask, _ = with_thing(0)
    assert np.array_equal(without_bleed(image, mask, ~mask), ~mask)


def test_a_soft_edge_is_left_out():
    image, mask, _ = with_thing(1)
    left_out = ~mask & ~without_bleed(image, mask, ~mask)
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    assert left_out[(distance > 0) & (distance <= 2)].all()
    assert not left_out[distance > 4].any()


def test_an_empty_hole_has_nothing_to_bleed():
    _, mask, truth = with_thing(0)
    assert np.array_equal(without_bleed(truth, mask, ~mask), ~mask)


@pytest.mark.parametrize("softness_px", [1, 1.5])
def test_the_filling_takes_no_color_from_the_soft_edge(softness_px):
    image, mask, _ = with_thing(softness_px)
    filled = fill(image, mask.astype(np.float32)).astype(int)
    assert np.array_equal(filled[~mask], image[~mask])
    redness = filled[mask][:, 0] - filled[mask][:, 1]
    assert redness.max() < 12
