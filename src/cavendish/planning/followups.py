"""Following up on an earlier plan: “a bit less”, “undo that”, “more blur”."""

from __future__ import annotations

import dataclasses
import re
from functools import cache

from cavendish.domain.plan import EditPlan, Step, Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning.phrases import sayings
from cavendish.planning.quantities import degree_of
from cavendish.planning.vocabulary import words

_SOFTER, _STRONGER = 0.6, 1.6


def follow_up(message: str, previous: EditPlan) -> tuple[list[Step], list[Unsupported]] | None:
    """Change an earlier plan as a message asks.

    Args:
        message: What was said next.
        previous: The plan it follows.

    Returns:
        The changed steps and what remains unread, or None where the message is an ask of its own.
    """
    text = " ".join(re.sub(r"[^\w'’% ]", " ", message.lower()).replace("’", "'").split())
    asked = [step for step in previous.steps if step.span or step.op != "reframe"]
    if _says("undo").match(text):
        return _without(asked, _latest(asked)), []
    if _says("more").match(text):
        return _scaled(asked, _latest_amount(asked), _STRONGER * (degree_of(text) or 1.0), message)
    if _says("less").match(text):
        return _scaled(asked, _latest_amount(asked), _SOFTER / (degree_of(text) or 1.0) ** 0.5, message)
    undone = _says("undo_one").match(text)
    if undone and (step := _named(undone["what"], asked)) is not None:
        return _without(asked, step), []
    more = _says("more_of").match(text)
    if more and (step := _named(more["what"], asked)) is not None and catalog()[step.op].varies:
        return _scaled(asked, step, _STRONGER if more["way"] in {"more", "stronger"} else _SOFTER, message)
    return None


@cache
def _says(name: str) -> re.Pattern[str]:
    """Whole messages of one kind, written as lists in `words.toml`: opening words, what is said, closing words."""
    table = words()["followups"][name]
    opening, said, closing = ("|".join(table[part]) for part in ("opening", "said", "closing"))
    return re.compile(rf"(?:(?:{opening}) )*(?:{said})(?: (?:{closing}))*$")


def _latest(steps: list[Step]) -> Step | None:
    """The step named last in the earlier message; plans are in order of execution, so the span says little."""
    return steps[-1] if steps else None


def _latest_amount(steps: list[Step]) -> Step | None:
    return next((step for step in reversed(steps) if catalog()[step.op].varies), None)


def _named(what: str, steps: list[Step]) -> Step | None:
    """The step that words such as “the blur” mean."""
    named = set(what.split()) - {"the", "a", "of", "that", "it", "background"} or set(what.split())
    for step in reversed(steps):
        known = f"{step.op.replace('_', ' ')} {sayings().get(step.op, '')} {step.family}".lower()
        if any(re.search(rf"\b{re.escape(word[:5])}", known) for word in named if len(word) > 2):
            return step
    return None


def _without(steps: list[Step], gone: Step | None) -> list[Step]:
    return [step for step in steps if step is not gone]


def _scaled(
    steps: list[Step], wanted: Step | None, factor: float, message: str
) -> tuple[list[Step], list[Unsupported]]:
    if wanted is None:
        return steps, [Unsupported(message, "nothing in the earlier edit has an amount to change")]
    row = catalog()[wanted.op]
    spec = row.parameters[row.varies]
    before = wanted.parameters.get(row.varies, spec.default)
    value = round(min(max(before * factor, spec.low), spec.high), 4)
    changed = dataclasses.replace(wanted, parameters={**wanted.parameters, row.varies: value})
    return [changed if step is wanted else step for step in steps], []
