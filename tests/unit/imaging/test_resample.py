"""Moving pixels: exact where a grid maps onto a grid, energy-keeping elsewhere."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cavendish.imaging.color import to_linear
from cavendish.imaging.resample import box_of, lifted, rotation, scaling, translation, warp, warped

SIDES = st.integers(1, 24)


def noise(width, height, channels=3):
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(width * 100 + height).random(shape, np.float32)


def smooth(width=200, height=160):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([0.5 + 0.4 * np.sin(x / 17), 0.5 + 0.4 * np.cos(y / 13), (x + y) / (width + height)], -1)


@given(SIDES, SIDES)
def test_identity_is_exact(width, height):
    planes = noise(width, height)
    assert np.array_equal(warp(planes, np.eye(3), (width, height)), planes)


@given(SIDES, SIDES)
def test_flips_are_permutations(width, height):
    planes = noise(width, height)
    across = warp(planes, translation(width, 0) @ scaling(-1, 1), (width, height))
    down = warp(planes, translation(0, height) @ scaling(1, -1), (width, height))
    assert np.array_equal(across, planes[:, ::-1])
    assert np.array_equal(down, planes[::-1])


@given(SIDES, SIDES, st.sampled_from([-270, -180, -90, 0, 90, 180, 270, 360, 450]))
def test_quarter_turns_are_permutations(width, height, angle_deg):
    """Clockwise on screen: what was at the top is on the right after 90°."""
    planes = noise(width, height)
    expected = np.rot90(planes, -(angle_deg // 90))
    size = (expected.shape[1], expected.shape[0])
    back = translation(width / 2, height / 2) @ rotation(-angle_deg) @ translation(-size[0] / 2, -size[1] / 2)
    assert np.array_equal(warp(planes, back, size), expected)


@given(SIDES, SIDES, st.data())
def test_whole_pixel_crops_are_exact(width, height, data):
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    planes = noise(width, height)
    cut = warp(planes, translation(left, top), (right - left, bottom - top))
    assert np.array_equal(cut, planes[top:bottom, left:right])


def test_outside_the_source_is_zero():
    moved = warp(np.ones((4, 4), np.float32), translation(-2, -3), (8, 8))
    expected = np.zeros((8, 8), np.float32)
    expected[3:7, 2:6] = 1
    assert np.array_equal(moved, expected)


def test_wholly_outside_is_all_zero():
    assert not warp(np.ones((4, 4), np.float32), translation(40, 0), (8, 8)).any()


@pytest.mark.parametrize("channels", [0, 1, 3])
def test_the_number_of_planes_is_kept(channels):
    planes = noise(20, 10, channels)
    for matrix in (scaling(2, 2), translation(3, 0), scaling(2, 2) @ rotation(5)):
        assert warp(planes, matrix, (10, 5)).shape == ((5, 10, channels) if channels else (5, 10))


@settings(max_examples=40)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(1, 15), st.integers(1, 15))
def test_shrinking_keeps_the_mean_light(width, height, new_width, new_height):
    """Area averaging: a checkerboard of black and white shrinks to half the light, not half the code."""
    board = (np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)
    light = np.asarray(to_linear(np.repeat(board[..., None], 3, axis=2)))
    small = warp(light, scaling(width / new_width, height / new_height), (new_width, new_height))
    assert abs(float(small.mean()) - float(light.mean())) < 0.5 / 255


def test_shrinking_shows_no_moire():
    board = (np.indices((400, 400)).sum(axis=0) % 2).astype(np.float32)
    small = warp(board, scaling(400 / 133, 400 / 133), (133, 133))
    assert small.min() > 0.35
    assert small.max() < 0.65


def test_enlarging_is_smooth_and_keeps_flat_areas():
    large = warp(np.full((5, 7, 3), 0.25, np.float32), scaling(1 / 8, 1 / 8), (56, 40))
    assert np.allclose(large, 0.25, atol=1e-6)
    grown = warp(smooth(), scaling(0.5, 0.5), (400, 320))
    back = warp(grown, scaling(2, 2), (200, 160))
    assert np.abs(back - smooth()).max() < 0.01


@pytest.mark.parametrize("matrix", [scaling(0.4, 0.4), rotation(9), rotation(40) @ scaling(0.6, 0.6)])
def test_edges_get_no_halo(matrix):
    """An overshoot in linear light shows as a dark ring around everything bright."""
    planes = np.full((80, 80, 3), 0.1, np.float32)
    planes[30:50, 30:50] = 1
    moved = warp(planes, translation(40, 40) @ matrix @ translation(-20, -20), (40, 40))
    assert moved.min() >= np.float32(0.1)
    assert moved.max() <= 1


@pytest.mark.parametrize("angle_deg", [10, 33, -7.5])
def test_turning_and_turning_back_is_close(angle_deg):
    planes = smooth()
    about = translation(100, 80) @ rotation(-angle_deg) @ translation(-100, -80)
    turned = warp(planes, about, (200, 160))
    back = warp(turned, np.linalg.inv(about), (200, 160))
    inside = (slice(55, 105), slice(60, 140))
    assert np.abs(turned[inside] - planes[inside]).max() > 0.1
    assert np.abs(back[inside] - planes[inside]).max() < 0.01


def test_a_small_turn_goes_clockwise():
    """A mark right of the center moves down."""
    planes = np.zeros((101, 101), np.float32)
    planes[49:52, 85:95] = 1
    turned = warp(planes, translation(50.5, 50.5) @ rotation(-20) @ translation(-50.5, -50.5), (101, 101))
    row, column = np.array(np.nonzero(turned > 0.5)).mean(axis=1)
    assert row == pytest.approx(50.5 + 39.5 * np.sin(np.radians(20)) - 0.5, abs=0.7)
    assert column == pytest.approx(50.5 + 39.5 * np.cos(np.radians(20)) - 0.5, abs=0.7)


def test_shrinking_while_turning_is_antialiased():
    board = (np.indices((400, 400)).sum(axis=0) % 2).astype(np.float32)
    matrix = translation(200, 200) @ rotation(-12) @ scaling(4, 4) @ translation(-40, -40)
    small = warp(board, matrix, (80, 80))
    assert np.abs(small - 0.5).max() < 0.15


def test_the_box_of_a_turned_rectangle():
    assert box_of(rotation(90), (4, 2)) == pytest.approx((-2, 0, 0, 4))
    assert box_of(translation(3, 5) @ scaling(2, 2), (4, 2)) == pytest.approx((3, 5, 11, 9))


@given(st.sampled_from([0, 90, 180, 270]), st.floats(-720, 720))
def test_rotations_add_up(quarter, angle_deg):
    assert np.allclose(rotation(quarter) @ rotation(angle_deg), rotation(quarter + angle_deg), atol=1e-9)


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(3),
        scaling(3.37, 2.19),
        translation(120, 0) @ scaling(-1.7, 1.3),
        translation(3, 2) @ scaling(0.6, 0.7),
        rotation(90) @ translation(0, -90),
        rotation(90) @ scaling(2.3, 1.9) @ translation(0, -40),
        rotation(7),
        scaling(2.4, 2.4) @ rotation(-12),
    ],
    ids=["same", "shrunk", "flipped", "enlarged", "turned", "turned and shrunk", "slanted", "slanted and shrunk"],
)
def test_rows_made_in_strips_are_those_of_the_whole(matrix):
    planes = noise(120, 90, 4)
    rows = warped(lambda down, across: planes[down, across], (120, 90), matrix, (70, 61))
    strips = [rows(slice(top, min(top + 9, 61))) for top in range(0, 61, 9)]
    assert np.concatenate(strips) == pytest.approx(warp(planes, matrix, (70, 61)), abs=2e-3)


def test_a_slanted_picture_larger_than_a_tile_has_no_seams():
    """A plane of constant slope stays one, over the edges of the tiles too."""
    y, x = np.mgrid[:1700, :2300].astype(np.float32)
    moved = warp((x + y) / 4000, translation(300, 100) @ rotation(5), (1500, 1400))
    assert np.abs(np.diff(moved, n=2, axis=1)).max() < 1e-4
    assert np.abs(np.diff(moved, n=2, axis=0)).max() < 1e-4


def test_shrinking_is_what_opencv_averages():
    planes = noise(230, 170)
    expected = cv2.resize(planes, (61, 47), interpolation=cv2.INTER_AREA)
    assert warp(planes, scaling(230 / 61, 170 / 47), (61, 47)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [(300, 211), (40, 30), (41, 30)])
@pytest.mark.parametrize("channels", [0, 3])
def test_lifted_rows_are_bilinear(size, channels):
    planes = noise(40, 30, channels)
    rows = lifted(planes, size)
    strips = [rows(slice(top, min(top + 13, size[1]))) for top in range(0, size[1], 13)]
    expected = cv2.resize(planes, size, interpolation=cv2.INTER_LINEAR)
    assert np.concatenate(strips) == pytest.approx(expected, abs=1e-4)


# --- projective grids ---


def test_a_projective_grid_puts_points_where_its_matrix_says():
    planes = smooth()
    matrix = translation(20, 10) @ np.array([[0.8, 0.05, 0], [0.02, 0.7, 0], [4e-4, 2e-4, 1]])
    moved = warp(planes, matrix, (150, 120))
    for x, y in ((10, 10), (75, 60), (140, 100)):
        at = matrix @ (x + 0.5, y + 0.5, 1)
        expected = warp(planes, translation(at[0] / at[2] - 0.5, at[1] / at[2] - 0.5), (1, 1))[0, 0]
        assert moved[y, x] == pytest.approx(expected, abs=0.01)


def test_a_projective_grid_is_the_same_in_parts():
    planes = smooth(300, 240)
    matrix = np.array([[0.9, 0.1, 5], [-0.05, 0.8, 12], [3e-4, -1e-4, 1]])
    rows = warped(lambda down, across: planes[down, across], (300, 240), matrix, (280, 230))
    parts = np.concatenate([rows(slice(0, 100)), rows(slice(100, 230))])
    inside = rows(slice(0, 230))
    assert np.abs(parts - inside)[:200, :200].max() < 2e-3  # OpenCV places samples to 1/32 of a pixel


def test_a_homography_and_back_is_a_plain_grid():
    """Products with inverses are affine but for rounding, and are then moved as such, bit for bit."""
    planes = noise(60, 40)
    matrix = np.array([[0.9, 0.1, 5], [-0.05, 0.8, 12], [3e-4, -1e-4, 1]])
    assert np.array_equal(
        warp(planes, translation(3, 2) @ matrix @ np.linalg.inv(matrix), (50, 30)), planes[2:32, 3:53]
    )


def test_a_projective_grid_that_shrinks_is_antialiased():
    board = (np.indices((400, 400)).sum(0) % 2).astype(np.float32)
    moved = warp(board, np.array([[8, 0, 0], [0, 8, 0], [2e-3, 0, 1]], np.float64), (40, 40))
    assert moved[5:35, 5:35].std() < 0.1
