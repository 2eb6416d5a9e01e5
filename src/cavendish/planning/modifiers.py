"""What stands around the name of a thing: “second … from the left”, “in a blue shirt”, “behind the car”."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from functools import cache

from cavendish.domain.queries import BACKGROUND, RegionQuery
from cavendish.planning.color_words import is_color_word
from cavendish.planning.phrases import nouns_of
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import verb_forms, word_set, words

Nested = Callable[[Phrase], tuple[RegionQuery, ...]]
"""Reads the things named inside a modifier."""

DONE_BY = frozenset({"worn", "held", "made", "taken", "seen", "driven", "drawn", "next", "close", "side"})
"""Words behind which “by” goes on with the noun phrase."""

_LAST = -1

_QUANTIFIERS = frozenset({"all", "any", "every", "each", "both", "everyone", "everybody", "everything"})

_SIDE = re.compile(
    r"^(?:(?:on|at|in|to|from|towards?|near|by|of) )*(?:the |his |her )?"
    r"(?:far |very |bottom |top |upper |lower |extreme |most )*"
    r"(left|right|top|bottom|middle|center|upper|lower)(?:[ -]?(?:hand|most))?(?: (left|right|center|middle))?"
    r"(?: (?:side|corner|part|edge|end|half|area|hand side|of it))*$"
)
_ORDER = re.compile(
    r"^(?:the )?(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)(?: one| person| guy)?"
    r" from (?:the )?(left|right|top|bottom)$"
)
_RELATION = re.compile(
    r"^(?:(?:on|at|in|to|from) )?(?:the )?(left|right|top|bottom|front|back)?(?: ?(?:hand )?side)? ?(?:of|from) (.+)$"
)
_CORNER = re.compile(r"^(?:on|in|at) (?:the |his |her )?(left|right) \w+$")
_FILLER = re.compile(
    r"^(?:(?:that|who|which) )?(?:(?:is|are|was|were|'s) )?"
    r"(?:(?:seated|located|visible|placed|shown|only|(?!holding|wearing|having|carrying)[a-z]+ing) )*"
)
"""What a modifier begins with and says nothing of where: “who is standing …”."""


def modifier_end(tokens: Sequence[Token], i: int) -> int:
    """Where a modifier that begins at `i` ends: at the next one, or at the end; 0 where none begins."""
    word, openings = tokens[i].text, _openings()
    if _counts_from(tokens, i):
        return len(tokens)
    participle = _is_participle(tokens, i)
    if not participle and (word not in openings or (word == "of" and i == 0)):
        return 0
    if word in word_set("grammar", "exceptions") - {"without"}:  # “except the one on the right” is one modifier
        other = word == "other" and (i + 1 == len(tokens) or tokens[i + 1].text != "than")
        return 0 if other else len(tokens)
    for k in range(i + 2 if participle else i + 1, len(tokens)):
        opens = tokens[k].text in openings - {"of"} and tokens[k - 1].text not in openings and word not in DONE_BY
        if opens or _counts_from(tokens, k):
            return k
    return len(tokens)


def _counts_from(tokens: Sequence[Token], i: int) -> bool:
    """“Second from the left”."""
    return tokens[i].text in words()["ordinals"] and i + 1 < len(tokens) and tokens[i + 1].text == "from"


def _is_participle(tokens: Sequence[Token], i: int) -> bool:
    """Whether “running” says what a thing does rather than what it is."""
    word = tokens[i].text
    if not word.endswith("ing") or len(word) <= len("being") or nouns_of("ing_nouns").fullmatch(word):
        return False
    followers = ("prepositions", "determiners", "pronouns")
    if i + 1 == len(tokens):
        return word in verb_forms()
    return any(tokens[i + 1].text in word_set("grammar", name) for name in followers)


@cache
def _openings() -> frozenset[str]:
    grammar = ("prepositions", "relatives", "exceptions")
    return frozenset({"is", "are"}).union(*(word_set("grammar", name) for name in grammar))


def modified(query: RegionQuery, modifier: Phrase, nested: Nested) -> RegionQuery:
    """Add to a region expression what a modifier says.

    Args:
        query: So far.
        modifier: Such as “on the left” or “in a blue shirt”.
        nested: Reads the things named in it.
    """
    text = _FILLER.sub("", f"{modifier.text} ").strip()
    if not text:
        return query
    changed = _placed(query, text) or _excepted(query, modifier, nested) or _related(query, modifier, text)
    return changed or _near(query, text)


def _placed(query: RegionQuery, text: str) -> RegionQuery | None:
    """“Third from the right”, “in the top left corner”."""
    if order := _ORDER.match(text):
        return dataclasses.replace(query, order=words()["ordinals"][order[1]], side=side_name(order[2]))
    side = _SIDE.match(text)
    if side is None:
        return None
    named = f"{side[1]}-{side[2]}" if side[2] else "-".join(re.findall(r"top|bottom|upper|lower|left|right", text))
    return dataclasses.replace(query, side=side_name(named or side[1]))


def _excepted(query: RegionQuery, modifier: Phrase, nested: Nested) -> RegionQuery | None:
    """“Except the bride”."""
    texts = [token.text for token in modifier.tokens]
    if texts[0] not in word_set("grammar", "exceptions") - {"without"}:
        return None
    skip = 2 if len(texts) > 1 and texts[1] in {"for", "than", "from", "of"} else 1
    things = nested(modifier.with_tokens(modifier.tokens[skip:]))
    return dataclasses.replace(query, none_of=(*query.none_of, *things))


def _related(query: RegionQuery, modifier: Phrase, text: str) -> RegionQuery | None:
    """“To the left of the car”, “worn by the man”, “in a blue shirt”, “of the bike”."""
    texts = [token.text for token in modifier.tokens]
    relation = _RELATION.match(text)
    if relation and relation[1] in {"left", "right"}:
        return dataclasses.replace(query, side=relation[1], near=plain(relation[2]))
    if len(texts) > 2 and texts[1] == "by" and texts[0] in DONE_BY:
        return dataclasses.replace(query, of=plain(" ".join(texts[2:])))
    inner = plain(" ".join(texts[1:]))
    worn = texts[0] in {"with", "wearing", "holding", "having", "carrying", "dressed"}
    if worn or (texts[0] == "in" and _is_clothing(texts[-1])):
        return dataclasses.replace(query, having=inner)
    return dataclasses.replace(query, of=inner) if texts[0] == "of" else None


def _near(query: RegionQuery, text: str) -> RegionQuery:
    """“Behind the car”, “in the background”, “on the left bank”."""
    if text.endswith(("in the background", "in background", "in back", "in the back")):
        return dataclasses.replace(query, near=BACKGROUND)
    if corner := _CORNER.match(text):
        query = dataclasses.replace(query, side=corner[1])
    near = plain(re.sub(rf"^(?:(?:{'|'.join(word_set('grammar', 'prepositions'))}|front|close|next) )+", "", text))
    return dataclasses.replace(query, near=near) if near and not query.near else query


def plain(text: str) -> str:
    """Words without articles in front."""
    parts = text.split()
    while len(parts) > 1 and parts[0] in word_set("grammar", "determiners") | {"of", "a", "to"}:
        parts.pop(0)
    return " ".join(parts)


def _is_clothing(word: str) -> bool:
    return bool(nouns_of("clothes").fullmatch(word)) or is_color_word(word)


def named(query: RegionQuery, own: Sequence[Token], phrase: Phrase) -> tuple[RegionQuery, str]:
    """Read quantifiers, order, side, size and color in front of a name.

    Args:
        query: What the modifiers said.
        own: The tokens that are part of no modifier.
        phrase: The whole noun phrase.

    Returns:
        The region expression and the head of the name.
    """
    name: list[Token] = []
    for k, token in enumerate(own):
        after = own[k + 1].text if k + 1 < len(own) else ""
        query, kept = _attribute(query, token.text, after=after, begun=bool(name))
        if kept:
            name.append(token)
    if query.order == _LAST and query.side and " from " not in f" {phrase.text} ":
        query = dataclasses.replace(query, order=0)  # “the last one on the right” is the one that is farthest right
    if name and _is_plural(name[-1].text) and not query.order:
        query = dataclasses.replace(query, every=True)
    query, name = _owned(query, own, name)
    return dataclasses.replace(query, query=phrase.with_tokens(name).named), name[-1].text if name else ""


def _attribute(  # noqa: PLR0911 - one return for a sort of word
    query: RegionQuery, word: str, *, after: str, begun: bool
) -> tuple[RegionQuery, bool]:
    """What a word in front of a name adds, and whether it is part of the name itself."""
    sides = _sides()
    if word in _QUANTIFIERS:
        return dataclasses.replace(query, every=True), word.startswith("every") and word != "every"
    if word in {BACKGROUND, "foreground"} and after and not begun:
        return dataclasses.replace(query, near=word), False
    if word in words()["counts"] and (word != "couple" or after == "of"):
        return dataclasses.replace(query, count=words()["counts"][word]), False
    if word in sides and not after and query.side and not begun:
        return dataclasses.replace(query, side=side_name(f"{query.side}-{word}")), False
    if word in words()["ordinals"] and (begun or after):
        return dataclasses.replace(query, order=words()["ordinals"][word]), False
    if word in sides and after:
        return dataclasses.replace(query, side="-".join(filter(None, [query.side, sides[word]]))), False
    if after and not begun and word in word_set("extremes", "largest") | word_set("extremes", "smallest"):
        return _sized(query, word)
    if is_color_word(word) and after:
        return dataclasses.replace(query, color=" ".join(filter(None, [query.color, word]))), False
    return query, begun or word not in articles()


def _sized(query: RegionQuery, word: str) -> tuple[RegionQuery, bool]:
    """“Biggest” chooses among several; “big” is part of the name."""
    if word in {"small", "big", "tall", "large", "tiny", "main"}:
        return query, True
    size = "largest" if word in word_set("extremes", "largest") else "smallest"
    return dataclasses.replace(query, size=size), False


def _owned(query: RegionQuery, own: Sequence[Token], name: list[Token]) -> tuple[RegionQuery, list[Token]]:
    """Whose it is: “the boy's shirt”, “his shadow”."""
    for k, token in enumerate(name[:-1]):
        if token.text.endswith(("'s", "s'")):
            owner = " ".join(part.text for part in name[: k + 1]).removesuffix("'s").removesuffix("'")
            return dataclasses.replace(query, of=owner), name[k + 1 :]
    if own and own[0].text in {"his", "her", "their", "my", "its"}:
        return dataclasses.replace(query, of=own[0].text), name
    return query, name


def _is_plural(word: str) -> bool:
    regular = len(word) > len("its") and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "glasses"))
    return regular or word in {"people", "men", "women", "children"}


@cache
def _sides() -> dict[str, str]:
    return {word: side for side, group in words()["sides"].items() for word in group}


def side_name(said: str) -> str:
    """`top-left` of “upper-left”."""
    found = [_sides()[part] for part in said.split("-") if part in _sides()]
    return "-".join(sorted(dict.fromkeys(found), key=("top", "bottom", "center", "left", "right").index))


@cache
def articles() -> frozenset[str]:
    """Words in front of a name that say nothing of which."""
    return word_set("grammar", "determiners") | {"of", "entire", "whole", "single", "one", "just", "only"}
