from __future__ import annotations

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.close_up import close_up


def gradient(width: int, height: int) -> Image:
    y, x = np.mgrid[:height, :width]
    return Image(np.dstack([x * 255 // width, y * 255 // height, np.full_like(x, 90)]).astype(np.uint8))


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_it_shows_the_box_at_the_scale(scale):
    view = close_up(gradient(200, 100), (40.0, 20.0, 80.0, 60.0), scale=scale)
    assert view is not None
    assert view.box == (40, 20, 80, 60)
    assert view.size == (round(40 * scale), round(40 * scale))
    assert view.rgb[..., 0].mean() == pytest.approx(60 * 255 / 200, abs=3)
    assert view.oklab.shape == view.rgb.shape


def test_what_lies_outside_the_picture_is_left_out():
    view = close_up(gradient(200, 100), (-30.5, 80.2, 20.0, 400.0), scale=1.0)
    assert view is not None
    assert view.box == (0, 80, 20, 100)


@pytest.mark.parametrize("around", [(300, 0, 400, 50), (0, -80, 50, -10), (20, 20, 20, 60)])
def test_a_box_beside_the_picture_shows_nothing(around):
    assert close_up(gradient(200, 100), around, scale=1.0) is None


def test_points_are_where_they_are_seen():
    view = close_up(gradient(200, 100), (40, 20, 80, 60), scale=2.0)
    assert view is not None
    assert view.seen(np.array([[40, 20], [60, 30]], np.float32)) == pytest.approx(np.array([[0, 0], [40, 20]]))


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_a_plane_there_and_back_is_the_same(scale):
    view = close_up(gradient(200, 100), (40, 20, 80, 60), scale=scale)
    assert view is not None
    plane = np.zeros((100, 200), np.float32)
    plane[30:50, 50:70] = 1
    back = view.lift(view.cut(plane))
    assert back.shape == plane.shape
    assert np.abs(back - plane).mean() < 0.002
    assert not back[:20].any()
    assert not back[:, 80:].any()
