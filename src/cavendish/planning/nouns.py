"""Noun phrases as region expressions: “the second guy from the left in a blue shirt” is data for the region stage."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.planning.phrases import nouns_of
from cavendish.planning.color_words import is_color_word
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import verb_forms, verbs, word_set, words

_DEEPEST = 3
"""Noun phrases inside noun phrases that are read; what lies deeper stays part of the words."""


PEOPLE_PRONOUNS = frozenset({"him", "her", "them", "me", "us", "he", "she", "they"})


@dataclass(frozen=True)
class Noun:
    """A noun phrase.

    Args:
        text: As written, without article and without mention of the picture; "" means the whole picture.
        query: Where to look; None for the whole picture.
        image: Index of the picture it is taken from, or None where none is named.
        head: The last word of the thing itself.
        rest: What follows the phrase in the clause and is not part of it.
    """

    text: str
    query: RegionQuery | None = None
    image: int | None = None
    head: str = ""
    rest: Phrase = field(default_factory=lambda: Phrase((), ""))


def split_nouns(phrase: Phrase) -> list[Phrase]:
    """Cut “the ball, the pole and his shadow” into its things; “black and white dog” stays one."""
    pieces: list[list[Token]] = [[]]
    tokens = phrase.tokens
    for i, token in enumerate(tokens):
        if not pieces[-1] and token.text in {"also", "then", "maybe"}:
            continue
        if token.text in {"and", "plus", "or"} and _joins_nouns(pieces[-1], tokens[i + 1 :]):
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [phrase.with_tokens(piece) for piece in pieces if piece]


def _joins_nouns(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether “and” between these joins two things rather than two properties of one."""
    after = [token for token in after if token.text not in {"also", "then", "maybe"}]
    if not before or not after:
        return False
    known = {token.text for token in before}
    if "between" in known or before[-1].text in word_set("grammar", "exceptions"):
        return False
    if before[-1].text in _adjectives() and after[0].text not in word_set("grammar", "determiners"):
        return False
    if is_color_word(before[-1].text) and is_color_word(after[0].text):
        return False
    if after[0].text in word_set("grammar", "determiners") | word_set("grammar", "pronouns"):
        return True
    modified = word_set("grammar", "prepositions") | word_set("grammar", "relatives") | {"except", "but"}
    return not known & (modified - {"that", "of"})


@cache
def _adjectives() -> frozenset[str]:
    sides = {word for group in words()["sides"].values() for word in group}
    return (
        frozenset(sides)
        | word_set("extremes", "largest")
        | word_set("extremes", "smallest")
        | {"old", "young", "black", "white"}
    )


def read_noun(phrase: Phrase, *, images: int = 1, depth: int = 0) -> Noun:
    """Read one noun phrase.

    Args:
        phrase: Its tokens; what does not belong to it is returned as `rest`.
        images: How many pictures come with the message.
        depth: Of the phrase inside others.
    """
    tokens = list(phrase.tokens)
    end = _end_of(tokens)
    own, rest = tokens[:end], phrase.with_tokens(tokens[end:])
    image, own = _take_image(own, images)
    begin = next((i for i, token in enumerate(own) if token.text not in _articles()), len(own))
    text = phrase.with_tokens(own[begin:]).unquoted if begin < len(own) else ""
    named = " ".join(token.text for token in own[begin:])
    if named in word_set("grammar", "wholes") or _is_picture(own) or (not named and image is None):
        pronoun = own[-1].text if own else ""
        return Noun(pronoun if pronoun in PEOPLE_PRONOUNS else "", None, image, "", rest)
    for name in (SUBJECT, BACKGROUND):
        if named in {known.replace("_", " ") for known in words()["regions"][name].split()}:
            return Noun(text, RegionQuery(name), image, name, rest)
    query, head = _query(phrase.with_tokens(own), depth)
    return Noun(text, query, image, head, rest)


_ASPECTS = frozenset({"colors", "color", "light", "lighting", "brightness", "contrast", "tones", "tone", "saturation"})
"""What is said of a whole picture without naming a thing in it."""


def _is_picture(tokens: Sequence[Token]) -> bool:
    nouns = word_set("images", "nouns")
    if len(tokens) > 1 and tokens[-1].text in _ASPECTS and tokens[-2].text.rstrip("s") in nouns:
        tokens = tokens[:-1]  # “image colors”
    allowed = (
        nouns | {f"{noun}s" for noun in nouns} | word_set("images", "attributes") | word_set("grammar", "determiners")
    )
    texts = [token.text for token in tokens]
    return bool(texts) and texts[-1].rstrip("s") in nouns and all(text in allowed for text in texts)


