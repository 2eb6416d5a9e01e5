from __future__ import annotations

import string
from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from cavendish.imaging.image import Image
from cavendish.regions.lettering import box_around
from cavendish.regions.reading import (
    Line,
    Word,
    captions,
    date_stamps,
    lines_matching,
    read_lettering,
    watermarks,
)
from cavendish.weights.runtimes import open_onnx
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

pytestmark = pytest.mark.long

LETTERS = tuple(string.ascii_letters + string.digits + "'.")
SIZE = (800, 600)


def detector_of(*boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE):
    """A detector that marks cores in the given boxes of a picture."""

    def network(tensor: np.ndarray) -> np.ndarray:
        height, width = tensor.shape[2:]
        marked = np.zeros((1, 1, height, width), np.float32)
        for left, top, right, bottom in boxes:
            across, down = width / size[0], height / size[1]
            marked[0, 0, round(top * down) : round(bottom * down), round(left * across) : round(right * across)] = 1
        return marked

    return network


def recognizer_of(text: str, *, sure: float = 0.9, inset: float = 0.0):
    """A recognizer that reads a text, its characters evenly spaced over the strip or what an inset leaves of it."""

    def network(tensor: np.ndarray) -> np.ndarray:
        assert tensor.dtype == np.float32
        assert tensor.shape[:3] == (1, 3, 48)
        assert -1 <= tensor.min() <= tensor.max() <= 1
        width = int(np.flatnonzero(tensor.any(axis=(0, 1, 2)))[-1]) + 1
        answers = np.zeros((1, tensor.shape[3] // 8, len(LETTERS) + 2), np.float32)
        answers[..., 0] = 1
        for k, character in enumerate(text):
            step = int((inset + (k + 0.5) / len(text) * (1 - 2 * inset)) * width / 8)
            answers[0, step, 0] = 0
            answers[0, step, LETTERS.index(character) + 1 if character != " " else -1] = sure
        return answers

    return network


def blank(size: tuple[int, int] = SIZE, color: int = 90) -> Image:
    return Image(np.full((size[1], size[0], 3), color, np.uint8))


def word(text: str, box: tuple[int, int, int, int], confidence: float = 0.95) -> Word:
    left, top, right, bottom = box
    quad = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Word(text, confidence, quad, box, tuple(np.linspace(0, 1, len(text) + 1)))


def line(text: str, box: tuple[int, int, int, int], *, confidence: float = 0.95, tilt: float = 0.0) -> Line:
    """A line in a box, every character of the same width; its end lower by the given number of pixels."""
    left, top, right, bottom = box
    advance = (right - left) / max(1, len(text))
    words, at = [], 0
    for part in text.split():
        at = text.index(part, at)
        words.append(word(part, (round(left + at * advance), top, round(left + (at + len(part)) * advance), bottom)))
        at += len(part)
    quad = ((left, top), (right, top + tilt), (right, bottom + tilt), (left, bottom))
    return Line(" ".join(w.text for w in words), confidence, quad, box_around(quad, (10_000, 10_000)), tuple(words))


def texts(found) -> list[str]:
    return [piece.text for piece in found]


def photo(name: str) -> np.ndarray:
    pixels = getattr(skimage.data, name)()
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))


