"""Contact shadows: where they are dark, where they end, and when there are none."""

import cv2
import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange
from cavendish.pixels.shadow import contact_row, contact_shadow


def canvas():
    return np.zeros((400, 600), np.float32)


def box():
    alpha = canvas()
    alpha[150:300, 220:380] = 1
    return alpha


def test_nothing_gives_no_shadow():
    assert not contact_shadow(canvas()).any()
    assert contact_row(canvas()) is None


def test_the_ground_is_dark_at_the_contact_and_fades_outwards():
    density = contact_shadow(box(), strength=0.6)
    below = density[300:, 300]
    assert below[0] > 0.3
    assert (np.diff(below) <= 1e-6).all()
    assert below[-1] == 0
    beside = density[298, 380:]
    assert beside[2] > 0.2
    assert (np.diff(beside[2:]) <= 1e-3).all()
    assert beside[-1] == 0


def test_density_stays_within_the_strength_and_scales_with_it():
    density = contact_shadow(box(), strength=0.4)
    assert density.min() == 0
    assert 0.35 < density.max() <= 0.4
    assert contact_shadow(box(), strength=0.8) == pytest.approx(2 * density, abs=1e-6)
    assert not contact_shadow(box(), strength=0).any()


def test_it_lies_on_the_ground_not_along_the_sides():
    density = contact_shadow(box())
    assert not density[:180].any()
    assert (density > 0.1).sum(axis=1).argmax() > 260


def test_a_symmetric_object_has_a_symmetric_shadow():
    density = contact_shadow(box())
    assert np.abs(density - density[:, ::-1]).max() < 0.02


def test_a_handle_above_the_ground_casts_none():
    alpha = box()
    with_handle = alpha.copy()
    cv2.ellipse(with_handle, (380, 220), (50, 40), 0, -90, 90, 1.0, 8)
    assert np.abs(contact_shadow(with_handle) - contact_shadow(alpha)).max() < 0.1


def test_feet_are_darker_than_the_ground_between_them():
    alpha = canvas()
    alpha[100:240, 200:400] = 1
    alpha[240:300, 200:240] = 1
    alpha[240:300, 360:400] = 1
    density = contact_shadow(alpha)
    assert density[301, 220] > density[301, 300] > 0
    assert density[301, 380] > density[301, 300]


def test_an_object_cut_off_by_the_lower_border_stands_out_of_sight():
    alpha = canvas()
    alpha[200:, 200:400] = 1
    assert contact_row(alpha) is None
    assert not contact_shadow(alpha).any()


def test_an_object_at_the_corner_keeps_its_shadow_within_the_canvas():
    alpha = canvas()
    alpha[300:396, 0:80] = 1
    density = contact_shadow(alpha)
    assert density.shape == alpha.shape
    assert density[397, 40] > 0.2


def test_a_single_point_is_enough_to_stand_on():
    alpha = canvas()
    cv2.fillConvexPoly(alpha, np.array([[250, 200], [350, 200], [300, 300]], np.int32), 1.0)
    density = contact_shadow(alpha)
    assert abs(int(np.unravel_index(density.argmax(), density.shape)[1]) - 300) <= 3


def test_specks_do_not_move_the_contact():
    alpha = box()
    alpha[350, 300] = 1
    assert contact_row(alpha) == 299


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_wrong_strengths_are_refused(strength):
    with pytest.raises(ParameterOutOfRange):
        contact_shadow(box(), strength=strength)