_DONE_BY = frozenset({"worn", "held", "made", "taken", "seen", "driven", "drawn", "next", "close", "side"})
"""Words behind which “by” goes on with the noun phrase."""


def _end_of(tokens: Sequence[Token]) -> int:
    """Where the noun phrase ends in its clause."""
    for i in range(1, len(tokens)):
        word, before = tokens[i].text, tokens[i - 1].text
        by = word == "by" and (before.endswith("ed") or before in _DONE_BY)
        if word in word_set("grammar", "stops") and not by and before not in word_set("grammar", "relatives"):
            return i
        if word == "with" and i + 1 < len(tokens) and tokens[i + 1].text in {"more", "less", "better", "some"}:
            return i
        if word == "to" and i + 1 < len(tokens) and tokens[i + 1].text in verbs() - word_set("grammar", "nounlike"):
            return i
    return len(tokens)


@cache
def _articles() -> frozenset[str]:
    return word_set("grammar", "determiners") | {"of", "entire", "whole", "single", "single", "one", "just", "only"}


def image_pattern() -> str:
    """How people point at one of several pictures."""
    return (
        rf"(?:(?:the|my|this|that|your) )?(?:(?:{words()['images']['ordinals'].replace(' ', '|')}) (?:{_pictures()}|one)\b"
        rf"|(?:{_pictures()})s? (?:number |no )?(?:{words()['images']['numbers'].replace(' ', '|')})\b"
        rf"|(?:the |my )?(?:other|reference|ref|attached|supplied|provided|uploaded) (?:{_pictures()})\b)"
    )


@cache
def _pictures() -> str:
    return "|".join(sorted(word_set("images", "nouns"), key=len, reverse=True))


@cache
def _from_image() -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ])(?:(?:from|in|of|on|shown in|within|inside) )?(?P<image>{image_pattern()})(?![^ ])")


_NUMBERS = {
    "first": 0, "1st": 0, "one": 0, "a": 0, "second": 1, "2nd": 1, "other": 1, "two": 1, "b": 1, "reference": 1, "ref": 1,
    "third": 2, "3rd": 2, "three": 2, "c": 2, "fourth": 3, "4th": 3, "four": 3, "fifth": 4, "5th": 4, "five": 4,
    "attached": 1, "supplied": 1, "provided": 1, "uploaded": 0,
}  # fmt: skip


def image_index(named: str, count: int) -> int:
    """0-based index of the picture that words such as “the second image” or “photo 3” mean."""
    texts = re.findall(r"[a-z0-9]+", named)
    if len(texts) > 1 and texts[-1] == "one":  # in “the second one” it stands for a picture
        texts.pop()
    for text in reversed(texts):
        if text.isdigit():
            return max(0, int(text) - 1)
        if text == "last":
            return max(0, count - 1)
        if text in _NUMBERS:
            return (
                min(_NUMBERS[text], max(1, count - 1))
                if text in {"attached", "other", "reference", "ref"}
                else _NUMBERS[text]
            )
    return 0


def image_of(phrase: Phrase, images: int) -> int:
    """Index of the picture that words anywhere in a phrase point at; 0 where they point at none."""
    match = _from_image().search(phrase.text) if images > 1 else None
    return image_index(match.group("image"), images) if match else 0


def _take_image(tokens: list[Token], images: int) -> tuple[int | None, list[Token]]:
    """Take “from the second image” out of a phrase."""
    whole = Phrase(tuple(tokens), "")
    match = _from_image().search(whole.text)
    if not match:
        return None, tokens
    named = match.group("image")
    if images < 2 and re.search(r"other|attached|supplied|provided|uploaded| one$", named):
        return None, tokens
    gone = set(map(id, whole.part(*match.span()).tokens))
    return image_index(named, images), [token for token in tokens if id(token) not in gone]


def _query(phrase: Phrase, depth: int) -> tuple[RegionQuery, str]:
    """The region expression of a thing and the head of its name."""
    query = RegionQuery()
    own: list[Token] = []
    tokens = phrase.tokens
    i = 0
    while i < len(tokens):
        modifier = _modifier_end(tokens, i) if own or tokens[i].text in {"everything", "everyone", "everybody"} else 0
        if modifier and depth < _DEEPEST:
            query = _modified(query, phrase.with_tokens(tokens[i:modifier]), depth)
            i = modifier
            continue
        own.append(tokens[i])
        i += 1
    return _with_attributes(query, own, phrase)


