"""Where a clause begins: at an imperative, at what is to be kept, at why something is asked."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from cavendish.planning.color_words import is_color_word
from cavendish.planning.tokens import Token
from cavendish.planning.vocabulary import joiners, starts_with, verb_classes, verb_forms, verbs, word_set


class Kind(StrEnum):
    """What a clause is for."""

    ASK = "ask"
    GUARD = "guard"
    PURPOSE = "purpose"
    REASON = "reason"


def kind_at(tokens: Sequence[Token], i: int, *, capitals: bool) -> Kind | None:
    """The kind of clause that begins at a token of a sentence.

    Args:
        tokens: The sentence.
        i: Which token.
        capitals: Whether capital letters mean anything; in a shouted message they do not.

    Returns:
        The kind, or None where no clause begins.
    """
    if i and capitals and _opens_sentence(tokens, i):
        return Kind.ASK
    if i and tokens[i - 1].text in joiners():  # the clause began at the joining word, if one did
        return None if _joins(tokens, i - 1) else _imperative_at(tokens, i, capitals=capitals)
    return (
        _guard_at(tokens, i)
        or _explanation_at(tokens, i)
        or _joined_at(tokens, i)
        or (_imperative_at(tokens, i, capitals=capitals) if i else None)
    )


def begins_ask(tokens: Sequence[Token], i: int, *, before: str, shown: bool = False) -> bool:
    """Whether the token at `i` is an imperative that begins an ask.

    Args:
        tokens: A sentence.
        i: Where.
        before: The word before; `,` after a comma or a joining word.
        shown: Whether a capital letter says that something begins.
    """
    word, after = tokens[i].text, _text(tokens, i + 1)
    if before == "," and word.endswith("ing") and verb_forms().get(word) in _clear_gerunds():
        return after in word_set("grammar", "determiners") or word not in word_set("grammar", "relatives")
    if word not in verbs() or before in word_set("grammar", "before_nouns"):
        return False
    if f"{before}_{word}" in word_set("grammar", "compounds"):
        return False
    if before == ",":
        return _is_imperative(tokens, i) or after in word_set("grammar", "particles")
    if shown and after:
        return True
    return _stands_alone(tokens, i, before=before, shown=shown)


def _stands_alone(tokens: Sequence[Token], i: int, *, before: str, shown: bool) -> bool:
    """Whether a verb without comma or joining word before it begins an ask: “remove the cup make it brighter”."""
    word, after = tokens[i].text, _text(tokens, i + 1)
    clear = shown or word in word_set("grammar", "starters") or f"{word}_{after}" in word_set("grammar", "takes_away")
    if not clear or (not shown and after in {"", "please"}):  # “face swap”
        return False
    if is_color_word(before) and _text(tokens, i - 2) in word_set("grammar", "determiners"):  # “the gray blur”
        return False
    noun = before in word_set("grammar", "prepositions") or (before in verbs() and not shown)  # “remove blur from …”
    return _is_clear_verb(tokens, i) or (not noun and _is_imperative(tokens, i))


def _is_imperative(tokens: Sequence[Token], i: int) -> bool:
    """Whether a verb is none of those that are nouns as often, or what follows shows it."""
    word, after = tokens[i].text, _text(tokens, i + 1)
    objects = word_set("grammar", "determiners") | word_set("grammar", "pronouns") | word_set("images", "nouns")
    objects |= {"background", "backdrop"}
    shown = word in word_set("grammar", "starters") and after in word_set("grammar", "after_verbs") | {"", ","}
    return _is_clear_verb(tokens, i) or after in objects or shown


def _is_clear_verb(tokens: Sequence[Token], i: int) -> bool:
    return tokens[i].text not in word_set("grammar", "nounlike") or _is_long_verb(tokens, i)


def _text(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].text if 0 <= i < len(tokens) else ""


@cache
def _clear_gerunds() -> frozenset[str]:
    """Imperatives whose gerund begins an ask; “including” and “blending” only tell how."""
    return word_set("grammar", "starters") - {"include", "blend", "match"}


def _opens_sentence(tokens: Sequence[Token], i: int) -> bool:
    """Whether a capital letter begins a sentence without a full stop before it."""
    openers = word_set("grammar", "determiners") | word_set("grammar", "pronouns") | word_set("grammar", "openers")
    begins = tokens[i].capital and not tokens[i - 1].capital and tokens[i].text in openers
    return begins and tokens[i - 1].text not in word_set("grammar", "no_end")


def _guard_at(tokens: Sequence[Token], i: int) -> Kind | None:
    """“Keep …”, “without changing …”, “while leaving …”."""
    word, before = tokens[i].text, _text(tokens, i - 1) or ","
    begun = not i or before in {",", "please"} or word not in {"leave", "not", "retain"}
    if starts_with(tokens, i, "guards") and begun and before not in {"to", "that", "while", "but"}:
        return Kind.GUARD
    return Kind.GUARD if word in {"while", "but"} and starts_with(tokens, i + 1, "guards") else None


def _explanation_at(tokens: Sequence[Token], i: int) -> Kind | None:
    """Why, by what means or what for something is asked."""
    word, after = tokens[i].text, _text(tokens, i + 1)
    if i and starts_with(tokens, i, "reasons") and not (word == "for" and _swaps(tokens[:i])):
        return Kind.REASON
    if i and word == "by" and after.endswith("ing") and after in verb_forms():
        return Kind.REASON
    if word != "to" or not 1 < i < len(tokens) - 2 or tokens[i - 1].text in word_set("grammar", "infinitive"):
        return None
    plain = after in verbs() and after not in word_set("grammar", "nounlike") and not is_color_word(after)
    return Kind.PURPOSE if plain and not all(token.text in _leads() for token in tokens[:i]) else None


def _joined_at(tokens: Sequence[Token], i: int) -> Kind | None:
    """“And …”, “please …”, “could you …” with an ask behind."""
    word, after = tokens[i].text, _text(tokens, i + 1)
    asked = word == "please" or (word in {"can", "could", "would", "will"} and after in word_set("grammar", "asked"))
    if i and asked and _joins(tokens, i):
        return Kind.ASK
    if word not in joiners():
        return None
    if _states(tokens, i) or _compares(tokens, i) or _places(tokens, i):
        return Kind.ASK
    if not _joins(tokens, i):
        return None
    return Kind.GUARD if starts_with(tokens, i + 1, "guards") else Kind.ASK


def _joins(tokens: Sequence[Token], i: int) -> bool:
    """Whether the joining word at `i` is followed by an ask, politeness apart."""
    for k in range(i + 1, min(i + 6, len(tokens))):
        if starts_with(tokens, k, "guards") or begins_ask(tokens, k, before=","):
            return True
        if tokens[k].text not in joiners() | word_set("grammar", "polite") | word_set("grammar", "manners"):
            return False
    return False


def _swaps(tokens: Sequence[Token]) -> bool:
    """Whether a thing is given up for another one: “swap the dull sky for a sunset”."""
    return any(token.text in {"swap", "exchange", "trade", "switch", "substitute"} for token in tokens[-8:])


def _states(tokens: Sequence[Token], i: int) -> bool:
    """Whether the joining word at `i` is followed by a wish such as “the barn should be red”."""
    for k in range(i + 1, min(i + 8, len(tokens))):
        wish = (
            tokens[k].text == "to"
            and k + 1 < len(tokens)
            and tokens[k + 1].text in {"be", "look", "pop", "really", "stand"}
        )
        if tokens[k].text in {"should", "needs", "must"} or wish:
            return k > i + 1
        if tokens[k].text in joiners() or tokens[k].text == ",":
            return False
    return False


def _places(tokens: Sequence[Token], i: int) -> bool:
    """Whether “and” at `i` joins “the bear of picture 2 on the left” and “the mug of picture 3 on the right”."""
    if i < 1 or tokens[i - 1].text not in _SIDES:
        return False
    if {token.text for token in tokens[i + 1 : i + 3]} & _PICTURES:  # two pictures beside one another
        return False
    for token in tokens[i + 3 : i + 9]:
        if token.text in joiners() or token.text == ",":
            return False
        if token.text in _PICTURES:
            return True
    return False


_SIDES = frozenset({"left", "right", "top", "bottom", "center", "middle", "corner", "side", "front", "foreground"})
_PICTURES = frozenset({"picture", "image", "photo", "pic", "photograph"})


def _compares(tokens: Sequence[Token], i: int) -> bool:
    """Whether “and” at `i` joins “eyes brighter” and “lashes darker”."""
    graded = word_set("grammar", "comparatives")
    if not any(token.text in graded for token in tokens[:i]):
        return False
    for k in range(i + 1, min(i + 5, len(tokens))):
        if tokens[k].text in graded:
            return k > i + 1
        if tokens[k].text in verbs() or tokens[k].text == "," or tokens[k].text in word_set("grammar", "prepositions"):
            return False
    return False


def _imperative_at(tokens: Sequence[Token], i: int, *, capitals: bool) -> Kind | None:
    """Whether an imperative begins a clause at `i`."""
    before = tokens[i - 1].text
    first = i
    while first and tokens[first - 1].text in word_set("grammar", "manners"):
        first -= 1
    if first < i and (not first or tokens[first - 1].text == "," or tokens[first - 1].text in joiners() | _leads()):
        return None  # the clause began at “slightly” of “slightly sharpen it”
    if before == "," or before in joiners():
        return Kind.ASK if begins_ask(tokens, i, before=",") else None
    shown = capitals and tokens[i].capital and not tokens[i - 1].capital
    return Kind.ASK if begins_ask(tokens, i, before=before, shown=shown) else None


def _is_long_verb(tokens: Sequence[Token], i: int) -> bool:
    """Whether a verb of several words, such as “get rid of”, stands at `i`."""
    texts = " ".join(token.text for token in tokens[i : i + 4])
    return any(texts.startswith(f"{verb} ") for verb in _long_verbs().get(tokens[i].text, ()))


@cache
def _long_verbs() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for verb in sorted({verb for group in verb_classes().values() for verb in group if " " in verb}):
        groups[verb.split()[0]] = (*groups.get(verb.split()[0], ()), verb)
    return groups


@cache
def _leads() -> frozenset[str]:
    return frozenset(word for word in word_set("grammar", "leads") if "_" not in word)
