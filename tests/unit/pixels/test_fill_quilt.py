"""Large holes laid out in whole pieces: texture stays, and only what may be copied is copied."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cavendish.errors import CavendishError
from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill import fill
from cavendish.pixels.fill_quilt import quilt
from cavendish.pixels.fill_scene import Scene


def carry_on():
    return


def lawn(height=240, width=300, *, seed=1):
    """Blades at random on a ground that is lit from the left: no place looks like another, all have one texture."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = (60, 110, 50)
    for _ in range(height * width // 25):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        tip = (x + int(rng.integers(-6, 7)), y - int(rng.integers(4, 12)))
        cv2.line(picture, (x, y), tip, tuple(map(int, rng.integers((30, 80, 20), (110, 200, 90)))), 1, cv2.LINE_AA)
    light = np.linspace(1.15, 0.7, width, dtype=np.float32)[:, None]
    return np.clip(picture * light, 0, 255).astype(np.float32)


def holed(colors, *, excluded=None):
    hole = np.zeros(colors.shape[:2], bool)
    height, width = hole.shape
    hole[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = True
    usable = ~hole if excluded is None else ~hole & ~excluded
    return Scene(np.where(hole[..., None], np.float32(255), colors), hole, usable)


def mean_of_sides(scene):
    return np.where(scene.hole[..., None], scene.colors[scene.usable].mean(axis=0), scene.colors).astype(np.float32)


def laid(scene, *, seed=3):
    lines = np.zeros_like(scene.colors)
    return quilt(scene, mean_of_sides(scene), lines, row_prior=1.0, rng=np.random.default_rng(seed), check=carry_on)


def busyness(colors, where):
    gray = np.asarray(colors, np.float32).mean(axis=2)
    return float(np.abs(cv2.Laplacian(gray, cv2.CV_32F))[where].mean())


@pytest.mark.parametrize("size", [(240, 300), (241, 299)])
def test_every_pixel_of_the_hole_is_copied_from_where_may_be_copied(size):
    excluded = np.zeros(size, bool)
    excluded[:, : size[1] // 8] = True
    scene = holed(lawn(*size), excluded=excluded)
    pieces = laid(scene)
    y, x = np.nonzero(scene.hole)
    from_y, from_x = (np.column_stack([y, x]) + pieces.offsets[y, x]).T
    assert scene.usable[from_y, from_x].all()
    np.testing.assert_array_equal(pieces.colors[y, x], scene.colors[from_y, from_x])
    np.testing.assert_array_equal(pieces.colors[~scene.hole], scene.colors[~scene.hole])


def test_pieces_are_whole():
    scene = holed(lawn())
    offsets = laid(scene).offsets
    alike = (offsets[1:] == offsets[:-1]).all(axis=2) & scene.hole[1:] & scene.hole[:-1]
    assert alike.sum() > 0.9 * (scene.hole[1:] & scene.hole[:-1]).sum()


def test_equal_chance_gives_equal_pieces_and_other_chance_gives_others():
    scene = holed(lawn())
    first = laid(scene).offsets
    np.testing.assert_array_equal(laid(scene).offsets, first)
    assert (laid(scene, seed=4).offsets != first).any()


def test_nothing_is_laid_where_no_whole_piece_lies_outside_the_hole():
    colors = lawn(60, 60)
    hole = np.ones((60, 60), bool)
    hole[:6] = False
    assert laid(Scene(colors, hole, ~hole)) is None


def test_a_large_hole_in_a_lawn_stays_a_lawn():
    """Means of patches halve the slopes; pieces keep them, in the light that is there."""
    colors = lawn(600, 800)
    hole = np.zeros(colors.shape[:2], np.float32)
    hole[120:520, 240:560] = 1
    filled = fill(EncodedRGB(colors.astype(np.uint8)), hole)
    inside = hole > 0
    assert 0.8 < busyness(filled, inside) / busyness(colors, inside) < 1.2
    for columns in (slice(240, 320), slice(480, 560)):
        np.testing.assert_allclose(filled[120:520, columns].mean(), colors[120:520, columns].mean(), atol=8)


def test_it_stops_when_it_is_told_to():
    class Told(CavendishError):
        pass

    def check():
        raise Told("stop")

    scene = holed(lawn())
    with pytest.raises(Told):
        quilt(scene, mean_of_sides(scene), 0 * scene.colors, row_prior=1.0, rng=np.random.default_rng(0), check=check)
