"""Noun phrases as region expressions: “the second guy from the left in a blue shirt” is data for the region stage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.planning.color_words import is_color_word
from cavendish.planning.modifiers import DONE_BY, articles, modified, modifier_end, named
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import verbs, word_set, words

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
    begin = next((i for i, token in enumerate(own) if token.text not in articles()), len(own))
    text = phrase.with_tokens(own[begin:]).unquoted if begin < len(own) else ""
    if (end := _picture_end(own)) and image is None:  # “the image to a smaller rectangle”
        return Noun("", None, None, "", phrase.with_tokens([*own[end:], *rest.tokens]))
    said = " ".join(token.text for token in own[begin:])
    if said in word_set("grammar", "wholes") or _is_picture(own) or (not said and image is None):
        pronoun = own[-1].text if own else ""
        return Noun(pronoun if pronoun in PEOPLE_PRONOUNS else "", None, image, "", rest)
    for name in (SUBJECT, BACKGROUND):
        if said in {known.replace("_", " ") for known in words()["regions"][name].split()}:
            return Noun(text, RegionQuery(name), image, name, rest)
    query, head = _query(phrase.with_tokens(own), depth)
    return Noun(text, query, image, head, rest)


_ASPECTS = frozenset({"colors", "color", "light", "lighting", "brightness", "contrast", "tones", "tone", "saturation"})
"""What is said of a whole picture without naming a thing in it."""


def _picture_end(tokens: Sequence[Token]) -> int:
    """Where mention of the whole picture ends in front of how it is to be changed; 0 where a thing is named."""
    nouns = word_set("images", "nouns")
    before = word_set("grammar", "determiners") | word_set("images", "attributes")
    k = next((k for k, token in enumerate(tokens) if token.text not in before), len(tokens))
    follows = (
        k + 1 < len(tokens) and tokens[k].text in nouns and tokens[k + 1].text in {"to", "into", "by", "times", "until"}
    )
    return k + 1 if follows else 0


def _is_picture(tokens: Sequence[Token]) -> bool:
    nouns = word_set("images", "nouns")
    if len(tokens) > 1 and tokens[-1].text in _ASPECTS and tokens[-2].text.rstrip("s") in nouns:
        tokens = tokens[:-1]  # “image colors”
    allowed = (
        nouns | {f"{noun}s" for noun in nouns} | word_set("images", "attributes") | word_set("grammar", "determiners")
    )
    texts = [token.text for token in tokens]
    shown = texts and texts[-1] in word_set("images", "shown")
    return bool(texts) and not shown and texts[-1].rstrip("s") in nouns and all(text in allowed for text in texts)


def _end_of(tokens: Sequence[Token]) -> int:
    """Where the noun phrase ends in its clause."""
    for i in range(1, len(tokens)):
        word, before = tokens[i].text, tokens[i - 1].text
        by = word == "by" and (before.endswith("ed") or before in DONE_BY)
        if word in word_set("grammar", "stops") and not by and before not in word_set("grammar", "relatives"):
            return i
        if word == "with" and i + 1 < len(tokens) and tokens[i + 1].text in {"more", "less", "better", "some"}:
            return i
        if word == "to" and i + 1 < len(tokens) and tokens[i + 1].text in verbs() - word_set("grammar", "nounlike"):
            return i
    return len(tokens)


def image_pattern() -> str:
    """How people point at one of several pictures."""
    ordinals, numbers = (words()["images"][name].replace(" ", "|") for name in ("ordinals", "numbers"))
    return (
        rf"(?:(?:the|my|this|that|your) )?(?:(?:{ordinals}) (?:{_pictures()}|one)\b"
        rf"|(?:{_pictures()})s? (?:number |no )?(?:{numbers})\b"
        rf"|(?:the |my )?(?:other|reference|ref|attached|supplied|provided|uploaded) (?:{_pictures()})\b)"
    )


@cache
def _pictures() -> str:
    return "|".join(sorted(word_set("images", "nouns"), key=len, reverse=True))


@cache
def _from_image() -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ])(?:(?:from|in|of|on|shown in|within|inside) )?(?P<image>{image_pattern()})(?![^ ])")


_NUMBERS = {
    "first": 0, "1st": 0, "one": 0, "a": 0,
    "second": 1, "2nd": 1, "other": 1, "two": 1, "b": 1, "reference": 1, "ref": 1,
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
    if images < 2 and re.search(r"other|attached|supplied|provided|uploaded| (?:one|figure)$", named):
        return None, tokens
    gone = set(map(id, whole.part(*match.span()).tokens))
    return image_index(named, images), [token for token in tokens if id(token) not in gone]


def _query(phrase: Phrase, depth: int) -> tuple[RegionQuery, str]:
    """The region expression of a thing and the head of its name."""

    def nested(inner: Phrase) -> tuple[RegionQuery, ...]:
        found = (read_noun(part, depth=depth + 1).query for part in split_nouns(inner))
        return tuple(query for query in found if query is not None)

    query, tokens = RegionQuery(), phrase.tokens
    own: list[Token] = []
    i = 0
    while i < len(tokens):
        begins = depth < _DEEPEST and (own or tokens[i].text in {"everything", "everyone", "everybody"})
        end = modifier_end(tokens, i) if begins else 0
        if end:
            query = modified(query, phrase.with_tokens(tokens[i:end]), nested)
        else:
            own.append(tokens[i])
        i = end or i + 1
    return named(query, own, phrase)