class TestDecoding:
    def test_characters_become_words(self):
        (found,) = read_lettering(blank(), detector_of((200, 280, 600, 310)), recognizer_of("Big Sale 24"), LETTERS)
        assert found.text == "Big Sale 24"
        assert texts(found.words) == ["Big", "Sale", "24"]
        assert found.confidence == pytest.approx(0.9)

    def test_repeats_are_one_character_unless_nothing_stands_between(self):
        def stutter(tensor: np.ndarray) -> np.ndarray:
            answers = np.zeros((1, tensor.shape[3] // 8, len(LETTERS) + 2), np.float32)
            for step, letter in enumerate("aaabb"):
                answers[0, step, LETTERS.index(letter) + 1] = 0.8 if step != 1 else 0.95
            answers[0, 5:, 0] = 1
            answers[0, 6, :2] = (0, 1)
            answers[0, 8, :2] = (0, 1)
            return answers

        (found,) = read_lettering(blank(), detector_of((200, 280, 600, 310)), stutter, ("a", *LETTERS[1:]))
        assert found.text == "abaa"
        assert found.confidence == pytest.approx((0.95 + 0.8 + 1 + 1) / 4)

    def test_what_is_read_in_the_padding_does_not_count(self):
        def beside(tensor: np.ndarray) -> np.ndarray:
            answers = recognizer_of("ab")(tensor)
            answers[0, -1, :2] = (0, 1)
            return answers

        (found,) = read_lettering(blank(), detector_of((380, 280, 420, 300)), beside, LETTERS)
        assert found.text == "ab"

    def test_unreadable_lines_stay(self):
        (found,) = read_lettering(blank(), detector_of((200, 280, 600, 310)), recognizer_of(""), LETTERS)
        assert (found.text, found.confidence, found.words) == ("", 0.0, ())
        assert found.box[0] < 200
        assert found.box[2] > 600

    def test_without_a_recognizer_lines_are_found_but_not_read(self):
        (found,) = read_lettering(blank(), detector_of((200, 280, 600, 310)), None, ())
        assert found.text == ""
        assert found.box[0] < 200
        assert found.box[2] > 600

    def test_without_a_detector_nothing_is_found(self):
        assert read_lettering(blank(), None, recognizer_of("a"), LETTERS) == ()

    def test_the_number_of_lines_is_bounded_and_the_largest_stay(self):
        boxes = [(40 * c + 4, 22 * r + 4, 40 * c + 20, 22 * r + 10) for r in range(26) for c in range(10)]
        large = (450, 300, 780, 330)
        found = read_lettering(blank(), detector_of(*boxes, large), None, ())
        assert len(found) == 200
        assert max(piece.box[2] for piece in found) > 780

    def test_upright_lines_are_read_in_the_direction_that_reads_better(self):
        pixels = blank().pixels.copy()
        pixels[100:300, 380:420] = 200
        seen = []

        def network(tensor: np.ndarray) -> np.ndarray:
            bright_end = tensor[0, :, :, 10:60].mean() > tensor[0, :, :, 200:250].mean()
            seen.append(bright_end)
            return recognizer_of("top", sure=0.9 if not bright_end else 0.5)(tensor)

        (found,) = read_lettering(Image(pixels), detector_of((390, 100, 410, 500)), network, LETTERS)
        assert sorted(seen) == [False, True]
        assert found.confidence == pytest.approx(0.9)
        assert found.quad[0][1] > found.quad[1][1]

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (500, 3), (3, 500)])
    def test_tiny_and_narrow_pictures_work(self, size):
        for found in read_lettering(blank(size), lambda t: np.ones((1, 1, *t.shape[2:])), recognizer_of("a"), LETTERS):
            assert 0 <= found.box[0] < found.box[2] <= size[0]
            assert 0 <= found.box[1] < found.box[3] <= size[1]


class TestMatching:
    LINES = (
        line("WINTER", (40, 10, 560, 110)),
        line("in NEW ENGLAND!", (40, 110, 640, 170)),
        line("SNOW", (130, 740, 560, 840)),
        line("THE", (30, 760, 110, 800)),
        line("TRAIN", (90, 850, 590, 950)),
        line("FALCON 9LIFTOFF", (90, 970, 590, 990)),
    )

    @pytest.mark.parametrize("wanted", ["TRAIN", "train", "Träin", "train!", " TRA IN "])
    def test_a_line_is_found_however_it_is_spelled(self, wanted):
        assert lines_matching(self.LINES, wanted) == (self.LINES[4],)

    def test_a_word_of_a_line_is_the_word(self):
        (found,) = lines_matching(self.LINES, "England")
        assert found == self.LINES[1].words[2]

    def test_several_words_of_a_line_are_those_words(self):
        assert lines_matching(self.LINES, "new england") == self.LINES[1].words[1:]

    def test_a_text_over_several_lines_is_those_lines(self):
        assert lines_matching(self.LINES, "The snow train") == (self.LINES[3], self.LINES[2], self.LINES[4])
        assert lines_matching(self.LINES, "snow train") == (self.LINES[2], self.LINES[4])

    @pytest.mark.parametrize("misread", ["WINTCR", "WlNTER", "WINTERS"])
    def test_a_misread_letter_does_not_matter(self, misread):
        assert lines_matching(self.LINES, misread) == (self.LINES[0],)

    def test_an_overlooked_space_does_not_matter(self):
        (found,) = lines_matching(self.LINES, "LIFTOFF")
        whole = self.LINES[5].words[1]
        assert found.text == "LIFTOFF"
        assert found.box[2] == whole.box[2]
        assert found.box[0] - whole.box[0] == pytest.approx((whole.box[2] - whole.box[0]) / 8, abs=1)
        assert found.edges[0] == 0
        assert found.edges[-1] == 1
        assert texts(lines_matching(self.LINES, "falcon 9")) == ["FALCON", "9"]

    def test_every_place_is_found_but_not_what_is_merely_similar(self):
        lines = [line("SALE", (0, 0, 80, 20)), line("SALT", (0, 30, 80, 50)), line("big sale", (0, 60, 80, 80))]
        assert texts(lines_matching(lines, "sale")) == ["SALE", "sale"]
        assert texts(lines_matching(lines[1:2], "sale")) == []

    @pytest.mark.parametrize("wanted", ["zebra", "", "?!", "xx"])
    def test_what_is_not_there_is_not_found(self, wanted):
        assert lines_matching(self.LINES, wanted) == ()

    def test_short_words_must_be_equal(self):
        lines = [line("on", (0, 0, 40, 20)), line("of the sun", (0, 30, 80, 50))]
        assert texts(lines_matching(lines, "of")) == ["of"]
        assert lines_matching(lines, "or") == ()


