"""How many pixels of each picture an edit can make use of, so that large photographs are decoded small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cavendish.domain.sizes import RATIO_SIZES

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan

Size = tuple[int, int]

_MAGNIFYING = frozenset({"crop", "upscale", "straighten", "correct_perspective"})
"""Ops after which the answer may show a small part of the picture."""

_OTHER_PICTURES = 2
"""Of other pictures often only a part is used, so they keep this multiple of the answer's size."""


def least_sizes(plan: EditPlan, count: int) -> list[Size | None]:
    """The least (width, height) each of `count` pictures needs, or None where every pixel may count."""
    ratios = [step.parameters["ratio"] for step in plan.steps if step.op == "reframe"]
    if not ratios or any(step.op in _MAGNIFYING and step.available for step in plan.steps):
        return [None] * count
    width, height = RATIO_SIZES.get(ratios[-1], (max(w for w, _ in RATIO_SIZES.values()),) * 2)
    others: list[Size | None] = [(_OTHER_PICTURES * width, _OTHER_PICTURES * height)] * (count - 1)
    return [(width, height), *others][:count]
