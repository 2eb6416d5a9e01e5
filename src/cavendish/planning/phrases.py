"""The families' words files as rules, and the rule that explains a clause best.

A words file is a TOML file with these tables:

    [done]              op = what to answer when it is done
    [nouns]             class = its words, `_` for a space within one; all files can use it
    [frames]            frame = its templates; all files can use it
    [[ask]]             one or more ways to ask for one op:
        op              its name
        parameters, amount, value, confidence, also, absorbs, replaces: as in `Rule`
        say             templates, in the language of templates.py, that say what to do
        complain        templates that say what is wrong: “it is too dark”
        vague           templates that say neither: “fix it”
        alone           templates that are sure only where they are the whole clause: a style's bare name
        each.NAME       a table: the ask stands once for every key, with the parameter NAME of that value and with the
                        words beside it for each `$` of its templates
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from cavendish.planning.color_words import with_colors_marked
from cavendish.planning.templates import (
    LOOSE_SLOTS,
    MARKS,
    Template,
    TemplateCompiler,
    in_full,
    noun_pattern,
    slots_of,
)
from cavendish.planning.tokens import Phrase
from cavendish.planning.vocabulary import verbs, word_set


@dataclass(frozen=True)
class Rule:
    """One way to ask for one op.

    Args:
        op: The op's name.
        template: What the clause must look like.
        parameters: Set whenever the rule matches.
        amount: The parameter that adverbs and numbers change; "" for none.
        value: That parameter's amount when none is stated.
        confidence: 0–1.
        also: Ops that the same words ask for besides.
        absorbs: Whether all that follows in the message describes the same picture.
        replaces: Ops of the whole picture asked for before that these words correct: “gray, but keep the rose red”.
        mood: `complaint` says what is wrong (“it is too dark”) and gives way to an ask that says what to do about it;
            `vague` says what to do without saying what is wrong (“fix it”) and gives way to a complaint.
        place: Its place among all rules, which settles ties.
    """

    op: str
    template: Template
    parameters: Mapping[str, Any] = field(default_factory=dict)
    amount: str = ""
    value: float = 0.0
    confidence: float = 0.9
    also: tuple[str, ...] = ()
    absorbs: bool = False
    mood: str = ""
    replaces: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True)
class Found:
    """A rule that fits, the tokens it explains, and its slots.

    Args:
        rule: The rule.
        phrase: What it matched.
        slots: Slot name to the tokens in it.
        literal: Characters explained by literal words and by heads of noun classes.
    """

    rule: Rule
    phrase: Phrase
    slots: Mapping[str, Phrase]
    literal: int


def find_whole(clause: Phrase) -> Found | None:
    """The rule that explains the whole clause, most of it literally, or None."""
    text = with_colors_marked(clause.text)
    matches = ((rule, rule.template.whole(text)) for rule in _candidates(clause.words, text))
    return max((_found(rule, clause, match) for rule, match in matches if match), key=_weight, default=None)


def find_inside(clause: Phrase) -> Found | None:
    """The rule that explains most of a part of the clause literally, or None; generic rules do not count."""
    text = with_colors_marked(clause.text)
    matches = ((rule, rule.template.inside(text)) for rule in _candidates(clause.words, text) if rule.confidence > 0.5)
    whole = (_found(rule, clause, match) for rule, match in matches if match and not _lacks_object(match))
    return max(whole, key=_weight, default=None)


def _lacks_object(match: re.Match[str]) -> bool:
    """Whether a bare verb is cut off from its object: “extend” of “extend her dress” says nothing of the picture."""
    verb = match.group().split()
    return len(verb) <= 2 and verb[0] in verbs() and _OBJECT.match(match.string, match.end()) is not None


_OBJECT = re.compile(r" (?:the|a|an|my|his|her|their|its|our|this|that|these|those)\b")


def _weight(found: Found) -> tuple[int, float, int]:
    """More literal words win, then the surer rule, then the earlier one."""
    return found.literal, found.rule.confidence, -found.rule.place


def _found(rule: Rule, clause: Phrase, match: re.Match[str]) -> Found:
    places = slots_of(match)
    heads = places.pop("head", (0, 0))
    loose = sum(end - start for name, (start, end) in places.items() if name.rstrip("0123456789") in LOOSE_SLOTS)
    slots = {name: clause.part(*place) for name, place in places.items()}
    literal = match.end() - match.start() - loose + (heads[1] - heads[0])
    return Found(rule, clause.part(*match.span()), slots, literal)


def _candidates(present: frozenset[str], text: str) -> Iterator[Rule]:
    """Rules of which every needed word or mark is present."""
    present |= {f"{{{name}}}" for name, mark in MARKS.items() if mark.search(text)}
    index, always = _index()
    seen: set[int] = set()
    for word in present:
        for rule in index.get(word, ()):
            if id(rule) not in seen:
                seen.add(id(rule))
                if not any(need.isdisjoint(present) for need in rule.template.needs):
                    yield rule
    yield from always


@cache
def _index() -> tuple[Mapping[str, tuple[Rule, ...]], tuple[Rule, ...]]:
    """Rules by the words of their rarest need, and those that need none."""
    by_word: dict[str, list[Rule]] = {}
    always = []
    for rule in rules():
        if not rule.template.needs:
            always.append(rule)
            continue
        for word in min(rule.template.needs, key=_commonness):
            by_word.setdefault(word, []).append(rule)
    return {word: tuple(group) for word, group in by_word.items()}, tuple(always)


def _commonness(need: frozenset[str]) -> int:
    """How often one of these words may be expected in a clause."""
    return sum(30 if word in word_set("fillers") else 15 if word in verbs() else 1 for word in need)


@cache
def rules() -> tuple[Rule, ...]:
    """Every ask of every family."""
    compiler, frames = TemplateCompiler(noun_classes()), _shared("frames")
    found: list[Rule] = []
    for file, table in _tables().items():
        for ask in table.get("ask", ()):
            try:
                found += _rules_of(ask, frames, compiler)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{file}: {error}") from error
    return tuple(dataclasses.replace(rule, place=place) for place, rule in enumerate(found))


_KINDS: Mapping[str, Mapping[str, Any]] = {
    "say": {},
    "complain": {"mood": "complaint"},
    "vague": {"mood": "vague"},
    "alone": {"confidence": 0.5},
}
"""What an ask's lists of templates set."""


