"""A message as tokens that remember where they stood, so that every step can say which words it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cavendish.planning.quotations import unmarked
from cavendish.planning.vocabulary import spelling_of

_TOKEN = re.compile(
    r"""
    (?P<quoted>"[^"\n]{1,300}"|“[^”\n]{1,300}”|«[^»\n]{1,300}»|(?<!\w)['‘][^'’\n]{1,300}['’](?!\w)|(?<![\w"])"(?=\w)[^"\n]{1,120}$)
    |(?P<both>\bb(?:lack)?\s?(?:&|/|\+|n|and|'n'|-and-|-)\s?w(?:hite)?\b)
    |(?P<with>\bw/o?(?!\w))
    |(?P<hex>\#[0-9a-f]{3,8}\b)
    |(?P<ordinal>\d+(?:st|nd|rd|th)\b)
    |(?P<number>\d+-bit\b|(?:(?<![^\s(:])[+\-−])?\d+(?:(?:[.,:/]|\s?[x×]\s?)\d+)*\s?(?:%|°)?)
    |(?P<word>[^\W\d_]+(?:['’\-][^\W\d_]+)*(?:\(e?s\))?)
    |(?P<mark>[^\w\s]|\n|_)
    """,
    re.VERBOSE | re.IGNORECASE,
)

_PLURAL = re.compile(r"\(e?s\)$")
"""One or several: “tram(s)”."""

_FEW_WORDS = 3
"""Words between two of a phrase that are quoted along with them."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, quotation or mark.

    Args:
        text: What rules read: lower case, American spelling, typos mended; quotations as `«start»`.
        start: Offset in the message; with `end` equal to it for a word that was put in.
        end: Offset behind it.
        capital: Whether it was written with a capital letter first.
        mark: Whether it is punctuation.
    """

    text: str
    start: int = -1
    end: int = -1
    capital: bool = False
    mark: bool = False

    @property
    def is_inserted(self) -> bool:
        """Whether the word does not stand in the message."""
        return self.start < 0


def tokenize(message: str) -> list[Token]:
    """Cut a message into tokens; linear in its length."""
    tokens: list[Token] = []
    place = 0
    for start, end in unmarked(message):
        tokens += _scan(message, place, start)
        tokens.append(Token(f"«{start}»", start, end))
        place = end
    tokens += _scan(message, place, len(message))
    return [token for k, token in enumerate(tokens) if not _only_sets_off(tokens, k)]


def _only_sets_off(tokens: Sequence[Token], k: int) -> bool:
    """Whether a colon or comma stands around a quotation and ends nothing: “the title, “Spring”, at the top”."""
    if tokens[k].text not in {":", ","} or not 0 < k < len(tokens) - 1:
        return False
    before, after = tokens[k - 1].text, tokens[k + 1].text
    if after.startswith("«"):
        return not before.startswith("«")
    return before.startswith("«") and after in {"in", "at", "on", "across", "under", "below", "above"}


def _scan(message: str, start: int, end: int) -> Iterable[Token]:
    return (token for match in _TOKEN.finditer(message, start, end) for token in _tokens_of(match))


def _tokens_of(match: re.Match[str]) -> Iterable[Token]:
    start, end = match.span()
    written = match.group()
    match match.lastgroup:
        case "quoted":
            yield Token(f"«{start}»", start, end)
        case "both":
            yield Token("black-and-white", start, end, written[0].isupper())
        case "with":
            yield Token("without" if written.endswith("o") else "with", start, end)
        case "mark":
            yield Token(written, start, end, mark=True)
        case "word":
            place = start
            for part in spelling_of(_PLURAL.sub("s", written)).split(" "):
                yield Token(part, place, end, written[0].isupper())
                place = end if place == start else place
        case _:
            yield Token(re.sub(r"\s", "", written.lower().replace("×", "x")), start, end)


@dataclass(frozen=True)
class Phrase:
    """A run of tokens and the text that rules match against.

    Args:
        tokens: In reading order; some may be put in.
        message: The whole message the offsets point into.
    """

    tokens: tuple[Token, ...]
    message: str = field(repr=False)

    @cached_property
    def text(self) -> str:
        """The tokens' texts joined by single spaces."""
        return " ".join(token.text for token in self.tokens)

    @cached_property
    def words(self) -> frozenset[str]:
        """The different texts."""
        return frozenset(token.text for token in self.tokens)

    @cached_property
    def _starts(self) -> list[int]:
        starts, place = [], 0
        for token in self.tokens:
            starts.append(place)
            place += len(token.text) + 1
        return starts

    def part(self, start: int, end: int) -> Phrase:
        """The tokens that lie in `text[start:end]`."""
        first = max(0, bisect_right(self._starts, start) - 1)
        last = max(first, bisect_right(self._starts, max(start, end - 1)))
        return self.with_tokens(self.tokens[first:last] if end > start else ())

    def with_tokens(self, tokens: Sequence[Token]) -> Phrase:
        """Other tokens of the same message."""
        return Phrase(tuple(tokens), self.message)

    @property
    def span(self) -> tuple[int, int]:
        """Where the words stand in the message; (0, 0) where all were put in."""
        own = [token for token in self.tokens if not token.is_inserted]
        return (min(token.start for token in own), max(token.end for token in own)) if own else (0, 0)

    @property
    def written(self) -> str:
        """The words as they stand in the message; “…” stands for more than a few words that are none of the phrase."""
        runs: list[list[int]] = []
        for token in sorted((t for t in self.tokens if not t.is_inserted), key=lambda t: t.start):
            if runs and self.message.count(" ", runs[-1][1], token.start) <= _FEW_WORDS:
                runs[-1][1] = max(runs[-1][1], token.end)
            else:
                runs.append([token.start, token.end])
        return " … ".join(" ".join(self.message[start:end].split()) for start, end in runs)

    @property
    def named(self) -> str:
        """The tokens' texts, with the wording of quotations in the place of their stand-ins."""
        return " ".join(
            self.with_tokens([token]).unquoted if token.text.startswith("«") else token.text for token in self.tokens
        )

    @property
    def unquoted(self) -> str:
        """The words as written, without the quotation marks around a quotation."""
        return self.written.strip(" ,;:").strip("\"“”'‘’«»")
