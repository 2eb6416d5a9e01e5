"""Canvases that follow one another: merged where one resample gives the same, kept apart where it would not."""

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.imaging.resample import rotation, scaling, translation
from cavendish.pixels.canvas import Canvas, Continued, Mirrored, Solid, Surround, Transparent
from cavendish.pixels.composite import render, render_plane
from cavendish.pixels.sheet import Sheet, sheet_of

RED = Solid((255, 0, 0))


def picture(width=60, height=40):
    return Image(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def padded(fill):
    return Canvas((80, 60), translation(-10, -10), fill)


INSIDE, BEYOND = Canvas((40, 30), translation(5, 5)), Canvas((100, 60), translation(-10, 0), Surround())


@pytest.mark.parametrize(
    ("first", "later", "joined"),
    [
        (padded(RED), INSIDE, True),
        (padded(RED), BEYOND, False),
        (padded(Surround()), BEYOND, True),
        (padded(Transparent()), BEYOND, True),
        (padded(Continued()), INSIDE, True),
        (padded(RED), Canvas((100, 60), translation(-10, 0), RED), True),
    ],
)
def test_what_is_filled_twice_is_not_merged(first, later, joined):
    assert first.joins(later) == joined


@pytest.mark.parametrize("fill", [RED, Mirrored(), Transparent()])
def test_merged_is_the_same_as_one_after_the_other(fill):
    image = picture()
    apart = render(render(image, padded(fill)), INSIDE)
    assert np.array_equal(render(image, padded(fill).then(INSIDE)).pixels, apart.pixels)


def test_a_mirrored_slant_gets_a_surround_instead():
    image = picture()
    slanted = Canvas((80, 60), translation(30, 20) @ rotation(10) @ translation(-40, -30), Mirrored())
    assert render(image, slanted).alpha is None


def test_a_sheet_shows_the_moved_picture_at_every_place():
    image, sheet = picture(), Sheet((100, 50), (30, 20), ((5, 5), (60, 25)))
    after = render(image, Canvas((100, 50), scaling(2, 2), sheet=sheet)).pixels
    small = render(image, Canvas((30, 20), scaling(2, 2))).pixels
    assert np.array_equal(after[5:25, 5:35], small)
    assert np.array_equal(after[25:45, 60:90], small)
    assert (after[:3] == 255).all()
    mask = render_plane(np.ones((40, 60), np.float32), Canvas((100, 50), scaling(2, 2), sheet=sheet))
    assert mask.sum() == 2 * 30 * 20


@pytest.mark.parametrize(("photo", "count"), [((413, 531), 8), ((600, 600), 2), ((591, 827), 2)])
def test_a_sheet_holds_as_many_photographs_as_fit(photo, count):
    assert len(sheet_of(photo, (1772, 1181), margin_px=24, gap_px=12).places) == count
