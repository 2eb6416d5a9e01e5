"""Overlapping pictures become one wide picture without gaps; what does not overlap is named."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.panorama import stitched

MOST = 50_000_000


def scene():
    return cv2.resize(np.ascontiguousarray(data.coffee()), (900, 600), interpolation=cv2.INTER_CUBIC)


def views(pixels, *, turned_deg=0.0, stops=0.0):
    """Three parts of a scene that overlap by a third, each by another tilt and exposure."""
    height, width = pixels.shape[:2]
    part = width // 2
    for k in range(3):
        left = k * (width - part) // 2
        view = pixels[:, left : left + part]
        if turned_deg:
            turn = cv2.getRotationMatrix2D((part / 2, height / 2), turned_deg * (-1) ** k, 1)
            view = cv2.warpAffine(view, turn, (part, height), flags=cv2.INTER_CUBIC)[20:-20, 30:-30]
        light = np.clip((view / 255.0) ** 2.2 * 2 ** (stops * (-1) ** k), 0, 1) ** (1 / 2.2)
        yield Image(np.rint(light * 255).astype(np.uint8))


def test_parts_of_a_scene_become_the_scene_whatever_their_tilt_and_exposure():
    panorama, _ = stitched(list(views(scene(), turned_deg=2, stops=0.3)), most_pixels=MOST)
    pixels = np.asarray(panorama)
    assert pixels.shape[1] > 780
    assert pixels.any(axis=2).all()
    # The middle of the panorama is the middle of the scene, however it was put together: no seam, no ghost.
    part = pixels[pixels.shape[0] // 2 - 110 : pixels.shape[0] // 2 + 110, 225:-225]
    match = cv2.matchTemplate(scene(), part, cv2.TM_CCOEFF_NORMED).max()
    assert match > 0.9


@pytest.mark.long
def test_the_order_of_the_pictures_is_free_and_the_result_is_the_same_each_time():
    left, middle, right = views(scene())
    one, again, other = (
        np.asarray(stitched(order, most_pixels=MOST)[0])
        for order in ([left, middle, right], [left, middle, right], [right, left, middle])
    )
    assert np.array_equal(one, again)
    assert abs(one.shape[1] - other.shape[1]) < 12


@pytest.mark.long
def test_the_first_pictures_place_in_it_is_told():
    pictures = list(views(scene()))[:2]
    panorama, (left, _, right, _) = stitched(pictures, most_pixels=MOST)
    assert abs(left) < 15
    assert right - left == pytest.approx(panorama.shape[1], rel=0.05)


def test_a_picture_of_something_else_is_named():
    left, middle, _ = views(scene())
    with pytest.raises(UnsupportedEdit, match="picture 3"):
        stitched([left, middle, Image(np.ascontiguousarray(data.astronaut()))], most_pixels=MOST)


def test_pictures_of_different_scenes_are_refused():
    with pytest.raises(UnsupportedEdit, match="do not overlap"):
        stitched([Image(scene()), Image(np.ascontiguousarray(data.astronaut()))], most_pixels=MOST)
    with pytest.raises(UnsupportedEdit, match="second picture"):
        stitched([Image(scene())], most_pixels=MOST)


def test_it_is_never_larger_than_allowed():
    panorama, _ = stitched(list(views(scene())), most_pixels=200_000)
    assert panorama.shape[0] * panorama.shape[1] <= 201_000


@pytest.mark.long
def test_pictures_above_one_another_are_joined_too():
    """Leveled, two such pictures lie around the sphere's pole, on a canvas of some thirty times their size."""
    pixels = cv2.resize(scene(), (1000, 667), interpolation=cv2.INTER_CUBIC)
    panorama, _ = stitched([Image(pixels[:390].copy()), Image(pixels[277:].copy())], most_pixels=MOST)
    height, width = panorama.shape[:2]
    assert height == pytest.approx(667, rel=0.05)
    assert width == pytest.approx(1000, rel=0.05)
