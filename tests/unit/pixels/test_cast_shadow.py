"""Cast shadows: the direction is read off one thing, and another throws its own the same way."""

import numpy as np
import pytest

from cavendish.pixels.cast_shadow import CastLight, cast_shadow, cast_shadow_rows, read_light


def post(height=400, width=600, *, left=280, right=310, top=100, bottom=300):
    alpha = np.zeros((height, width), np.float32)
    alpha[top:bottom, left:right] = 1
    return alpha


@pytest.mark.parametrize("light", [CastLight(0.8, 0.3, 0.5), CastLight(-0.6, -0.25, 0.6), CastLight(0.9, -0.3, 0.5)])
def test_a_drawn_shadow_is_read_again(light):
    alpha = post(left=240, right=340)  # thin shadows are paler, being soft
    shadow = cast_shadow(alpha, light) * (alpha < 0.5)
    read = read_light(alpha, shadow)
    assert read.across == pytest.approx(light.across, abs=0.15)
    assert read.down == pytest.approx(light.down, abs=0.08)
    assert read.density == pytest.approx(light.density, rel=0.4)


def test_the_shadow_begins_at_the_foot_and_ends_where_the_top_falls():
    alpha = post()
    shadow = cast_shadow(alpha, CastLight(0.8, 0.3, 0.5))
    rows, columns = np.nonzero(shadow > 0.1)
    assert rows.min() == pytest.approx(300, abs=10)
    assert rows.max() == pytest.approx(300 + 0.3 * 200, abs=12)
    assert columns.max() == pytest.approx(310 + 0.8 * 200, abs=12)
    assert shadow.max() <= 0.5
    near, far = shadow[310, 290:360].max(), shadow[345, 380:460].max()
    assert near > far > 0


def test_darkness_all_around_or_none_tells_nothing():
    alpha = post()
    around = np.zeros_like(alpha)
    around[290:330, 200:390] = 0.6
    assert read_light(alpha, around * (alpha < 0.5)) is None
    assert read_light(alpha, np.zeros_like(alpha)) is None
    assert read_light(np.zeros_like(alpha), around) is None
    cut_off = post(bottom=400)
    assert read_light(cut_off, around) is None


def test_nothing_stands_nothing_is_shaded():
    empty = np.zeros((40, 60), np.float32)
    assert not cast_shadow(empty, CastLight(1, 0.2, 0.5)).any()
    assert not cast_shadow_rows(post(), None)(slice(10, 30)).any()


def test_rows_of_a_large_picture_are_those_of_the_whole():
    alpha = np.kron(post(), np.ones((4, 4), np.float32))
    light = CastLight(0.8, 0.3, 0.5)
    rows = cast_shadow_rows(alpha, light)(slice(1200, 1300))
    assert rows.shape == (100, 2400)
    assert np.abs(rows - cast_shadow(alpha, light)[1200:1300]).mean() < 0.01
