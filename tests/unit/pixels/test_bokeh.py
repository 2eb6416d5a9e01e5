"""Lens blur: energy, shape, and a subject that neither bleeds nor floats."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import to_linear
from cavendish.pixels import bokeh
from cavendish.pixels.bokeh import blur_disc

RADII = [0.4, 1.5, 5, 8, 9, 20, 33.3]


def blur_background(image, alpha, *, radius_px):
    """The whole plate."""
    return bokeh.blur_background(lambda rows: image[rows].copy(), alpha, radius_px=radius_px).light(
        slice(0, image.shape[0])
    )


def point(size=(233, 241), at=(111, 120), value=1.0):
    image = np.zeros((*size, 3), np.float32)
    image[at] = value
    return image


@pytest.mark.parametrize("radius_px", RADII)
def test_a_point_keeps_its_energy(radius_px):
    blurred = blur_disc(point(), radius_px=radius_px, highlight_gain=1)
    assert blurred.sum(axis=(0, 1)) == pytest.approx([1, 1, 1], abs=1e-3)
    assert blurred.min() > -1e-6


@pytest.mark.parametrize("radius_px", RADII)
def test_a_constant_stays_constant_up_to_the_borders(radius_px):
    image = np.full((61, 83, 3), (0.1, 0.5, 0.7), np.float32)
    assert blur_disc(image, radius_px=radius_px) == pytest.approx(image, abs=1e-5)


@pytest.mark.parametrize("radius_px", [5, 12, 24])
def test_a_point_becomes_a_round_disc_of_the_radius(radius_px):
    blurred = blur_disc(point(), radius_px=radius_px, highlight_gain=1)[..., 0]
    rows, columns = np.nonzero(blurred > blurred.max() / 2)
    area = rows.size
    assert np.sqrt(area / np.pi) == pytest.approx(radius_px, rel=0.08)
    assert np.var(rows) == pytest.approx(np.var(columns), rel=0.05)
    distance = np.hypot(rows - rows.mean(), columns - columns.mean())
    assert distance.max() < 1.15 * np.sqrt(area / np.pi)


def test_large_discs_are_lifted_without_blocks():
    noisy = np.random.default_rng(0).random((200, 200, 3), np.float32)
    blurred = blur_disc(noisy, radius_px=32, highlight_gain=1)[..., 0]
    steps = np.abs(np.diff(blurred, axis=1)).mean(axis=0)
    assert steps.max() < 4 * steps.mean()


def test_lone_highlights_grow_and_pale_surfaces_do_not():
    light = point() + np.float32(0.1)
    plain = blur_disc(light, radius_px=6, highlight_gain=1)[111, 120, 0]
    assert blur_disc(light, radius_px=6, highlight_gain=4)[111, 120, 0] - 0.1 > 3 * (plain - 0.1)
    wall = np.full((80, 80, 3), 0.97, np.float32)
    assert blur_disc(wall, radius_px=6) == pytest.approx(wall, abs=1e-4)


def test_radius_zero_is_identity_and_wrong_amounts_are_refused():
    image = point()
    assert np.array_equal(blur_disc(image, radius_px=0), image)
    with pytest.raises(ParameterOutOfRange):
        blur_disc(image, radius_px=-1)
    with pytest.raises(ParameterOutOfRange):
        blur_disc(image, radius_px=1, highlight_gain=0.5)
    with pytest.raises(ParameterOutOfRange):
        blur_background(image, np.zeros(image.shape[:2], np.float32), radius_px=-1)


def scene_with_subject(bottom):
    """A photograph with a pure red figure in it, 60 columns wide, down to row `bottom`."""
    image = to_linear(data.astronaut()[:360])
    image[..., 0] = np.minimum(image[..., 0], image[..., 1])
    alpha = np.zeros(image.shape[:2], np.float32)
    alpha[80:bottom, 220:280] = 1
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.5)
    alpha[alpha < 0.01] = 0
    red = np.array([1, 0, 0], np.float32)
    return image * (1 - alpha[..., None]) + red * alpha[..., None], alpha


@pytest.mark.parametrize("bottom", [150, 300, 360])
def test_no_color_of_the_subject_is_left_in_the_plate(bottom):
    image, alpha = scene_with_subject(bottom)
    plate = blur_background(image, alpha, radius_px=12)
    assert plate.shape == image.shape
    assert (plate[..., 0] - plate[..., 1]).max() < 0.03


def sharpness(image, rows):
    return float(np.abs(np.diff(image[rows, :200, 1], axis=1)).mean())


def test_the_ground_stays_sharp_at_the_feet_and_blurs_away_from_them():
    image, alpha = scene_with_subject(bottom=300)
    plate = blur_background(image, alpha, radius_px=12)
    kept = [
        sharpness(plate, rows) / sharpness(image, rows) for rows in (slice(300, 303), slice(270, 276), slice(90, 150))
    ]
    assert kept[0] > 0.9
    assert kept[0] > kept[1] > kept[2]
    full = blur_disc(image, radius_px=12)
    assert np.array_equal(plate[:150, :180], full[:150, :180])


def test_a_subject_cut_off_by_the_frame_has_no_sharp_ground():
    image, alpha = scene_with_subject(bottom=360)
    plate = blur_background(image, alpha, radius_px=12)
    assert sharpness(plate, slice(340, 360)) < 0.5 * sharpness(image, slice(340, 360))


def test_without_a_subject_everything_is_blurred():
    image = to_linear(data.chelsea())
    plate = blur_background(image, np.zeros(image.shape[:2], np.float32), radius_px=9)
    assert np.array_equal(plate, blur_disc(image, radius_px=9))


def test_a_subject_that_fills_the_frame_leaves_a_finite_plate():
    image = to_linear(data.chelsea())
    assert np.isfinite(blur_background(image, np.ones(image.shape[:2], np.float32), radius_px=9)).all()
