"""Axis-aligned deformation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.pixels.warp import Stretch, deform, stretch_edges, stretchable


def test_no_change_is_the_identity():
    edges = stretch_edges(100, 100, locked=(30, 60))
    assert np.allclose(edges, np.arange(101))
    plane = np.random.default_rng(0).random((50, 100)).astype(np.float32)
    same = deform(plane, Stretch(edges, np.arange(51.0), (100, 50)))
    assert np.allclose(same, plane, atol=1e-5)


@given(st.integers(40, 400), st.floats(0.86, 1.15), st.floats(0.1, 0.6), st.floats(0.05, 0.3))
def test_the_locked_part_keeps_its_size(length, factor, start, share):
    locked = (start * length, min(length, (start + share) * length))
    target = round(length * factor)
    if abs(target - length) > stretchable(length, locked):
        return
    edges = stretch_edges(length, target, locked=locked)
    assert edges[0] == 0
    assert edges[-1] == pytest.approx(length)
    steps = np.diff(edges)
    assert (steps > 0).all()
    inside = (edges[:-1] >= locked[0]) & (edges[1:] <= locked[1])
    assert np.allclose(steps[inside], 1, atol=0.03)
    assert (1 / steps).max() < 1.75
    assert (1 / steps).min() > 0.45


def test_cells_outside_the_source_are_empty():
    plane = np.ones((20, 30, 3), np.float32)
    bands = np.arange(-5.0, 26.0)
    moved = deform(plane, Stretch(np.arange(31.0), bands, (30, 20)))
    assert moved.shape == (30, 30, 3)
    assert (moved[:5] == 0).all()
    assert (moved[-5:] == 0).all()
    assert (moved[5:25] == 1).all()
