"""A picture on a slanted surface: corners found, perspective exact, nothing else touched."""

import cv2
import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.surface import four_corners, onto_quad

QUAD = np.array(((60, 40), (220, 60), (200, 150), (50, 160)), np.float32)


def mask(points, size=(300, 200)):
    drawn = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(drawn, [np.rint(points).astype(np.int32)], 1)
    return drawn.astype(np.float32)


def test_the_corners_of_a_screen_are_found_clockwise_from_the_upper_left():
    assert np.abs(four_corners(mask(QUAD)) - QUAD).max() < 3


def test_a_round_thing_has_no_corners():
    disc = np.zeros((200, 300), np.uint8)
    cv2.ellipse(disc, (150, 100), (100, 40), 0, 0, 360, 1, -1)
    with pytest.raises(UnsupportedEdit, match="four-sided"):
        four_corners(disc.astype(np.float32))


def test_the_corners_of_the_picture_land_on_the_corners_of_the_surface():
    pixels = np.full((120, 160, 3), 128, np.uint8)
    colors = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0))
    for (x, y), color in zip(((0, 0), (80, 0), (80, 60), (0, 60)), colors, strict=True):
        pixels[y : y + 60, x : x + 80] = color
    scene = Image(np.full((200, 300, 3), 30, np.uint8))
    new, cover = onto_quad(scene, Image(pixels), QUAD)
    middle = QUAD.mean(axis=0)
    for corner, color in zip(QUAD, colors, strict=True):
        x, y = np.rint(corner + 0.2 * (middle - corner)).astype(int)
        assert np.abs(new[y, x].astype(int) - color).max() < 8
    assert np.array_equal(new[cover == 0], scene.rgb[cover == 0])
    assert cover.sum() == pytest.approx(mask(QUAD).sum(), rel=0.04)


def test_corners_that_cross_enclose_nothing():
    scene = Image(np.zeros((200, 300, 3), np.uint8))
    with pytest.raises(UnsupportedEdit, match="enclose no surface"):
        onto_quad(scene, scene, QUAD[[0, 2, 1, 3]])
