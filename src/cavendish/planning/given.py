"""A plan given instead of a sentence: the published form, checked against the op table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from cavendish.domain.plan import PLAN_VERSION, EditPlan, Step, Unsupported
from cavendish.domain.queries import RegionQuery
from cavendish.errors import InvalidRequest
from cavendish.ops.catalog import catalog
from cavendish.planning.asks import is_elsewhere

MAX_STEPS = 40

_STEP_KEYS = {
    "op": str, "family": str, "target": str, "region": Mapping, "parameters": Mapping, "image": int, "exact": bool,
    "available": bool, "guards": list, "placement": str, "confidence": (int, float), "span": str, "stated": list,
}  # fmt: skip


def read_plan(value: object, *, param: str) -> EditPlan:
    """Read a plan in its published form.

    Args:
        value: Parsed JSON.
        param: The request field it came from, for messages.

    Returns:
        The plan, unordered; `exact`, `available` and `family` come from the table, not from the input.

    Raises:
        InvalidRequest: Unknown op, key, version or a value of another type; the message names the place.
        ParameterOutOfRange: An amount outside its op's range.
    """
    plan = _object(value, param)
    if plan.get("version", PLAN_VERSION) != PLAN_VERSION:
        raise InvalidRequest(f"Expected {PLAN_VERSION} at {param}.version", param=param)
    steps = plan.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STEPS:
        raise InvalidRequest(f"Expected an array of 1 to {MAX_STEPS} steps at {param}.steps", param=param)
    unsupported = plan.get("unsupported", [])
    if not isinstance(unsupported, list):
        raise InvalidRequest(f"Expected array at {param}.unsupported", param=param)
    return EditPlan(
        tuple(_step(item, f"{param}.steps[{i}]") for i, item in enumerate(steps)),
        tuple(_unsupported(item, f"{param}.unsupported[{i}]") for i, item in enumerate(unsupported)),
    )


def _object(value: object, param: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"Expected object at {param}", param=param)
    return cast("Mapping[str, Any]", value)


def _step(value: object, param: str) -> Step:
    step = {key: item for key, item in _object(value, param).items() if item is not None}
    for key, item in step.items():
        if key not in _STEP_KEYS or not _is_of(item, _STEP_KEYS[key]):
            raise InvalidRequest(f"Unrecognized or mistyped key {key!r} at {param}", param=param)
    if step.get("image", 0) < 0:
        raise InvalidRequest(f"Expected 0 or more at {param}.image", param=param)
    row = catalog().get(step.get("op", ""))
    if row is None:
        raise InvalidRequest(f"Unknown op {step.get('op')!r} at {param}.op", param=param)
    parameters = step.get("parameters", {})
    row.fill_in(parameters, param=f"{param}.parameters")
    return Step(
        op=row.name,
        family=row.family,
        target=step.get("target", ""),
        region=RegionQuery.from_json(step["region"], param=f"{param}.region") if "region" in step else None,
        parameters=dict(parameters),
        image=step.get("image", 0),
        exact=row.exact,
        available=row.available and not is_elsewhere(row, step.get("image", 0)),
        guards=tuple(map(str, step.get("guards", ()))),
        placement=step.get("placement", ""),
        confidence=float(step.get("confidence", 1.0)),
        span=step.get("span", ""),
        stated=tuple(map(str, step.get("stated", ()))),
    )


def _is_of(item: object, kind: object) -> bool:
    return isinstance(item, cast("type", kind)) and (kind is bool or not isinstance(item, bool))


def _unsupported(value: object, param: str) -> Unsupported:
    item = _object(value, param)
    return Unsupported(str(item.get("text", "")), str(item.get("reason", "")))
