"""Wording and how it shall look: “Happy Birthday at the bottom in white letters” without quotation marks."""

from __future__ import annotations

import re
from typing import Any

from cavendish.planning.color_words import is_color_word
from cavendish.planning.phrases import Found, nouns_of
from cavendish.planning.quantities import read_colors
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import word_set, words

_FONTS = {
    "serif": "serif times roman classic",
    "script": "script cursive handwritten handwriting curly calligraphy fancy elegant swirly italic",
    "mono": "typewriter monospace monospaced mono code pixel",
    "condensed": "impact narrow condensed tall",
    "display": "comic graffiti poster western gothic bubble retro",
    "sans": "sans sans-serif helvetica arial modern simple clean",
}
_SIZES = {0.04: "small tiny little smaller", 0.14: "big large huge bigger giant larger"}
_PLACED = ("top-left", "top-right", "bottom-left", "bottom-right", "top", "bottom", "left", "right", "center")


def lettering_of(op: str, found: Found, ask_text: str) -> dict[str, Any]:
    """Parameters of a lettering op that are read from the words.

    Args:
        op: One of the family's ops.
        found: The rule and its slots.
        ask_text: The whole clause.
    """
    match op:
        case "add_text" | "add_caption":
            return _written(op, found, ask_text)
        case "replace_text":
            return _replaced(found)
        case "annotate" if found.rule.parameters.get("shape") == "bubble":
            text = wording(found.slots.get("quoted") or found.slots.get("words"))
            return {"text": text[:200]} if text else {}
        case "add_emoji":
            name = found.slots["words"].unquoted if "words" in found.slots else ""
            return ({"name": name} if name else {}) | place_of(ask_text, _PLACED)
    return {}


def _written(op: str, found: Found, ask_text: str) -> dict[str, Any]:
    said = found.slots.get("quoted") or found.slots.get("quoted2") or found.slots.get("words") or found.slots.get("new")
    text = wording(said)
    given: dict[str, Any] = {"text": text} if text else {}
    if op == "add_caption":
        return given
    kept = _tail_start(said.tokens) if said else 0
    rest = ask_text.replace(" ".join(token.text for token in said.tokens[:kept]), " ", 1) if said else ask_text
    return given | place_of(rest, _PLACED) | _look_of(rest)


def wording(said: Phrase | None) -> str:
    """What is to be written, without what is said of its place and letters; "" for none."""
    if said is None:
        return ""
    return said.with_tokens(said.tokens[: _tail_start(said.tokens)]).unquoted


def _tail_start(tokens: tuple[Token, ...]) -> int:
    """Where words about place, color or letters begin behind the wording."""
    for i in range(len(tokens)):
        word = tokens[i].text
        following = [token.text for token in tokens[i + 1 : i + 6]]
        if word in _openings() and _says_how(following, place=word not in {"with", "using", "by", "as"}):
            return i
        if is_color_word(word) and following and _is_letterform(following[0]) and not tokens[i].capital:
            return i
    return len(tokens)


def _openings() -> frozenset[str]:
    return word_set("grammar", "prepositions") | {"onto", "into", "upon", "with", "using", "by", "as"}


def _says_how(following: list[str], *, place: bool) -> bool:
    """Whether the words behind a preposition say where or how: “the bottom corner”, “big red letters”."""
    certain = following[:1] and following[0] in word_set("grammar", "determiners")
    for word in following[1:5] if certain else following[:4]:
        if _is_letterform(word) or (place and nouns_of("written_at").fullmatch(word)):
            return True
        if certain and place and (nouns_of("written_on").fullmatch(word) or nouns_of("surface").fullmatch(word)):
            return True
        if is_color_word(word) and not (certain and place):
            return True
    return False


def _is_letterform(word: str) -> bool:
    return nouns_of("letterform").fullmatch(word) is not None


def _replaced(found: Found) -> dict[str, Any]:
    old = found.slots.get("old") or found.slots.get("quoted")
    new = found.slots.get("new") or found.slots.get("quoted2") or found.slots.get("number")
    texts = {"old": wording(old), "new": wording(new)}
    return {name: text for name, text in texts.items() if text}


def place_of(text: str, choices: tuple[str, ...]) -> dict[str, Any]:
    """The one of `choices` that side words in the text name."""
    present = set(re.sub(r"\bon top of\b", " ", text).split())
    named = {side for side, group in words()["sides"].items() if present & set(group)}
    if present & {"across", "middle"} and not named:
        named = {"center"}
    if len(named) > 1:
        named -= {"center"}
    return next(({"place": choice} for choice in choices if set(choice.split("-")) <= named), {})


def _look_of(text: str) -> dict[str, Any]:
    """Color, font, height and effects of letters."""
    present = set(text.split())
    given: dict[str, Any] = {}
    for color in read_colors(text):
        before, after = text[: color.start].rstrip(), text[color.end :].lstrip()
        if re.match(r"(?:outline|outlines|stroke|border|edge)\b", after):
            given["outline"] = color.hex
        elif re.match(
            r"(?:[a-z]+ )?(?:letters|lettering|text|font|words|word|writing|type|title|headline|serif|sans|script)\b",
            after,
        ) or re.search(
            r"(?:^|\b(?:in|with|using|and))(?: (?:a|an|the color|big|bold|small|large|nice|thick|thin|bright|dark))*$",
            before,
        ):
            given.setdefault("color", color.hex)
    fonts = (font for font, group in _FONTS.items() if present & set(group.split()))
    if font := next(fonts, None):
        given["font"] = font
    if size := next((size for size, group in _SIZES.items() if present & set(group.split())), None):
        given["size"] = size
    if "shadow" in present:
        given["shadow"] = True
    if present & {"curved", "arched", "arc", "arch", "curve"}:
        given["arc_deg"] = 120
    return given
