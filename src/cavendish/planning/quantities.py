"""Amounts, picture sizes and colors in English text, each with its place: what a number means, not what it is for.

A compiled pattern finds where a quantity may begin; the grammar `amounts.lark` reads the few words from there. Names
stand in `colors.toml` and `formats.toml`. Quotations, and their stand-ins such as `«0»`, are not read.
"""

from __future__ import annotations

import colorsys
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from cavendish.domain.sizes import RATIO_SIZES

if TYPE_CHECKING:
    from lark import Lark, Token

SPOT_LIMIT = 128
"""Places of one text that are read for quantities of one kind; a longer list is cut here, which bounds the work."""

_SPAN = 96
"""Characters read from a place on."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and its unit.

    Args:
        value: With its written sign: "-10 %" is −0.1. Of a range ("10-20 %"), the middle.
        unit: `fraction` (20 % is 0.2), `ev` (stops), `deg` (a quarter turn is 90), `px`, `k` (kelvin), `factor` (twice
            is 2; a bare half or 1/3 too), `count` (a whole number before a noun), `number` (any other).
        start: Offset in the text.
        end: Offset behind the unit; of a count, behind the number.
    """

    value: float
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PictureSize:
    """A size, shape or weight a picture shall have; what is not said is None.

    Args:
        width_px: Pixels; of paper and prints, at the dots per inch said, 300 without.
        height_px: As `width_px`.
        ratio: Such as "16:9", where no pixels are said; reduced unless it is one of the contract's.
        max_bytes: Most bytes of the file; 1 kB is 1,000.
        name: The format's name, such as "instagram story"; "" of plain figures.
        start: Offset in the text.
        end: Offset behind it.
    """

    width_px: int | None
    height_px: int | None
    ratio: str | None
    max_bytes: int | None
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Color:
    """A color.

    Args:
        hex: `#RRGGBB`, sRGB, upper case; alpha is dropped.
        words: The words as written.
        start: Offset in the text.
        end: Offset behind them.
    """

    hex: str
    words: str
    start: int
    end: int


# ---------------------------------------------------------------- text and grammar

_TYPOGRAPHY = str.maketrans("−–—‐‑×⁎％＋，：＃’‘\u00a0\u202f\u2009\u3000º˚", "-----x*%+,:#''    °°")
_QUOTED = re.compile(r'(?<![0-9])"[^"]*"|“[^“”]*”|«[^«»]*»|§[0-9]+')
_QUOTES = frozenset('"“«§')


def _plain(text: str) -> str:
    """Lower case, plain signs, quotations blanked; every character keeps its place."""
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)
    lowered = text.lower()
    if len(lowered) != len(text):  # "İ" is two characters in lower case
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    if _QUOTES.isdisjoint(lowered):
        return lowered
    return _QUOTED.sub(lambda quoted: "|" * len(quoted.group()), lowered)


def _one_of(phrases: Iterable[str]) -> str:
    """A pattern of the longest of `phrases`, beginnings shared to fail fast; a blank is also a hyphen or nothing."""
    tree: dict[str, Any] = {}
    for phrase in phrases:
        node = tree
        for char in phrase:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branches(tree)


def _branches(tree: Mapping[str, Any]) -> str:
    ways = [
        (r"[\s-]{0,2}" if char == " " else re.escape(char)) + _branches(rest) for char, rest in tree.items() if char
    ]
    if len(ways) == 1 and "" not in tree:
        return ways[0]
    return f"(?:{'|'.join(ways)}){'?' if '' in tree else ''}" if ways else ""


def _listed(phrases: str) -> list[str]:
    return " ".join(phrases.split()).split(", ")


def _squeezed(name: str) -> str:
    return re.sub(r"[\s-]+", "", name)


@cache
def _table(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files("cavendish.planning").joinpath(name).read_text("utf-8"))


@cache
def _grammar() -> Lark:
    from lark import Lark  # noqa: PLC0415 - a text without quantities never pays for it

    grammar = files("cavendish.planning").joinpath("amounts.lark").read_text("utf-8")
    names = rf"""
        COLOR_NAME.2: /{_one_of(_colors())}(?=(?:-?ish)?(?![a-z]))/
        ISH.3: /{_one_of(_ish())}(?![a-z])[\s-]?/
        SHADE: /{_one_of(_table("colors.toml")["shades"])}[\s-]+/
        FORMAT.3: /{_one_of(name for name, _ in _formats().values())}(?![a-z0-9])/
    """
    return Lark(grammar + names, start=["amount", "size", "color"], parser="lalr", transformer=_Meaning())


