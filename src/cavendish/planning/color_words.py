"""Color words as they stand in phrases: the slot `{color}` of words files, and colors in front of a noun."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1024)
def with_colors_marked(text: str) -> str:
    """A clause with its color phrases in capitals, as templates read them; “a brick” holds none."""
    return _colors().sub(lambda color: color.group() if _is_thing(color) else color.group().upper(), text)


def _is_thing(color: re.Match[str]) -> bool:
    article, _, name = color.group().rpartition(" ")
    said = article in {"a", "an"} or (not article and color.string[: color.start()].endswith((" of ", " a ", " an ")))
    return said and name in _table()["things"]


@cache
def _colors() -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ]){color_pattern()}(?![^ ])")


@cache
def color_pattern() -> str:
    """An expression for one color phrase, such as “dark olive green”, “#ff8800” or “a light shade of blue”."""
    table = _table()
    names = sorted(
        {name.replace(" ", "[ -]?") for group in ("everyday", "css", "survey", "things") for name in table[group]}
        | set(table["ish"]),
        key=len,
        reverse=True,
    )
    shades = "|".join(table["shades"])
    name = f"(?:{'|'.join(names)})(?:-?ish)?"
    return (
        rf"(?:#[0-9a-f]{{3,8}}|(?:an? |the )?(?:color )?(?:(?:{shades}) )*"
        rf"(?:(?:shade|tone|tint|hue|color) of )?(?:(?:{shades})[ -])*"
        rf"{name}(?: {name})?(?:[ -](?:colored|color|tone|shade|tint|hue))?)"
    )


@cache
def is_color_word(word: str) -> bool:
    """Whether one word names a color rather than a thing of that color."""
    return re.fullmatch(_single(), word) is not None


@cache
def _single() -> str:
    table = _table()
    names = {name for group in ("everyday", "css", "survey") for name in table[group] if " " not in name}
    either = "|".join(sorted(names | set(table["ish"]), key=len, reverse=True))
    return f"(?:{either})(?:-?ish)?|blond|blonde|golden|silvery|dark-haired|blonde-haired"


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("cavendish.planning").joinpath("colors.toml").read_text("utf-8"))