def _modifier_end(tokens: Sequence[Token], i: int) -> int:
    """Where a modifier that begins at `i` ends: at the next one, or at the end; 0 where none begins."""
    word = tokens[i].text
    openings = (
        word_set("grammar", "prepositions")
        | word_set("grammar", "relatives")
        | word_set("grammar", "exceptions")
        | {"is", "are"}
    )
    if word in words()["ordinals"] and i + 1 < len(tokens) and tokens[i + 1].text == "from":
        return len(tokens)
    followers = (
        word_set("grammar", "prepositions") | word_set("grammar", "determiners") | word_set("grammar", "pronouns")
    )
    described = tokens[i + 1].text in followers if i + 1 < len(tokens) else word in verb_forms()
    participle = word.endswith("ing") and len(word) > 5 and described and not nouns_of("ing_nouns").fullmatch(word)
    if not participle and (word not in openings or (word == "of" and i == 0)):
        return 0
    k = i + 2 if participle else i + 1
    while k < len(tokens):
        if tokens[k].text in words()["ordinals"] and tokens[k + 1 : k + 2] and tokens[k + 1].text == "from":
            return k
        if (
            tokens[k].text in openings - {"of"}
            and tokens[k - 1].text not in openings
            and tokens[i].text not in _DONE_BY
        ):
            return k
        k += 1
    return k


_SIDE = re.compile(
    r"^(?:(?:on|at|in|to|from|towards?|near|by|of) )*(?:the |his |her )?(?:far |very |bottom |top |upper |lower |extreme |most )*"
    r"(left|right|top|bottom|middle|center|upper|lower)(?:[ -]?(?:hand|most))?(?: (left|right|center|middle))?(?: (?:side|corner|part|edge|end|half|area|hand side|of it))*$"
)
_ORDER = re.compile(
    r"^(?:the )?(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)(?: one| person| guy)? from (?:the )?(left|right|top|bottom)$"
)
_RELATION = re.compile(
    r"^(?:(?:on|at|in|to|from) )?(?:the )?(left|right|top|bottom|front|back)?(?: ?(?:hand )?side)? ?(?:of|from) (.+)$"
)


def _modified(query: RegionQuery, modifier: Phrase, depth: int) -> RegionQuery:
    """Add what a modifier says."""
    text = re.sub(
        r"^(?:(?:that|who|which) )?(?:(?:is|are|was|were|'s) )?(?:(?:seated|located|visible|placed|shown|only|(?!holding|wearing|having|carrying)[a-z]+ing) )*",
        "",
        f"{modifier.text} ",
    ).strip()
    if not text:
        return query
    if order := _ORDER.match(text):
        return dataclasses.replace(query, order=words()["ordinals"][order[1]], side=_side_name(order[2]))
    if side := _SIDE.match(text):
        second = f"-{side[2]}" if side[2] else ""
        both = (
            "-".join(dict.fromkeys(re.findall(r"top|bottom|upper|lower|left|right", text)))
            if not second
            else side[1] + second
        )
        return dataclasses.replace(query, side=_side_name(both or side[1]))
    tokens = modifier.tokens
    opening = tokens[0].text
    if opening in word_set("grammar", "exceptions") and opening not in {"without"}:
        skip = 2 if len(tokens) > 1 and tokens[1].text in {"for", "than", "from", "of"} else 1
        return dataclasses.replace(
            query, none_of=(*query.none_of, *_nouns_in(modifier.with_tokens(tokens[skip:]), depth))
        )
    relation = _RELATION.match(text)
    if relation and relation[1] in {"left", "right"} and relation[2]:
        near = _tail(modifier, relation[2])
        return dataclasses.replace(query, side=relation[1], near=near)
    if len(tokens) > 2 and tokens[1].text == "by" and opening in _DONE_BY:  # “worn by the man on the left”
        return dataclasses.replace(query, of=_plain(" ".join(token.text for token in tokens[2:])))
    inner = modifier.with_tokens(tokens[1:])
    if opening in {"with", "wearing", "holding", "having", "carrying", "dressed"} or (
        opening == "in" and _is_clothing(inner)
    ):
        return dataclasses.replace(query, having=_plain(inner.text))
    if opening == "of":
        return dataclasses.replace(query, of=_plain(inner.text))
    if text.endswith(("in the background", "in background", "in back", "in the back")):
        return dataclasses.replace(query, near=BACKGROUND)
    if corner := re.match(r"^(?:on|in|at) (?:the |his |her )?(left|right) \w+$", text):
        query = dataclasses.replace(query, side=corner[1])
    near = _plain(re.sub(rf"^(?:(?:{'|'.join(word_set('grammar', 'prepositions'))}|front|close|next) )+", "", text))
    return dataclasses.replace(query, near=near) if near and not query.near else query