class _Reading(NamedTuple):
    """What the words from a spot on mean (None: nothing) and where the rest begins (None: there is none)."""

    meaning: Any
    length: int | None


def _readings(kind: str, spots: re.Pattern[str], text: str) -> Iterator[tuple[Any, int, int]]:
    """Meanings and their places, left to right."""
    end = 0
    for _ in range(SPOT_LIMIT):
        spot = spots.search(text, end)
        if spot is None:
            return
        start = spot.start()
        span = text[start : start + _SPAN]
        reading: _Reading = _parse(kind, span) or _Reading(None, max(1, spot.end() - start))
        end = start + (len(span) if reading.length is None else reading.length)
        if reading.meaning is not None:
            yield reading.meaning, start, end


def _parse(kind: str, words: str) -> Any:
    """What the method of the rule `kind` returns, or None where the words are no such thing."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415 - as above

    try:
        return _grammar().parse(words, start=kind)
    except UnexpectedInput:
        return None


def _rest(parts: Sequence[Any]) -> int | None:
    return next((part.start_pos for part in parts if _type(part) in {"COUNTED", "REST"}), None)


def _type(part: Any) -> str:
    return getattr(part, "type", "")


def _float(written: str) -> float:
    """Read "1,920" as thousands and "1,5" as a decimal."""
    is_grouped = re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?", written) is not None
    return float(written.replace(",", "" if is_grouped else "."))


_FREE = r"(?<![\w#$€£\"])(?<![0-9][:/.,-])(?<![a-z][/-])"
"""Before a spot: no letter or digit, money, number or hyphenated word that goes on."""

# ---------------------------------------------------------------- amounts

_PARTS = {
    "half": 1 / 2,
    "halve": 1 / 2,
    "third": 1 / 3,
    "quarter": 1 / 4,
    "fourth": 1 / 4,
    "fifth": 1 / 5,
    "tenth": 1 / 10,
}
_MULTIPLES = {"twi": 2.0, "thr": 3.0, "dou": 2.0, "tri": 3.0, "qua": 4.0, "hal": 0.5}
_CARDINAL_WORDS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"""
_CARDINALS = {
    **dict(zip(_CARDINAL_WORDS.split(), (*map(float, range(1, 20)), *map(float, range(20, 100, 10))), strict=True)),
    "couple": 2.0,
    "few": 3.0,
    "dozen": 12.0,
    "hundred": 100.0,
}
_UNITS = {
    "PERCENT": "fraction",
    "STOPS": "ev",
    "DEGREES": "deg",
    "TURNS": "deg",
    "PIXELS": "px",
    "KELVIN": "k",
    "TIMES": "factor",
}
_SCALES = {"PERCENT": 0.01, "TURNS": 360.0}
_LEAST_K = 1000
"""Kelvin; "4k" and "8k" are picture sizes."""

_UNIT_WORD = r"(?:full\s|whole\s)?(?:f[\s-]?)?(?:stops?|ev|degrees?|deg|percent|pixels?|px)(?![a-z])"
_PART_WORD = r"(?:third|quarter|fourth|fifth|tenth)s?(?![a-z])"
_AMOUNT_SPOT = re.compile(
    rf"""(?=[-+.0-9½⅓⅔¼¾⅛a-z]){_FREE}(?:
        (?:\+\s?|-(?:\s(?=[0-9.,/]+\s?(?:%|percent|ev|stops?|°|deg)))?)?(?:\.?[0-9]|[½⅓⅔¼¾⅛])
        |(?:minus|plus|negative)\s(?=\.?[0-9]|[½⅓⅔¼¾⅛]|(?:{"|".join(_CARDINALS)})(?![a-z]))
        |(?:times\s|x)(?=[0-9](?![0-9a-z]))
        |(?:{"|".join(_CARDINAL_WORDS.split()[1:])}|hundred|(?:an?\s|one\s)?(?:hundred|dozen))(?![a-z])
        |one(?=[\s-](?:half|{_PART_WORD}|and\sa\s|hundred|{_UNIT_WORD}))
        |(?:a\s)?(?:couple(?=\sof\s|\s{_UNIT_WORD})|few(?=\s{_UNIT_WORD}))
        |an?\s(?={_UNIT_WORD}|half[\s-](?:{_UNIT_WORD}|turn))
        |(?:(?<=by\s)|(?<=to\s))an?\s(?={_PART_WORD})
        |an?\s(?={_PART_WORD}\s(?:of|the|as|its|stop|size|turn|off|smaller|larger|bigger|less|more|darker|brighter))
        |(?:(?<=by\s)|(?<=in\s)|(?<=to\s)|(?<=at\s))half(?![\w-])
        |(?<!left\s)(?<!right\s)(?<!top\s)(?<!upper\s)(?<!lower\s)(?<!bottom\s)(?<!other\s)(?<!first\s)(?<!second\s)
            half(?=\s(?:an?|the|of|as|its|his|her|their|my|this|that|size|strength|opacity)(?![a-z])
                |[\s-](?:{_UNIT_WORD}|turn))
        |quarter(?=[\s-](?:of\sa\s)?turn)
        |(?:double|triple|quadruple|halve)(?=\s(?:the|its|his|her|their|my|in|size|as|this|that|it)(?![a-z]))
        |(?:twice|thrice|doubled|tripled|quadrupled|halved)(?![a-z])
    )""",
    re.VERBOSE,
)
_LABEL = re.compile(
    r"(?:\b(?:image|picture|photo|pic|figure|fig\.?|panel|step|number|no\.?|version|option|layer|chapter|page|iso|part"
    r"|class of)\s?[#:]?\s?|(?:^|\n)[ \t]*"
    r"|\b(?P<article>the|these|those)\s|\b(?P<year>in|from|of|since|circa|year|by)\s)\Z"
)
"""Before a number that names something ("image 2"), lists, or may be a year."""


