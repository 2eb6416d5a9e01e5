"""Drawn things of known colors, in light and in shade, and the names people give to colors."""

import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.regions.colors import color_likeness, color_share, find_colored, is_color

PAINTS = {
    "red": (215, 30, 30),
    "orange": (240, 115, 30),
    "yellow": (245, 205, 40),
    "green": (45, 150, 60),
    "blue": (40, 90, 205),
    "purple": (130, 50, 180),
    "pink": (245, 130, 180),
    "brown": (95, 55, 30),
    "white": (250, 250, 248),
    "gray": (128, 128, 130),
    "black": (12, 12, 14),
}


def pixel(code):
    return Image(np.frombuffer(bytes.fromhex(code.removeprefix("#")), np.uint8).reshape(1, 1, 3).copy())


def likeness(code, color):
    return float(color_likeness(pixel(code), color)[0, 0])


def code_of(paint):
    return "#" + bytes(paint).hex()


def sheet(paint=(235, 228, 215), *, width=480, height=320):
    return np.full((height, width, 3), paint, np.float32) + np.random.default_rng(0).normal(0, 2, (height, width, 1))


def draw_ball(canvas, center, radius_px, paint):
    """A ball lit from the upper left, with a highlight; returns where it is."""
    y, x = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
    across, down = (x - center[0]) / radius_px, (y - center[1]) / radius_px
    inside = across**2 + down**2 <= 1
    facing = np.sqrt(np.clip(1 - across**2 - down**2, 0, 1))
    light = 0.4 + 0.6 * np.clip(0.8 * facing - 0.3 * across - 0.4 * down, 0, 1)
    canvas[inside] = (np.array(paint) * light[..., np.newaxis])[inside]
    spot = np.exp(-(((across + 0.35) / 0.18) ** 2) - ((down + 0.4) / 0.12) ** 2)[..., np.newaxis]
    canvas += spot * inside[..., np.newaxis] * (255 - canvas)
    return inside


def image_of(canvas):
    return Image(np.clip(canvas, 0, 255).astype(np.uint8))