def _rules_of(ask: Mapping[str, Any], frames: Mapping[str, list[str]], compiler: TemplateCompiler) -> Iterator[Rule]:
    settings = {key: ask[key] for key in ask.keys() - _KINDS.keys()}
    settings |= {key: tuple(value) for key, value in settings.items() if isinstance(value, list)}
    table = settings.pop("each", {})
    always = settings.pop("parameters", {})
    rows = [({**always, name: value}, words) for name, each in table.items() for value, words in each.items()]
    for parameters, words in rows or [(always, "$")]:
        for kind, special in _KINDS.items():
            for source in in_full((line.replace("$", words) for line in ask.get(kind, ())), frames):
                yield Rule(template=compiler.compile(source), parameters=parameters, **{**settings, **special})


@cache
def noun_classes() -> Mapping[str, tuple[str, ...]]:
    """Noun class to its words; a class of one family can be used by all."""
    return {name: tuple(word.replace("_", " ") for word in text.split()) for name, text in _shared("nouns").items()}


def _shared(kind: str) -> Mapping[str, Any]:
    """What all files can use, by name: their noun classes or their frames."""
    found: dict[str, Any] = {}
    for file, table in _tables().items():
        for name, entry in table.get(kind, {}).items():
            if name in found:
                raise ValueError(f"{file}: {name!r} of its {kind} stands in another file too")
            found[name] = entry
    return found


@cache
def nouns_of(name: str) -> re.Pattern[str]:
    """Matches the words of a noun class, plurals included."""
    return re.compile(noun_pattern(noun_classes()[name]))


@cache
def noun_words() -> frozenset[str]:
    """Every word of every noun class, plurals included."""
    plain = {part for heads in noun_classes().values() for head in heads for part in head.split() if "*" not in part}
    return frozenset(plain | {f"{word}s" for word in plain})


@cache
def literal_words() -> frozenset[str]:
    """Every word that some rule names."""
    return frozenset(word for rule in rules() for word in rule.template.literals)


@cache
def sayings() -> Mapping[str, str]:
    """Op name to the words that say it was done."""
    return {op: text for table in _tables().values() for op, text in table.get("done", {}).items()}


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    folder = files("cavendish.ops")
    found = (item for item in folder.iterdir() if item.name.endswith(".toml") and item.name != "catalog.toml")
    return {item.name: tomllib.loads(item.read_text("utf-8")) for item in sorted(found, key=lambda item: item.name)}