class _AmountMeaning:
    """The rules of amounts."""

    def amount(self, parts: Sequence[Any]) -> _Reading:
        numbers = [part for part in parts if isinstance(part, _Number)]
        mark = next((_type(part) for part in parts if _type(part) not in {"", "REST"}), "")
        value = sum(number.value for number in numbers) / len(numbers)
        unit = _UNITS.get(mark) or ("" if mark == "FOREIGN" else numbers[0].unit)
        if unit == "count" and mark != "COUNTED":
            unit = "number"
        is_said = unit and not (unit == "k" and value < _LEAST_K)
        return _Reading((round(value * _SCALES.get(mark, 1.0), 9), unit) if is_said else None, _rest(parts))

    def numeral(self, parts: Sequence[Any]) -> _Number:
        number: _Number = parts[-1]
        if len(parts) == 1:
            return number
        is_negative = parts[0].strip() in {"-", "minus", "negative"}
        return _Number(
            -number.value if is_negative else number.value, "number" if number.unit == "count" else number.unit
        )

    def decimal(self, parts: Sequence[str]) -> _Number:
        return _Number(
            _float(parts[0]) + sum(map(_part, parts[1:])),
            "count" if len(parts) == 1 and parts[0].isdigit() else "number",
        )

    def part(self, parts: Sequence[str]) -> _Number:
        return _Number(_part(parts[0]), "factor")

    def parts(self, parts: Sequence[Any]) -> _Number:
        return _Number(parts[0].value * _part(parts[1]), "factor")

    def whole(self, parts: Sequence[Any]) -> _Number:
        return parts[0] if len(parts) == 1 else _Number(parts[0].value + _part(parts[1]), "number")

    def cardinal(self, parts: Sequence[str]) -> _Number:
        words = [word for word in re.findall("[a-z]+", " ".join(parts)) if word in _CARDINALS]
        values = [_CARDINALS[word] for word in words]
        value = sum(values) if len(parts) > 1 else (values or [1.0])[-1]  # "twenty five", but "one hundred"
        return _Number(value, "count" if value > 1 else "")

    def multiple(self, parts: Sequence[str]) -> _Number:
        return _Number(_MULTIPLES.get(parts[0][:3]) or _float(parts[0]), "factor")


class _Number(NamedTuple):
    """A numeral, and its unit if no other is written ("": it says nothing alone, as “one” and “a”)."""

    value: float
    unit: str


def _part(written: str) -> float:
    """The value of "1/3", "½", "third", "and a half"."""
    over, slash, under = written.partition("/")
    if slash:
        return float(over) / float(under)
    words = (word.rstrip("s") for word in re.findall("[a-z]+", written))
    return next((_PARTS[word] for word in words if word in _PARTS), None) or unicodedata.numeric(written.strip())


def read_amounts(text: str) -> tuple[Amount, ...]:
    """Read the amounts of a text, left to right, without overlap.

    Sizes ("1920x1080", "16:9", "200 kB"), other measures ("24mm", "12 pm"), labels ("image 2", "3D"), years are none.

    Args:
        text: Any length; the work is linear in it, and `SPOT_LIMIT` places are read.
    """
    plain = _plain(text)
    return tuple(
        Amount(value, unit, start, end)
        for (value, unit), start, end in _readings("amount", _AMOUNT_SPOT, plain)
        if unit not in {"count", "number"} or not _is_label(plain, start, end, unit)
    )


