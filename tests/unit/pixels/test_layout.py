"""Several pictures on one canvas: exact sizes, nothing squeezed, every picture where its cell is."""

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.pixels.layout import arranged, beside, covering, divided, exposed_twice, in_grid, in_rows, stacked

SIZES = [(300, 200), (100, 100), (120, 240), (400, 100), (90, 60)]


def plain(size, color):
    return Image(np.full((size[1], size[0], 3), color, np.uint8))


def test_beside_and_stacked_keep_shapes():
    size, cells = beside(SIZES[:3], gutter_px=10)
    assert size == (300 + 200 + 100 + 20, 200)
    assert [(c.width, c.height) for c in cells] == [(300, 200), (200, 200), (100, 200)]
    size, cells = stacked(SIZES[:2], gutter_px=4)
    assert size == (300, 200 + 300 + 4)
    assert cells[1].top == 204


@pytest.mark.parametrize("lay", [beside, stacked, in_grid, in_rows])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_cells_lie_on_the_canvas_and_apart(lay, count):
    size, cells = lay(SIZES[:count], gutter_px=6)
    taken = np.zeros(size[::-1], int)
    for cell in cells:
        assert 0 <= cell.left < cell.left + cell.width <= size[0]
        assert 0 <= cell.top < cell.top + cell.height <= size[1]
        taken[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width] += 1
    assert taken.max() == 1


def test_rows_are_of_one_width_and_hardly_crop():
    size, cells = in_rows(SIZES, gutter_px=6)
    ends = {cell.top: max(c.left + c.width for c in cells if c.top == cell.top) for cell in cells}
    assert set(ends.values()) == {size[0]}
    for cell, (width, height) in zip(cells, SIZES, strict=True):
        assert cell.width / cell.height == pytest.approx(width / height, rel=0.06)


def test_pictures_show_in_their_cells_on_white():
    images = [plain(SIZES[0], (200, 30, 30)), plain(SIZES[1], (30, 30, 200))]
    size, cells = beside(SIZES[:2], gutter_px=10)
    canvas = arranged(images, size, cells)
    assert np.array_equal(canvas[:, :300], images[0].rgb)
    assert (canvas[:, 300:310] == 255).all()
    assert np.abs(canvas[:, 310:].astype(int) - (30, 30, 200)).max() <= 1


def test_what_covers_a_frame_is_cropped_around_its_middle_not_squeezed():
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 100:200] = 255
    light = covering(Image(pixels), (50, 50))(slice(0, 50))
    assert light[:, 3:-3].min() > 0.95


def test_transparent_pictures_lie_on_white():
    pixels = np.zeros((20, 20, 4), np.uint8)
    assert covering(Image(pixels), (20, 20))(slice(0, 20)).min() > 0.99


@pytest.mark.parametrize("position", [0.25, 0.5])
def test_a_divided_picture_shows_both(position):
    left, right = plain((200, 100), (10, 10, 10)), plain((100, 50), (90, 90, 90))
    pixels, first = divided(left, right, position=position)
    column = round(200 * position)
    assert np.array_equal(pixels[:, :first], left.rgb[:, :first])
    assert np.abs(pixels[:, column + 3 :].astype(int) - 90).max() <= 1
    assert (pixels[:, column] == 255).all()


def test_a_double_exposure_is_lighter_than_either_and_its_ends_are_the_pictures():
    dark, bright = plain((40, 30), 60), plain((40, 30), 160)

    def at(amount):
        return float(exposed_twice(dark, bright, amount=amount)(slice(0, 30)).mean())

    assert at(0.0) < at(1.0) < at(0.5)
    assert at(0.0) == pytest.approx(0.0452, abs=0.001)  # code 60 in linear light
