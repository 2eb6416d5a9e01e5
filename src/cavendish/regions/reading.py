"""What the lettering says, where each word of it is, and which of it was meant."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from cavendish.regions.glyphs import ink_contrast
from cavendish.regions.lettering import Quad, TextNetwork, box_around, find_text_quads, part_of, straightened

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

ReadingNetwork = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Maps a float32 tensor 1×3×48×w (BGR, −1 to 1) to 1×(w / 8)×n probabilities: nothing, each character, a space."""

_MOST_LINES = 200
_HEIGHT = 48
_STRIDE = 8
"""Columns of the strip for each of the network's answers."""
_LEAST_WIDTH, _MOST_WIDTH = 320, 2400
"""The network is trained on strips padded to 320; longer ones are read as well, at a cost that grows with them."""
_IDLE = 0.35
"""Contrast of a column, from that of the gaps (0) to that of the letters (1), below which no letter crosses it."""
_ALIKE, _SHORT = 78.0, 3
"""Percentage of equal letters from which longer texts match; texts of up to three letters must be equal."""
_ABOUT_AS_WELL = 5.0
_SMALL, _ASIDE = 0.09, 0.15
"""A small line's height in shorter sides, and how near a corner's lines are to both edges, in sides."""
_CENTERED, _ACROSS, _OUTER, _LEVEL_DEG = 0.12, 0.6, 0.3, 8.0
"""How far captions are off the middle, how wide they are else, how near an edge, in sides; and how little tilted."""
_DIAGONAL_DEG = (20.0, 70.0)
_FAINT, _LEGIBLE = 25.0, 0.8
"""Distance in CIELAB up to which lettering lets the picture shine through, and confidence in what it says."""
_DATE_WORD = re.compile(
    "jan(uary|uar|vier)?|feb(ruary|ruar|rero|braio)?|fév(rier)?|mar(ch|s|zo)?|märz?|apr(il|ile)?|avr(il)?|abr(il)?"
    "|may|mai|mayo|mag(gio)?|june?|juni|juin|junio|giu(gno)?|july?|juli|juil(let)?|julio|lug(lio)?|aug(ust)?|août"
    "|ago(sto)?|sept?|sep(tember|tembre|tiembre)|set(tembre)?|o[ck]t(ober|obre|ubre)?|ott(obre)?"
    "|nov(ember|embre|iembre)?|de[cz](ember)?|déc(embre)?|dic(embre|iembre)?|ene(ro)?|gen(naio)?"
    "|mon|tue|wed|thu|fri|sat|sun|[ap]m?|st|nd|rd|th|of|de|[年月日時分秒]"
)
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_SITE = re.compile(r"©|\(c\)|https?:|www\.|@\w|\w\.(com|net|org|de|fr|io|co|uk|ru|cn|jp|info|photos?)\b", re.IGNORECASE)
_AGENCIES = (
    *("shutterstock", "gettyimages", "alamy", "istock", "adobestock", "dreamstime", "depositphotos"),
    *("123rf", "fotolia", "bigstock", "stockphoto", "canstock", "freepik", "vecteezy", "unsplash", "pixabay"),
    *("pictorem", "photoby", "allrightsreserved", "watermark", "copyright"),
)
_MARKS = ("sample", "preview", "specimen", "proof", "draft", "confidential", *_AGENCIES)
_SAME = 93.0
"""Percentage of equal letters from which two readings are of one text."""
_STEEP = 1.5
"""Height / width from which a line may run upwards as well as downwards."""


@dataclass(frozen=True)
class Word:
    """A word that was read.

    Args:
        text: The word, without spaces.
        confidence: How sure the recognizer is of its characters, 0–1.
        quad: Its corners as it is read, in pixels of the picture; they may lie a little outside it.
        box: The box around the quad, inside the picture.
        edges: Where each character begins, and where the last one ends, as fractions of the quad's length from 0 to 1.
    """

    text: str
    confidence: float
    quad: Quad
    box: Box
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """A line of lettering.

    Args:
        text: What it says; empty where nothing could be read.
        confidence: How sure the recognizer is of its characters, 0–1.
        quad: Its corners as it is read, in pixels of the picture; they may lie a little outside it.
        box: The box around the quad, inside the picture.
        words: Its words in the order in which they are read; their texts joined by spaces are the text.
    """

    text: str
    confidence: float
    quad: Quad
    box: Box
    words: tuple[Word, ...]


@dataclass(frozen=True)
class _Character:
    text: str
    confidence: float
    center: float
    """Column of the strip."""


