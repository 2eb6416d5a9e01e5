from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from cavendish.imaging.image import Image
from cavendish.regions.lettering import box_around, find_text_boxes, find_text_quads, part_of, straightened
from cavendish.weights.runtimes import open_onnx
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

pytestmark = pytest.mark.long

RED = (255, 0, 0)


def red_network(tensor: np.ndarray) -> np.ndarray:
    """Text is what is red; the channels come as blue, green, red."""
    red = (tensor[0, 2] * 0.225 + 0.406 > 0.9) & (tensor[0, 0] * 0.229 + 0.485 < 0.1)
    return red.astype(np.float32)[np.newaxis, np.newaxis]


def red_bars(width: int, height: int, *boxes: tuple[int, int, int, int]) -> Image:
    pixels = np.full((height, width, 3), 90, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = RED
    return Image(pixels)


def written(text: str, *, at: tuple[int, int], size: int, color: str, on: np.ndarray) -> tuple[Image, tuple[int, ...]]:
    """A picture with a line of print, and the box of its ink."""
    picture = PillowImage.fromarray(on)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    draw.text(at, text, fill=color, font=font)
    return Image(np.asarray(picture)), draw.textbbox(at, text, font=font)


def rgb(name: str) -> np.ndarray:
    pixels = getattr(skimage.data, name)()
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))


def tilted_bar(angle_deg: float, *, gap: int = 0) -> Image:
    """A red bar of 300×24 around the middle of a gray picture of 700×700, cut in two with a gap between."""
    pixels = np.full((700, 700, 3), 90, np.uint8)
    along = np.array([math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))])
    for side in (-1, 1):
        center = 350 + side * along * (75 + gap / 2)
        corners = cv2.boxPoints((tuple(center), (151, 24), angle_deg))
        cv2.fillConvexPoly(pixels, corners.round().astype(np.int32), RED)
    return Image(pixels)


def direction_deg(quad) -> float:
    (left, top), (right, bottom) = quad[:2]
    return math.degrees(math.atan2(bottom - top, right - left))


def assert_covers(box: tuple[int, ...], ink: tuple[int, ...], *, slack: float) -> None:
    """The box holds the ink, to a pixel or two, and is no taller than the line needs."""
    left, top, right, bottom = box
    assert left <= ink[0] + 2
    assert top <= ink[1] + 2
    assert right >= ink[2] - 2
    assert bottom >= ink[3] - 2
    assert bottom - top <= (ink[3] - ink[1]) * slack + 6


@cache
def detector():
    folder = weight_folder("text_detector.onnx")
    if folder is None:
        pytest.skip("weights are not installed")
    return WeightStore(folder).session("text_detector.onnx", lambda path: open_onnx(path, threads=2)).run