def _is_label(text: str, start: int, end: int, unit: str) -> bool:
    before = _LABEL.search(text, max(0, start - 16), start)
    if before is None or not text[start].isalnum():
        return False
    if before["article"]:
        return unit == "number"
    if before["year"]:
        return end - start == 4 and text[start:end].isdigit() and text.startswith(("19", "20"), start)
    return before.group().strip() != "" or text[end : end + 2] in {". ", ") "}


# ---------------------------------------------------------------- degrees

_DEGREES = {
    0.35: """very slightly, ever so slightly, a tiny bit, a teeny bit, a teensy bit, a tiny little bit, a very little,
        very subtly, very gently, just a hair, a smidge, barely""",
    0.5: """slightly, slight, a bit, a little, a little bit, a tad, a tad bit, a touch, a hint, a small amount, subtly,
        subtle, gently, mildly, lightly, not too, not too much, not so much, not much, not a lot, not very, not by much,
        minimally, nothing too strong, do not overdo, don't overdo, dont overdo, not overdo""",
    0.75: "somewhat, moderately, fairly, to some extent, a moderate amount",
    1.6: """much, very much, so much, a lot, a whole lot, lots, quite a bit, quite a lot, a good deal, a great deal,
        very, really, significantly, strongly, heavily, considerably, substantially, greatly, intensely""",
    2.0: "extremely, drastically, super, dramatically, massively, incredibly, insanely, hugely, ultra, way too much",
    3.0: """completely, totally, fully, entirely, as much as possible, as much as you can, as far as possible,
        all the way, to the max, one hundred percent""",
}
"""What adverbs do to an amount that no number states."""

_NO_DEGREE = (
    r"thank(?:s|\syou)?(?:\s(?:very|so))?\smuch|(?:too|how)\smuch|as\smuch(?!\sas\s(?:possible|you\scan))"
    r"|really\s(?:want|need|like|love|appreciate|hope)"
)


@cache
def _degrees() -> tuple[re.Pattern[str], Mapping[str, float]]:
    factors = {phrase: factor for factor, group in _DEGREES.items() for phrase in _listed(group)}
    pattern = rf"""(?=[a-z0-9])(?<![\w'-])(?:
        (?P<most>as\s[a-z]{{1,20}}\sas\spossible|100\s?(?:%|percent))
        |(?P<none>{_NO_DEGREE})
        |(?P<said>{_one_of(factors)})(?![\w-])
        |(?P<much>(?:way|far)(?=\s(?:more|less|too|[a-z]{{1,20}}er)(?![a-z])))
    )"""
    return re.compile(pattern, re.VERBOSE), {_squeezed(phrase): factor for phrase, factor in factors.items()}


def degree_of(text: str) -> float | None:
    """What the first adverb of degree makes of an amount: from 0.35 (“very slightly”) to 3 (“completely”); or None."""
    pattern, factors = _degrees()
    for found in islice(pattern.finditer(_plain(text)), SPOT_LIMIT):
        match found.lastgroup:
            case "most":
                return 3.0
            case "much":
                return 1.6
            case "said":
                return factors[_squeezed(found["said"])]
    return None


# ---------------------------------------------------------------- picture sizes

_LEAST_PX = 32
"""A side below it is pixels only if it says so."""

_MM_PER = {"INCH": 25.4, "CM": 10.0, "MM": 1.0}
_BYTES = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 1_024, "mi": 1_024**2, "gi": 1_024**3}
_BYTE_WORD = r"(?:[kmg]i?b|kilobytes?|megabytes?|[km]bytes?|bytes)(?![a-z])"
_AT_LEAST = ("at least", "more", "over", "min", "from", "bigger", "larger", "above", "exceed", "greater", "not less")
_LIMITS = """under, below, less than, smaller than, fewer than, no more than, not more than, no larger than, no bigger
    than, not exceed, not exceeding, at most, up to, within, max, max., maximum, maximum of, max of, max
    size, maximum size, limit of, at least, not less than, more than, bigger than, larger than, greater
    than, exceed, above, over, from, min, minimum, minimum of, minimum size"""


class _Size(NamedTuple):
    """A picture size without its place."""

    width_px: int | None = None
    height_px: int | None = None
    ratio: str | None = None
    max_bytes: int | None = None
    name: str = ""

    def at(self, start: int, end: int) -> PictureSize:
        return PictureSize(self.width_px, self.height_px, self.ratio, self.max_bytes, self.name, start, end)


