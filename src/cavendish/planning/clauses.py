"""Cutting a message into clauses: one ask each, what is to be kept, and what only explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cavendish.planning.boundaries import Kind, kind_at
from cavendish.planning.color_words import is_color_word
from cavendish.planning.tokens import Phrase, Token, tokenize
from cavendish.planning.vocabulary import verbs, word_set

LONGEST_CLAUSE = 60
"""Tokens of a clause that are read as one; a longer run without punctuation is cut here, which bounds the work."""

_LABEL = 4
"""Words of a label before a colon."""

_ENDS = frozenset(".!?;\n:|•()[]{}*–—…>=")
_AND = frozenset("&+/")


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
        if (
            token.text == "("
            and closing
            and any(t.text in word_set("images", "nouns") for t in tokens[i + 1 : closing])
        ):
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
        begins = kind_at(sentence, i, capitals=capitals)
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