class TestDateStamps:
    CORNER = (640, 560, 780, 585)

    @pytest.mark.parametrize(
        "text",
        [
            *("07.04'09", "'98 7 23", "2009/04/07", "12-31-1999", "23. Mai 2004", "Jan 3, 2011", "12:45"),
            *("2004.05.01 12:45", "O7.04'09", "12 AUG '87", "2004年5月1日"),
        ],
    )
    def test_dates_in_a_corner_are_stamps(self, text):
        stamp = line(text, self.CORNER)
        assert date_stamps([line("Hello", (0, 0, 90, 20)), stamp], SIZE) == (stamp,)

    @pytest.mark.parametrize("text", ["Hello", "Room 12", "12.99", "May", "SALE 50%", "2024", "", "555-1234567"])
    def test_other_texts_are_not(self, text):
        assert date_stamps([line(text, self.CORNER)], SIZE) == ()

    @pytest.mark.parametrize("box", [(330, 290, 470, 315), (330, 560, 470, 585), (500, 480, 790, 590)])
    def test_dates_elsewhere_or_large_are_not(self, box):
        assert date_stamps([line("07.04'09", box)], SIZE) == ()


class TestCaptions:
    @pytest.mark.parametrize("box", [(250, 10, 550, 60), (250, 540, 550, 590), (20, 500, 600, 540)])
    def test_centered_lines_above_and_below_are(self, box):
        assert len(captions([line("ONE DOES NOT", box)], SIZE)) == 1

    @pytest.mark.parametrize("box", [(250, 280, 550, 320), (10, 540, 200, 590)])
    def test_lines_in_the_middle_or_aside_are_not(self, box):
        assert captions([line("ONE DOES NOT", box)], SIZE) == ()

    def test_slanted_lines_and_dates_are_not(self):
        box = (250, 540, 550, 560)
        assert captions([line("ONE DOES NOT", box, tilt=80), line("07.04'2009", box)], SIZE) == ()


class TestWatermarks:
    SIGN = line("Bakery", (300, 200, 500, 260))

    @pytest.mark.parametrize(
        "text",
        ["shutterstock", "shuterstock", "www.photos.example", "© Jane Doe", "SAMPLE", "Getty Images", "jane.com"],
    )
    def test_names_of_agencies_and_sites_are(self, text):
        mark = line(text, (300, 400, 500, 430))
        assert watermarks(blank(), [self.SIGN, mark]) == (mark,)

    def test_repeated_and_diagonal_lines_are(self):
        repeated = [line("Jane Doe", (100 * k, 120 * k, 100 * k + 90, 120 * k + 20)) for k in range(4)]
        assert watermarks(blank(), [self.SIGN, *repeated]) == tuple(repeated)
        diagonal = line("Jane Doe", (100, 100, 400, 150), tilt=250)
        assert watermarks(blank(), [self.SIGN, diagonal]) == (diagonal,)

    @pytest.mark.parametrize("text", ["Waterproof", "STOCK", "Bakery", "Samples of cheese from all of the country"])
    def test_signs_are_not(self, text):
        assert watermarks(blank(), [line(text, (300, 400, 500, 430))]) == ()

    def test_a_small_line_in_a_corner_will_do_where_there_is_no_other(self):
        corner = line("Jane Doe", (690, 570, 790, 590))
        date = line("07.04'09", (20, 570, 110, 590))
        assert watermarks(blank(), [self.SIGN, corner, date]) == (corner,)
        named = line("shutterstock", (300, 400, 500, 430))
        assert watermarks(blank(), [self.SIGN, corner, named]) == (named,)

    def test_lettering_that_lets_the_picture_through_is(self):
        base = PillowImage.fromarray(photo("coffee")).convert("RGBA")
        veil = PillowImage.new("RGBA", base.size)
        draw = ImageDraw.Draw(veil)
        draw.text((60, 200), "Jane Doe", fill=(255, 255, 255, 70), font=ImageFont.load_default(60))
        draw.text((60, 40), "Bakery", fill=(255, 255, 255, 255), font=ImageFont.load_default(60))
        faint = line("Jane Doe", draw.textbbox((60, 200), "Jane Doe", font=ImageFont.load_default(60)))
        clear = line("Bakery", draw.textbbox((60, 40), "Bakery", font=ImageFont.load_default(60)))
        picture = Image(np.asarray(PillowImage.alpha_composite(base, veil).convert("RGB")))
        assert watermarks(picture, [clear, faint]) == (faint,)