def _nouns_in(phrase: Phrase, depth: int) -> tuple[RegionQuery, ...]:
    found = (read_noun(part, depth=depth + 1).query for part in split_nouns(phrase))
    return tuple(query for query in found if query is not None)


def _tail(modifier: Phrase, text: str) -> str:
    del modifier
    return _plain(text)


def _plain(text: str) -> str:
    """Words without articles in front."""
    parts = text.split()
    while parts and parts[0] in word_set("grammar", "determiners") | {"of", "a", "to"}:
        parts.pop(0)
    return " ".join(parts)


def _is_clothing(phrase: Phrase) -> bool:
    texts = [token.text for token in phrase.tokens]
    return bool(texts) and bool(nouns_of("clothes").fullmatch(texts[-1]) or is_color_word(texts[-1]))


def _is_plural(word: str) -> bool:
    irregular = {"people", "men", "women", "children"}
    return word in irregular or (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "glasses"))
    )


def _side_name(named: str) -> str:
    """`top-left` of “upper left”."""
    names = {word: side for side, group in words()["sides"].items() for word in group}
    found = [names[part] for part in named.split("-") if part in names]
    ordered = sorted(dict.fromkeys(found), key=("top", "bottom", "center", "left", "right").index)
    return "-".join(ordered)


def _with_attributes(query: RegionQuery, own: Sequence[Token], phrase: Phrase) -> tuple[RegionQuery, str]:
    """Read quantifiers, order, side, size and color in front of the name."""
    names = {word: side for side, group in words()["sides"].items() for word in group}
    name: list[Token] = []
    for k, token in enumerate(own):
        word, last = token.text, k + 1 == len(own)
        if word in {"all", "any", "every", "each", "both", "everyone", "everybody", "everything"}:
            query = dataclasses.replace(query, every=True)
            if word.startswith("every") and len(word) > len("every"):
                name.append(token)
        elif word == "couple" and (last or own[k + 1].text != "of"):
            name.append(token)
        elif word in {BACKGROUND, "foreground"} and not last and not name:
            query = dataclasses.replace(query, near=word)
        elif word in words()["counts"]:
            query = dataclasses.replace(query, count=words()["counts"][word])
        elif word in names and last and query.side and not name:
            query = dataclasses.replace(query, side=_side_name(f"{query.side}-{word}"))
        elif word in words()["ordinals"] and (name or not last):
            query = dataclasses.replace(query, order=words()["ordinals"][word])
        elif word in names and not last:
            query = dataclasses.replace(query, side="-".join(filter(None, [query.side, names[word]])))
        elif word in word_set("extremes", "largest") | word_set("extremes", "smallest") and not last and not name:
            query = dataclasses.replace(
                query, size="largest" if word in word_set("extremes", "largest") else "smallest"
            )
            if word in {"small", "big", "tall", "large", "tiny", "main"}:
                query = dataclasses.replace(query, size="")
                name.append(token)
        elif is_color_word(word) and not last:
            query = dataclasses.replace(query, color=" ".join(filter(None, [query.color, word])))
        elif name or word not in _articles():
            name.append(token)
    if name and _is_plural(name[-1].text) and not query.order:
        query = dataclasses.replace(query, every=True)
    possessor = next(
        (k for k, token in enumerate(name) if token.text.endswith(("'s", "s'")) and k + 1 < len(name)), None
    )
    if possessor is not None:
        owner = " ".join(token.text for token in name[: possessor + 1]).removesuffix("'s").removesuffix("'")
        query, name = dataclasses.replace(query, of=owner), name[possessor + 1 :]
    elif own and own[0].text in {"his", "her", "their", "my", "its"}:
        query = dataclasses.replace(query, of=own[0].text)
    named = phrase.with_tokens(name)
    return dataclasses.replace(query, query=named.text), name[-1].text if name else ""