@cache
def _formats() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Squeezed name to the name and its entry."""
    return {_squeezed(name): (name, entry) for entry in _table("formats.toml")["format"] for name in entry["names"]}


@cache
def _size_spot() -> re.Pattern[str]:
    names = _one_of(name for name, _ in _formats().values() if name != "square")
    return re.compile(
        rf"""(?=[0-9a-z<≤]){_FREE}(?:
            [0-9]{{1,7}}(?:[.,][0-9]{{1,4}})?(?:
                \s?(?:px|pixels?)?\s?(?:x|\*|by)\s?[0-9]|\s?:\s?[0-9]|\s?{_BYTE_WORD}
                |[\s-]?(?:px|pixels?)?[\s-]?(?:in\s)?(?:wide|width|across|tall|height|high|square)(?![a-z-]))
            |(?:{_one_of(_listed(_LIMITS))}|[<≤]):?\s?(?=[0-9]{{1,9}}(?:[.,][0-9]{{1,9}})?\s?{_BYTE_WORD})
            |(?:width|height|wide|tall)(?=(?:\s(?:of|to|is|at|should\sbe)|\s?[=:])?\s?
                [0-9]{{1,7}}\s?(?:(?:px|pixels?)(?![a-z])|(?![\w.,%]|\s?(?:%|percent|cm|mm|inch|in|ft|feet|m|times|x|degrees|deg)(?![a-z]))))
            |ratio(?=(?:\s(?:of|to|is|at)|\s?[=:])?\s[0-9]{{1,5}}(?:\.[0-9]{{1,4}})?\s?(?::|x|by)\s?[0-9])
            |(?:portrait|vertical|landscape|horizontal)\s(?=[0-9]{{1,5}}\s?:\s?[0-9]|(?:{names})(?![a-z0-9]))
            |(?<!audi\s)(?:{names})(?![a-z0-9])
            |square(?=\s(?:crop|format|image|picture|photo|pic|ratio|aspect|size|version|canvas|thumbnail|shape|dimensions)s?(?![a-z]))
            |(?:(?<=it\s)|(?<=to\s)|(?<=to\sa\s)|(?<=into\sa\s)|(?<=as\sa\s)|(?<=image\s)|(?<=picture\s)|(?<=photo\s)|(?<=crop\s)|(?<=be\s)
                |(?<=perfect\s)|(?<=perfectly\s)|^)square(?=\s*\Z|\s?[^\w\s-]|\s(?:and|with|but|for|so|around|centered|by|please|on|then)\s)
        )""",
        re.VERBOSE,
    )


class _SizeMeaning:
    """The rules of picture sizes; None where the figures say none."""

    def size(self, parts: Sequence[Any]) -> _Reading:
        return _Reading(parts[0], _rest(parts))

    def area(self, parts: Sequence[Token]) -> _Size | None:
        figures, kinds = _figures(parts), {part.type for part in parts}
        mm = next((mm for unit, mm in _MM_PER.items() if unit in kinds), None)
        if "GRID" in kinds or not min(figures):
            return None
        if mm is None and ("PX" in kinds or min(figures) >= _LEAST_PX):
            return _Size(round(figures[0]), round(figures[1]))
        if mm is None and "PRINT" not in kinds:
            return _shape(figures, kinds)
        return _printed([figure * (mm or 25.4) for figure in figures], parts)

    def ratio(self, parts: Sequence[Token]) -> _Size | None:
        return _shape(_turned(_figures(parts), parts), {part.type for part in parts})

    def sides(self, parts: Sequence[_Size]) -> _Size | None:
        width, height = max(side.width_px or 0 for side in parts), max(side.height_px or 0 for side in parts)
        return _Size(width or None, height or None) if width or height else None

    def side(self, parts: Sequence[Token]) -> _Size:
        axis = next(part for part in parts if part.type == "AXIS").strip(" -").removeprefix("in ").lstrip()
        value = _figures(parts)[0]
        if value < _LEAST_PX and all(part.type != "PX" for part in parts):
            return _Size()
        return _Size(None if axis[0] in "th" else round(value), None if axis[0] in "wa" else round(value))

    def weight(self, parts: Sequence[str]) -> _Size | None:
        unit = parts[-1].strip()
        prefix = unit[:2] if unit[1:2] == "i" and len(unit) == 3 else unit[0]
        count = int(_float(parts[-2]) * _BYTES.get(prefix, 1))
        is_least = len(parts) == 3 and parts[0].startswith(_AT_LEAST)
        return None if is_least or not count else _Size(max_bytes=count)

    def named(self, parts: Sequence[Token]) -> _Size | None:
        name, entry = _formats()[_squeezed(next(part for part in parts if part.type == "FORMAT"))]
        if "ratio" in entry:
            return _Size(ratio=entry["ratio"], name=name)
        if "size_px" in entry:
            width, height = _turned(entry["size_px"], parts)
            return _Size(width, height, name=name)
        if name == "letter" and all(part.type != "DPI" for part in parts):
            return None
        return _printed(_turned(entry["size_mm"], parts), parts)._replace(name=name)

    def stray(self, _parts: Sequence[Token]) -> None:
        return None


def _figures(parts: Sequence[Token]) -> list[float]:
    return [_float(part) for part in parts if part.type == "NUMBER"]


def _turned(figures: Sequence[Any], parts: Sequence[Token]) -> list[Any]:
    turned = next((part.strip() for part in parts if part.type == "TURNED"), None)
    return list(figures) if turned is None else sorted(figures, reverse=turned in {"landscape", "horizontal"})


def _shape(figures: Sequence[float], kinds: set[str]) -> _Size | None:
    ratio = ":".join(f"{figure:g}" for figure in figures)
    if not min(figures) or not (
        ratio in RATIO_SIZES or ratio in _table("formats.toml")["ratios"] or kinds & {"SHAPE", "SHAPE_OF"}
    ):
        return None
    if ratio not in RATIO_SIZES and all(figure.is_integer() for figure in figures):
        divisor = math.gcd(*map(int, figures))
        ratio = ":".join(f"{figure / divisor:.0f}" for figure in figures)
    return _Size(ratio=ratio)


def _printed(size_mm: Sequence[float], parts: Sequence[Token]) -> _Size:
    dots = next((re.sub("[^0-9]", "", part) for part in parts if part.type == "DPI"), "300")
    width, height = (max(1, round(side / 25.4 * int(dots))) for side in size_mm)
    return _Size(width, height)


def read_sizes(text: str) -> tuple[PictureSize, ...]:
    """Read sizes, shapes, named formats and limits of bytes, left to right, without overlap.

    "4x6" is a print where inches, "print" or "photo" stand beside it, a ratio where it is a usual one, else nothing.

    Args:
        text: Any length; the work is linear in it, and `SPOT_LIMIT` places are read.
    """
    return tuple(size.at(start, end) for size, start, end in _readings("size", _size_spot(), _plain(text)))


# ---------------------------------------------------------------- colors

_BEFORE_NO_NOUN = (
    r"(?=\s*(?:\Z|[^\w\s-]|(?:and|or|but|to|from|on|in|into|onto|at|of|with|for|next|near|beside|behind|under|over|above|by|so|then|is|are"
    r"|that|which|instead)(?![a-z])))"
)
_COLOR_WORD = r"[\s-](?:colou?r|tone|tint|hue|shade)"
_AROUND = re.compile(
    r"^(?:an?\s|the\s)?(?:(?:colou?r|shade|tone|tint|hue)\s(?:of\s)?)?|[\s-](?:colou?r(?:ed)?|tone|tint|hue|shade)$"
)
_WORDS = re.compile("[a-z]+")


@cache
def _colors() -> Mapping[str, str]:
    """Every color's name, things included, to its `#RRGGBB`."""
    return {**_things(), **_names()}


