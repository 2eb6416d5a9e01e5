"""The little language of the words files, compiled to regular expressions plus the words that must be there.

    brighter            a word
    [very] [a|the]      optional words; `|` separates alternatives
    (lighter|less dark) one of several
    <remove>            any verb of a class of words.toml, or any word of a noun class
    {thing}             a noun phrase; {thing2} another one
    {thing:text}        a noun phrase whose head is of a noun class
    {color} {size} {number} {quoted} {image} {picture}           other slots
    {words} {what} {scene} {clothes} {old} {new} …               any words, for a text parameter
    ...                 anything, or nothing
    @more contrast      in a words file's ask: every line of the frame `more`, with these words for each `$` of them

A frame is what many asks say of different things; it stands in the `[frames]` of any words file and all can use it:

    [frames]
    more = ["<increase> [the] ($) [<at> {thing}]", "more ($)"]

    [[ask]]
    op = "adjust_contrast"
    say = ["@more contrast|contrasts", "punchier"]

A template must explain a whole clause; politeness, adverbs of degree and stated amounts were taken out before.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from cavendish.planning.vocabulary import verb_classes, word_set, words

_PART = re.compile(r"\s*(\.\.\.|\([^()\[\]]*\)|\[[^()\[\]]*\]|[\[\]()|]|<\w+>|\{[\w:]+\}|[^\s\[\](){}|<>]+)")
"""A bracket that holds no other one is one part: many templates share it."""

LOOSE_SLOTS = frozenset(
    {"any", "thing", "words", "scene", "what", "with", "where", "pose", "clothes", "expression"}
) | frozenset({"viewpoint", "age", "old", "new"})
"""Slots that take any words; those but `thing` and `words` are named like the text parameter they fill."""

_LOOSE_START = re.compile(rf"(?:\(\?:)*\(\?P<(?:{'|'.join(sorted(LOOSE_SLOTS))})\d?>")

_COLOR = r"(?-i:[A-Z#][A-Z0-9#-]*(?: [A-Z#][A-Z0-9#-]*)*)"
"""Colors are told by their capitals: an expression of every color's name in every template compiles for minutes."""

MARKS = {"color": re.compile(r"[A-Z]|#"), "size": re.compile("§"), "quoted": re.compile("«")}
"""Slots that a text holds only where their sign stands in it; a template's needs name them as `{color}`."""

_SPACE = re.compile(" ")

Openings = frozenset[str] | None
Needs = tuple[frozenset[str], ...]
Nouns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Template:
    """One compiled line.

    Args:
        source: As written.
        pattern: Regular expression source; group names are slot names and `__n`.
        needs: Sets of words; a text that fits holds at least one word of each.
        literals: Every literal word.
        openings: Words a text that fits can begin with; None where it may begin with anything.
    """

    source: str
    pattern: str
    needs: Needs
    literals: frozenset[str]
    openings: Openings

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        """Compiled when first tried: that is most of what a clause costs that is like none before."""
        return re.compile(rf"{self.pattern}(?![^ ])", re.IGNORECASE)

    def whole(self, text: str) -> re.Match[str] | None:
        """Match a whole clause with its colors in capitals."""
        return self._compiled.fullmatch(text) if self._may_begin(text, 0) else None

    def inside(self, text: str) -> re.Match[str] | None:
        """Find the template within a clause with its colors in capitals: the leftmost run of words that fits."""
        starts = (0, *(space.end() for space in _SPACE.finditer(text)))
        likely = (start for start in starts if self._may_begin(text, start))
        return next(filter(None, (self._compiled.match(text, start) for start in likely)), None)

    def _may_begin(self, text: str, start: int) -> bool:
        """Whether the word at `start` may be the first; it spares most templates from being compiled at all."""
        return self.openings is None or text[start:].partition(" ")[0].lower() in self.openings


@dataclass(frozen=True)
class _Node:
    """A piece of a template: its expression, the words it needs, all its literal words and those it can begin with."""

    pattern: str
    needs: Needs = ()
    literals: frozenset[str] = frozenset()
    optional: bool = False
    openings: Openings = None


