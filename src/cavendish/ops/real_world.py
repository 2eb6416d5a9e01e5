"""What is known of things in the world: how tall they usually are, and how others stand on, in or against them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TypeVar

T = TypeVar("T")


def real_height_m(name: str) -> float | None:
    """Usual height of a thing in meters; None where it is not known.

    Args:
        name: As people write it, such as “my little dog”; its last known words count.
    """
    return _by_words(name, _heights())


def base_of(name: str) -> str:
    """How others are put on or in a thing.

    Returns:
        `wall`, `water`, `seat`, `bed`, `table`, `container`, or "" for on its upper edge.
    """
    return _by_words(name, _bases()) or ""


def _by_words(name: str, known: dict[str, T]) -> T | None:
    words = name.lower().split()
    for end in range(len(words), 0, -1):
        for begin in range(max(0, end - 2), end):
            said = "_".join(words[begin:end])
            for form in (said, said.removesuffix("s")):
                if form in known:
                    return known[form]
    return None


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(files(__package__).joinpath("real_world.toml").read_text("utf-8"))


@cache
def _heights() -> dict[str, float]:
    return {word: float(meters) for meters, group in _tables()["heights_m"].items() for word in group.split()}


@cache
def _bases() -> dict[str, str]:
    return {word: base for base, group in _tables()["bases"].items() for word in group.split()}
