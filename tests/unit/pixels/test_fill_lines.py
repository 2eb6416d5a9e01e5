"""Lines that are seen on both sides of a hole run through it; texture makes none."""

from __future__ import annotations

import numpy as np

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill import fill
from cavendish.pixels.fill_lines import lines_through, smooth_under
from cavendish.pixels.fill_scene import Scene


def boards(height=240, width=320, *, fall=0.0, seed=5):
    """Light boards with dark gaps between them, which fall by so many rows a column."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    along = np.mod(rows - fall * columns, 60)
    gray = np.where(along < 4, 40, 170) + rng.normal(0, 4, (height, width))
    return np.repeat(np.clip(gray, 0, 255)[..., None], 3, axis=2).astype(np.float32), along < 4


def holed(colors):
    hole = np.zeros(colors.shape[:2], bool)
    hole[40:200, 120:200] = True
    return Scene(np.where(hole[..., None], np.float32(255), colors), hole, ~hole)


def test_gaps_between_boards_run_on():
    for fall in (0.0, 0.1, -0.08):
        colors, gap = boards(fall=fall)
        scene = holed(colors)
        lines = lines_through(scene)[..., 0]
        inside = gap & scene.hole
        middle = inside & (np.abs(np.arange(240)[:, None] - 120) < 60)  # near its ends, only one side shows a gap
        assert (lines[middle] < -40).mean() > 0.75
        assert (lines[scene.hole & ~gap] < -40).mean() < 0.05
        assert not lines[~scene.hole].any()


def test_they_are_filled_with_boards_and_gaps():
    colors, gap = boards()
    hole = np.zeros(colors.shape[:2], np.float32)
    hole[40:200, 120:200] = 1
    filled = fill(EncodedRGB(colors.astype(np.uint8)), hole).astype(float).mean(axis=2)
    inside = hole > 0
    assert filled[gap & inside].mean() < 90
    assert filled[~gap & inside].mean() > 150


def test_texture_makes_no_lines():
    colors = np.random.default_rng(1).normal(120, 30, (240, 320, 1)).repeat(3, axis=2).astype(np.float32)
    scene = holed(colors)
    assert (np.abs(lines_through(scene)).max(axis=2)[scene.hole] > 40).mean() < 0.03


def test_a_layout_without_lines_is_left_as_it_is():
    colors, _ = boards()
    np.testing.assert_array_equal(smooth_under(colors, np.zeros_like(colors)), colors)


def test_a_hole_that_meets_the_frame_has_no_second_side():
    colors, _ = boards()
    hole = np.zeros(colors.shape[:2], bool)
    hole[40:200, 200:] = True
    assert not lines_through(Scene(colors, hole, ~hole)).any()
