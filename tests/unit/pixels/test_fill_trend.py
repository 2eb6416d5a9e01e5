"""The trend through a hole: edges run on, slopes go on, and nothing is foretold beyond what is known."""

from __future__ import annotations

import numpy as np
import pytest

from cavendish.pixels.fill_scene import Filled, Scene
from cavendish.pixels.fill_trend import shaded, trend


def scene(colors, top, left, height, width):
    hole = np.zeros(colors.shape[:2], bool)
    hole[top : top + height, left : left + width] = True
    holed = np.where(hole[..., None], np.float32(255), colors)
    return Scene(holed, hole, ~hole)


def three(plane):
    return np.repeat(np.asarray(plane, np.float32)[..., None], 3, axis=2)


def steps(height, width, *, along_rows):
    rows, columns = np.mgrid[:height, :width]
    first = rows < height // 2 if along_rows else columns < width // 2
    return three(np.where(first, 60, 180))


@pytest.mark.parametrize("along_rows", [True, False])
def test_an_edge_runs_through_the_hole_and_stays_sharp(along_rows):
    colors = steps(120, 160, along_rows=along_rows)
    error = np.abs(trend(scene(colors, 40, 60, 40, 40)).colors - colors)
    assert error.max() < 30
    assert error[40:80, 60:100].mean() < 2


def test_edges_of_both_directions_beside_one_hole_do_not_disturb_each_other():
    colors = steps(120, 160, along_rows=True)
    colors[:, :20] = 20  # an upright edge that does not run into the hole
    error = np.abs(trend(scene(colors, 40, 60, 40, 40)).colors - colors)
    assert error.max() < 30
    assert error[40:80, 60:100].mean() < 2


def test_a_slope_goes_on():
    rows, columns = np.mgrid[:120, :160]
    colors = three(40 + 0.5 * rows + 0.8 * columns)
    assert np.abs(trend(scene(colors, 40, 60, 40, 40)).colors - colors).max() < 1


def test_what_is_enclosed_is_trusted_and_what_lies_beyond_is_not():
    colors = steps(120, 160, along_rows=True)
    inside, side = (trend(scene(colors, *box)) for box in ((40, 60, 40, 40), (0, 120, 120, 40)))
    assert inside.trust[45:75, 65:95].min() > 0.99
    assert side.trust[:, 125:].max() < 0.01


def test_nothing_known_is_nothing_foretold():
    colors = steps(60, 80, along_rows=True)
    hole = np.ones((60, 80), bool)
    assert not trend(Scene(colors, hole, ~hole)).trust.any()


@pytest.mark.parametrize("wrong_by", [10, 60])
def test_shades_are_drawn_to_the_trend_but_detail_and_surroundings_stay(wrong_by):
    colors = three(np.full((240, 320), 120))
    given = scene(colors, 80, 100, 80, 100)
    detail = three(np.random.default_rng(1).normal(0, 12, (240, 320)))
    filled = np.where(given.hole[..., None], 120 + wrong_by + detail, colors).astype(np.float32)
    copied = Filled(filled, np.zeros((240, 320, 2), np.intp), np.zeros_like(filled))
    result = shaded(copied, given.hole, trend(given))
    step = (result.colors - filled)[given.hole]
    assert np.array_equal(result.colors[~given.hole], filled[~given.hole])
    assert -13 < step.mean() < -3
    assert result.colors[given.hole].std() > 0.9 * filled[given.hole].std()
    assert np.allclose(result.correction[given.hole], step, atol=1e-3)
