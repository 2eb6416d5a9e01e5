"""Where a thing is to be put: at which side of the picture, and beside, before, behind, on or in what it shows."""

from __future__ import annotations

import re

from cavendish.domain.placement import RELATIONS
from cavendish.planning.nouns import PEOPLE_PRONOUNS, Noun, read_noun
from cavendish.planning.tokens import Phrase
from cavendish.planning.vocabulary import words

_SAID = {
    "in front of": "in front of", "next to": "next to", "right next to": "next to", "close to": "next to",
    "beside": "next to", "near": "next to", "by": "next to", "alongside": "next to", "behind": "behind",
    "in back of": "behind", "left of": "left of", "right of": "right of", "on top of": "on", "on": "on", "onto": "on",
    "upon": "on", "atop": "on", "to": "on", "in": "in", "into": "in", "inside": "in", "within": "in", "above": "above",
    "over": "above", "under": "under", "underneath": "under", "beneath": "under", "below": "under",
    "between": "between", "instead of": "instead of", "in place of": "instead of", "in the place of": "instead of",
    "replacing": "instead of",
}  # fmt: skip
assert set(_SAID.values()) == RELATIONS
_RELATION = re.compile(rf"\b({'|'.join(sorted(_SAID, key=len, reverse=True))}) ")
_STANDING = re.compile(
    r"(?:(?:and|but|it|him|her|them|make|have|keep|put|it's|is|are|should|be|small|tiny|large|big) )*"
    r"(?:(?:stand|place|position|locate|rest|float|fly|hang|park|standing|placed|floating|flying|hanging) )?"
    r"(?:(?:right|just|directly|far|way) )*"
)
"""What may come before: standing, not sitting, which would be another pose."""
_UPON = frozenset({"on", "in"})
_SIDE_AFTER = re.compile(r" (?:on|to|at|in) the (?:far |very )?(?:left|right|top|bottom|middle|center)(?: side)?$")
_FAR = frozenset({"distance", "background", "horizon", "far distance"})
_NO_THING = frozenset(
    {"corner", "side", "middle", "center", "edge", "left", "right", "top", "bottom", "half", "part", "front", "back"}
)


def whereabouts(phrase: Phrase, *, thing: str = "", images: int = 1, any_picture: bool = False) -> str:
    """Where words say that a thing goes, in the form that `read_placement` reads.

    Args:
        phrase: The clause.
        thing: What is placed, as it stands there; words beside it count first.
        images: How many pictures come with the message.
        any_picture: Whether it may go to something that another picture than the first one shows.
    """
    beside = phrase.text.replace(thing, " ", 1) if thing else phrase.text
    sides = sides_in(beside) or sides_in(phrase.text)
    behind = phrase.text.find(thing) + len(thing) if thing else 0
    relation = _related(phrase.part(behind, len(phrase.text)), images, any_picture=any_picture)
    if relation.startswith(f"{sides} of "):
        sides = ""
    return ", ".join(filter(None, (sides, relation)))


def _related(phrase: Phrase, images: int, *, any_picture: bool) -> str:
    """The first relation to something that the first picture, or any, shows, such as “behind the red sofa”."""
    for match in _RELATION.finditer(phrase.text):
        after = phrase.part(match.end(), len(phrase.text))
        noun = read_noun(after, images=images)
        relation = _SAID[match[1]]
        if (noun.image and not any_picture) or not noun.text or not is_thing(noun):
            continue
        if noun.text.lower() in _FAR:
            return "in the distance"
        if noun.text.lower() == "foreground":
            return "in the foreground"
        if noun.text.lower() in PEOPLE_PRONOUNS:
            return f"{relation} {noun.text}"
        if noun.query is None:
            continue
        if relation in _UPON and (nearer := _related(after, images, any_picture=any_picture)):
            return nearer  # “on the table next to the candle”: the candle tells more
        return f"{relation} the {_without_side(noun.text)}" if relation in _UPON else f"{relation} the {noun.text}"
    return ""


def _without_side(text: str) -> str:
    """A place without the side that is said of it: “shore on the left” lies on no other shore's left."""
    return _SIDE_AFTER.sub("", text)


def is_thing(noun: Noun) -> bool:
    """Whether a noun names something that a picture shows, rather than a part of the picture such as “the corner”."""
    return noun.head not in _NO_THING and (noun.query is None or bool(noun.query.query))


def only_says_where(phrase: Phrase, *, images: int) -> str:
    """The same where a clause says nothing else, such as “standing on the road”; "" otherwise."""
    begin = _STANDING.match(phrase.text)
    rest = phrase.text[begin.end() :] if begin else phrase.text
    return whereabouts(phrase, images=images) if _RELATION.match(rest) else ""


def sides_in(text: str) -> str:
    """Side words joined by `-`, top or bottom first, such as `top-left`; "" without any."""
    text = re.sub(r"\b(?:on top of|upside|right next)\b", " ", text)
    text = re.sub(r"\babove\b", "top", re.sub(r"\b(?:below|beneath|underneath)\b", "bottom", text))
    present = set(text.split())
    return "-".join(
        side for side in ("top", "bottom", "center", "left", "right") if present & set(words()["sides"][side])
    )
