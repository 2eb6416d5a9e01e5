from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFilter, ImageFont

from cavendish.imaging.image import Image
from cavendish.regions.glyphs import glyph_mask, ink_contrast
from cavendish.regions.reading import Word

TEXT = "Big Sale 24"
SIZE = 48


def photo(name: str) -> np.ndarray:
    pixels = getattr(skimage.data, name)()
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))


def plain(color: tuple[int, int, int], size: tuple[int, int] = (600, 300)) -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, 2, (size[1], size[0], 3))
    return (np.array(color) + grain).clip(0, 255).astype(np.uint8)


def lit_page() -> np.ndarray:
    x = np.linspace(0, 1, 600)[None, :, None]
    return (plain((240, 235, 220)) * (0.35 + 0.65 * np.sqrt(x))).astype(np.uint8)


def letters(size: tuple[int, int], text: str, at: tuple[int, int], px: int, *, stroke: int = 0) -> PillowImage.Image:
    """The coverage of a line of print, as a gray picture."""
    ink = PillowImage.new("L", size)
    ImageDraw.Draw(ink).text(at, text, fill=255, font=ImageFont.load_default(px), stroke_width=stroke)
    return ink


def painted(ground: np.ndarray, *layers: tuple[PillowImage.Image, tuple[int, int, int]]) -> np.ndarray:
    picture = PillowImage.fromarray(ground)
    for coverage, color in layers:
        picture.paste(PillowImage.new("RGB", picture.size, color), mask=coverage)
    return np.asarray(picture)


def around(ink: PillowImage.Image, slack: float = 0.15) -> Word:
    """What a detector would say: the box of the ink and a little more."""
    left, top, right, bottom = ink.getbbox()
    spare = round(slack * (bottom - top))
    box = (left - spare, top - spare, right + spare, bottom + spare)
    return word(box)


def word(box: tuple[int, int, int, int]) -> Word:
    left, top, right, bottom = box
    quad = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Word(TEXT, 0.9, quad, box, (0.0, 1.0))


