"""How much: adverbs, percentages, stops, angles, ratios and sides, read from the words around an ask."""

from __future__ import annotations

import re
from functools import cache

from cavendish.planning.clauses import words

_PERCENT = re.compile(r"(?:by |to )?(\d{1,3}(?:\.\d+)?) ?(?:%|percent)", re.IGNORECASE)
_STOPS = re.compile(r"(\d/\d|[+-]?\d(?:\.\d+)?|one|two|three|half an?|an?) ?(?:ev\b|(?:f-)?stops?\b)", re.IGNORECASE)
_WORDS = {"one": 1.0, "two": 2.0, "three": 3.0, "half a": 0.5, "half an": 0.5, "a": 1.0, "an": 1.0}
_COUNTERCLOCKWISE = re.compile(r"counter|anti|ccw|left", re.IGNORECASE)


@cache
def _adverbs() -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple(
        (re.compile(rf"\b(?:{'|'.join(group)})\b", re.IGNORECASE), float(factor))
        for factor, group in words()["factors"].items()
    )


def factor_of(text: str) -> float:
    """What the adverbs in `text` do to an amount: 1 without any, less for “slightly”, more for “a lot”."""
    return next((factor for pattern, factor in _adverbs() if pattern.search(text)), 1.0)


def stated_amount(text: str, parameter: str) -> float | None:
    """The size of an amount the words give as a number, always positive, or None.

    Args:
        text: A clause.
        parameter: `exposure_ev` reads stops; every other reads percentages as fractions.
    """
    if parameter == "exposure_ev" and (stops := _STOPS.search(text)):
        found = stops.group(1).lower()
        if "/" in found:
            over, under = map(int, found.split("/"))
            return over / max(under, 1)
        return abs(_WORDS[found]) if found in _WORDS else abs(float(found))
    if percent := _PERCENT.search(text):
        return float(percent.group(1)) / 100
    return None


def says_stops(text: str) -> bool:
    """Whether an amount is given in photographic stops."""
    return _STOPS.search(text) is not None


def without_amounts(text: str) -> str:
    """`text` with percentages and stops blanked."""
    return _STOPS.sub("|", _PERCENT.sub("|", text))


def angle_of(angle: str, turn: str) -> float:
    """Clockwise degrees of words such as “90 degrees” and “counterclockwise”; a direction alone is a quarter turn."""
    number = re.search(r"-?\d+(?:\.\d+)?", angle)
    if number is None and turn.lower() == "upside down":
        return 180.0
    size = float(number.group()) if number else 90.0
    return -size if _COUNTERCLOCKWISE.search(turn) else size


def ratio_of(text: str) -> str:
    """`16:9` of “16x9”; “square” is 1:1."""
    return "1:1" if text.lower() == "square" else re.sub(r" ?[:x×] ?", ":", text)


def side_of(text: str) -> str:
    """Side words joined by `-`, top or bottom first, such as `top-left`; "" without any."""
    lowered = re.sub(r"on top of", " ", text.lower())
    found = [side for side in ("top", "bottom", "center", "left", "right") if _says(lowered, words()["sides"][side])]
    return "-".join(found)


def size_of(text: str) -> float | None:
    """Height of a placed thing as a fraction of the picture's, from words such as “tiny” or “large”."""
    return next((float(share) for share, group in words()["sizes"].items() if _says(text.lower(), group)), None)


def _says(text: str, group: list[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text) for word in group)
