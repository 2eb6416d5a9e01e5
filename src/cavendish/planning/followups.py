"""Following up on an earlier plan: “a bit less”, “undo that”, “more blur”."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
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
    degree = degree_of(text) or 1.0
    if _said("everything", text):
        return [], []
    if _said("undo", text):
        return _without(asked, _latest(asked)), []
    if _said("more", text):
        return _scaled(asked, _latest_amount(asked), _STRONGER * degree, message)
    if _said("less", text):
        return _scaled(asked, _latest_amount(asked), _SOFTER / degree**0.5, message)
    for name, factor in (("more_of", _STRONGER), ("less_of", _SOFTER)):
        step = _named(_said(name, text), asked)
        if step is not None and catalog()[step.op].varies:
            return _scaled(asked, step, factor, message)
    gone = _named(_said("undo_one", text), asked) or _named(_said("removed", text), asked, added=True)
    return None if gone is None else (_without(asked, gone), [])


def merged(previous: EditPlan, steps: Iterable[Step]) -> list[Step]:
    """The steps of an earlier plan with those of a new message.

    Where both do the same to the same thing, amounts with a sign add up (“a little darker” after “make it brighter”);
    anything else is done as said last.
    """
    kept = {_same(step): step for step in previous.steps if step.span or step.op != "reframe"}
    for step in steps:
        name = catalog()[step.op].varies
        before = kept.get(_same(step))
        if before is None or not name:
            kept[_same(step)] = step
            continue
        spec = catalog()[step.op].parameters[name]
        value = step.parameters.get(name, spec.default)
        if spec.low < 0 and name not in step.stated:
            value = round(min(max(value + before.parameters.get(name, spec.default), spec.low), spec.high), 4)
        kept[_same(step)] = dataclasses.replace(step, parameters={**before.parameters, **step.parameters, name: value})
    return [step for step in kept.values() if _does_something(step)]


def _same(step: Step) -> tuple[object, ...]:
    """What tells asks apart; of ops without an amount, each ask stands for itself."""
    varies = catalog()[step.op].varies
    return (step.op, step.target, step.image) if varies else (step.op, step.target, step.image, step.span)


def _does_something(step: Step) -> bool:
    name = catalog()[step.op].varies
    return not name or catalog()[step.op].parameters[name].low >= 0 or step.parameters.get(name, 1) != 0


@cache
def _sayings(name: str) -> tuple[re.Pattern[str], ...]:
    """Whole messages of one kind: opening words, what is said, closing words."""
    table = words()["followups"]
    opening, closing = ("|".join(table[part].split()).replace("_", " ") for part in ("opening", "closing"))
    return tuple(
        re.compile(rf"(?:(?:{opening}) )*{said.replace('_', ' ')}(?: (?:{closing}))*") for said in table[name].split()
    )


def _said(name: str, text: str) -> str:
    """What the message is about where it says `name`, which may be the whole message; "" where it does not."""
    match = next(filter(None, (pattern.fullmatch(text) for pattern in _sayings(name))), None)
    return "" if match is None else match.groupdict().get("what", text)


def _latest(steps: list[Step]) -> Step | None:
    """The step named last in the earlier message; plans are in order of execution, so the span says little."""
    return steps[-1] if steps else None


def _latest_amount(steps: list[Step]) -> Step | None:
    return next((step for step in reversed(steps) if catalog()[step.op].varies), None)


def _named(what: str, steps: list[Step], *, added: bool = False) -> Step | None:
    """The step that words such as “the blur” mean; with `added`, only one that put something into the picture."""
    named = set(what.split()) - {"the", "a", "of", "that", "it", "background"} or set(what.split())
    names = words()["effect_names"]
    for step in reversed(steps):
        if named & set(names.get(step.op, "").split()):
            return step
        known = f"{step.op.replace('_', ' ')} {sayings().get(step.op, '')} {step.family}".lower()
        if not added and any(re.search(rf"\b{re.escape(word[:5])}", known) for word in named if len(word) > 2):
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
