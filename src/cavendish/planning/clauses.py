"""Cutting a message into clauses: one ask each, what is to be kept, and what only explains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from cavendish.planning.color_words import is_color_word
from cavendish.planning.tokens import Phrase, Token, tokenize
from cavendish.planning.vocabulary import verb_classes, verb_forms, verbs, word_set

LONGEST_CLAUSE = 60
"""Tokens of a clause that are read as one; a longer run without punctuation is cut here, which bounds the work."""

_LABEL = 4
"""Words of a label before a colon."""

_ENDS = frozenset(".!?;\n:|•()[]{}*–—…>=")
_AND = frozenset("&+/")


_AFTER_VERB = frozenset({"", ",", "out", "in", "to", "up", "down", "and", "so", "away", "off", "around", "tight", "tighter", "closer", "by", "from", "more", "back", "a"})
"""What shows that a word such as “crop” or “blur” is an imperative."""


_INFINITIVE = frozenset("want wants wanted need needs needed like love try trying have has going able used supposed how ought".split())
"""Words that “to” and a verb complete."""


_REQUESTS = frozenset({"can", "could", "would", "will"})
_ASKED = frozenset({"someone", "somebody", "anyone", "anybody", "you", "we", "i", "u", "they"})
_POLITE = frozenset("please can could you would just maybe possibly i want need like to if possible them we also someone somebody anyone anybody kindly try".split())
"""What may stand between a joining word and its verb."""


_NO_END = frozenset({"this", "it", "that", "in", "to", "into", "the", "a", "make", "turn", "full"})
"""Words that no sentence ends with, whatever the capital behind them."""


class Kind(StrEnum):
    """What a clause is for."""

    ASK = "ask"
    GUARD = "guard"
    PURPOSE = "purpose"
    REASON = "reason"


@dataclass(frozen=True)
class Clause:
    """A piece of the message.

    Args:
        phrase: Its tokens as they stand.
        kind: An ask, something to keep, what an ask is for (“to make it pop”), or why.
        joined: Whether it continues the clause before it: it stands behind a comma and begins with no verb.
        bracketed: Whether it stands in brackets, which often say which thing is meant.
    """

    phrase: Phrase
    kind: Kind = Kind.ASK
    joined: bool = False
    bracketed: bool = False


def split(message: str) -> list[Clause]:
    """Cut a message at sentence ends, commas, joining words and imperatives.

    Args:
        message: Any length; the work is linear in it.

    Returns:
        Clauses in order, without empty ones; none longer than `LONGEST_CLAUSE` tokens.
    """
    tokens = tokenize(message)
    shouted = sum(token.capital for token in tokens) > 0.6 * sum(not token.mark for token in tokens)
    return [
        clause
        for sentence, bracketed in _sentences(tokens)
        for clause in _clauses(sentence, Phrase((), message), capitals=not shouted, bracketed=bracketed)
    ]


def _sentences(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], bool]]:
    """Runs between sentence ends, and whether each stands in brackets; marks but commas are dropped."""
    current: list[Token] = []
    bracketed = False
    glossed = _pointing_brackets(tokens)
    for i, token in enumerate(tokens):
        if i in glossed or (token.mark and _is_no_end(tokens, i, current)):
            continue
        if token.mark and (token.text in _ENDS or token.text == "-" or len(current) >= LONGEST_CLAUSE):
            yield current, bracketed
            current, bracketed = [], token.text == "("
        elif not token.mark or token.text == ",":
            current.append(token)
        elif token.text in _AND:
            current.append(Token("and", token.start, token.end))
    yield current, bracketed


def _pointing_brackets(tokens: Sequence[Token]) -> set[int]:
    """Where brackets stand around a picture, as in “my brother (second picture)”; they end no sentence."""
    found: set[int] = set()
    for i, token in enumerate(tokens):
        closing = next((k for k in range(i + 1, min(i + 6, len(tokens))) if tokens[k].text == ")"), None)
        if token.text == "(" and closing and any(t.text in word_set("images", "nouns") for t in tokens[i + 1 : closing]):
            found |= {i, closing}
    return found


def _is_no_end(tokens: Sequence[Token], i: int, current: list[Token]) -> bool:
    """Whether the mark at `i` joins: the hyphen of “8-bit”, the colon of “hair color: auburn”."""
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if after is None or not current:
        return False
    if tokens[i].text == "-":
        return after.start == tokens[i].end and current[-1].end == tokens[i].start
    colored = any(is_color_word(token.text) for token in tokens[i + 1 : i + 4])
    return tokens[i].text == ":" and len(current) <= _LABEL and colored


def _clauses(sentence: list[Token], message: Phrase, *, capitals: bool, bracketed: bool) -> Iterator[Clause]:
    """Clauses of one sentence."""
    current: list[Token] = []
    kind, joined = Kind.ASK, False
    for i, token in enumerate(sentence):
        begins = _kind_at(sentence, i, capitals=capitals)
        if begins or (token.text == "," and not _joins_adjectives(sentence, i)) or len(current) >= LONGEST_CLAUSE:
            if current:
                yield Clause(message.with_tokens(current), kind, joined, bracketed)
            kind, joined = begins or Kind.ASK, not begins
            current = []
        if token.text != ",":
            current.append(token)
    if current:
        yield Clause(message.with_tokens(current), kind, joined, bracketed)


def _joins_adjectives(tokens: Sequence[Token], i: int) -> bool:
    """Whether the comma at `i` stands between two properties, as in “a lush, green forest”."""
    if i < 2 or i + 1 >= len(tokens) or tokens[i - 2].text not in {"a", "an"}:
        return False
    after = tokens[i + 1].text
    openers = word_set("grammar", "determiners") | word_set("grammar", "pronouns") | word_set("grammar", "prepositions")
    return after not in openers and after not in verbs() and not after.endswith("ing")


def _kind_at(tokens: Sequence[Token], i: int, *, capitals: bool) -> Kind | None:
    """The kind of clause that begins at `i`, or None where none does."""
    word = tokens[i].text
    before = tokens[i - 1].text if i else ","
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    if i and capitals and tokens[i].capital and not tokens[i - 1].capital and word in _openers() and before not in _NO_END:
        return Kind.ASK  # a new sentence without a full stop before it
    if i and before in _heads("grammar", "joiners"):
        return None if _kind_before_joiner(tokens, i) else _kind_of_verb(tokens, i, capitals=capitals)
    if starts_with(tokens, i, "guards") and (not i or before == "," or word not in {"leave", "not", "retain"}):
        return None if before in {"to", "that"} else Kind.GUARD
    if i and starts_with(tokens, i, "reasons") and not (word == "for" and _swaps(tokens[:i])):
        return Kind.REASON
    if i and word == "by" and after.endswith("ing") and after in verb_forms():
        return Kind.REASON
    if word in {"while", "but"} and starts_with(tokens, i + 1, "guards"):
        return Kind.GUARD
    if word == "to" and 1 < i < len(tokens) - 2 and before not in _INFINITIVE and _is_plain_verb(after) and not is_color_word(after) and not _only_leads(tokens[:i]):
        return Kind.PURPOSE
    if i and (word == "please" or (word in _REQUESTS and after in _ASKED)) and _joins(tokens, i, capitals=capitals):
        return Kind.ASK
    if word in _heads("grammar", "joiners") and (_states(tokens, i) or _compares(tokens, i)):
        return Kind.ASK
    if word in _heads("grammar", "joiners") and _joins(tokens, i, capitals=capitals):
        return Kind.GUARD if starts_with(tokens, i + 1, "guards") else Kind.ASK
    return _kind_of_verb(tokens, i, capitals=capitals) if i else None


def _swaps(tokens: Sequence[Token]) -> bool:
    """Whether a thing is given up for another one: “swap the dull sky for a sunset”."""
    return any(token.text in {"swap", "exchange", "trade", "switch", "substitute"} for token in tokens[-8:])


@cache
def _openers() -> frozenset[str]:
    """Words that, with a capital letter, open a sentence."""
    return word_set("grammar", "determiners") | word_set("grammar", "pronouns") | {"he", "she", "they", "we", "there", "please", "also", "can", "if", "black-and-white"}


def _kind_before_joiner(tokens: Sequence[Token], i: int) -> bool:
    """Whether the clause already began at the joining word before `i`."""
    return i > 0 and _joins(tokens, i - 1, capitals=True)


def _joins(tokens: Sequence[Token], i: int, *, capitals: bool) -> bool:
    """Whether the joining word at `i` is followed by an ask, politeness apart."""
    for k in range(i + 1, min(i + 6, len(tokens))):
        if starts_with(tokens, k, "guards"):
            return True
        if begins_ask(tokens, k, before=","):
            return True
        if tokens[k].text not in _heads("grammar", "joiners") | _POLITE:
            return False
    return False


def _states(tokens: Sequence[Token], i: int) -> bool:
    """Whether the joining word at `i` is followed by a wish such as “the barn should be red”."""
    for k in range(i + 1, min(i + 8, len(tokens))):
        wish = tokens[k].text == "to" and k + 1 < len(tokens) and tokens[k + 1].text in {"be", "look", "pop", "really", "stand"}
        if tokens[k].text in {"should", "needs", "must"} or wish:
            return k > i + 1
        if tokens[k].text in _heads("grammar", "joiners") or tokens[k].text == ",":
            return False
    return False


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


def _kind_of_verb(tokens: Sequence[Token], i: int, *, capitals: bool) -> Kind | None:
    """Whether an imperative begins a clause at `i`."""
    before = tokens[i - 1].text if i else ","
    if before == "," or before in _heads("grammar", "joiners"):
        return Kind.ASK if begins_ask(tokens, i, before=",") else None
    shown = capitals and tokens[i].capital and not tokens[i - 1].capital
    return Kind.ASK if begins_ask(tokens, i, before=before, shown=shown) else None


def begins_ask(tokens: Sequence[Token], i: int, *, before: str, shown: bool = False) -> bool:
    """Whether the token at `i` is an imperative that begins an ask.

    Args:
        tokens: A sentence.
        i: Where.
        before: The word before; `,` after a comma or a joining word.
        shown: Whether a capital letter says that something begins.
    """
    word = tokens[i].text
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    if before == "," and word.endswith("ing") and verb_forms().get(word) in word_set("grammar", "starters") - {"include", "blend", "match"}:
        return after in word_set("grammar", "determiners") or word not in word_set("grammar", "relatives")
    if word not in verbs() or before in word_set("grammar", "before_nouns") or f"{before}_{word}" in word_set("grammar", "compounds"):
        return False
    if before != "," and not shown and word not in word_set("grammar", "starters") and not _takes_away(tokens, i):
        return False
    if shown and after:
        return True
    if before != "," and not shown and after in {"", "please"}:  # “face swap”
        return False
    if word not in word_set("grammar", "nounlike") or _is_long_verb(tokens, i):
        return True
    if before != "," and (before in word_set("grammar", "prepositions") or (before in verbs() and not shown)):
        return False  # “remove blur from …”
    objects = word_set("grammar", "determiners") | word_set("grammar", "pronouns") | word_set("images", "nouns")
    particle = before == "," and after in {"up", "out", "down", "off", "away"}
    return after in objects or particle or (word in word_set("grammar", "starters") and after in _AFTER_VERB)


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


def _takes_away(tokens: Sequence[Token], i: int) -> bool:
    """Whether “cut out”, “take out” or “get rid of” stands at `i`: verbs clear enough to need no comma before."""
    return i + 1 < len(tokens) and f"{tokens[i].text} {tokens[i + 1].text}" in {"cut out", "take out", "take away", "get rid", "photoshop out", "edit out", "crop out"}


def _is_plain_verb(word: str) -> bool:
    return word in verbs() and word not in word_set("grammar", "nounlike")


def _only_leads(tokens: Sequence[Token]) -> bool:
    leads = _heads("grammar", "leads")
    return all(token.text in leads for token in tokens)


def starts_with(tokens: Sequence[Token], i: int, name: str) -> int:
    """How many tokens at `i` one of the expressions of `[grammar] name` covers; 0 for none."""
    if not 0 <= i < len(tokens):
        return 0
    for expression in _expressions(name).get(tokens[i].text, ()):
        if all(i + k < len(tokens) and tokens[i + k].text == part for k, part in enumerate(expression)):
            return len(expression)
    return 0


@cache
def _expressions(name: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Expressions by their first word, longest first."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for expression in word_set("grammar", name):
        parts = tuple(expression.split("_"))
        groups.setdefault(parts[0], []).append(parts)
    return {first: tuple(sorted(group, key=len, reverse=True)) for first, group in groups.items()}


@cache
def _heads(*path: str) -> frozenset[str]:
    return frozenset(word for word in word_set(*path) if "_" not in word)
