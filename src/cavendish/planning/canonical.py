"""Clauses in one form: an imperative first, without politeness, adverbs of degree, amounts and mention of the picture.

“I'd like the sign on the left removed from the photo, please” becomes “remove the sign on the left”.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cavendish.planning import quantities
from cavendish.planning.quantities import Amount, PictureSize
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import starts_with, verb_forms, verbs, word_set, words

_WISHES = frozenset({"want", "wanted", "need", "needed", "like", "love", "would", "have", "get", "i'd", "prefer"})
_ASIDES = frozenset({"also", "maybe", "perhaps", "possibly", "please", "just", "kindly", "pls"})
_SHARES = frozenset({"all", "both", "any", "some", "most"})
"""Words that “of” may follow without meaning: “all of this background”."""

_FAR = 25
"""Tokens of a clause among which its verb is looked for."""

_CHANGES = frozenset({"change", "turn", "make", "edit", "convert", "transform"})
_MEASURED = frozenset({"fraction", "ev", "k", "deg", "px"})
_AUXILIARIES = (
    "needs to be", "need to be", "needs to look", "needs to get", "has to be", "have to be", "ought to be", "should be",
    "should look", "must be", "must look", "has to look", "have to look", "could be", "can be", "to be", "to look",
    "to become", "to have", "to get", "should have", "to appear", "be",
    *(f"{need} {leave}" for leave in ("go", "disappear", "vanish") for need in (
        "needs to", "need to", "has to", "have to", "must", "should", "can", "could", "may", "to",
    )),
)  # fmt: skip


_BE = frozenset({"is", "are", "was", "were"})
_SEEN = frozenset(["blur", "pixelate", "fade", "saturate", "tilt", "bleach", "distort", "crop", "cut"])
"""Verbs whose participle behind “is” says how a picture looks: “the photo is blurred” asks for no blur."""


@dataclass(frozen=True)
class Ask:
    """A clause in canonical form and what was taken out of it.

    Args:
        phrase: Tokens that rules read.
        amounts: Stated amounts, left to right.
        sizes: Picture sizes; their tokens became `§k`.
        degree: Factor of adverbs such as “slightly”; None where nothing is said.
    """

    phrase: Phrase
    amounts: tuple[Amount, ...] = ()
    sizes: tuple[PictureSize, ...] = ()
    degree: float | None = None


def canonical(clause: Phrase, *, sizes_apart: bool = True) -> Ask:
    """Bring a clause to canonical form.

    Args:
        clause: A clause as it stands.
        sizes_apart: Whether picture sizes become tokens of their own; “4K” may also be said of a style.
    """
    amounts, sizes, degree = _measures(clause)
    sizes = sizes if sizes_apart else ()
    tokens = _without_measures(clause.tokens, clause.span[0], amounts, sizes)
    tokens, wished = _without_leads(tokens)
    tokens = [token for token in _without_endings(tokens) if token.text not in _ASIDES]
    tokens = [t for k, t in enumerate(tokens) if not (t.text == "of" and k and tokens[k - 1].text in _SHARES)]
    tokens = [_as(t, "the") if t.text == "he" and _before_picture_noun(tokens, k) else t for k, t in enumerate(tokens)]
    tokens = _without_degrees(tokens)
    tokens = _without_picture(tokens)
    while tokens and tokens[-1].text in {"by", "a", "the", "and"}:
        tokens = tokens[:-1]
    told = bool(clause.tokens) and clause.tokens[0].text in {"i", "we"} and not wished
    tokens = list(tokens) if told else _imperative(tokens, wished=wished)
    tokens = _without_endings(_without_leads(tokens)[0])
    return Ask(clause.with_tokens(tokens), amounts, sizes, degree)


def _measures(clause: Phrase) -> tuple[tuple[Amount, ...], tuple[PictureSize, ...], float | None]:
    start, end = clause.span
    text = clause.message[start:end]
    for token in clause.tokens:
        if token.text.startswith("«"):  # what is quoted is wording, never an amount
            inner = slice(token.start - start, token.end - start)
            text = text[: inner.start] + "«" + "_" * (inner.stop - inner.start - 2) + "»" + text[inner.stop :]
    return quantities.read_amounts(text), quantities.read_sizes(text), quantities.degree_of(text)


def _without_measures(
    tokens: Sequence[Token], origin: int, amounts: Sequence[Amount], sizes: Sequence[PictureSize]
) -> list[Token]:
    """Drop stated amounts with their preposition; put one token in the place of a size."""
    signed = {
        token.start - origin
        for k, token in enumerate(tokens)
        if token.text[-1].isdigit() and (token.text[0] in "+-−" or (k and tokens[k - 1].text == "by"))
    }
    gone = [
        (origin + a.start, origin + a.end)
        for a in amounts
        if a.unit in _MEASURED or (a.unit == "number" and a.start in signed)
    ]
    places = [(origin + s.start, origin + s.end, k) for k, s in enumerate(sizes)]
    kept: list[Token] = []
    for token in tokens:
        size = next((k for start, end, k in places if start <= token.start < end), None)
        if size is not None:
            if not kept or kept[-1].text != f"§{size}":
                kept.append(Token(f"§{size}", token.start, token.end))
            continue
        if any(start <= token.start < end for start, end in gone):
            while kept and kept[-1].text in {"by", "about", "around", "approximately", "roughly"}:
                kept.pop()
            continue
        kept.append(token)
    if gone and kept and kept[-1].text in {"to", "at", "of"}:
        kept.pop()
    return kept


def _without_leads(tokens: Sequence[Token]) -> tuple[list[Token], bool]:
    """Drop politeness and wishes in front; whether there was a wish."""
    place, wished = 0, False
    while length := starts_with(tokens, place, "leads"):
        wished = wished or tokens[place].text in _WISHES
        place += length
    return list(tokens[place:]), wished


def _without_endings(tokens: Sequence[Token]) -> list[Token]:
    kept = list(tokens)
    while kept:
        length = next((n for n in (4, 3, 2, 1) if starts_with(kept, len(kept) - n, "endings") == n), 0)
        if not length:
            return kept
        del kept[-length:]
    return kept


def _without_degrees(tokens: Sequence[Token]) -> list[Token]:
    """Drop adverbs of degree where what follows can be graded, or nothing follows."""
    kept: list[Token] = []
    i = 0
    while i < len(tokens):
        length = 0 if _is_no_degree(tokens, i) else starts_with(tokens, i, "degrees")
        after = tokens[i + length].text if i + length < len(tokens) else ""
        if (
            length
            and after == "of"
            and i + length + 1 < len(tokens)
            and tokens[i + length + 1].text in word_set("grammar", "gradable")
        ):
            i += length + 1  # “a lot of contrast”
            continue
        if length and (
            not after or after in word_set("grammar", "gradable") or after in verbs() or (after == "of" and not kept)
        ):
            i += length
            continue
        if length and starts_with(tokens, i + length, "degrees"):
            i += length
            continue
        kept.append(tokens[i])
        i += 1
    return kept


def _is_no_degree(tokens: Sequence[Token], i: int) -> bool:
    """“even out”, “the other way”."""
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    before = tokens[i - 1].text if i else ""
    return (tokens[i].text == "even" and after == "out") or (
        tokens[i].text == "way" and before in {"other", "same", "this", "that", "right", "the"}
    )


def _without_picture(tokens: Sequence[Token]) -> list[Token]:
    """Drop “in the photo”, “of this whole image” and the like, unless one of several pictures is meant."""
    kept: list[Token] = []
    i = 0
    while i < len(tokens):
        length = _picture_mention(tokens, i)
        if not kept and length < len(tokens):
            length = 0
        if length:
            i += length
            continue
        kept.append(tokens[i])
        i += 1
    return kept


def _picture_mention(tokens: Sequence[Token], i: int) -> int:
    if tokens[i].text not in {"in", "of", "from", "on", "for", "to", "within", "inside", "across", "throughout"}:
        return 0
    k = i + 1
    while k < len(tokens) and tokens[k].text in _before_picture():
        k += 1
    if k == i + 1 and k < len(tokens) and tokens[i].text in {"for", "to"}:
        return 0
    if k >= len(tokens) or tokens[k].text.rstrip("s") not in _picture_nouns():
        return 0
    after = tokens[k + 1].text if k + 1 < len(tokens) else ""
    if after and (after not in _may_follow() or after in word_set("images", "numbers") - {"a", "b", "c"}):
        return 0
    return k + 1 - i


@cache
def _picture_nouns() -> frozenset[str]:
    return frozenset({"image", "picture", "photo", "pic", "shot", "photograph", "img", "snapshot", "photos"})


@cache
def _before_picture() -> frozenset[str]:
    attributes = word_set("images", "attributes") - {"first"}
    return word_set("grammar", "determiners") | attributes


@cache
def _may_follow() -> frozenset[str]:
    return (
        word_set("grammar", "prepositions") | word_set("grammar", "relatives") | word_set("grammar", "tails")
        | word_set("grammar", "stops") | word_set("grammar", "gradable")
        | {"and", "except", "but", "please", "black-and-white"}
    )  # fmt: skip


def _imperative(tokens: Sequence[Token], *, wished: bool) -> list[Token]:
    """Put the verb first: gerunds, passives, and wishes such as “the sky to be bluer”."""
    if not tokens:
        return []
    turned = _short_form(tokens) or _verb_in_front(tokens) or _wish(tokens) or _passive(tokens, wished=wished)
    return turned or list(tokens)


def _short_form(tokens: Sequence[Token]) -> list[Token] | None:
    """“Blurred”, “cropped to 2:3”, “stray hair to remove”, “can it go?”."""
    form = _participle(tokens[0].text)
    if form and (len(tokens) == 1 or tokens[1].text in {"to", "into", "in"} or tokens[1].text.startswith("§")):
        return [_as(tokens[0], form), *tokens[1:]]
    imperatives = word_set("grammar", "starters") - word_set("grammar", "nounlike")
    if len(tokens) > 3 and tokens[-2].text == "to" and tokens[-1].text in imperatives:
        return [tokens[-1], *tokens[:-2]]
    if len(tokens) == 2 and tokens[1].text == "go":
        return [_as(tokens[1], "remove"), tokens[0]]
    return None


def _verb_in_front(tokens: Sequence[Token]) -> list[Token] | None:
    """What begins with its verb already, as a gerund perhaps."""
    first = tokens[0].text
    objects = word_set("grammar", "determiners") | word_set("grammar", "pronouns") | word_set("images", "nouns")
    if first in _CHANGES and len(tokens) > 2 and tokens[1].text in objects:
        return _without_be(tokens)
    if first.endswith("ing") and first in verb_forms():
        return [_as(tokens[0], verb_forms()[first]), *tokens[1:]]
    return list(tokens) if first in verbs() and first not in word_set("grammar", "nounlike") else None


def _wish(tokens: Sequence[Token]) -> list[Token] | None:
    """“The sky should be bluer”, “it needs more contrast”."""
    for j in range(1, min(len(tokens), _FAR)):
        if tokens[j].text in {"doesn't", "don't", "didn't", "not", "never", "wants"}:
            return None
        for auxiliary in _auxiliaries().get(tokens[j].text, ()):
            if tuple(token.text for token in tokens[j : j + len(auxiliary)]) == auxiliary:
                return _rearranged(tokens[:j], tokens[j + len(auxiliary) :], last=auxiliary[-1])
        if tokens[j].text in {"needs", "need"} or (tokens[j].text == "use" and tokens[j - 1].text == "could"):
            subject = [t for t in tokens[:j] if t.text != "could"]
            return [Token("give"), *subject, *tokens[j + 1 :]]
    return None


def _passive(tokens: Sequence[Token], *, wished: bool) -> list[Token] | None:
    """“(I want) the sign removed”."""
    for j in range(min(len(tokens), _FAR) - 1, 0, -1):
        form = _participle(tokens[j].text)
        if form and _stands_last(tokens, j, wished=wished):
            begin = 1 if tokens[0].text in {"get", "have"} and j > 1 else 0
            return [_as(tokens[j], form), *tokens[begin:j], *tokens[j + 1 :]]
    return None


@cache
def _auxiliaries() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """The auxiliaries by their first word."""
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    for text in _AUXILIARIES:
        parts = tuple(text.split())
        groups[parts[0]] = (*groups.get(parts[0], ()), parts)
    return groups


def _participle(word: str) -> str | None:
    """The imperative of “removed”; None for other words and for those that describe things (“dressed”)."""
    described = word.endswith("ing") or word in word_set("grammar", "relatives")
    return None if described else verb_forms().get(word)


def _rearranged(subject: Sequence[Token], rest: Sequence[Token], *, last: str) -> list[Token]:
    rest = list(rest)
    if not rest:  # “that pole has to go”
        return [Token("remove"), *subject] if last in {"go", "disappear", "vanish"} else list(subject)
    if subject[0].text == "there":  # “there should be a rainbow”
        return [Token("add"), *rest]
    form = _participle(rest[0].text)
    if form:
        return [_as(rest[0], form), *subject, *rest[1:]]
    return [Token("give" if last == "have" else "make"), *subject, *rest]


def _stands_last(tokens: Sequence[Token], j: int, *, wished: bool) -> bool:
    """Whether a participle at `j` is said of the words before it, not an adjective of those behind it."""
    after = tokens[j + 1].text if j + 1 < len(tokens) else ""
    ends = not after or after in {
        "from",
        "out",
        "up",
        "off",
        "away",
        "by",
        "to",
        "in",
        "into",
        "please",
        "with",
        "on",
        "and",
        "down",
    }
    begun = tokens[0].text in word_set("grammar", "determiners") | word_set("grammar", "pronouns")
    before = tokens[j - 1].text
    if not wished and (
        before in word_set("grammar", "states") or (before in _BE and verb_forms()[tokens[j].text] in _SEEN)
    ):
        return False
    return ends and (wished or (begun and not after) or (not after and j + 1 == len(tokens) and j <= 3))


def _without_be(tokens: Sequence[Token]) -> list[Token]:
    """“Change the background to be red” as “… to red”."""
    texts = [token.text for token in tokens]
    place = next((k for k in range(2, len(texts) - 1) if texts[k : k + 2] == ["to", "be"]), None)
    return [*tokens[: place + 1], *tokens[place + 2 :]] if place else list(tokens)


def _before_picture_noun(tokens: Sequence[Token], k: int) -> bool:
    return k + 1 < len(tokens) and tokens[k + 1].text in _picture_nouns()


def _as(token: Token, text: str) -> Token:
    return Token(text, token.start, token.end, token.capital)


def bare(phrase: Phrase) -> bool:
    """Whether a phrase holds no word that carries a request."""
    idle = (
        word_set("fillers")
        | word_set("grammar", "endings")
        | word_set("grammar", "joiners")
        | frozenset(words()["counts"])
    )
    return all(token.text in idle or token.text.isdigit() for token in phrase.tokens)
