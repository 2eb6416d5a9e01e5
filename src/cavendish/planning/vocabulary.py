"""The words the planner knows: grammar words, verb forms, spellings; and mending of typos."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Protocol, cast

from rapidfuzz.distance import OSA

_PLAIN = re.compile(r"[a-z]+")
_SHORTEST_TYPO = 4
_IN_USE = 60
"""How often the dictionary's texts must hold a word."""
_HALF, _COMMON = 4, 1000
"""How long the parts of a compound are, and how often the texts hold them."""

_LONG = 10
"""From this length on two letters may be wrong; in shorter words one."""


class HasText(Protocol):
    """Anything with a word in it, such as a token."""

    @property
    def text(self) -> str:
        """The word as rules read it."""


@cache
def words() -> Mapping[str, Any]:
    """The grammar words of `words.toml`."""
    return tomllib.loads(files("cavendish.planning").joinpath("words.toml").read_text("utf-8"))


@cache
def word_set(*path: str) -> frozenset[str]:
    """A list of `words.toml` as a set; single words only."""
    table: Any = words()
    for name in path:
        table = table[name]
    return frozenset(table.split())


def starts_with(tokens: Sequence[HasText], i: int, name: str) -> int:
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
def joiners() -> frozenset[str]:
    """Single words that join two asks."""
    return frozenset(word for word in word_set("grammar", "joiners") if "_" not in word)


@cache
def verb_classes() -> Mapping[str, tuple[str, ...]]:
    """Class name to its verbs; several words are joined by `_` in the file and by spaces here."""
    return {name: tuple(verb.replace("_", " ") for verb in text.split()) for name, text in words()["verbs"].items()}


@cache
def verbs() -> frozenset[str]:
    """Every imperative, by its first word."""
    return frozenset(verb.split()[0] for group in verb_classes().values() for verb in group)


@cache
def verb_forms() -> Mapping[str, str]:
    """Gerunds and participles to the imperative: “removing”, “removed” → “remove”."""
    forms: dict[str, str] = {}
    for verb in sorted(verbs() - word_set("grammar", "formless")):
        stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
        doubled = verb + verb[-1] if re.search(r"[^aeiou][aeiou][bgmnprt]$", verb) else stem
        past = f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{doubled}ed"
        for form in (f"{doubled}ing", f"{stem}ing", past, f"{stem}ed"):
            forms.setdefault(form, verb)
    return forms | {form: verb for verb, group in words()["irregular"].items() for form in group.split()}


@lru_cache(maxsize=8192)
def spelling_of(written: str) -> str:
    """What rules read for a written word; several words for a contraction such as “dont wanna”."""
    word = written.lower().replace("’", "'")
    word = str(words()["spelling"].get(word, word))
    if len(word) < _SHORTEST_TYPO or not _PLAIN.fullmatch(word) or word in _key_words().get(word[0], ()):
        return word
    return word if word in verb_forms() or _is_english(word) else _mended(word, name=written[0].isupper())


def _mended(word: str, *, name: bool) -> str:
    """The key word `word` is a typo of, or `word` itself.

    Args:
        word: No word of English.
        name: Whether it is written like a name, which nothing but an imperative may be made of.
    """
    most = 2 if len(word) >= _LONG else 1
    best, least = word, (most + 1, 0, False)
    for candidate in _key_words().get(word[0], ()) + _key_words().get(word[1], ()):
        if abs(len(candidate) - len(word)) <= most and (not name or candidate in verbs() or len(word) >= _LONG):
            # Letters are left out more often than put in, and key words are more often meant than nouns.
            rank = OSA.distance(word, candidate, score_cutoff=most), -len(candidate), candidate not in verbs()
            if rank[0] <= most and rank < least:
                best, least = candidate, rank
    return best


@cache
def _key_words() -> Mapping[str, tuple[str, ...]]:
    """Words worth mending a typo into, by first letter; the letter must be right, or swapped with the second."""
    from cavendish.planning.phrases import literal_words, noun_words  # noqa: PLC0415 - phrases are compiled from this module's words

    groups: dict[str, tuple[str, ...]] = {}
    for word in sorted(literal_words() | noun_words() | verbs() | verb_forms().keys() | word_set("grammar", "mend")):
        if len(word) >= _SHORTEST_TYPO and _PLAIN.fullmatch(word):
            groups[word[0]] = (*groups.get(word[0], ()), word)
    return groups


def _is_english(word: str) -> bool:
    """Whether a word is in use or made of two that are; the rarest entries of the dictionary are typos themselves."""
    known = _frequencies()
    halves = ((word[:k], word[k:]) for k in range(_HALF, len(word) - _HALF + 1))  # “lightposts”
    return bool(known.get(word, 0) >= _IN_USE or any(known.get(a, 0) >= _COMMON <= known.get(b, 0) for a, b in halves))


@cache
def _frequencies() -> Mapping[str, int]:
    from spellchecker import SpellChecker  # noqa: PLC0415 - 0.3 s and 40 MB, spent when first needed

    return cast("Mapping[str, int]", SpellChecker(language="en").word_frequency.dictionary)
