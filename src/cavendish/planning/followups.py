"""Following up on an earlier plan: “a bit less”, “undo that”, “more blur”."""

from __future__ import annotations

import dataclasses
import re

from cavendish.domain.plan import EditPlan, Step, Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning.phrases import sayings
from cavendish.planning.quantities import degree_of

_AGAIN = r"(?:(?:a (?:little|tiny)? ?bit|a little|slightly|just|much|even|way|a lot|still|please|bit|somewhat|far|make it|do it|now|ok|okay|but|and|try|with|it's|its|that's|thats|this is|it is|that was|it was) )*"
_MORE = re.compile(
    rf"^{_AGAIN}(?:more|stronger|harder|heavier|not enough|too (?:little|weak|subtle)|increase it|turn it up|again)(?: (?:of (?:it|that)|please|than that|then))*$"
)
_LESS = re.compile(
    rf"^{_AGAIN}(?:less|weaker|softer|subtler|more subtle|gentler|too (?:much|strong|heavy|intense|harsh)|tone it down|dial it (?:down|back)|turn it down|reduce it|overdone)(?: (?:of (?:it|that)|please|than that|then))*$"
)
_UNDO = re.compile(
    r"^(?:ok |okay |no |please |can you |actually )*(?:undo|revert|go back|take (?:that|it) back|cancel|remove the last (?:edit|change|step)|never ?mind|nevermind)"
    r"(?: (?:that|it|this|the last (?:one|step|edit|change|thing)|last|please|the change|the edit))*$"
)  # fmt: skip
_UNDO_ONE = re.compile(
    r"^(?:please |can you |ok |no )*(?:undo|revert|cancel|without|drop|skip|no|not|forget) (?:the )?(?P<what>.+?)(?: please| again)?$"
)
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
    if _UNDO.match(text):
        return _without(asked, _latest(asked)), []
    if _MORE.match(text):
        return _scaled(asked, _latest_amount(asked), _STRONGER * (degree_of(text) or 1.0), message)
    if _LESS.match(text):
        return _scaled(asked, _latest_amount(asked), _SOFTER / (degree_of(text) or 1.0) ** 0.5, message)
    undone = _UNDO_ONE.match(text)
    if undone and (step := _named(undone["what"], asked)) is not None:
        return _without(asked, step), []
    more = re.match(rf"^{_AGAIN}(?P<way>more|less|stronger|weaker) (?P<what>.+)$", text)
    if more and (step := _named(more["what"], asked)) is not None and catalog()[step.op].varies:
        return _scaled(asked, step, _STRONGER if more["way"] in {"more", "stronger"} else _SOFTER, message)
    return None


def _latest(steps: list[Step]) -> Step | None:
    """The step named last in the earlier message; plans are in order of execution, so the span says little."""
    return steps[-1] if steps else None


def _latest_amount(steps: list[Step]) -> Step | None:
    return next((step for step in reversed(steps) if catalog()[step.op].varies), None)


def _named(what: str, steps: list[Step]) -> Step | None:
    """The step that words such as “the blur” mean."""
    words = set(what.split()) - {"the", "a", "of", "that", "it", "background"} or set(what.split())
    for step in reversed(steps):
        known = f"{step.op.replace('_', ' ')} {sayings().get(step.op, '')} {step.family}".lower()
        if any(re.search(rf"\b{re.escape(word[:5])}", known) for word in words if len(word) > 2):
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
