"""What is aslant: pages and facades drawn by a known camera are told apart and come back square."""

import cv2
import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.pixels.composite import render
from cavendish.pixels.perspective import squared, stood_up
from cavendish.regions.horizon import find_tilt
from cavendish.regions.perspective import find_perspective

WIDTH, HEIGHT, FOCAL = 900, 600, 760.0
CAMERA = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])


def turn(*degrees):
    """About the axis to the right, then down, then away."""
    about = [cv2.Rodrigues(np.radians(angle) * axis)[0] for angle, axis in zip(degrees, np.eye(3), strict=True)]
    return about[0] @ about[1] @ about[2]


def grainy(pixels, seed=0):
    noise = np.random.default_rng(seed).normal(0, 4, pixels.shape)
    return Image(np.clip(cv2.GaussianBlur(pixels, (3, 3), 0) + noise, 0, 255).astype(np.uint8))


def page_on_a_table(x_deg, y_deg, z_deg):
    """A sheet of paper with lines of writing, its shape 210:297, and where its corners are seen."""
    page = np.full((594, 420, 3), 240, np.uint8)
    for y in range(70, 560, 34):
        cv2.line(page, (50, y), (370 - (y * 7) % 90, y), (40, 40, 40), 5)
    flat = np.array([[-210, -297, 0], [210, -297, 0], [210, 297, 0], [-210, 297, 0]], np.float64)
    seen = (flat @ turn(x_deg, y_deg, z_deg).T + (0, 0, 1000)) @ CAMERA.T
    corners = (seen[:, :2] / seen[:, 2:]).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [420, 0], [420, 594], [0, 594]], np.float32), corners)
    table = np.full((HEIGHT, WIDTH, 3), (95, 75, 60), np.uint8)
    cv2.warpPerspective(page, matrix, (WIDTH, HEIGHT), table, borderMode=cv2.BORDER_TRANSPARENT)
    return grainy(table), corners


def facade(pitch_deg, roll_deg=0.0):
    """Windows of a house at which the camera looks up."""
    wall = np.full((1400, 2200, 3), (185, 170, 150), np.uint8)
    for x in range(40, 2200, 120):
        for y in range(40, 1400, 140):
            cv2.rectangle(wall, (x, y), (x + 62, y + 92), (60, 75, 95), -1)
            cv2.rectangle(wall, (x, y), (x + 62, y + 92), (235, 235, 230), 4)
    middle = np.array([[1, 0, -(2200 - WIDTH) / 2], [0, 1, -(1400 - HEIGHT) / 2], [0, 0, 1]])
    matrix = CAMERA @ turn(pitch_deg, 0, roll_deg) @ np.linalg.inv(CAMERA) @ middle
    return grainy(cv2.warpPerspective(wall, matrix, (WIDTH, HEIGHT)))


@pytest.mark.parametrize("angles", [(-35, 10, 0), (-30, -12, 20), (20, 20, -8)])
def test_a_page_is_found_by_its_corners_and_squared_in_its_own_shape(angles):
    image, corners = page_on_a_table(*angles)
    found = find_perspective(image)
    assert found is not None
    assert found.page is not None
    off = np.linalg.norm(np.array(found.page)[:, None] - corners[None], axis=2).min(axis=1)
    assert off.max() < 3
    width, height = squared(image.size, found.page).size
    assert width / height == pytest.approx(210 / 297, rel=0.04)


@pytest.mark.parametrize(("pitch_deg", "roll_deg"), [(12, 0), (-10, 3), (5, -4)])
def test_a_leaning_facade_stands_upright_afterwards(pitch_deg, roll_deg):
    image = facade(pitch_deg, roll_deg)
    found = find_perspective(image)
    assert found is not None
    assert found.upright is not None
    after = render(image, stood_up(image.size, found.upright))
    assert after.alpha is None
    left, right = (Image(np.ascontiguousarray(part)) for part in np.array_split(after.pixels, 2, axis=1))
    for half in (left, right):
        tilt = find_tilt(half)
        assert tilt is not None
        assert abs(tilt.angle_deg) < 0.3


def test_a_square_facade_is_left_alone():
    assert find_perspective(facade(0)) is None


def test_what_has_no_lines_is_left_alone():
    blobs = cv2.GaussianBlur(np.random.default_rng(0).normal(128, 900, (300, 400, 3)), (0, 0), 12)
    assert find_perspective(Image(np.clip(blobs, 0, 255).astype(np.uint8))) is None
    assert find_perspective(Image(np.zeros((10, 2000, 3), np.uint8))) is None
