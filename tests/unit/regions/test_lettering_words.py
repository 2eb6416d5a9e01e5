from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.evidence import Evidence
from cavendish.regions.lettering_words import find_lettering, kind_of_lettering
from cavendish.regions.networks import Networks
from cavendish.regions.reading import Line, Word
from tests.support.region_networks import RED, WHITE, YELLOW, inside_of, real_networks

SIZE = (640, 480)
Box = tuple[int, int, int, int]


class TestNames:
    @pytest.mark.parametrize(
        ("phrase", "kind"),
        [
            ("text", "any"),
            ("white text", "any"),
            ("words", "any"),
            ("the lettering", "any"),
            ("word SALE", "any"),
            ('word "SALE"', "any"),
            ("text “Hello there”", "any"),
            ("inscription", "any"),
            ("caption", "caption"),
            ("captions", "caption"),
            ("date", "date"),
            ("date stamp", "date"),
            ("time stamps", "date"),
            ("orange timestamp", "date"),
            ("watermark", "watermark"),
            ("faint watermarks", "watermark"),
            ("copyright notice", "watermark"),
        ],
    )
    def test_kinds(self, phrase, kind):
        assert kind_of_lettering(phrase) == kind

    @pytest.mark.parametrize("phrase", ["", "dog", "SALE", "sign", "red car", "textile", "book"])
    def test_other_words_are_about_no_lettering(self, phrase):
        assert kind_of_lettering(phrase) is None


class Page:
    """Words written on a gray page, and what a perfect reader makes of them."""

    def __init__(self, *lines: tuple[str, tuple[int, int], tuple[int, int, int]], size_px: int = 40) -> None:
        picture = PillowImage.new("RGB", SIZE, (90, 100, 110))
        draw = ImageDraw.Draw(picture)
        font = ImageFont.load_default(size=size_px)
        self.lines = []
        for text, (left, top), color in lines:
            draw.text((left, top), text, fill=color, font=font)
            words = []
            for k, word in enumerate(text.split()):
                before = " ".join(text.split()[:k]) + " " * bool(k)
                start = left + draw.textlength(before, font=font)
                box = draw.textbbox((start, top), word, font=font)
                words.append(self._piece(Word, word, box, tuple(np.linspace(0, 1, len(word) + 1))))
            whole = draw.textbbox((left, top), text, font=font)
            self.lines.append(self._piece(Line, text, whole, tuple(words)))
        self.image = Image(np.asarray(picture).copy())

    @staticmethod
    def _piece(kind, text: str, bounds, more):
        left, top, right, bottom = int(bounds[0]) - 3, int(bounds[1]) - 3, int(bounds[2]) + 4, int(bounds[3]) + 4
        quad = ((left, top), (right, top), (right, bottom), (left, bottom))
        return kind(text, 0.95, quad, (left, top, right, bottom), more)

    def box(self, text: str) -> Box:
        pieces = [*self.lines, *(word for line in self.lines for word in line.words)]
        return next(piece.box for piece in pieces if piece.text == text)

    def find(self, noun: str, things: Mapping[str, Box] | None = None, **fields) -> Region:
        evidence = Evidence(self.image, Networks())
        evidence.lines = tuple(self.lines)

        def find_other(query: RegionQuery) -> Region:
            if query.query not in (things or {}):
                raise UnsupportedEdit(f"no {query.query} was found")
            return Region(inside_of(things[query.query], SIZE).astype(np.float32))

        return find_lettering(evidence, RegionQuery(noun, **fields), find_other)


SALE, CLOSED = ("BIG SALE", (110, 100), WHITE), ("CLOSED", (320, 330), YELLOW)


@pytest.fixture
def page() -> Page:
    return Page(SALE, CLOSED)


def is_just(found: Region, *boxes: Box) -> bool:
    """Whether every box holds strokes, and nothing is marked outside of them."""
    around = np.zeros(SIZE[::-1], bool)
    for left, top, right, bottom in boxes:
        around |= inside_of((left - 5, top - 5, right + 5, bottom + 5), SIZE)
    marked = [float((found.alpha[inside_of(box, SIZE)] > 0.5).mean()) for box in boxes]
    return min(marked) > 0.1 and float(found.alpha[~around].max()) < 0.5


