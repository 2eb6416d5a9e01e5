"""What the words of a region expression say beyond its fields: sizes, shades, and phrases inside it."""

from __future__ import annotations

import dataclasses
import re

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.regions.colors import is_color
from cavendish.regions.things import forms, is_thing
from cavendish.regions.words import meanings

_SHADES = frozenset({"dark", "light", "bright", "pale", "deep"})
_ARTICLES = frozenset({"the", "a", "an", "one", "of"})


def understood(query: RegionQuery) -> RegionQuery:
    """The same expression with the sizes, shades and colors that stand in its noun phrase moved to their fields.

    "small mushroom" is the smallest of several, "dark teddy bear" in brown is dark brown, and "smaller" of two cups
    is a cup.
    """
    nouns = query.query.lower().split()
    size, color, of = query.size, query.color, query.of
    sizes = meanings("sizes")
    if len(nouns) == 1 and nouns[0] in sizes and of:
        size, of, nouns = sizes[nouns[0]], "", _without_counts(of)
    shade = ""
    while len(nouns) > 1 and not is_thing(" ".join(nouns)):
        if nouns[0] in sizes:
            size = size or sizes[nouns[0]]
        elif nouns[0] in _SHADES and not shade:
            shade = nouns[0]
        elif not color and is_color(nouns[0]):
            color = nouns[0]
        elif nouns[0] not in _ARTICLES:
            break
        nouns.pop(0)
    if shade:
        color = f"{shade} {color}" if is_color(f"{shade} {color}") else color
    return dataclasses.replace(query, query=" ".join(nouns), size=size, color=color, of=of)


def parsed(phrase: str) -> RegionQuery:
    """A noun phrase inside an expression, such as "long red dress": its color and its noun."""
    read = [word for word in re.findall(r"[a-z#0-9][\w'-]*", phrase.lower()) if word not in _ARTICLES]
    if is_color(" ".join(read)) and not is_thing(" ".join(read)):  # "in black"
        return RegionQuery("", color=" ".join(read))
    for length in (2, 1):
        for k in range(len(read) - length):  # the last word is the noun: an orange is a fruit
            color = " ".join(read[k : k + length])
            if is_color(color):
                return RegionQuery(" ".join(read[:k] + read[k + length :]), color=color)
    return RegionQuery(" ".join(read))


def name_of(query: RegionQuery) -> str:
    """What an expression calls the thing, in words for a message."""
    return " ".join(filter(None, (query.color, query.query))) or "such region"


def not_found(query: RegionQuery) -> UnsupportedEdit:
    """The refusal that says what is not there."""
    named = name_of(query)
    return UnsupportedEdit(f"no {named} {'were' if is_several(named) else 'was'} found")


def points_at(query: RegionQuery) -> bool:
    """Whether an expression points at one of several."""
    return bool(query.side or query.order or query.near or query.having or query.of or query.size or query.none_of)


def is_several(phrase: str) -> bool:
    """Whether a noun phrase is about more than one."""
    read = phrase.lower().split()
    plural = bool(read) and (read[-1] in _PLURALS or (len(forms(read[-1])) > 1 and not read[-1].endswith("ss")))
    return plural or bool(read and read[0] in _NUMBERS)


_NUMBERS = frozenset({"two", "three", "four", "both", "all", "2", "3", "4"})
_PLURALS = frozenset({"people", "men", "women", "children", "sheep"})


def _without_counts(phrase: str) -> list[str]:
    return [word for word in phrase.lower().split() if word not in _NUMBERS | _ARTICLES]
