"""Region expressions: which part of a picture a phrase means, as data for the region stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from cavendish.errors import InvalidRequest

SUBJECT = "subject"
"""The query for whatever stands out most."""

BACKGROUND = "background"
"""The query for everything behind the subject."""


@dataclass(frozen=True)
class RegionQuery:
    """What to look for and how to choose among several.

    Args:
        query: The thing, as a noun phrase; `subject` and `background` are built in.
        side: `left`, `right`, `top`, `bottom` or `center` of the picture, or "".
        order: 1 is the first counted from `side` (from the left where no side is given), −1 the last; 0 is unordered.
        near: A noun phrase the thing is next to, or ""; with `side`, that side of it.
        color: A color word the thing has, or "".
        having: A noun phrase of what it wears, holds or has, or "".
        of: A noun phrase of whom or what it is a part, or "".
        size: `largest` or `smallest` of its kind, or "".
        every: Whether all of its kind are meant.
        count: How many are meant; 0 is unstated.
        all_of: Expressions that must all hold (and).
        any_of: Expressions of which one must hold (or).
        none_of: Expressions that must not hold (not).
    """

    query: str = ""
    side: str = ""
    order: int = 0
    near: str = ""
    color: str = ""
    having: str = ""
    of: str = ""
    size: str = ""
    every: bool = False
    count: int = 0
    all_of: tuple[RegionQuery, ...] = ()
    any_of: tuple[RegionQuery, ...] = ()
    none_of: tuple[RegionQuery, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The published form: `and`, `or` and `not` hold nested expressions; empty keys are left out."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NESTED.values()}
        nested = {key: [part.to_json() for part in getattr(self, name)] for key, name in _NESTED.items()}
        return {key: value for key, value in (plain | nested).items() if value or key == "query"}

    @classmethod
    def from_json(cls, value: object, *, param: str, depth: int = 8) -> RegionQuery:
        """Read the published form; expressions nest up to `depth` deep.

        Raises:
            InvalidRequest: `value` is not an object of that form; the message names the key.
        """
        if not isinstance(value, Mapping):
            raise InvalidRequest(f"Expected object at {param}", param=param)
        if not depth:
            raise InvalidRequest(f"Nested too deeply at {param}", param=param)
        known = {f.name: type(f.default) for f in fields(cls) if f.name not in _NESTED.values()}
        parts: dict[str, Any] = {}
        for key, item in cast("Mapping[str, object]", value).items():
            if key in known and type(item) is known[key]:
                parts[key] = item
            elif key in _NESTED and isinstance(item, list):
                place = f"{param}.{key}"
                parts[_NESTED[key]] = tuple(cls.from_json(part, param=place, depth=depth - 1) for part in item)
            else:
                raise InvalidRequest(f"Unrecognized or mistyped key {key!r} at {param}", param=param)
        return cls(**parts)


_NESTED = {"and": "all_of", "or": "any_of", "not": "none_of"}
