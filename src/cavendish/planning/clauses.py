"""Cutting a message into clauses, each with at most a few asks; offsets into the original text are kept."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

CLAUSE_LIMIT = 400
"""Characters of a clause that are read; a longer run without punctuation is cut here, which bounds the work."""


@dataclass(frozen=True)
class Clause:
    """A piece of the message, and whether it says what to keep rather than what to do."""

    text: str
    guard: bool = False


@cache
def words() -> Mapping[str, Any]:
    """The grammar words of `words.toml`."""
    return tomllib.loads(files("cavendish.planning").joinpath("words.toml").read_text("utf-8"))


@cache
def _breaks() -> re.Pattern[str]:
    verbs = "|".join(words()["grammar"]["verbs"].split())
    return re.compile(
        rf"[.](?=\s|$)|[!?;\n]+|,\s+(?:and\s+|then\s+|but\s+)*|\b(?:and then|after that|then)\b"
        rf"|\b(?:and|but)\s+(?=(?:please\s+|also\s+)?(?:{verbs}|don't|do not|not)\b)",
        re.IGNORECASE,
    )


@cache
def _guard() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:but\s+|and\s+|please\s+)*(?:{words()['grammar']['guards']})\b", re.IGNORECASE)


def split(message: str) -> list[Clause]:
    """Cut a message at sentence ends, commas and joining words.

    Args:
        message: Any length; the work is linear in it.

    Returns:
        Clauses in order, without empty ones; none longer than `CLAUSE_LIMIT` characters.
    """
    plain = message.replace("’", "'").replace("“", '"').replace("”", '"')  # same length: offsets stay true
    pieces = (piece.strip(" \t\"'-–:()") for piece in _breaks().split(plain))
    cut = (piece[i : i + CLAUSE_LIMIT] for piece in pieces for i in range(0, len(piece), CLAUSE_LIMIT))
    return [Clause(piece, bool(_guard().match(piece))) for piece in cut if piece.strip()]