@cache
def _names() -> Mapping[str, str]:
    table = _table("colors.toml")
    return _spelled({**table["survey"], **table["css"], **table["everyday"]}) | {
        f"{name}s": table["everyday"][name] for name in table["phrases"]["plural"]
    }


@cache
def _things() -> Mapping[str, str]:
    return _spelled(_table("colors.toml")["things"])


def _spelled(names: Mapping[str, str]) -> dict[str, str]:
    return {**names, **{name.replace("gray", "grey"): value for name, value in names.items() if "gray" in name}}


@cache
def _ish() -> Mapping[str, str]:
    """“bluish” and the like to the plain name."""
    table = _table("colors.toml")
    names = [name for name in _spelled(table["everyday"]) if " " not in name]
    regular = {f"{stem}ish": name for name in names for stem in (name, name.removesuffix("e"))}
    return {**regular, **table["ish"]}


@cache
def _color_pattern() -> str:
    """A pattern of one color in lower-case text, without groups, for rules that name their own place for it."""
    table = _table("colors.toml")
    shade = (
        rf"(?:(?:very|really|super|extremely)[\s-]{{1,3}})?{_one_of(table['shades'])}[\s-]{{1,3}}"
        r"(?:(?:shade|tone|tint|hue)\sof\s(?:an?\s)?)?"
    )
    plain, things = _one_of(_spelled(table["everyday"])), _one_of(_things())
    return (
        r"(?:#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![0-9a-z])|(?:rgb|hsl)a?\s?\([^()]{5,40}\)"
        rf"|(?:{shade}){{0,2}}?(?:{_one_of(_ish())}(?:[\s-]{plain})?|{_one_of(_names())}(?:-?ish|-{plain})?)(?![a-z])"
        rf"|(?:{shade}){{1,2}}?{things}{_BEFORE_NO_NOUN}|{things}(?={_COLOR_WORD}))"
    )