def candies():
    """Balls in rows, their colors in turn, and where those of each color are."""
    canvas, masks = sheet(), {}
    names = ["red", "brown", "blue", "orange", "green", "yellow"]
    for k in range(24):
        name = names[(k * 5 + k // 6) % 6]
        where = draw_ball(canvas, (40 + 57 * (k % 8), 60 + 100 * (k // 8)), 22, PAINTS[name])
        masks.setdefault(name, []).append(where)
    return canvas, masks


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "red",
            "Gray",
            "grey",
            "silver",
            "light blue",
            "light-blue",
            "dark green",
            "bright pink",
            "pale yellow",
            "teal",
            "navy",
            "navy blue",
            "maroon",
            "burgundy",
            "turquoise",
            "beige",
            "golden",
            "sky blue",
            "off-white",
            "bluish",
            "red-colored",
            "blue color",
            "cherry red",
            "#f80",
            "#FF8800",
            "hot pink",
        ],
    )
    def test_everyday_names_are_known(self, name):
        assert is_color(name)

    @pytest.mark.parametrize("name", ["", "dark", "mug", "light mug", "#ff88", "#ggg", "red car", "ff8800", "-"])
    def test_other_words_are_not(self, name):
        assert not is_color(name)
        with pytest.raises(UnsupportedEdit):
            color_likeness(pixel("#ff0000"), name)
        with pytest.raises(UnsupportedEdit):
            find_colored(pixel("#ff0000"), name)

    @pytest.mark.parametrize("name", PAINTS)
    def test_a_paint_goes_by_its_own_name_and_no_other(self, name):
        scores = {other: likeness(code_of(PAINTS[name]), other) for other in PAINTS}
        assert scores[name] > 0.9
        assert all(score < 0.5 for other, score in scores.items() if other != name)

    @pytest.mark.parametrize("name", ["red", "green", "blue", "purple", "yellow"])
    def test_a_paint_keeps_its_name_in_shade(self, name):
        linear = (np.array(PAINTS[name]) / 255) ** 2.2
        shaded = np.rint(255 * (0.6 * linear) ** (1 / 2.2)).astype(np.uint8)
        assert likeness(code_of(shaded.tolist()), name) > 0.6

    @pytest.mark.parametrize(
        ("color", "like", "unlike"),
        [
            ("light blue", "#a9cdf5", "#1b2f6b"),
            ("dark blue", "#1b2f6b", "#a9cdf5"),
            ("light gray", "#d0d0d0", "#404040"),
            ("dark gray", "#404040", "#d0d0d0"),
            ("navy", "#1e2a5a", "#2563eb"),
            ("maroon", "#6b1d2a", "#e02020"),
            ("brown", "#7c4a21", "#f97316"),
            ("pink", "#f8b4c8", "#e02020"),
            ("teal", "#0f8b8d", "#2e9e3f"),
            ("beige", "#e8dcc4", "#ffffff"),
            ("gold", "#d4af37", "#808080"),
            ("#d02090", "#d83098", "#2090d0"),
            ("#888888", "#8c8a88", "#888833"),
        ],
    )
    def test_shades_are_told_apart(self, color, like, unlike):
        assert likeness(like, color) > 0.7
        assert likeness(unlike, color) < 0.2

    def test_skin_is_neither_orange_nor_red(self):
        for code in ("#e0ac8a", "#c68642", "#f1c27d", "#8d5524"):
            assert likeness(code, "red") < 0.3
        for code in ("#e0ac8a", "#f1c9a5"):
            assert likeness(code, "orange") < 0.5


class TestLikeness:
    def test_it_has_the_pictures_size_and_range(self):
        rng = np.random.default_rng(0)
        plane = color_likeness(Image(rng.integers(0, 256, (70, 33, 3), dtype=np.uint8)), "green")
        assert plane.shape == (70, 33)
        assert plane.dtype == np.float32
        assert plane.min() == 0
        assert 0.5 < plane.max() <= 1

    def test_what_is_transparent_has_no_color(self):
        pixels = np.full((4, 6, 4), (215, 30, 30, 255), np.uint8)
        pixels[:, 3:, 3] = 0
        plane = color_likeness(Image(pixels), "red")
        assert plane[:, :3].min() > 0.9
        assert not plane[:, 3:].any()

    def test_the_share_weighs_by_the_mask(self):
        plane = np.array([[1, 1, 0, 0]], np.float32)
        assert color_share(plane, np.array([[1, 0, 1, 0]], np.float32)) == pytest.approx(0.5)
        assert color_share(plane, np.array([[0.5, 0.5, 0, 0]], np.float32)) == pytest.approx(1)
        assert color_share(plane, np.zeros((1, 4), np.float32)) == 0


class TestThings:
    @pytest.mark.parametrize("name", ["red", "brown", "blue", "orange", "green", "yellow"])
    @pytest.mark.parametrize("cast", [(1, 1, 1), (1, 0.95, 0.85)], ids=["daylight", "lamplight"])
    def test_all_candies_of_a_color_are_found_and_no_others(self, name, cast):
        canvas, masks = candies()
        things = find_colored(image_of(canvas * cast), name)
        assert len(things) == len(masks[name])
        found = np.max([thing.alpha for thing in things], axis=0) > 0.5
        truth = np.logical_or.reduce(masks[name])
        assert np.count_nonzero(found & truth) / np.count_nonzero(found | truth) > 0.9

    def test_a_highlight_belongs_to_its_ball(self):
        canvas = sheet()
        inside = draw_ball(canvas, (240, 160), 80, PAINTS["red"])
        (thing,) = find_colored(image_of(canvas), "red")
        assert thing.alpha[inside].mean() > 0.98
        assert find_colored(image_of(canvas), "pink") == ()

    def test_the_largest_comes_first(self):
        canvas = sheet()
        for center, radius_px in (((60, 60), 20), ((240, 160), 60), ((400, 100), 40)):
            draw_ball(canvas, center, radius_px, PAINTS["blue"])
        things = find_colored(image_of(canvas), "blue")
        boxes = [thing.box for thing in things]
        assert [box[0] < center < box[2] for box, center in zip(boxes, (240, 400, 60), strict=True)] == [True] * 3
        assert all(thing.confidence > 0.8 for thing in things)

    def test_a_backdrop_is_no_thing(self):
        canvas = sheet(PAINTS["blue"])
        draw_ball(canvas, (240, 160), 60, PAINTS["yellow"])
        assert find_colored(image_of(canvas), "blue") == ()
        assert len(find_colored(image_of(canvas), "yellow")) == 1

    def test_specks_and_passing_shades_are_no_things(self):
        canvas = np.empty((320, 480, 3), np.float32)
        canvas[:] = np.linspace((240, 240, 240), (90, 90, 90), 480)[np.newaxis]
        canvas[100:103, 50:53] = PAINTS["red"]
        assert find_colored(image_of(canvas), "red") == ()
        assert find_colored(image_of(canvas), "gray") == ()

    def test_what_is_excluded_is_not_found(self):
        canvas = sheet()
        first = draw_ball(canvas, (120, 160), 50, PAINTS["red"])
        draw_ball(canvas, (360, 160), 50, PAINTS["red"])
        (thing,) = find_colored(image_of(canvas), "red", exclude=first.astype(np.float32))
        assert thing.box[0] > 240
        assert not thing.alpha[first].any()

    def test_the_edge_is_as_fine_as_a_large_picture(self):
        canvas = sheet(width=1600, height=1100)
        inside = draw_ball(canvas, (500, 400), 90, PAINTS["green"])
        (thing,) = find_colored(image_of(canvas), "green")
        assert np.abs(thing.alpha - inside).sum() < 0.03 * inside.sum()

    @pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 3)])
    def test_tiny_pictures_hold_no_things(self, size):
        assert find_colored(Image(np.full((*size, 3), (215, 30, 30), np.uint8)), "red") == ()

    def test_a_cut_out_is_looked_at_where_it_is_opaque(self):
        canvas = sheet(PAINTS["red"])
        alpha = np.zeros((*canvas.shape[:2], 1), np.float32)
        alpha[100:200, 150:300] = 255
        (thing,) = find_colored(image_of(np.concatenate([canvas, alpha], axis=2)), "red")
        assert thing.box == pytest.approx((150, 100, 300, 200), abs=3)