class TemplateCompiler:
    """Compiles lines; what they have in common is compiled once.

    Args:
        nouns: Noun classes: name to their words in the singular.
    """

    def __init__(self, nouns: Nouns) -> None:
        self._nouns = nouns
        self._atoms: dict[str, _Node] = {}

    def compile(self, source: str) -> Template:
        """Compile one line.

        Args:
            source: In the language above.

        Raises:
            ValueError: Brackets do not match, or a class or slot is unknown.
        """
        parts = iter([*_PART.findall(source), ")"])
        try:
            node = self._alternatives(parts, closing=")")
        except KeyError as unknown:
            raise ValueError(f"No class or slot is called {unknown} in {source!r}") from unknown
        if next(parts, None) is not None:
            raise ValueError(f"Unbalanced brackets in {source!r}")
        openings = None if node.optional else node.openings
        return Template(source, _numbered(node.pattern), node.needs, node.literals, openings)

    def _alternatives(self, parts: Iterator[str], *, closing: str) -> _Node:
        branches: list[list[_Node]] = [[]]
        for part in parts:
            if part == closing:
                return _either([_sequence(branch) for branch in branches])
            if part == "|":
                branches.append([])
            elif part == "(":
                branches[-1].append(self._alternatives(parts, closing=")"))
            elif part == "[":
                branches[-1].append(_optional(self._alternatives(parts, closing="]")))
            else:
                branches[-1].append(self._atom(part))
        raise ValueError(f"Missing {closing}")

    def _atom(self, part: str) -> _Node:
        if part not in self._atoms:
            self._atoms[part] = self._new_atom(part)
        return self._atoms[part]

    def _new_atom(self, part: str) -> _Node:
        if part == "...":
            return _Node(r"(?P<any>[^ ]+(?: [^ ]+)*?)", optional=True)
        if part[0] in "([":
            inner = self._alternatives(iter([*_PART.findall(part[1:-1]), ")"]), closing=")")
            return inner if part[0] == "(" else _optional(inner)
        if part.startswith("<"):
            name = part[1:-1]
            return _words(verb_classes()[name] if name in verb_classes() else self._nouns[name])
        if part.startswith("{"):
            name, _, noun_class = part[1:-1].partition(":")
            return _headed_slot(name, self._nouns[noun_class]) if noun_class else _slot(name)
        return _words([part])


def _optional(node: _Node) -> _Node:
    return _Node(node.pattern, (), node.literals, optional=True, openings=node.openings)


def _sequence(nodes: list[_Node]) -> _Node:
    """Pieces in a row, with exactly one space between those that are there."""
    if len(nodes) == 1:
        return nodes[0]
    pattern = ""
    for k, node in enumerate(nodes):
        first = all(earlier.optional for earlier in nodes[:k])
        often = "??" if _LOOSE_START.match(node.pattern) else "?"  # "[{thing}] [up]": a known word is no thing
        if node.optional and first and k + 1 < len(nodes):
            pattern += f"(?:{node.pattern} ){often}"
        elif node.optional:
            pattern += f"(?: {node.pattern}){often}" if k else f"(?:{node.pattern}){often}"
        else:
            pattern += node.pattern if first else f" {node.pattern}"
    literals = frozenset[str]().union(*(node.literals for node in nodes))
    needs = tuple(need for node in nodes for need in node.needs)
    required = next((k for k, node in enumerate(nodes) if not node.optional), len(nodes) - 1)
    openings = _any_of(nodes[: required + 1])
    return _Node(
        pattern, needs, literals, optional=bool(nodes) and all(node.optional for node in nodes), openings=openings
    )


def _any_of(nodes: Iterable[_Node]) -> Openings:
    """What either of some pieces can begin with."""
    openings = [node.openings for node in nodes]
    known = [words for words in openings if words is not None]
    return frozenset[str]().union(*known) if len(known) == len(openings) else None


def _either(branches: list[_Node]) -> _Node:
    if len(branches) == 1:
        return dataclasses.replace(branches[0], pattern=f"(?:{branches[0].pattern})")
    literals = frozenset[str]().union(*(branch.literals for branch in branches))
    needs: Needs = ()
    if all(branch.needs for branch in branches):  # one word of the rarest need of every branch
        needs = (frozenset[str]().union(*(min(branch.needs, key=len) for branch in branches)),)
    longest_first = sorted((branch.pattern for branch in branches), key=len, reverse=True)  # “light up” before “light”
    optional = any(branch.optional for branch in branches)
    return _Node(f"(?:{'|'.join(longest_first)})", needs, literals, openings=None if optional else _any_of(branches))


def _words(texts: Iterable[str]) -> _Node:
    texts = sorted(texts, key=len, reverse=True)
    literals = frozenset(word for text in texts for word in text.split())
    pattern = "|".join(re.escape(text).replace(r"\ ", " ") for text in texts)
    firsts = frozenset(text.split()[0] for text in texts)
    return _Node(f"(?:{pattern})" if len(texts) > 1 else pattern, (firsts,), literals, openings=firsts)


def _headed_slot(name: str, heads: tuple[str, ...]) -> _Node:
    """A noun phrase whose head is one of `heads`."""
    before = rf"(?!(?:{_no_thing()}) )(?:(?!(?:{_openings()}|[a-z]+ing) )[^ ]+ ){{0,6}}?"
    tail = rf"(?: (?:{_tail_words()}|«[^ ]+|\d+)(?: [^ ]+)*?)??"
    plurals = (f"{head}s" for head in heads if " " not in head and not head.endswith("s"))
    firsts = frozenset((*(head.split(" ")[0] for head in heads), *plurals))
    needs = () if any("*" in head for head in heads) else (firsts,)
    return _Node(rf"(?P<{name}>{before}(?P<head>{noun_pattern(heads)}){tail})", needs)