@cache
def _color_spot() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w#]){_color_pattern()}(?!\w)(?![\s-](?:eyed|haired|headed|skinned))")


@cache
def _no_colors() -> re.Pattern[str]:
    phrases = _table("colors.toml")["phrases"]
    return re.compile(rf"\b(?:{_one_of(phrases['not_colors'])}\b|an?\s{_one_of(phrases['fruits'])}{_BEFORE_NO_NOUN})")


@cache
def _color_words() -> frozenset[str]:
    """Words one of which every color has."""
    return (
        frozenset(name.split()[-1] for name in (*_colors(), *_ish()))
        | {_squeezed(name) for name in _colors()}
        | {"rgb", "rgba", "hsl", "hsla", "ish"}
    )


class _ColorMeaning:
    """The rules of colors; every one gives `#RRGGBB`, `figures` perhaps None."""

    def figures(self, parts: Sequence[str]) -> str | None:
        return _of_digits(parts[0][1:]) if parts[0][0] == "#" else _of_function(parts[0])

    def plain(self, parts: Sequence[str]) -> str:
        return _by_squeezed_name()[_squeezed(parts[0])]

    def hinted(self, parts: Sequence[str]) -> str:
        return _shaded(self._base(parts[0]), _table("colors.toml")["shades"]["muted"])

    def tinged(self, parts: Sequence[str]) -> str:
        return _mixed(self._base(parts[0]), self.plain(parts[1:]), 0.3)

    def mixed(self, parts: Sequence[str]) -> str:
        return _mixed(self.plain(parts), self.plain(parts[1:]), 0.5)

    def shade(self, parts: Sequence[str]) -> list[str]:
        return [parts[-1].strip(" -\n\t")] * len(parts)

    def shaded(self, parts: Sequence[Any]) -> str:
        color: str = parts[-1]
        for word in (word for words in reversed(parts[:-1]) for word in words):
            color = _shaded(color, _table("colors.toml")["shades"][word])
        return color

    def _base(self, word: str) -> str:
        name = word.strip(" -\n\t")
        return self.plain([_ish().get(name, name)])


class _Meaning(_AmountMeaning, _SizeMeaning, _ColorMeaning):
    """What every rule of the grammar means: lark calls the method of a rule's name with the parts it found."""


@cache
def _by_squeezed_name() -> Mapping[str, str]:
    return {_squeezed(name): color.upper() for name, color in _colors().items()}


def _of_digits(digits: str) -> str:
    return f"#{''.join(digit * 2 for digit in digits[:3]) if len(digits) < 6 else digits[:6]}".upper()


def _of_function(written: str) -> str | None:
    """`rgb(255, 0, 128)` and `hsl(330 100% 50%)`, as CSS Color Module Level 4 has them; alpha is dropped."""
    found = re.findall(r"([0-9]+(?:\.[0-9]+)?)(%?)", written)[:3]
    if len(found) < 3:
        return None
    if written.startswith("hsl"):
        hue, saturation, lightness = (float(value) for value, _ in found)
        values = list(colorsys.hls_to_rgb(hue / 360 % 1, min(lightness / 100, 1), min(saturation / 100, 1)))
    else:
        values = [float(value) / (100 if percent else 255) for value, percent in found]
    return "#" + "".join(f"{round(min(value, 1) * 255):02X}" for value in values)