class TestWhich:
    def test_all_of_it(self, page):
        found = page.find("text")
        assert found.alpha.shape == (480, 640)
        assert is_just(found, page.box("BIG SALE"), page.box("CLOSED"))
        assert found.confidence == pytest.approx(0.95)

    @pytest.mark.parametrize("noun", ["word SALE", 'word "sale"', "text “Sale”", "SALE", "Sale"])
    def test_what_it_says(self, page, noun):
        found = page.find(noun)
        assert is_just(found, page.box("SALE"))
        left, top, right, bottom = page.box("BIG")
        assert found.alpha[top:bottom, left : right - 6].max() < 0.5

    def test_a_whole_line(self, page):
        assert is_just(page.find("text big sale"), page.box("BIG SALE"))

    @pytest.mark.parametrize("noun", ["word HELLO", "umbrella", "date stamp", "watermark"])
    def test_what_is_not_written(self, page, noun):
        with pytest.raises(UnsupportedEdit, match=f"no .*{noun}.* was found"):
            page.find(noun)

    @pytest.mark.parametrize(
        ("side", "text"), [("top", "BIG SALE"), ("left", "BIG SALE"), ("bottom", "CLOSED"), ("right", "CLOSED")]
    )
    def test_on_a_side(self, page, side, text):
        assert is_just(page.find("text", side=side), page.box(text))

    @pytest.mark.parametrize(("color", "text"), [("white", "BIG SALE"), ("yellow", "CLOSED")])
    def test_of_a_color(self, page, color, text):
        assert is_just(page.find("text", color=color), page.box(text))

    def test_of_another_color(self, page):
        with pytest.raises(UnsupportedEdit, match=r"no .*text was found"):
            page.find("text", color="red")

    @pytest.mark.parametrize("field", ["of", "near"])
    def test_on_a_thing(self, page, field):
        sign = {"sign": (30, 30, 350, 150)}
        assert is_just(page.find("text", sign, **{field: "sign"}), page.box("BIG SALE"))
        with pytest.raises(UnsupportedEdit, match="no sign"):
            page.find("text", **{field: "sign"})

    @pytest.mark.parametrize("place", ["picture", "image", "background"])
    def test_on_the_picture_is_anywhere(self, page, place):
        assert is_just(page.find("text", near=place), page.box("BIG SALE"), page.box("CLOSED"))

    def test_a_date_stamp_is_small_and_in_a_corner(self):
        page = Page(("12/24/1999", (510, 445), RED), ("SALE", (60, 60), WHITE), size_px=20)
        assert is_just(page.find("date stamp"), page.box("12/24/1999"))
        assert is_just(page.find("date"), page.box("12/24/1999"))

    def test_a_caption_is_centered_at_the_top_or_bottom(self):
        page = Page(("WHEN YOU SEE IT", (150, 20), WHITE), ("SALE", (60, 220), WHITE))
        assert is_just(page.find("caption"), page.box("WHEN YOU SEE IT"))

    def test_a_watermark_names_its_site(self):
        page = Page(("shutterstock", (220, 220), WHITE), ("SALE", (60, 20), WHITE))
        assert is_just(page.find("watermark"), page.box("shutterstock"))

    def test_what_could_not_be_read_is_no_lettering(self, page):
        line = page.lines[1]
        page.lines[1] = Line(line.text, 0.4, line.quad, line.box, line.words)
        assert is_just(page.find("text"), page.box("BIG SALE"))


def test_a_drawn_sign_is_read():
    page = Page(("SALE", (120, 150), WHITE), ("TODAY ONLY", (120, 330), YELLOW), size_px=64)
    networks = real_networks()
    evidence = Evidence(page.image, Networks(lettering=networks.lettering, reading=networks.reading))
    assert {line.text for line in evidence.lines} == {"SALE", "TODAY ONLY"}
    for noun, text in [("SALE", "SALE"), ("word today", "TODAY"), ("text ONLY", "ONLY")]:
        found = find_lettering(evidence, RegionQuery(noun), lambda _query: Region(np.zeros((1, 1), np.float32)))
        assert is_just(found, page.box(text))
        ink = np.abs(page.image.rgb.astype(int) - (90, 100, 110)).sum(axis=-1) > 150
        assert found.alpha[ink & inside_of(page.box(text), SIZE)].mean() > 0.9


def test_a_card_is_no_credit():
    assert kind_of_lettering("credit card") is None
