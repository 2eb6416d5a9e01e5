"""The table of operations: names, families, parameters, order and where the code is. Imports no pixel library.

The data is `catalog.toml`. Names and ranges are a published interface (plans are stored and exchanged): rows may be
added, never renamed.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from cavendish.errors import InvalidRequest, ParameterOutOfRange

if TYPE_CHECKING:
    from cavendish.ops.base import Op

Kind = Literal[
    "number", "choice", "color", "text", "flag", "point",
    "numbers", "box", "size", "colors", "points", "quad", "sides",
]  # fmt: skip

_ITEMS: Mapping[Kind, Kind] = {
    "numbers": "number", "box": "number", "size": "number", "point": "number",
    "colors": "color", "points": "point", "quad": "point", "sides": "choice",
}  # fmt: skip
"""Kinds that are lists, and of what."""

_COUNTS: Mapping[Kind, tuple[int, int]] = {
    "box": (4, 4), "size": (2, 2), "point": (2, 2), "colors": (2, 5), "quad": (4, 4), "sides": (1, 4),
}  # fmt: skip
"""Least and most items of the lists whose length is not the op's own matter."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an op.

    Args:
        kind: `number`; `choice`; `color` (#RRGGBB); `text`; `flag`; `point` ([x, y], fractions 0–1); or a list:
            `numbers`, `box` (fractions 0–1: left, top, right, bottom), `size` ([width, height] in pixels), `colors`
            (2–5), `points`, `quad` (4 points, clockwise from the top left) or `sides` (each at most once).
        default: Used where the plan does not say; None leaves it out.
        low: Least number.
        high: Greatest number.
        whole: Whether numbers must be integers.
        choices: Allowed words of a `choice` or of `sides`.
        count: Least and most items of `numbers` and `points`.
        longest: Most characters of a `text`.
    """

    kind: Kind = "number"
    default: Any = None
    low: float = 0.0
    high: float = 1.0
    whole: bool = False
    choices: tuple[str, ...] = ()
    count: tuple[int, int] = (1, 16)
    longest: int = 1000

    @property
    def counts(self) -> tuple[int, int]:
        """Least and most items of a list."""
        return _COUNTS.get(self.kind, self.count)

    @property
    def item(self) -> Parameter:
        """One item of a list, as a parameter of its own."""
        return dataclasses.replace(self, kind=_ITEMS[self.kind], default=None)

    def check(self, value: object, *, param: str) -> Any:
        """Return `value` where it fits, colors in capitals.

        Raises:
            ParameterOutOfRange: A number outside `low`–`high`, a word not among `choices`, or a text too long.
            InvalidRequest: A value of another type, or a list of another length.
        """
        match self.kind:
            case "number":
                return self._check_number(value, param)
            case "choice":
                return self._check_choice(value, param)
            case "color":
                return _check_color(value, param)
            case "text":
                return self._check_text(value, param)
            case "flag":
                return _check_flag(value, param)
            case _:
                return self._check_list(value, param)

    def _check_number(self, value: object, param: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"Expected number at {param}", param=param)
        if not self.low <= value <= self.high:
            raise ParameterOutOfRange(f"{param} must be between {self.low:.12g} and {self.high:.12g}", param=param)
        if self.whole and value != int(value):
            raise InvalidRequest(f"Expected integer at {param}", param=param)
        return int(value) if self.whole else value

    def _check_choice(self, value: object, param: str) -> object:
        if value not in self.choices:
            expected = " | ".join(f"'{choice}'" for choice in self.choices)
            raise ParameterOutOfRange(f"Expected {expected}, received {value!r} at {param}", param=param)
        return value

    def _check_text(self, value: object, param: str) -> str:
        if not isinstance(value, str) or not value:
            raise InvalidRequest(f"Expected text at {param}", param=param)
        if len(value) > self.longest:
            raise ParameterOutOfRange(f"{param} must have at most {self.longest} characters", param=param)
        return value

    def _check_list(self, value: object, param: str) -> list[Any]:
        (least, most), item = self.counts, self.item
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            length = f"{least}" if least == most else f"{least} to {most}"
            raise InvalidRequest(f"Expected {length} {item.kind}s at {param}", param=param)
        items = [item.check(part, param=f"{param}[{i}]") for i, part in enumerate(value)]
        if self.kind == "sides" and len(set(items)) < len(items):
            raise InvalidRequest(f"Expected each side once at {param}", param=param)
        return items


def _check_color(value: object, param: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise InvalidRequest(f"Expected a color as #RRGGBB at {param}", param=param)
    return value.upper()


def _check_flag(value: object, param: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"Expected boolean at {param}", param=param)
    return value


@dataclass(frozen=True)
class OpRow:
    """One op as the planner and the router see it.

    Args:
        name: The published name.
        family: The published family.
        stage: Place in the order of execution; lower runs first.
        parameters: By name.
        does: What it does, in a few words.
        varies: The amount that differs between several pictures of one request; "" where none may.
        by_chance: Whether they differ by the op's own chance.
        module: Import path of the family's module, "" where this build has none.
    """

    name: str
    family: str
    stage: int
    parameters: Mapping[str, Parameter]
    does: str
    varies: str = ""
    by_chance: bool = False
    module: str = ""

    @property
    def exact(self) -> bool:
        """Whether the pixels can be computed; `generate` ops need a generative engine."""
        return self.family != "generate"

    @property
    def available(self) -> bool:
        """Whether this build has the code."""
        return bool(self.module)

    def load(self) -> Op:
        """Import the family's module and return the op."""
        return cast("Op", importlib.import_module(self.module).OPS[self.name])

    def fill_in(self, parameters: Mapping[str, Any], *, param: str) -> dict[str, Any]:
        """Check amounts and add the defaults of those not stated.

        Raises:
            InvalidRequest: An amount of an unknown name or a wrong type.
            ParameterOutOfRange: An amount outside its range.
        """
        unknown = set(parameters) - set(self.parameters)
        if unknown:
            raise InvalidRequest(f"Unrecognized parameter {min(unknown)!r} of {self.name} at {param}", param=param)
        stated = {k: self.parameters[k].check(v, param=f"{param}.{k}") for k, v in parameters.items()}
        defaults = {k: spec.default for k, spec in self.parameters.items() if spec.default is not None}
        return defaults | stated


@cache
def catalog() -> Mapping[str, OpRow]:
    """Every op of the table, by name, in the table's order."""
    table = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
    return MappingProxyType({row.name: row for family, rows in table.items() for row in _rows(family, **rows)})


def _rows(family: str, *, stage: int, **rows: dict[str, Any]) -> Iterable[OpRow]:
    for name, row in rows.items():
        yield OpRow(
            name=name,
            family=family,
            stage=row.get("stage", stage),
            parameters={key: _parameter(value) for key, value in row.items() if isinstance(value, dict)},
            does=row["does"],
            varies=row.get("varies", ""),
            by_chance=row.get("by_chance", False),
            module=f"cavendish.ops.{family}" if row.get("built") else "",
        )


def _parameter(spec: dict[str, Any]) -> Parameter:
    return Parameter(**spec | {key: tuple(spec[key]) for key in ("choices", "count") if key in spec})
