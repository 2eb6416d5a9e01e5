"""Smooth filling: what is known stays, what is not continues it."""

import numpy as np
import pytest

from cavendish.pixels.fill import fill_smooth


def noise(height, width, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 1), (63, 65), (128, 96)])
def test_known_pixels_are_bit_identical(shape):
    image = noise(*shape)
    known = (np.random.default_rng(2).random(shape) > 0.6).astype(np.float32)
    filled = fill_smooth(image, known)
    assert np.array_equal(filled[known == 1], image[known == 1])
    assert np.isfinite(filled).all()


@pytest.mark.parametrize("hole", [3, 40, 190])
def test_holes_of_any_size_take_the_color_around_them(hole):
    image = np.full((200, 200, 3), (0.2, 0.5, 0.8), np.float32)
    known = np.ones((200, 200), np.float32)
    start = 100 - hole // 2
    image[start : start + hole, start : start + hole] = (9, 0, 0)
    known[start : start + hole, start : start + hole] = 0
    assert fill_smooth(image, known) == pytest.approx(np.full((200, 200, 3), (0.2, 0.5, 0.8)), abs=1e-5)


def test_one_known_pixel_colors_everything():
    image = noise(70, 90)
    known = np.zeros((70, 90), np.float32)
    known[13, 88] = 1
    assert fill_smooth(image, known) == pytest.approx(np.broadcast_to(image[13, 88], image.shape), abs=1e-4)


def test_a_gradient_continues_through_the_hole():
    rows, columns = np.mgrid[0:240, 0:320].astype(np.float32)
    image = np.stack([columns / 320, rows / 240, np.zeros_like(rows)], axis=2)
    known = np.ones((240, 320), np.float32)
    known[80:160, 100:200] = 0
    assert np.abs(fill_smooth(image, known) - image).max() < 0.05


def test_half_known_pixels_are_a_blend():
    image = np.zeros((32, 32, 3), np.float32)
    known = np.ones((32, 32), np.float32)
    image[16, 16] = 1
    known[16, 16] = 0.5
    assert 0.5 <= fill_smooth(image, known)[16, 16, 0] < 0.65


def test_nothing_known_gives_the_mean():
    image = noise(40, 50)
    filled = fill_smooth(image, np.zeros((40, 50), np.float32))
    assert filled == pytest.approx(np.broadcast_to(image.mean(axis=(0, 1)), image.shape), abs=1e-5)
    assert filled.flags.writeable
