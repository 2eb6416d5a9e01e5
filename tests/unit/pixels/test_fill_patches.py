"""Filling in detail: what is known stays, patterns go on, and nothing comes from where it must not."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import Cancelled, UnsupportedEdit
from cavendish.pixels.fill import fill

pytestmark = pytest.mark.long


def box(shape, top, left, height, width):
    hole = np.zeros(shape[:2], np.float32)
    hole[top : top + height, left : left + width] = 1
    return hole


def gray(plane):
    return np.ascontiguousarray(np.repeat(np.asarray(plane, np.uint8)[..., None], 3, axis=2))


def stripes(height, width, *, across=1, down=0, period=16):
    rows, columns = np.mgrid[:height, :width]
    return gray(30 + 180 * (((rows * down + columns * across) % period) < period // 2))


def checker(height, width, cell=10):
    rows, columns = np.mgrid[:height, :width]
    return gray(30 + 180 * ((rows // cell + columns // cell) % 2))


def psnr(image, truth, where):
    error = float(((image.astype(np.float64) - truth)[where] ** 2).mean())
    return 10 * np.log10(255**2 / max(error, 1e-9))


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[:240, 40:360])


def test_known_pixels_are_bit_identical_and_the_picture_is_not_written_to(photo):
    hole = box(photo.shape, 60, 200, 70, 60)
    before = photo.copy()
    filled = fill(photo, hole)
    assert np.array_equal(filled[hole == 0], photo[hole == 0])
    assert np.array_equal(photo, before)
    assert filled.dtype == np.uint8


def test_equal_seeds_give_equal_pixels(photo):
    hole = box(photo.shape, 60, 200, 70, 60)
    assert np.array_equal(fill(photo, hole, seed=3), fill(photo, hole, seed=3))


def test_what_was_in_the_hole_does_not_matter_where_its_edge_is_clean(photo):
    hole = box(photo.shape, 60, 200, 70, 60)
    filled = []
    for color in ((255, 0, 255), (0, 255, 0)):
        painted = photo.copy()
        painted[hole > 0] = color
        filled.append(fill(painted, hole))
    assert np.array_equal(*filled)


@pytest.mark.parametrize("place", [(70, 110, 60, 70), (0, 230, 200, 70), (140, 0, 60, 300)])
def test_constant_pictures_stay_constant(place):
    image = np.full((200, 300, 3), (93, 120, 200), np.uint8)
    assert np.array_equal(fill(image, box(image.shape, *place)), image)


@pytest.mark.parametrize("place", [(70, 110, 60, 70), (0, 230, 200, 70)])
def test_gradients_go_on(place):
    rows, columns = np.mgrid[:200, :300]
    image = np.stack([columns * 0.5 + rows * 0.3, 255 - columns * 0.6, rows + 20], axis=2).astype(np.uint8)
    assert np.abs(fill(image, box(image.shape, *place)).astype(int) - image).max() <= 2


@pytest.mark.parametrize(
    "image",
    [
        stripes(200, 300),
        stripes(200, 300, across=0, down=1),
        stripes(200, 300, across=1, down=1, period=18),
        checker(200, 300),
    ],
    ids=["upright", "lying", "diagonal", "checker"],
)
@pytest.mark.parametrize("place", [(70, 110, 60, 70), (0, 240, 200, 60)], ids=["inside", "at the border"])
def test_patterns_go_on_in_phase(image, place):
    hole = box(image.shape, *place)
    assert np.abs(fill(image, hole).astype(int) - image)[hole > 0].mean() < 4


def test_an_edge_goes_on():
    rows, columns = np.mgrid[:200, :300]
    image = gray(np.where(rows + 0.1 * columns < 110, 60, 180))
    hole = box(image.shape, 70, 110, 60, 70)
    assert psnr(fill(image, hole), image, hole > 0) > 25


def test_texture_keeps_its_busyness():
    image = gray(data.grass()[:320, :320])
    hole = box(image.shape, 110, 110, 90, 90)
    inner = hole > 0
    ratio = np.abs(np.diff(fill(image, hole).astype(int), axis=0))[inner[1:]].mean()
    ratio /= np.abs(np.diff(image.astype(int), axis=0))[inner[1:]].mean()
    assert 0.8 < ratio < 1.2


def is_magenta(image):
    red, green, blue = np.moveaxis(image.astype(int), 2, 0)
    return (red - green > 60) & (blue - green > 60)


@pytest.mark.parametrize("neighbor", [(60, 130, 70, 60), (60, 10, 70, 60)], ids=["touching", "apart"])
@pytest.mark.parametrize("picture", ["grass", "plain"])
def test_excluded_sources_never_appear(neighbor, picture):
    image = gray(data.grass()[:200, :300]) if picture == "grass" else np.full((200, 300, 3), 130, np.uint8)
    excluded = box(image.shape, *neighbor)
    image[excluded > 0] = (255, 0, 255)
    hole = box(image.shape, 60, 190, 70, 60)
    filled = fill(image, hole, sources=1 - excluded)
    assert not is_magenta(filled)[hole > 0].any()
    assert np.array_equal(filled[hole == 0], image[hole == 0])


def test_excluded_sources_do_not_color_strokes():
    image = np.full((80, 120, 3), 130, np.uint8)
    excluded = box(image.shape, 0, 64, 80, 56)
    image[excluded > 0] = (255, 0, 255)
    hole = box(image.shape, 10, 60, 60, 4)
    assert not is_magenta(fill(image, hole, sources=1 - excluded))[hole > 0].any()


def test_scratches_are_closed(photo):
    canvas = np.zeros(photo.shape[:2], np.uint8)
    for start, end in [((20, 10), (300, 200)), ((280, 20), (150, 230)), ((60, 230), (70, 5))]:
        cv2.line(canvas, start, end, 1, 3)
    hole = canvas.astype(np.float32)
    scratched = photo.copy()
    scratched[hole > 0] = 255
    floor = psnr(cv2.inpaint(scratched, canvas, 5, cv2.INPAINT_TELEA), photo, hole > 0)
    assert psnr(fill(scratched, hole), photo, hole > 0) > floor - 0.5


def test_lettering_is_closed_from_its_sides_however_thick():
    rows, columns = np.mgrid[:160, :400]
    image = gray(np.clip(60 + columns * 0.3 + rows * 0.2, 0, 255))
    canvas = np.zeros((160, 400), np.uint8)
    cv2.putText(canvas, "BANANA", (20, 110), cv2.FONT_HERSHEY_SIMPLEX, 3, 1, 16)
    written = image.copy()
    written[canvas > 0] = 255
    assert psnr(fill(written, canvas.astype(np.float32), text=True), image, canvas > 0) > 38


def test_soft_edges_are_blended():
    hole = cv2.GaussianBlur(box((60, 60), 20, 20, 20, 20), (0, 0), 2)
    image = gray(np.rint(100 + hole * 120))
    filled = fill(image, hole)
    assert np.abs(filled[hole >= 0.5].astype(int) - 100).max() <= 3
    assert np.array_equal(filled[hole == 0], image[hole == 0])
    faint = (hole > 0.05) & (hole < 0.2)
    assert (filled[faint] <= image[faint]).all()
    assert (filled[faint] > 100).any()


def test_checks_stop_the_work(photo):
    calls = 0

    def check():
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled("The caller left before the edit was done.")

    with pytest.raises(Cancelled):
        fill(photo, box(photo.shape, 60, 200, 70, 60), check=check)
    assert calls == 5


def test_no_hole_gives_an_equal_copy(photo):
    filled = fill(photo, np.zeros(photo.shape[:2], np.float32))
    assert np.array_equal(filled, photo)
    assert filled is not photo


@pytest.mark.parametrize("shape", [(1, 1), (40, 50)])
def test_a_hole_as_large_as_the_picture_is_an_error(shape):
    with pytest.raises(UnsupportedEdit, match="nothing is left to fill from"):
        fill(np.zeros((*shape, 3), np.uint8), np.ones(shape, np.float32))


def test_excluding_all_that_is_left_is_an_error(photo):
    hole = box(photo.shape, 60, 200, 70, 60)
    with pytest.raises(UnsupportedEdit, match="nothing is left to fill from"):
        fill(photo, hole, sources=hole)


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (5, 300), (300, 5), (7, 7), (16, 20)])
@pytest.mark.parametrize("text", [True, False])
def test_tiny_pictures(shape, text):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    hole = np.zeros(shape, np.float32)
    hole[-max(1, shape[0] // 3) :, -max(1, shape[1] // 3) :] = 1
    filled = fill(image, hole, text=text)
    assert np.array_equal(filled[hole == 0], image[hole == 0])


@pytest.mark.parametrize("place", [(60, 120, 80, 70), (0, 220, 240, 100), (50, 50, 3, 100)])
def test_gray_pictures_stay_gray(photo, place):
    image = gray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))
    filled = fill(image, box(image.shape, *place))
    assert (filled == filled[..., :1]).all()


def test_a_small_hole_in_a_large_picture_costs_little(photo):
    large = np.ascontiguousarray(np.tile(photo, (12, 12, 1)))
    hole = box(large.shape, 1400, 1900, 30, 30)
    calls = 0

    def check():
        nonlocal calls
        calls += 1

    filled = fill(large, hole, check=check)
    assert calls < 60
    assert np.array_equal(filled[hole == 0], large[hole == 0])


def test_large_holes_are_copied_in_detail_at_full_size():
    tile = gray(data.gravel()[:512, :512])
    image = np.ascontiguousarray(np.tile(tile, (3, 5, 1)))
    hole = box(image.shape, 500, 900, 500, 600)
    filled = fill(image, hole)
    inner = hole[1:] > 0
    ratio = np.abs(np.diff(filled.astype(int), axis=0))[inner].mean() / np.abs(np.diff(tile.astype(int), axis=0)).mean()
    assert 0.7 < ratio < 1.3
