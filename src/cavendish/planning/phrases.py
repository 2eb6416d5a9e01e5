"""The families' words files as compiled rules, and finding the best rule for a stretch of text."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from cavendish.planning.clauses import words


@dataclass(frozen=True)
class Rule:
    """One way to ask for one op.

    Args:
        op: The op's name.
        pattern: Compiled; group names are slot names.
        parameters: Set whenever the rule matches.
        amount: The parameter that adverbs and numbers change; "" for none.
        value: That parameter's amount when none is stated.
        confidence: 0–1.
    """

    op: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    amount: str = ""
    value: float = 0.0
    confidence: float = 0.9


@dataclass(frozen=True)
class Found:
    """A rule that fits, where, and what its slots hold."""

    rule: Rule
    start: int
    end: int
    slots: Mapping[str, str]

    @property
    def weight(self) -> tuple[int, int]:
        """Longer literal matches win; noun phrases, which match anything, count last."""
        loose = sum(len(value) for name, value in self.slots.items() if name.startswith(("thing", "scene")))
        return self.end - self.start - loose, self.end - self.start


def find_best(text: str) -> Found | None:
    """The rule that explains most of `text` literally, or None."""
    best: Found | None = None
    for rule in rules():
        for match in rule.pattern.finditer(text):
            found = Found(rule, match.start(), match.end(), _slots_of(match))
            if best is None or found.weight > best.weight:
                best = found
    return best


def _slots_of(match: re.Match[str]) -> dict[str, str]:
    """Slot name to text; of a slot that stands in several alternatives, the one that matched."""
    filled = ((name.partition("__")[0], value.strip()) for name, value in match.groupdict().items() if value)
    return {name: value for name, value in filled if value}


@cache
def rules() -> tuple[Rule, ...]:
    """Every phrase of every family, compiled once."""
    return tuple(rule for table in _tables() for phrase in table.get("phrase", ()) for rule in _compile(phrase))


@cache
def sayings() -> Mapping[str, str]:
    """Op name to the words that say it was done."""
    return {op: text for table in _tables() for op, text in table.get("say", {}).items()}


@cache
def _tables() -> tuple[Mapping[str, Any], ...]:
    found = sorted(
        (item for item in files("cavendish.ops").iterdir() if item.name.endswith(".toml")), key=lambda i: i.name
    )
    return tuple(tomllib.loads(item.read_text("utf-8")) for item in found)


def _compile(phrase: Mapping[str, Any]) -> Iterable[Rule]:
    for pattern in phrase["match"]:
        filled = re.sub(r"\{([a-z]+\d?)\}", lambda slot: _slots()[slot.group(1)], pattern)
        yield Rule(
            op=phrase["op"],
            pattern=re.compile(rf"(?<![\w#-])(?:{_numbered(filled)})(?![\w-])", re.IGNORECASE),
            parameters=phrase.get("parameters", {}),
            amount=phrase.get("amount", ""),
            value=phrase.get("value", 0.0),
            confidence=phrase.get("confidence", 0.9),
        )


def _numbered(pattern: str) -> str:
    """Make group names unique: a slot may stand in several alternatives, a group name only once."""
    count = itertools.count()
    return re.sub(r"\(\?P<(\w+)>", lambda group: f"(?P<{group.group(1)}__{next(count)}>", pattern)


@cache
def _slots() -> Mapping[str, str]:
    """What each slot of a phrase matches."""
    adverbs = {adverb for group in words()["factors"].values() for adverb in group if " " not in adverb}
    stops = "|".join([*words()["grammar"]["stops"].split(), *sorted(adverbs)])
    word = rf"(?!(?:{stops})\b)(?!\d)[\w'#-]+"
    exception = r"everything (?:else|(?:except|but|behind|around) the subject)"
    head = rf"(?:(?:the|a|an) )?(?!(?:the|a|an)\b){word}"
    thing = rf"(?:{exception}|{head}(?: (?!(?:a|an)\b){word}){{0,5}})"
    image = IMAGE.pattern
    factors = sorted((adverb for group in words()["factors"].values() for adverb in group), key=len, reverse=True)
    colors = "|".join(words()["colors"])
    return {
        "thing": f"(?P<thing>{thing})",
        "thing2": f"(?P<thing2>{thing})",
        "thing3": f"(?P<thing3>{thing})",
        "source": rf"(?P<source>(?:(?P<thing>{thing}) (?:from|in|of|on) )?(?:{image}))",
        "scene": rf"(?P<scene>(?:{thing} (?:from|in|of|on) )?(?:{image})|{thing})",
        "image": f"(?P<image>{image})",
        "image2": f"(?P<image2>{image})",
        "color": rf"(?<!black and )(?<!black & )(?P<color>#[0-9a-f]{{6}}|(?:{colors})(?!\w| ?(?:and|&|n) ?white))",
        "ratio": r"(?P<ratio>\d{1,2} ?[:x×] ?\d{1,2}(?! ?(?:px|pixels))|square)",
        "angle": r"(?P<angle>-?\d{1,3}(?:\.\d+)? ?(?:°|degrees?|deg)?)",
        "turn": r"(?P<turn>(?:counter|anti)[ -]?clockwise|clockwise|ccw|cw|left|right|upside down)",
        "adverb": f"(?:{'|'.join(factors)})",
        "quoted": r"(?P<quoted>['\"][^'\"]{1,200}['\"])",
        "bw": r"black[ -]?(?:and|&|n|'n')[ -]?white|b ?& ?w|b/w|bw",
    }


IMAGE = re.compile(
    r"(?:the |my |this |that )?(?:(?:first|1st|second|2nd|third|3rd|fourth|4th|other|last) "
    r"(?:image|picture|photo|pic|one|shot|photograph)|(?:image|picture|photo|pic|img) ?#?(?:number )?"
    r"(?:\d{1,2}|one|two|three|four|[ab])(?!\w))",
    re.IGNORECASE,
)
"""How people point at one of several pictures."""

_ORDINALS = {
    "first": 0, "1st": 0, "one": 0, "a": 0,
    "second": 1, "2nd": 1, "other": 1, "two": 1, "b": 1,
    "third": 2, "3rd": 2, "three": 2,
    "fourth": 3, "4th": 3, "four": 3,
}  # fmt: skip


def image_index(words_used: str, count: int) -> int:
    """0-based index of the picture that words such as “the second image” or “photo 3” mean."""
    named = re.findall(r"[a-z0-9]+", words_used.lower())
    if len(named) > 1 and named[-1] == "one":  # in “the second one” it stands for a picture
        named.pop()
    for word in reversed(named):
        if word.isdigit():
            return max(0, int(word) - 1)
        if word == "last":
            return max(0, count - 1)
        if word in _ORDINALS:
            return _ORDINALS[word]
    return 0