def _slot(name: str) -> _Node:
    kind = name.rstrip("0123456789")
    if kind in LOOSE_SLOTS:
        # A thing begins with no verb and no preposition and is no bare article.
        no_verb = (
            rf"(?!(?:{_no_thing()})(?: |$))(?:(?:the|an?|my|its|our|your|their|his) )?+" if kind == "thing" else ""
        )
        return _Node(rf"(?P<{name}>{no_verb}[^ ]+(?: [^ ]+)*?)")
    marked = (frozenset({f"{{{kind}}}"}),) if kind in MARKS else ()
    return _Node(rf"(?P<{name}>{_slots()[kind]})", marked)


def noun_pattern(heads: Iterable[str]) -> str:
    """An expression for the words of a noun class, plurals in -s included; `*` stands for any letters."""
    return "|".join(map(_noun_pattern, sorted(heads, key=len, reverse=True)))


def _noun_pattern(head: str) -> str:
    plural = "" if head.endswith(("s", "»")) else "s?"
    return re.escape(head).replace(r"\ ", " ").replace(r"\*", "[^ ]*") + plural


@cache
def _tail_words() -> str:
    """Words that may follow the head of a noun phrase."""
    return "|".join([*words()["grammar"]["tails"].split(), "[a-z]+ing"])


@cache
def _openings() -> str:
    """Words before which a noun phrase has had its head."""
    return "|".join(sorted((word_set("grammar", "prepositions") | word_set("grammar", "relatives")) - {"that"}))


@cache
def _no_thing() -> str:
    """Words that no noun phrase begins with."""
    imperatives = word_set("grammar", "starters") | {verb.split()[0] for verb in verb_classes()["remove"]}
    others = {
        "rid of",
        "more",
        "less",
        "and",
        "or",
        "so",
        "to",
        "out",
        "up",
        "down",
        "off",
        "away",
        "be",
        "not",
        "too",
        "if",
        "even",
        "until",
        "when",
        "while",
        "because",
        "as",
        "than",
        "unless",
        "after",
        "before",
        "inward",
    }
    joining = word_set("grammar", "prepositions") - {"around", "through", "atop", "nearest", "closest"}
    return "|".join(sorted((imperatives - word_set("grammar", "nounlike")) | others | joining))


@cache
def _slots() -> Mapping[str, str]:
    things = words()["images"]
    picture, ordinal, number = (things[key].replace(" ", "|") for key in ("nouns", "ordinals", "numbers"))
    determiner = "(?:the|an?|my|this|that|your|our|his|her|their|these|those|both|all) "
    image = (
        rf"(?:{determiner})?(?:(?:{ordinal}) (?:{picture}|one)|(?:{picture})s? (?:number |# |no )?(?:{number}))"
        rf"|(?:{determiner})?(?:other|reference|ref|attached|supplied|provided|uploaded) (?:{picture})"
    )
    whole = rf"(?:{determiner})?(?:(?:{things['attributes'].replace(' ', '|')}) )*(?:{picture})s?"
    return {
        "color": _COLOR,
        "size": r"§\d+",
        "number": r"-?\d+(?:\.\d+)?",
        "quoted": r"«\d+»",
        "image": image,
        "picture": rf"(?:{whole}|it|this|that|everything|them|these)",
    }


def _numbered(pattern: str) -> str:
    """Make group names unique: a slot may stand in several alternatives, a group name only once."""
    count = iter(range(10_000))
    return re.sub(r"\(\?P<(\w+)>", lambda group: f"(?P<{group.group(1)}__{next(count)}>", pattern)


def in_full(lines: Iterable[str], frames: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """An ask's lines with every call of a frame replaced by the frame's lines.

    Args:
        lines: Templates and calls.
        frames: Frame name to its templates.

    Raises:
        ValueError: There is no such frame.
    """
    for line in lines:
        name, _, argument = line.removeprefix("@").partition(" ")
        if not line.startswith("@"):
            yield line
        elif name in frames and argument:
            yield from (template.replace("$", argument) for template in frames[name])
        else:
            raise ValueError(f"No frame is called {name!r}, or {line!r} gives it no words")


def slots_of(match: re.Match[str]) -> dict[str, tuple[int, int]]:
    """Slot name to its place in the text; of a slot in several alternatives, the one that matched."""
    return {name.partition("__")[0]: match.span(name) for name, value in match.groupdict().items() if value is not None}
