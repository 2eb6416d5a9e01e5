from __future__ import annotations

import numpy as np
import pytest

from cavendish.regions.guided_filter import guided_filter


def halves(width: int = 80, height: int = 60) -> np.ndarray:
    rgb = np.full((height, width, 3), (60, 90, 120), np.uint8)
    rgb[:, width // 2 :] = (200, 90, 60)
    return rgb


def test_the_edge_moves_to_that_of_the_picture():
    mask = np.zeros((60, 80), np.float32)
    mask[:, 43:] = 1
    filtered = guided_filter(mask, halves(), radius_px=8, variance=1e-4)
    missed = slice(40, 43)
    assert filtered[:, missed].mean() > 0.5 > mask[:, missed].mean()
    assert filtered[30, 41] - filtered[30, 38] > 0.5
    assert abs(filtered[30, 45] - filtered[30, 41]) < 0.2


def test_specks_are_smoothed_away():
    mask = np.zeros((60, 80), np.float32)
    mask[::7, ::7] = 1
    filtered = guided_filter(mask, halves(), radius_px=6, variance=1e-3)
    assert filtered.max() < 0.2


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_an_even_mask_stays(value):
    mask = np.full((33, 47), value, np.float32)
    assert guided_filter(mask, halves(47, 33), radius_px=5, variance=1e-3) == pytest.approx(mask, abs=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2)])
def test_the_smallest_pictures_work(size):
    mask = np.ones(size[::-1], np.float32)
    assert guided_filter(mask, np.zeros((*size[::-1], 3), np.uint8), radius_px=3, variance=1e-3).shape == mask.shape
