"""Which kinds of things nouns name, and what the networks call those."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

PERSON = "person"

_IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose",
    "knives": "knife", "leaves": "leaf", "feet": "foot", "teeth": "tooth", "wolves": "wolf", "loaves": "loaf",
    "shelves": "shelf", "oxen": "ox", "persons": "person",
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """A kind of thing the networks know.

    Args:
        name: Of the kind, such as `car`.
        detected: Classes of the detector that are taken for it.
        recognized: Labels of the recognizer, or stretches of them as `first .. last`.
        kin: Group of kinds that the detector takes for one another, or "".
        under: Names of kinds that stand on it.
    """

    name: str
    detected: tuple[str, ...] = ()
    recognized: tuple[str, ...] = ()
    kin: str = ""
    under: tuple[str, ...] = ()


def thing_called(name: str) -> Thing:
    """The kind of that name."""
    return next(thing for thing in _things() if thing.name == name)


def thing_named(phrase: str, labels: Sequence[str] = ()) -> Thing | None:
    """The kind of thing a noun phrase names: known by its last words, else by any of its words, the later first.

    Args:
        phrase: Words in lower or upper case, singular or plural: "two wooden bunk beds", "bird perched on it".
        labels: Names that the recognizer knows besides.
    """
    words = re.findall(r"[a-z][a-z'-]*", phrase.lower())
    known = _by_word()
    others = {label.lower(): label for label in labels}
    for part in _parts(words):
        if part in known:
            return known[part]
        if part in others:
            return Thing(part, recognized=(others[part],))
    return None


def is_thing(phrase: str) -> bool:
    """Whether exactly this phrase names a kind of thing: "wine bottle" does, "red bottle" does not."""
    return any(" ".join([*phrase.split()[:-1], form]) in _by_word() for form in forms(phrase.rpartition(" ")[2]))


def siblings_of(thing: Thing) -> tuple[Thing, ...]:
    """The other kinds of its group."""
    return tuple(other for other in _things() if thing.kin and other.kin == thing.kin and other != thing)


def kin_of(thing: Thing) -> frozenset[str]:
    """Detector classes that may be meant where a thing of this kind was seen: its own and its siblings'."""
    return frozenset(thing.detected).union(*(other.detected for other in siblings_of(thing)))


def label_indices(thing: Thing, labels: Sequence[str]) -> tuple[int, ...]:
    """Positions in `labels` of the names a thing is recognized by; names that are not there are left out."""
    found: list[int] = []
    for entry in thing.recognized:
        first, _, last = entry.partition(" .. ")
        if first in labels and (last or first) in labels:
            found.extend(range(labels.index(first), labels.index(last or first) + 1))
    return tuple(found)


def forms(word: str) -> tuple[str, ...]:
    """What a noun may be in the singular, the likeliest first; the word itself, which may be one, is the first."""
    word = word.removesuffix("'s").removesuffix("s'").removesuffix("'")
    found = [word, _IRREGULAR.get(word, "")]
    if word.endswith("ies"):
        found += [f"{word[:-3]}y", word[:-1]]
    if word.endswith("es"):
        found += [word[:-1], word[:-2]]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        found.append(word[:-1])
    found += [form for plural in found[2:] if (form := _IRREGULAR.get(plural, ""))]
    return tuple(dict.fromkeys(filter(None, found)))


def known_form(word: str, vocabulary: Container[str]) -> str:
    """The form of a noun that a vocabulary has, or ""."""
    return next((form for form in forms(word) if form in vocabulary), "")


def _parts(words: Sequence[str]) -> Iterator[str]:
    """Stretches of up to three words: those that end the phrase first, longer ones before shorter ones."""
    for end in range(len(words), 0, -1):
        for length in range(min(3, end), 0, -1):
            before = [word.removesuffix("'s") for word in words[end - length : end - 1]]
            yield from (" ".join([*before, form]) for form in forms(words[end - 1]))


@cache
def _things() -> tuple[Thing, ...]:
    text = resources.files(__package__).joinpath("things.toml").read_text(encoding="utf-8")
    return tuple(
        Thing(
            name,
            tuple(row.get("detected", ())),
            tuple(row.get("recognized", ())),
            row.get("kin", ""),
            tuple(row.get("under", ())),
        )
        for name, row in tomllib.loads(text).items()
    )


@cache
def _by_word() -> dict[str, Thing]:
    text = resources.files(__package__).joinpath("things.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    named: dict[str, Thing] = {}
    for thing in _things():
        for word in rows[thing.name]["words"].replace("\n", "").split("|"):
            named.setdefault(word, thing)
    return named