class _Place(NamedTuple):
    """Characters of all spellings joined, from `start` to before `end`, and how well they match, 0–100."""

    score: float
    start: int
    end: int


def read_lettering(
    image: Image, detect: TextNetwork | None, read: ReadingNetwork | None, characters: tuple[str, ...]
) -> tuple[Line, ...]:
    """Find and read the lettering of a picture: up to 200 lines, the largest if there are more.

    Lines are found on a small copy and read from the full picture, one by one, each straightened to a strip of 48 rows.
    Lines that stand upright are read in both directions, level lines only from left to right.

    Args:
        image: The picture, any size from 1×1; what is transparent counts as gray.
        detect: PP-OCR's text detector; None to do without.
        read: PP-OCR's text recognizer; None to leave the lines unread.
        characters: What the recognizer tells apart, in the order of its answers.

    Returns:
        The lines from the top down; none without a detector.

    Source:
        Graves et al., "Connectionist Temporal Classification", ICML 2006 (best-path decoding).
    """
    if detect is None:
        return ()
    quads = find_text_quads(image, detect)
    largest = sorted(range(len(quads)), key=lambda k: -_area(quads[k]))[:_MOST_LINES]
    return tuple(_read_line(image, quads[k], read, characters) for k in sorted(largest))


def lines_matching(lines: Sequence[Line], wanted: str) -> tuple[Line | Word, ...]:
    """Find quoted words in what was read; case, accents, punctuation, spaces and a few misread letters do not matter.

    Args:
        lines: What `read_lettering` found.
        wanted: A word, a part of one, a line, or a text that runs over several lines.

    Returns:
        Every place that matches about as well as the best one, in reading order: the line if all of it was wanted,
        else the words; a part of a word where only that was wanted. Empty where nothing is similar.
    """
    target = _spelling(wanted)
    words = [(line, word) for line in _in_reading_order(lines) for word in line.words]
    spellings = [_spelling(word.text) for _, word in words]
    places = [*_similar_runs(spellings, target), *_equal_parts(spellings, target)] if target else []
    best = max((place.score for place in places), default=0.0)
    taken: list[_Place] = []
    for place in sorted(places, key=lambda place: (-place.score, place.start)):
        apart = all(place.end <= other.start or place.start >= other.end for other in taken)
        if apart and place.score >= best - _ABOUT_AS_WELL:
            taken.append(place)
    return tuple(piece for place in sorted(taken, key=lambda place: place.start) for piece in _pieces(place, words))


def date_stamps(lines: Sequence[Line], size: tuple[int, int]) -> tuple[Line, ...]:
    """Choose the dates and times that a camera prints into a corner of its picture.

    Args:
        lines: What `read_lettering` found.
        size: (width, height) of the picture in pixels.

    Returns:
        Small lines near a corner that read as a date or a time, the language of its month aside.
    """
    return tuple(line for line in lines if _is_date(line.text) and _is_small(line, size) and _in_corner(line.box, size))


def captions(lines: Sequence[Line], size: tuple[int, int]) -> tuple[Line, ...]:
    """Choose what is laid over a picture as its caption, subtitle or joke.

    Args:
        lines: What `read_lettering` found.
        size: (width, height) of the picture in pixels.

    Returns:
        Level lines in the upper or the lower third of the picture that are centered or run across most of it.
    """
    width, height = size
    found = []
    for line in lines:
        left, top, right, bottom = line.box
        centered = abs(left + right - width) < 2 * _CENTERED * width or right - left > _ACROSS * width
        outer = bottom < _OUTER * height or top > (1 - _OUTER) * height
        if centered and outer and abs(_tilt(line.quad)) < _LEVEL_DEG and not _is_date(line.text):
            found.append(line)
    return tuple(found)