class TestGeometry:
    @pytest.mark.parametrize("size", [(800, 600), (600, 800), (3000, 2000), (1000, 250)])
    def test_a_core_grows_to_its_line(self, size):
        width, height = size
        left, top, right, bottom = round(0.2 * width), round(0.4 * height), round(0.7 * width), round(0.46 * height)
        (box,) = find_text_boxes(red_bars(width, height, (left, top, right, bottom)), red_network)
        growth = 1.6 * (right - left) * (bottom - top) / (2 * (right - left + bottom - top))
        assert box == pytest.approx((left - growth, top - growth, right + growth, bottom + growth), abs=max(size) / 100)

    def test_words_join_to_lines_and_lines_stay_apart(self):
        words = [(60, 100, 200, 120), (215, 102, 340, 120), (356, 100, 500, 121)]
        next_line = (60, 160, 420, 180)
        first, second = find_text_boxes(red_bars(700, 400, *words, next_line), red_network)
        assert first[0] < 60
        assert first[2] > 500
        assert first[3] <= second[1]

    def test_columns_stay_apart(self):
        assert len(find_text_boxes(red_bars(700, 400, (40, 100, 250, 120), (400, 100, 660, 120)), red_network)) == 2

    def test_lines_come_from_the_top_down(self):
        bars = [(60, y, 400, y + 15) for y in (300, 60, 180)]
        tops = [box[1] for box in find_text_boxes(red_bars(700, 400, *bars), red_network)]
        assert tops == sorted(tops)
        assert len(tops) == 3

    @pytest.mark.parametrize(
        "bar",
        [(300, 200, 305, 202), (200, 100, 400, 300), (100, 50, 600, 350)],
        ids=["a speck", "a thing", "a thing as large as the frame"],
    )
    def test_what_is_no_line_is_ignored(self, bar):
        assert find_text_boxes(red_bars(700, 400, bar), red_network) == ()

    def test_faint_guesses_are_ignored(self):
        bar = red_bars(700, 400, (100, 100, 400, 130))
        assert find_text_boxes(bar, lambda tensor: 0.6 * red_network(tensor)) == ()
        assert len(find_text_boxes(bar, lambda tensor: 0.9 * red_network(tensor))) == 1

    def test_a_box_stays_inside_the_picture(self):
        (box,) = find_text_boxes(red_bars(700, 400, (0, 380, 700, 400)), red_network)
        assert (box[0], box[2], box[3]) == (0, 700, 400)

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (500, 3), (3, 500), (5000, 40)])
    def test_tiny_and_narrow_pictures_work(self, size):
        tensors = []

        def network(tensor: np.ndarray) -> np.ndarray:
            tensors.append(tensor)
            return red_network(tensor)

        for left, top, right, bottom in find_text_boxes(red_bars(*size, (0, 0, *size)), network):
            assert 0 <= left < right <= size[0]
            assert 0 <= top < bottom <= size[1]
        (tensor,) = tensors
        assert tensor.dtype == np.float32
        assert tensor.flags.c_contiguous
        assert all(side % 32 == 0 and 32 <= side <= 736 for side in tensor.shape[2:])

    def test_hidden_colors_are_not_seen(self):
        bar = red_bars(700, 400, (100, 100, 400, 130)).pixels
        pixels = np.dstack([bar, np.zeros(bar.shape[:2], np.uint8)])
        assert find_text_boxes(Image(pixels), red_network) == ()

    def test_without_a_network_nothing_is_found(self):
        assert find_text_boxes(red_bars(700, 400, (100, 100, 400, 130)), None) == ()


class TestQuads:
    @pytest.mark.parametrize("angle_deg", [0, 12, -12, 35, -35, 60, -60, 90])
    @pytest.mark.parametrize("gap", [0, 16], ids=["one part", "two parts"])
    def test_a_quad_lies_along_its_line(self, angle_deg, gap):
        (quad,) = find_text_quads(tilted_bar(angle_deg, gap=gap), red_network)
        assert direction_deg(quad) == pytest.approx(angle_deg, abs=2)
        growth = 1.6 * 300 * 24 / (2 * 324)
        assert math.dist(quad[0], quad[1]) == pytest.approx(300 + gap + 2 * growth, abs=12)
        assert math.dist(quad[0], quad[3]) == pytest.approx(24 + 2 * growth, abs=8)
        assert np.mean(quad, axis=0) == pytest.approx((350, 350), abs=3)

    @pytest.mark.parametrize("angle_deg", [0, 20, -50])
    def test_corners_go_around_from_the_top_left_as_it_is_read(self, angle_deg):
        (quad,) = find_text_quads(tilted_bar(angle_deg), red_network)
        along, down = np.subtract(quad[1], quad[0]), np.subtract(quad[3], quad[0])
        assert along[0] * down[1] - along[1] * down[0] > 0
        assert np.add(quad[0], quad[2]) == pytest.approx(np.add(quad[1], quad[3]), abs=1)

    def test_level_lines_have_the_boxes_that_are_found_without_tilt(self):
        words = [(60, 100, 200, 120), (215, 102, 340, 120), (60, 300, 420, 330)]
        picture = red_bars(700, 400, *words)
        boxes = [box_around(quad, picture.size) for quad in find_text_quads(picture, red_network)]
        for box, expected in zip(boxes, find_text_boxes(picture, red_network), strict=True):
            assert box == pytest.approx(expected, abs=4)

    def test_parallel_slanted_lines_stay_apart(self):
        pixels = tilted_bar(30).pixels.copy()
        shifted = cv2.warpAffine(pixels, np.float32([[1, 0, -45], [0, 1, 78]]), (700, 700), borderValue=(90, 90, 90))
        pixels[shifted[..., 0] == 255] = RED
        assert len(find_text_quads(Image(pixels), red_network)) == 2

    @pytest.mark.parametrize("size", [(1, 1), (500, 3), (3, 500)])
    def test_tiny_and_narrow_pictures_work(self, size):
        for quad in find_text_quads(red_bars(*size, (0, 0, *size)), red_network):
            left, top, right, bottom = box_around(quad, size)
            assert 0 <= left < right <= size[0]
            assert 0 <= top < bottom <= size[1]


