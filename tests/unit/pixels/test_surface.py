"""A picture on a slanted surface: corners found, perspective exact, nothing else touched."""

import cv2
import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.surface import four_corners, onto_quad, printed_on

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
    assert four_corners(disc.astype(np.float32)) is None


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


def round_thing(size=(300, 200), radius=70):
    y, x = np.mgrid[: size[1], : size[0]]
    return (np.hypot(x - size[0] / 2, y - size[1] / 2) < radius).astype(np.float32)


def test_a_print_lies_wholly_on_its_thing_and_keeps_its_shape():
    thing = round_thing()
    scene = Image(np.full((200, 300, 3), 160, np.uint8))
    ink = np.zeros((40, 120), np.float32)
    ink[10:30, 20:100] = 1  # four times as wide as high
    new, cover = printed_on(scene, Image(np.full((40, 120, 3), 20, np.uint8)), ink, thing)
    assert (cover[thing == 0] == 0).all()
    assert np.array_equal(new[cover == 0], scene.rgb[cover == 0])
    rows, columns = np.nonzero(cover > 0.5)
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(4, rel=0.15)
    assert np.ptp(columns) > 0.6 * 140
    assert (columns.mean(), rows.mean()) == pytest.approx((150, 100), abs=4)
    assert np.abs(new[cover > 0.99].astype(int) - 20).max() <= 4


def test_a_print_is_darker_where_its_thing_is_in_the_shade():
    thing = round_thing()
    pixels = np.full((200, 300, 3), 200, np.uint8)
    pixels[:, :150] = 90
    ink = np.ones((60, 100), np.float32)
    new, cover = printed_on(Image(pixels), Image(np.full((60, 100, 3), 128, np.uint8)), ink, thing)
    solid = cover > 0.99
    dark, lit = (new[solid & half][:, 0].mean() for half in (np.arange(300) < 130, np.arange(300) > 170))
    assert dark < 0.7 * lit


@pytest.mark.parametrize(
    ("ink", "thing"), [(np.zeros((9, 9)), round_thing()), (np.ones((9, 9)), round_thing(radius=0))]
)
def test_nothing_to_print_or_nowhere_to_print_it(ink, thing):
    scene = Image(np.zeros((200, 300, 3), np.uint8))
    with pytest.raises(UnsupportedEdit, match=r"empty|no room"):
        printed_on(scene, Image(np.zeros((9, 9, 3), np.uint8)), ink.astype(np.float32), thing)