def read_colors(text: str) -> tuple[Color, ...]:
    """Read the colors of a text, left to right, without overlap.

    Fruits, ailments and fixed phrases (“an orange”, “red eyes”, “black and white”) are none.

    Args:
        text: Any length; the work is linear in it, and `SPOT_LIMIT` places are read.
    """
    plain = _plain(text)
    if "#" not in plain and _color_words().isdisjoint(_WORDS.findall(plain)):
        return ()
    masked = _no_colors().sub(lambda found: "|" * len(found.group()), plain)
    spots = [spot.span() for spot in islice(_color_spot().finditer(masked), SPOT_LIMIT)]
    read = ((_parse("color", masked[start:end]), start, end) for start, end in spots)
    return tuple(Color(color, text[start:end], start, end) for color, start, end in read if color is not None)


def color_of(words: str) -> str | None:
    """The `#RRGGBB` of words that name one color and nothing else, as “a dark red color”; things (“mint”) count."""
    named = _AROUND.sub("", " ".join(_plain(words).split()))
    color: str | None = _by_squeezed_name().get(_squeezed(named)) or _parse("color", named[:_SPAN])
    return color


# ---------------------------------------------------------------- Oklab

_Lab = tuple[float, float, float]


def color_change(source: str, target: str) -> tuple[float, float, float]:
    """What turns one color into another.

    Args:
        source: `#RRGGBB`.
        target: `#RRGGBB`.

    Returns:
        Hue turn in degrees (−180 to 180), relative change of chroma (−1 to 1) and change of lightness (−1 to 1), in
        OkLCh; the turn is 0 where one of the two is gray.
    """
    (l1, a1, b1), (l2, a2, b2) = _to_oklab(source), _to_oklab(target)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    gray = min(c1, c2) < _GRAY
    turn = 0.0 if gray else math.degrees(math.atan2(b2, a2) - math.atan2(b1, a1))
    chroma = 1.0 if c1 < _GRAY <= c2 else c2 / max(c1, _GRAY) - 1
    return (turn + 180) % 360 - 180, max(-1.0, min(1.0, chroma)), l2 - l1


_GRAY = 0.02
"""Chroma below which a color has no hue to speak of."""


def _to_oklab(color: str) -> _Lab:
    """Oklab of `#RRGGBB`.

    Source:
        Björn Ottosson, “A perceptual color space for image processing”, 2020. Transfer: IEC 61966-2-1:1999.
    """
    encoded = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in encoded)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _to_linear(lab: _Lab) -> _Lab:
    """Linear-light sRGB of Oklab, below 0 or above 1 where sRGB has no such color."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _to_hex(lab: _Lab) -> str:
    """`#RRGGBB` of Oklab; chroma is lowered, lightness and hue kept, until sRGB has the color."""
    lightness, a, b = min(max(lab[0], 0.0), 1.0), lab[1], lab[2]
    inside, outside = 0.0, 1.0
    linear = _to_linear((lightness, a, b))
    if not _is_displayable(linear):
        for _ in range(10):
            share = (inside + outside) / 2
            linear = _to_linear((lightness, a * share, b * share))
            inside, outside = (share, outside) if _is_displayable(linear) else (inside, share)
        linear = _to_linear((lightness, a * inside, b * inside))
    clipped = (min(max(value, 0.0), 1.0) for value in linear)
    encoded = (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055 for value in clipped)
    return "#" + "".join(f"{round(value * 255):02X}" for value in encoded)


def _is_displayable(linear: _Lab) -> bool:
    return min(linear) >= -1e-4 and max(linear) <= 1.0001


def _shaded(color: str, shade: Sequence[float]) -> str:
    """A color with one shade word of `colors.toml` applied in OkLCh."""
    goal, share, chroma_factor, goal_hue_deg = shade
    lightness, a, b = _to_oklab(color)
    shaded = lightness + (goal - lightness) * share
    lightness = max(shaded, lightness) if goal >= 0.75 else shaded
    chroma, hue = math.hypot(a, b), math.atan2(b, a)
    if goal_hue_deg >= 0 and chroma < 0.01:  # a gray has no hue to turn: it takes a breath of the new one, white too
        lightness, chroma, hue = min(lightness, 0.97), 0.02, math.radians(goal_hue_deg)
    elif goal_hue_deg >= 0:
        turn = math.remainder(math.radians(goal_hue_deg) - hue, math.tau)
        hue += max(-math.radians(15), min(math.radians(15), turn))
    chroma *= chroma_factor
    return _to_hex((lightness, chroma * math.cos(hue), chroma * math.sin(hue)))


def _mixed(first: str, second: str, share: float) -> str:
    """`share` of the first color in the second, mixed in Oklab."""
    pairs = zip(_to_oklab(first), _to_oklab(second), strict=True)
    lightness, a, b = (one * share + other * (1 - share) for one, other in pairs)
    return _to_hex((lightness, a, b))