class TestQuadGeometry:
    QUAD = ((100.0, 40.0), (300.0, 140.0), (280.0, 180.0), (80.0, 80.0))

    def test_parts_of_a_line_join_up(self):
        first, second = part_of(self.QUAD, 0, 0.4), part_of(self.QUAD, 0.4, 1)
        assert first[1] == second[0]
        assert first[2] == second[3]
        assert np.array(part_of(self.QUAD, 0, 1)) == pytest.approx(np.array(self.QUAD))

    @pytest.mark.parametrize("scale", [1, 8])
    def test_a_line_is_laid_level(self, scale):
        size = (400 * scale, 300 * scale)
        level = np.zeros((48, 240, 3), np.uint8)
        level[12:36, 30:90] = (255, 0, 0)
        level[12:36, 150:210] = (0, 255, 0)
        quad = tuple((x * scale, y * scale) for x, y in self.QUAD)
        corners = np.float32([(0, 0), (240, 0), (240, 48), (0, 48)])
        pixels = cv2.warpPerspective(level, cv2.getPerspectiveTransform(corners, np.float32(quad)), size)
        strip = straightened(Image(pixels), quad, height=48, most_columns=1000)
        assert strip.shape == (48, 240, 3)
        assert np.abs(strip.astype(int) - level).mean() < 6

    def test_long_lines_are_squeezed(self):
        picture = red_bars(2000, 20, (0, 0, 2000, 20))
        quad = ((0, 0), (2000, 0), (2000, 20), (0, 20))
        assert straightened(picture, quad, height=48, most_columns=500).shape == (48, 500, 3)


class TestWithPPOCR:
    @pytest.mark.parametrize(("size", "color"), [(16, "white"), (28, "#c81414"), (60, "yellow"), (110, "black")])
    @pytest.mark.parametrize("photo", ["coffee", "brick"])
    def test_print_on_a_photo_is_found(self, size, color, photo):
        picture, ink = written("Sale 24", at=(40, 60), size=size, color=color, on=rgb(photo))
        (box,) = find_text_boxes(picture, detector())
        assert_covers(box, ink, slack=1.9)

    @pytest.mark.parametrize("color", ["white", "black"])
    def test_letters_without_a_background_are_found(self, color):
        blank = np.zeros((300, 600, 4), np.uint8)
        picture, ink = written("SALE 50%", at=(60, 90), size=40, color=color, on=blank)
        (box,) = find_text_boxes(picture, detector())
        assert_covers(box, ink, slack=1.9)

    def test_a_date_in_the_corner_is_found(self):
        picture, ink = written("07.04'09", at=(330, 268), size=22, color="orange", on=rgb("chelsea"))
        (box,) = find_text_boxes(picture, detector())
        assert_covers(box, ink, slack=1.9)

    def test_the_lines_of_a_page_are_found(self):
        boxes = find_text_boxes(Image(rgb("page")), detector())
        assert 6 <= len(boxes) <= 8
        assert all(right - left > 3 * (bottom - top) for left, top, right, bottom in boxes)

    @pytest.mark.parametrize("name", ["brick", "grass", "gravel", "chelsea", "coffee", "moon", "rocket"])
    def test_textures_and_things_are_no_text(self, name):
        assert find_text_boxes(Image(rgb(name)), detector()) == ()
