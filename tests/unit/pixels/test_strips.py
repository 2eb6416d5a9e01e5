"""Strips give what the whole frame gives."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.pixels.strips import STRIP_ROWS, map_linear


@pytest.mark.parametrize("height", [1, STRIP_ROWS - 1, STRIP_ROWS, STRIP_ROWS + 1, 3 * STRIP_ROWS + 5])
def test_strips_equal_the_whole_frame(height):
    image = EncodedRGB(np.random.default_rng(0).integers(0, 256, (height, 31, 3), dtype=np.uint8))

    def half(light: LinearRGB) -> LinearRGB:
        return LinearRGB(light * np.float32(0.5))

    assert np.array_equal(map_linear(image, half), to_encoded(half(to_linear(image))))


def test_memory_does_not_grow_with_the_picture():
    image = EncodedRGB(np.zeros((3000, 2000, 3), np.uint8))
    tracemalloc.start()
    map_linear(image, lambda light: LinearRGB(light * np.float32(1.1)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * np.asarray(image).nbytes  # whole-frame float alone would take four times the picture
