"""The nouns of region expressions that are no kinds of things, out of `words.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


def words(section: str, name: str) -> frozenset[str]:
    """The words of one entry."""
    return frozenset(_tables()[section][name].split("|"))


@cache
def meanings(section: str) -> dict[str, str]:
    """Word to the name of its entry, for a whole section."""
    return {word: name for name in _tables()[section] for word in words(section, name)}


@cache
def _tables() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