def recall(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(mask[truth].mean())


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.abs(before.astype(int) - after).max(axis=2) > 10


def share_of_quad(mask: np.ndarray, piece: Word) -> float:
    left, top, right, bottom = piece.box
    return float(mask[top:bottom, left:right].mean())


GROUNDS = {
    "dark": plain((30, 40, 60)),
    "light": plain((235, 225, 210)),
    "page": lit_page(),
    **{name: photo(name) for name in ("coffee", "brick", "grass", "gravel", "rocket", "chelsea")},
}


COLORS = ((255, 255, 255), (0, 0, 0), (250, 220, 0))
UNSEEN = {("dark", (0, 0, 0)), ("light", (255, 255, 255)), ("page", (255, 255, 255))}
VISIBLE = [(ground, color) for ground in GROUNDS for color in COLORS if (ground, color) not in UNSEEN]


class TestStrokes:
    @pytest.mark.parametrize(("ground", "color"), VISIBLE)
    @pytest.mark.parametrize("px", [20, SIZE])
    def test_letters_are_covered_and_the_ground_between_is_not(self, ground, color, px):
        pixels = GROUNDS[ground]
        ink = letters(pixels.shape[1::-1], TEXT, (40, 180), px)
        picture = painted(pixels, (ink, color))
        piece = around(ink)
        mask = glyph_mask(Image(picture), [piece])
        assert recall(mask, changed(pixels, picture)) > 0.98
        assert share_of_quad(mask, piece) < 0.85
        if ground in {"dark", "light"}:
            assert share_of_quad(mask, piece) < 0.62

    @pytest.mark.parametrize("ground", ["dark", "page", "coffee", "brick", "grass"])
    def test_outlines_belong_to_the_letters(self, ground):
        pixels = GROUNDS[ground]
        ink, outline = (letters(pixels.shape[1::-1], TEXT, (40, 180), SIZE, stroke=stroke) for stroke in (0, 4))
        picture = painted(pixels, (outline, (10, 20, 60)), (ink, (255, 240, 230)))
        mask = glyph_mask(Image(picture), [around(outline)])
        assert recall(mask, changed(pixels, picture)) > 0.98

    @pytest.mark.parametrize("ground", ["light", "page"])
    def test_shadows_belong_to_the_letters(self, ground):
        pixels = GROUNDS[ground]
        ink, shadow = (letters(pixels.shape[1::-1], TEXT, at, SIZE) for at in ((40, 180), (44, 184)))
        soft = shadow.filter(ImageFilter.GaussianBlur(1.5)).point(lambda value: value * 0.6)
        picture = painted(pixels, (soft, (0, 0, 0)), (ink, (180, 20, 30)))
        mask = glyph_mask(Image(picture), [around(shadow, 0.25)])
        assert recall(mask, changed(pixels, picture)) > 0.97

    def test_letters_of_several_colors_are_all_covered(self):
        pixels = GROUNDS["light"]
        picture = pixels.copy()
        ink = letters((600, 300), TEXT, (40, 180), SIZE)
        for left, color in ((0, (220, 20, 20)), (130, (20, 120, 40)), (250, (30, 40, 200))):
            picture[:, left:] = painted(pixels, (ink, color))[:, left:]
        assert recall(glyph_mask(Image(picture), [around(ink)]), changed(pixels, picture)) > 0.98

    def test_ornaments_in_letters_belong_to_them(self):
        pixels = GROUNDS["light"].copy()
        pixels[100:200, 60:100] = pixels[100:200, 160:200] = pixels[100:200, 260:300] = (20, 20, 30)
        pixels[145:155, 75:85] = pixels[145:155, 175:185] = (250, 250, 250)
        mask = glyph_mask(Image(pixels), [word((40, 85, 320, 215))])
        assert mask[140:160, 70:90].min() == 1
        assert mask[140:160, 120:140].max() == 0

    def test_slanted_lines_are_covered(self):
        pixels = GROUNDS["coffee"]
        level = letters((600, 400), TEXT, (150, 180), SIZE)
        left, top, right, bottom = level.getbbox()
        ink = level.rotate(25, PillowImage.Resampling.BICUBIC)
        turn = np.array(
            [[np.cos(np.radians(25)), np.sin(np.radians(25))], [-np.sin(np.radians(25)), np.cos(np.radians(25))]]
        )
        corners = np.array([(left - 6, top - 6), (right + 6, top - 6), (right + 6, bottom + 6), (left - 6, bottom + 6)])
        quad = tuple(map(tuple, (corners - (300, 200)) @ turn.T + (300, 200)))
        picture = painted(pixels, (ink, (255, 255, 255)))
        mask = glyph_mask(Image(picture), [Word(TEXT, 0.9, quad, (0, 0, 1, 1), (0.0, 1.0))])
        assert recall(mask, changed(pixels, picture)) > 0.98
        assert mask.sum() < 0.8 * (right - left) * (bottom - top)

    def test_tails_outside_the_quad_are_covered(self):
        pixels = GROUNDS["light"]
        ink = letters((600, 300), "gypsy joy", (40, 120), SIZE)
        left, top, right, bottom = ink.getbbox()
        picture = painted(pixels, (ink, (0, 0, 0)))
        mask = glyph_mask(Image(picture), [word((left - 4, top - 4, right + 4, bottom - 7))])
        assert recall(mask, changed(pixels, picture)) > 0.98


class TestNeighbors:
    def test_other_words_of_the_line_are_left_alone(self):
        pixels = GROUNDS["coffee"]
        size = pixels.shape[1::-1]
        font = ImageFont.load_default(SIZE)
        second_left = 40 + round(font.getlength("SUMMER "))
        first, second = letters(size, "SUMMER", (40, 180), SIZE), letters(size, "SALE", (second_left, 180), SIZE)
        picture = painted(pixels, (first, (255, 255, 255)), (second, (255, 255, 255)))
        mask = glyph_mask(Image(picture), [around(first)])
        assert recall(mask, np.asarray(first) > 30) > 0.98
        assert recall(mask, np.asarray(second) > 30) < 0.02

    @pytest.mark.parametrize("ground", ["light", "page"])
    def test_lines_above_and_below_are_left_alone(self, ground):
        pixels = GROUNDS[ground]
        lines = [letters((600, 300), "unambiguously gripping", (40, 80 + 34 * k), 28) for k in range(3)]
        picture = painted(pixels, *((ink, (20, 20, 20)) for ink in lines))
        mask = glyph_mask(Image(picture), [around(lines[1], 0.05)])
        assert recall(mask, np.asarray(lines[1]) > 60) > 0.97
        for neighbor in (lines[0], lines[2]):
            assert recall(mask, np.asarray(neighbor) > 60) < 0.15

    def test_rules_of_the_page_are_left_alone(self):
        pixels = GROUNDS["light"].copy()
        pixels[150:152] = (200, 195, 190)
        ink = letters((600, 300), "no on an own", (40, 140), SIZE)
        picture = painted(pixels, (ink, (10, 10, 30)))
        mask = glyph_mask(Image(picture), [around(ink)])
        assert recall(mask, changed(pixels, picture)) > 0.98
        assert mask[150:152, :20].max() == 0
        assert share_of_quad(mask, around(ink)) < 0.6


class TestFallback:
    def test_what_cannot_be_told_apart_is_all_of_the_quad(self):
        noise = np.random.default_rng(2).integers(0, 256, (300, 600, 3), dtype=np.uint8)
        mask = glyph_mask(Image(noise), [word((100, 100, 300, 150))])
        assert mask[102:148, 102:298].min() == 1
        assert mask[:98].max() == mask[152:].max() == mask[:, :98].max() == mask[:, 302:].max() == 0
        assert ink_contrast(Image(noise), word((100, 100, 300, 150))) is None

    def test_a_flat_picture_is_no_failure(self):
        flat = np.full((300, 600, 3), 128, np.uint8)
        mask = glyph_mask(Image(flat), [word((100, 100, 300, 150))])
        assert mask[102:148, 102:298].min() == 1
        assert mask[:98].max() == 0


class TestContract:
    def test_nothing_is_marked_without_lettering(self):
        mask = glyph_mask(Image(GROUNDS["dark"]), [])
        assert mask.shape == (300, 600)
        assert mask.dtype == np.float32
        assert not mask.any()

    def test_equal_pictures_get_equal_masks_and_are_not_written_to(self):
        ink = letters((600, 400), TEXT, (40, 180), SIZE)
        picture = Image(painted(GROUNDS["coffee"], (ink, (255, 255, 255))))
        before = picture.pixels.copy()
        first, second = (glyph_mask(picture, [around(ink)]) for _ in range(2))
        assert np.array_equal(first, second)
        assert np.array_equal(picture.pixels, before)
        assert 0 <= first.min() < first.max() <= 1

    def test_lines_add_up(self):
        ink, other = (letters((600, 300), TEXT, (40, y), 30) for y in (40, 200))
        picture = Image(painted(GROUNDS["dark"], (ink, (255, 255, 255)), (other, (255, 200, 0))))
        both = glyph_mask(picture, [around(ink), around(other)])
        single = [glyph_mask(picture, [around(layer)]) for layer in (ink, other)]
        assert np.array_equal(both, np.maximum(*single))

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (500, 3), (3, 500)])
    def test_tiny_and_narrow_pictures_work(self, size):
        mask = glyph_mask(
            Image(np.full((size[1], size[0], 3), 90, np.uint8)), [word((0, 0, *size)), word((-5, -5, 9, 9))]
        )
        assert mask.shape == size[::-1]
        assert np.isfinite(mask).all()

    def test_large_letters_are_separated_on_a_copy(self):
        pixels = np.full((900, 2400, 3), (30, 40, 60), np.uint8)
        ink = letters((2400, 900), TEXT, (100, 200), 380)
        picture = painted(pixels, (ink, (240, 240, 240)))
        mask = glyph_mask(Image(picture), [around(ink)])
        assert recall(mask, changed(pixels, picture)) > 0.99
        assert share_of_quad(mask, around(ink)) < 0.6

    def test_letters_without_a_background_are_covered(self):
        ink = letters((600, 300), TEXT, (40, 180), SIZE)
        pixels = np.dstack([np.zeros((300, 600, 3), np.uint8), np.asarray(ink)])
        mask = glyph_mask(Image(pixels), [around(ink)])
        assert recall(mask, np.asarray(ink) > 60) > 0.98
        assert share_of_quad(mask, around(ink)) < 0.6


class TestContrast:
    def test_bolder_colors_stand_out_more(self):
        ink = letters((600, 300), TEXT, (40, 180), SIZE)
        faint, clear = (
            ink_contrast(Image(painted(GROUNDS["dark"], (ink, (gray, gray, gray)))), around(ink)) for gray in (90, 250)
        )
        assert 10 < faint < 40
        assert clear > 2 * faint