def watermarks(image: Image, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Choose what is laid over a picture to mark whose it is.

    Args:
        image: The picture the lines were found in.
        lines: What `read_lettering` found.

    Returns:
        Lines that name a site, an agency, a copyright or a sample, that are repeated, that run diagonally, or that
        hardly stand out from the picture. Where there are none, small lines in a corner that are no dates.
    """
    faint = _faint(image, lines)
    marks = tuple(line for line in lines if _is_mark(line, lines) or line in faint)
    if marks:
        return marks
    size = image.size
    return tuple(
        line for line in lines if _is_small(line, size) and _in_corner(line.box, size) and not _is_date(line.text)
    )


def _is_date(text: str) -> bool:
    """Whether a text is a date or a time: groups of digits, perhaps with a month, and nothing else."""
    digits = re.sub(r"(?<![^\W\d_])[oO](?=\d)|(?<=\d)[oO](?![^\W\d_])", "0", text)
    names = re.findall(r"[^\W\d_]+", digits.casefold())
    lengths = [len(group) for group in re.findall(r"\d+", digits)]
    if not lengths or max(lengths) > 4 or not all(map(_DATE_WORD.fullmatch, names)):
        return False
    if names and sum(lengths) >= 2:
        return True
    return len(lengths) > 2 or (len(lengths) == 2 and sum(lengths) >= 5) or _TIME.search(digits) is not None


def _is_small(line: Line, size: tuple[int, int]) -> bool:
    return math.dist(line.quad[0], line.quad[3]) < _SMALL * min(size)


def _in_corner(box: Box, size: tuple[int, int]) -> bool:
    aside = min(box[0], size[0] - box[2]) / size[0]
    edge = min(box[1], size[1] - box[3]) / size[1]
    return aside < _ASIDE and edge < _ASIDE


def _is_mark(line: Line, lines: Sequence[Line]) -> bool:
    spelling = _spelling(line.text)
    words = [spelling, *(_spelling(word.text) for word in line.words)]
    if _SITE.search(line.text) or any(fuzz.ratio(name, word) > _SAME for name in _MARKS for word in words):
        return True
    if any(len(spelling) > len(name) and fuzz.partial_ratio(name, spelling) > _SAME for name in _AGENCIES):
        return True
    alike = [other for other in lines if len(spelling) > _SHORT and fuzz.ratio(spelling, _spelling(other.text)) > _SAME]
    diagonal = _DIAGONAL_DEG[0] < abs(_tilt(line.quad)) < _DIAGONAL_DEG[1]
    return len(alike) > 2 or (diagonal and line.confidence >= _LEGIBLE)


def _faint(image: Image, lines: Sequence[Line]) -> list[Line]:
    """Lines that the picture shines through: their contrast is low, and no others have the like."""
    legible = [line for line in lines if line.confidence >= _LEGIBLE and not _is_date(line.text)]
    contrasts = [(ink_contrast(image, line) or math.inf, line) for line in legible]
    usual = sorted(contrast for contrast, _ in contrasts)[len(contrasts) // 2] if len(contrasts) > 1 else math.inf
    return [line for contrast, line in contrasts if contrast < min(_FAINT, usual / 2)]


def _tilt(quad: Quad) -> float:
    """Degrees from level, −180 to 180."""
    return math.degrees(math.atan2(quad[1][1] - quad[0][1], quad[1][0] - quad[0][0]))


def _in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Lines row by row, each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        if rows and (line.box[1] + line.box[3]) / 2 < rows[-1][0].box[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def _similar_runs(spellings: list[str], target: str) -> Iterator[_Place]:
    """Runs of words that spell about the same as what is wanted."""
    least = _ALIKE if len(target) > _SHORT else 100.0
    start = 0
    for first, spelling in enumerate(spellings):
        run = ""
        for following in spellings[first:]:
            run += following
            score = fuzz.ratio(run, target, score_cutoff=least)
            if score > 0 and spelling and following:
                yield _Place(score, start, start + len(run))
            if len(run) > 2 * len(target):
                break
        start += len(spelling)


def _equal_parts(spellings: list[str], target: str) -> Iterator[_Place]:
    """Where what is wanted stands within words; best where a space may have been overlooked."""
    text = "".join(spellings)
    edges = {0, *itertools.accumulate(map(len, spellings))}
    edges |= {k + 1 for k, (a, b) in enumerate(itertools.pairwise(text)) if a.isdigit() != b.isdigit()}
    start = text.find(target)
    while start >= 0:
        end = start + len(target)
        at_edges = (start in edges) + (end in edges)
        if len(target) > _SHORT or at_edges == 2:
            yield _Place(94.0 + 2 * at_edges, start, end)
        start = text.find(target, start + 1)


def _pieces(place: _Place, words: list[tuple[Line, Word]]) -> Iterator[Line | Word]:
    """The lines, words and parts of words that a place covers."""
    start = 0
    for line, members in itertools.groupby(words, key=lambda member: member[0]):
        found = []
        for _, word in members:
            letters = [k for k, letter in enumerate(word.text) for _ in _spelling(letter)]
            covered = letters[max(0, place.start - start) : max(0, place.end - start)]
            start += len(letters)
            if covered:
                is_part = len(covered) < len(letters)
                found.append(_cut(word, covered[0], covered[-1] + 1) if is_part else word)
        if found == list(line.words):
            yield line
        else:
            yield from found


def _cut(word: Word, first: int, last: int) -> Word:
    """The characters from the first to before the last."""
    begin, end = word.edges[first], word.edges[last]
    quad = part_of(word.quad, begin, end)
    left, top, right, bottom = box_around(quad, (word.box[2], word.box[3]))
    edges = tuple((edge - begin) / (end - begin) for edge in word.edges[first : last + 1])
    return Word(word.text[first:last], word.confidence, quad, (left, top, right, bottom), edges)


def _spelling(text: str) -> str:
    """Letters and digits, without case and accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return "".join(c for c in plain if c.isalnum())


def _read_line(image: Image, quad: Quad, read: ReadingNetwork | None, characters: tuple[str, ...]) -> Line:
    if read is None:
        return Line("", 0.0, quad, box_around(quad, image.size), ())
    directions = [quad]
    left, top, right, bottom = box_around(quad, image.size)
    if bottom - top > _STEEP * (right - left):
        directions.append((quad[2], quad[3], quad[0], quad[1]))
    lines = [_read_strip(image, direction, read, characters) for direction in directions]
    return max(lines, key=lambda line: line.confidence)


def _read_strip(image: Image, quad: Quad, read: ReadingNetwork, characters: tuple[str, ...]) -> Line:
    strip = straightened(image, quad, height=_HEIGHT, most_columns=_MOST_WIDTH)
    width = strip.shape[1]
    found = [c for c in _decoded(read(_tensor(strip))[0], characters) if c.center < width]
    letters = [c for c in found if not c.text.isspace()]
    edges = _edges(letters, strip)
    words = []
    first = 0
    for text in "".join(c.text for c in found).split():
        last = first + len(text)
        word_quad = part_of(quad, edges[first], edges[last])
        inner = [(edge - edges[first]) / (edges[last] - edges[first]) for edge in edges[first : last + 1]]
        sure = _mean_confidence(letters[first:last])
        words.append(Word(text, sure, word_quad, box_around(word_quad, image.size), tuple(inner)))
        first = last
    text = " ".join(word.text for word in words)
    return Line(text, _mean_confidence(letters), quad, box_around(quad, image.size), tuple(words))


def _mean_confidence(characters: list[_Character]) -> float:
    return sum(c.confidence for c in characters) / len(characters) if characters else 0.0


def _area(quad: Quad) -> float:
    return cv2.contourArea(np.array(quad, np.float32))


def _tensor(strip: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The strip as the network was trained to see it, on the right padded with mid gray."""
    width = max(_LEAST_WIDTH, math.ceil(strip.shape[1] / _STRIDE) * _STRIDE)
    tensor = np.zeros((1, 3, _HEIGHT, width), np.float32)
    tensor[0, :, :, : strip.shape[1]] = strip[..., ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return tensor


def _decoded(probabilities: npt.NDArray[np.float32], characters: tuple[str, ...]) -> Iterator[_Character]:
    """The likeliest characters: repeats without nothing between them are one, placed at the middle of its run."""
    classes = probabilities.argmax(axis=1)
    starts = [0, *(np.flatnonzero(np.diff(classes)) + 1).tolist(), len(classes)]
    for start, end in itertools.pairwise(starts):
        which = int(classes[start])
        if which > 0:
            text = characters[which - 1] if which <= len(characters) else " "
            confidence = float(probabilities[start:end, which].max())
            yield _Character(text, confidence, (start + end) / 2 * _STRIDE)


def _edges(letters: list[_Character], strip: npt.NDArray[np.uint8]) -> list[float]:
    """Where each letter begins, and where the last one ends, as fractions of the strip: rising, from 0 to 1."""
    contrast = strip.astype(np.float32).std(axis=0).mean(axis=1)
    low, high = np.quantile(contrast, (0.05, 0.8))
    idle = contrast <= low + _IDLE * (high - low)
    between = [_widest_gap(contrast, idle, round(a.center), round(b.center)) for a, b in itertools.pairwise(letters)]
    return [0.0, *(column / strip.shape[1] for column in between), 1.0]


def _widest_gap(contrast: npt.NDArray[np.float32], idle: npt.NDArray[np.bool_], start: int, end: int) -> float:
    """The middle of the longest run of idle columns between two letters; the calmest column where there is none."""
    busy = np.flatnonzero(np.concatenate([[True], ~idle[start:end], [True]])) - 1
    gaps = np.diff(busy)
    widest = int(gaps.argmax())
    if gaps[widest] > 1:
        return start + float(busy[widest] + 1 + busy[widest + 1]) / 2
    return start + int(contrast[start:end].argmin()) + 0.5