@cache
def networks():
    folder = weight_folder("text_recognizer.onnx")
    if folder is None or weight_folder("text_detector.onnx") is None:
        pytest.skip("weights are not installed")
    store = WeightStore(folder)
    detector, recognizer = (
        store.session(f"text_{name}.onnx", lambda path: open_onnx(path, threads=2))
        for name in ("detector", "recognizer")
    )
    return detector.run, recognizer.run, recognizer.labels


def written(text: str, *, size: int, on: np.ndarray, angle_deg: float = 0, color: str = "white") -> Image:
    """A line of print around the middle of a picture."""
    picture = PillowImage.fromarray(on)
    ink = PillowImage.new("L", picture.size)
    middle = (picture.size[0] / 2, picture.size[1] / 2)
    ImageDraw.Draw(ink).text(middle, text, fill=255, font=ImageFont.load_default(size), anchor="mm")
    picture.paste(
        PillowImage.new("RGB", picture.size, color), mask=ink.rotate(-angle_deg, PillowImage.Resampling.BICUBIC)
    )
    return Image(np.asarray(picture))


class TestWithPPOCR:
    @pytest.mark.parametrize(("size", "color"), [(18, "white"), (40, "yellow"), (90, "black")])
    def test_print_on_a_photo_is_read(self, size, color):
        (found,) = read_lettering(written("Sale 24", size=size, on=photo("brick"), color=color), *networks())
        assert found.text == "Sale 24"
        assert found.confidence > 0.8

    @pytest.mark.parametrize("angle_deg", [-40, -15, 15, 40, 90, -90])
    def test_slanted_lines_are_straightened(self, angle_deg):
        ground = photo("brick") if abs(angle_deg) < 90 else np.full((512, 512, 3), 90, np.uint8)
        (found,) = read_lettering(written("Hello world", size=44, on=ground, angle_deg=angle_deg), *networks())
        assert found.text == "Hello world"

    @pytest.mark.parametrize("name", ["brick", "coffee"])
    def test_words_are_where_they_are(self, name):
        picture = written("Grand summer sale 2024", size=36, on=photo(name))
        (found,) = read_lettering(picture, *networks())
        font = ImageFont.load_default(36)
        middle = (picture.size[0] / 2, picture.size[1] / 2)
        left = ImageDraw.Draw(PillowImage.new("L", (1, 1))).textbbox(middle, found.text, font=font, anchor="mm")[0]
        for piece in found.words:
            before = found.text[: found.text.index(piece.text)]
            begin = left + font.getlength(before)
            end = begin + font.getlength(piece.text)
            assert piece.box[0] == pytest.approx(begin, abs=16)
            assert piece.box[2] == pytest.approx(end, abs=16)

    def test_large_pictures_are_read_from_all_of_their_pixels(self):
        ground = np.full((3000, 4000, 3), 230, np.uint8)
        (found,) = read_lettering(written("Terms and conditions apply", size=50, on=ground, color="black"), *networks())
        assert found.text == "Terms and conditions apply"

    def test_a_page_is_read(self):
        found = read_lettering(Image(photo("page")), *networks())
        assert "Region-based segmentation" in texts(found)
        assert texts(lines_matching(found, "background")) == ["background.", "background."]

    def test_a_date_in_a_corner_is_a_stamp(self):
        picture = PillowImage.fromarray(photo("chelsea"))
        ImageDraw.Draw(picture).text((330, 268), "07.04'09", fill="orange", font=ImageFont.load_default(22))
        found = read_lettering(Image(np.asarray(picture)), *networks())
        assert texts(date_stamps(found, picture.size)) == ["07.04'09"]
