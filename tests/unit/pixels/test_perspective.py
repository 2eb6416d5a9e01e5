"""Planes made square and cameras turned, as numbers."""

import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.resample import rotation, translation
from cavendish.pixels.perspective import Perspective, quad_of, squared, stood_up, turned


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_corners_are_sorted_clockwise_from_the_top_left(order):
    corners = np.array([[10, 12], [200, 5], [220, 150], [4, 140]], np.float64)
    assert np.array_equal(np.array(quad_of(corners[list(order)])), corners)


def test_a_square_quad_is_a_crop():
    canvas = squared((400, 300), ((50, 40), (250, 40), (250, 140), (50, 140)))
    assert canvas.size == (200, 100)
    assert np.allclose(canvas.matrix, translation(50, 40), atol=1e-6)


def test_upright_lines_that_are_upright_leave_the_picture():
    canvas = stood_up((400, 300), (0.0, 1.0, 0.0))
    assert canvas.size == pytest.approx((399, 299), abs=1)
    assert np.allclose(canvas.matrix[:2, :2], np.eye(2), atol=1e-6)


def test_parallel_lines_that_lean_are_a_turn():
    """Lines that lean 5° everywhere: turning the camera about its axis by as much."""
    lean = np.radians(5)
    canvas = stood_up((400, 300), (float(np.sin(lean)), float(-np.cos(lean)), 0.0))
    assert np.allclose(canvas.matrix[:2, :2], rotation(5)[:2, :2], atol=1e-6)


def test_nothing_from_outside_shows():
    size = (400, 300)
    canvas = stood_up(size, (260.0, 900.0, 1.0))
    width, height = canvas.size
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]]) @ canvas.matrix.T
    x, y = corners[:, 0] / corners[:, 2], corners[:, 1] / corners[:, 2]
    assert min(x.min(), y.min()) >= 0
    assert x.max() <= size[0]
    assert y.max() <= size[1]
    assert width / height == pytest.approx(4 / 3, rel=0.02)


def test_too_steep_is_unsupported():
    with pytest.raises(UnsupportedEdit, match="too far"):
        stood_up((400, 300), (200.0, 300.0, 1.0))


@pytest.mark.parametrize(("matrix", "expected"), [(rotation(90), 4), (rotation(-30), 34), (np.diag([-1, 1, 1]), -4)])
def test_a_tilt_seen_on_another_grid(matrix, expected):
    """`matrix` leads from the new grid to the old one, so the picture turns by its inverse."""
    assert turned(4.0, matrix.astype(float)) == pytest.approx(expected)


def test_what_is_aslant_moves_with_the_picture():
    page = ((10.0, 10.0), (90.0, 12.0), (95.0, 80.0), (8.0, 78.0))
    moved = Perspective(page, (50.0, -400.0, 1.0)).moved(translation(5, 7))
    assert np.allclose(moved.page, np.array(page) - (5, 7))
    assert np.allclose(moved.upright, (45, -407, 1))
