"""Drawn scenes turned by known angles: the angle comes back."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.imaging.image import Image
from cavendish.regions.horizon import find_horizon, find_tilt

ANGLES = [-10.0, -4.0, -1.0, 0.0, 2.5, 7.0]


def image_of(pixels):
    return Image(np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def turned(pixels, angle_deg):
    """The picture turned clockwise, cut to what was inside it before."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle_deg, 1)
    whole = cv2.warpAffine(pixels.astype(np.float32), matrix, (width, height), flags=cv2.INTER_CUBIC)
    cosine, sine = np.cos(np.radians(angle_deg)), abs(np.sin(np.radians(angle_deg)))
    keep = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    left, top = round(width * (1 - keep) / 2) + 1, round(height * (1 - keep) / 2) + 1
    return image_of(whole[top : height - top, left : width - left])


def sea(width=480, height=340, horizon_px=130):
    rng = np.random.default_rng(1)
    picture = np.empty((height, width, 3))
    picture[:horizon_px] = np.linspace((90, 140, 210), (190, 215, 235), horizon_px)[:, np.newaxis]
    picture[horizon_px:] = (50, 110, 140)
    waves = cv2.GaussianBlur(rng.normal(0, 60, (height - horizon_px, width)), (0, 0), sigmaX=12, sigmaY=1)
    picture[horizon_px:] += waves[..., np.newaxis]
    return picture


def street():
    picture = np.empty((360, 480, 3))
    picture[:] = (190, 205, 230)
    for left, right, top, shade in ((10, 110, 60, 140), (130, 210, 20, 110), (225, 330, 90, 160), (350, 460, 40, 120)):
        picture[top:, left:right] = shade
        for x in range(left + 12, right - 16, 24):
            picture[top + 14 : 340, x : x + 10] = 50
    return picture


def fanned(picture, reach_px):
    """As if the camera looked up: what is at the top moves towards the middle."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shifted = corners + np.array([[reach_px, 0], [-reach_px, 0], [0, 0], [0, 0]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, shifted)
    return cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("angle_deg", ANGLES)
def test_the_horizon_of_the_sea_is_found_at_its_angle_and_height(angle_deg):
    picture = turned(sea(), angle_deg)
    horizon = find_horizon(picture)
    assert horizon is not None
    assert abs(horizon.angle_deg - angle_deg) < 0.5
    rise = (horizon.right_y_px - horizon.left_y_px) / picture.size[0]
    assert np.degrees(np.arctan(rise)) == pytest.approx(horizon.angle_deg, abs=0.01)


def test_the_height_of_the_horizon_is_in_pixels_of_the_picture():
    horizon = find_horizon(image_of(sea(width=1400, height=1000, horizon_px=420)))
    assert horizon is not None
    assert horizon.left_y_px == pytest.approx(420, abs=5)
    assert horizon.right_y_px == pytest.approx(420, abs=5)
    assert horizon.confidence > 0.8


@pytest.mark.parametrize("angle_deg", ANGLES)
def test_tilt_is_read_off_a_street(angle_deg):
    tilt = find_tilt(turned(street(), angle_deg))
    assert tilt is not None
    assert abs(tilt.angle_deg - angle_deg) < 0.5


@pytest.mark.parametrize("angle_deg", [-5.0, 0.0, 5.0])
def test_walls_that_lean_inwards_do_not_tilt_the_picture(angle_deg):
    tilt = find_tilt(turned(fanned(street(), 25), angle_deg))
    assert tilt is not None
    assert abs(tilt.angle_deg - angle_deg) < 0.5


@pytest.mark.parametrize("angle_deg", [-6.0, 3.0])
def test_tilt_of_the_sea_is_that_of_its_horizon(angle_deg):
    tilt = find_tilt(turned(sea(), angle_deg))
    assert tilt is not None
    assert abs(tilt.angle_deg - angle_deg) < 0.5


@pytest.mark.parametrize("angle_deg", [-6.0, 4.0])
def test_tilt_is_read_off_a_photograph_of_towers(angle_deg):
    tilt = find_tilt(turned(data.rocket(), angle_deg))
    assert tilt is not None
    assert abs(tilt.angle_deg - angle_deg) < 0.5


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut", "coins"])
def test_things_and_faces_have_no_horizon(name):
    pixels = getattr(data, name)()
    assert find_horizon(image_of(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))) is None


def test_lines_of_print_are_no_horizon():
    assert find_horizon(image_of(np.dstack([data.page()] * 3))) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (63, 63), (64, 64), (65, 400)])
def test_pictures_that_show_nothing_tell_no_tilt(size):
    blank = image_of(np.full((*size, 3), 128))
    assert find_horizon(blank) is None
    assert find_tilt(blank) is None


def test_equal_pictures_get_equal_answers():
    picture = turned(street(), 3)
    assert find_tilt(picture) == find_tilt(picture)
