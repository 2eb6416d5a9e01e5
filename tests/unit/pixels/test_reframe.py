"""Reframing beyond a crop: absorb, extend, surround."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from cavendish.domain.sizes import RATIO_SIZES
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.pixels.canvas import Continued, Solid, Surround, Transparent
from cavendish.pixels.composite import render, render_plane
from cavendish.pixels.reframe import reframe
from tests.support.pictures import ball

pytestmark = pytest.mark.long

SIDES = st.integers(200, 2400)


def _box_of(plane):
    rows, columns = np.flatnonzero((plane > 0.5).any(1)), np.flatnonzero((plane > 0.5).any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


@pytest.mark.parametrize("ratio", RATIO_SIZES)
@pytest.mark.parametrize("size", [(900, 600), (600, 900), (640, 640)])
def test_a_large_subject_keeps_its_shape_and_stays_whole(size, ratio):
    """The ball nearly fills the short side, so every other shape needs more than a crop."""
    pixels, inside = ball(*size, radius=0.42 if size[0] >= size[1] else 0.28)
    subject = _box_of(inside.astype(np.float32))
    canvas = reframe(size, RATIO_SIZES[ratio], subject=subject, policy="auto", fill=Surround())
    plane = render_plane(inside.astype(np.float32), canvas)
    left, top, right, bottom = _box_of(plane)
    assert left > 0
    assert right < plane.shape[1]
    assert top > 0
    assert bottom < plane.shape[0]
    assert (right - left) / (bottom - top) == pytest.approx(1, abs=0.045)
    result = render(Image(pixels), canvas, subject=inside.astype(np.float32))
    assert result.size == RATIO_SIZES[ratio]
    assert result.alpha is None


@given(SIDES, SIDES, st.sampled_from(list(RATIO_SIZES)), st.data())
def test_the_canvas_is_exact_and_a_free_subject_is_never_cut(width, height, ratio, data):
    left = data.draw(st.integers(0, width - 20))
    top = data.draw(st.integers(0, height - 20))
    subject = (left, top, data.draw(st.integers(left + 10, width)), data.draw(st.integers(top + 10, height)))
    target = RATIO_SIZES[ratio]
    canvas = reframe((width, height), target, subject=subject, policy="auto", fill=Surround())
    assert canvas.size == target
    if canvas.stretch is not None:
        assert canvas.stretch.size == target
        assert (np.diff(canvas.stretch.columns) > 0).all()
        assert (np.diff(canvas.stretch.rows) > 0).all()
        new = sum(((edges < 0) | (edges > flat)).sum() for edges, flat in _axes(canvas))
        assert new <= 0.31 * max(target)


def _axes(canvas):
    return ((canvas.stretch.columns, canvas.stretch.flat[0]), (canvas.stretch.rows, canvas.stretch.flat[1]))


def test_faces_and_lettering_stay_whole_too():
    """Without the far box the crop would cut there."""
    alone = reframe((1200, 600), (600, 600), subject=(700, 100, 1100, 500), policy="auto", fill=Surround())
    both = reframe(
        (1200, 600),
        (600, 600),
        subject=(700, 100, 1100, 500),
        policy="auto",
        fill=Surround(),
        others=[(450, 40, 600, 90)],
    )
    assert alone.move((450, 40, 600, 90))[0] == 0
    moved = both.move((450, 40, 600, 90))
    assert moved is None or moved[0] > 0 or both.stretch is not None


def test_sides_the_subject_touches_are_not_extended():
    """A person cut by the lower edge must not float on invented ground."""
    size = (900, 600)
    canvas = reframe(size, (864, 1184), subject=(100, 150, 800, 600), policy="auto", fill=Surround())
    if canvas.stretch is not None:
        assert canvas.stretch.rows[-1] <= canvas.stretch.flat[1]
    else:
        assert "blurred copy" in canvas.note


def test_cut_outs_and_white_paper_are_padded_with_what_they_stand_on():
    for fill in (Transparent(), Solid((255, 255, 255))):
        canvas = reframe((900, 600), (768, 1344), subject=(50, 50, 850, 550), policy="auto", fill=fill)
        assert canvas.fill == fill
        assert canvas.stretch is None


def test_an_extension_does_not_copy_the_subject():
    """A red ball on gray: the new sides hold no red."""
    pixels, inside = ball(600, 600, radius=0.38)
    canvas = reframe((600, 600), (1184, 864), subject=_box_of(inside), policy="auto", fill=Surround())
    assert canvas.fill == Continued()
    result = np.asarray(EncodedRGB(render(Image(pixels), canvas, subject=inside.astype(np.float32)).pixels)).astype(int)
    plane = render_plane(inside.astype(np.float32), canvas)
    redness = result[..., 0] - result[..., 1]
    assert (redness[plane < 0.01] > 60).mean() < 0.002


def _captioned(side=640):
    """A photograph with a green caption near its left edge, the caption's box, and that of a thing below it."""
    photo = cv2.resize(skimage.data.astronaut(), (side, side), interpolation=cv2.INTER_CUBIC)
    cv2.putText(photo, "I" * 12, (30, 300), cv2.FONT_HERSHEY_DUPLEX, 2.2, (20, 250, 20), 6, cv2.LINE_AA)
    return photo, (28, 246, 290, 308), (60, 350, 600, 600)


def _new_green(details):
    """Green pixels in the ground that the extension invents."""
    photo, caption, thing = _captioned()
    canvas = reframe((640, 640), RATIO_SIZES["4:3"], subject=thing, policy="extend", fill=Surround(), others=[caption])
    assert canvas.fill == Continued()
    result = render(Image(photo), canvas, details=details(caption)).pixels.astype(int)
    old = render_plane(np.ones((640, 640), np.float32), canvas) > 0
    green = result[..., 1] - result[..., [0, 2]].max(axis=2) > 60
    assert green[old].sum() > 1000
    return int(green[~old].sum())


def test_an_extension_does_not_copy_lettering():
    assert _new_green(lambda _caption: ()) > 100, "the picture tempts to"
    assert _new_green(lambda caption: (caption,)) == 0


def test_new_ground_joins_the_picture_beside_a_face_near_the_border():
    """What is kept from being copied must leave a rim of the picture that the new ground can continue."""
    photo = np.ascontiguousarray(cv2.GaussianBlur(skimage.data.coffee()[:400, :400], (0, 0), 3))
    face = (80, 22, 330, 250)
    canvas = reframe((400, 400), RATIO_SIZES["3:4"], subject=face, policy="extend", fill=Surround(), others=[face])
    assert canvas.fill == Continued()
    result = render(Image(photo), canvas, details=[face]).pixels.astype(int)
    old = render_plane(np.ones((400, 400), np.float32), canvas) > 0.5
    join = int(np.argmax(old.any(axis=1)))
    assert join > 10
    steps = np.abs(np.diff(result, axis=0)).mean(axis=(1, 2))
    assert steps[join - 3 : join + 3].max() < 3 * np.median(steps)
