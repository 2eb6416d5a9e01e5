"""Plans and outcomes as a natural sentence or two for `description`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cavendish.domain.plan import CONTEXT, Status, Step
from cavendish.planning.phrases import sayings

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan, StepOutcome, Unsupported


def describe_plan(plan: EditPlan) -> str:
    """One sentence that says back what was understood."""
    doable = [_say(step) for step in plan.steps if step.available and step.exact and not _is_sizing(step)]
    parts = [f"Understood: {_join(doable)}." if doable else "Nothing here can be done by this engine."]
    return " ".join([*parts, *_not_done(_undoable(plan.steps), plan.unsupported), *_note(plan)])


def describe_outcome(plan: EditPlan, outcomes: Iterable[StepOutcome], notes: Iterable[str]) -> str:
    """What was done and what was not, in the past tense."""
    outcomes = tuple(outcomes)
    done = [outcome for outcome in outcomes if outcome.status is not Status.SKIPPED]
    said = [_say(outcome.step) for outcome in done if not _is_sizing(outcome.step)]
    details = [_sentence(outcome.reason) for outcome in done if outcome.reason]
    skipped = [(_words(o.step), o.reason) for o in outcomes if o.status is Status.SKIPPED]
    parts = [_sentence(_join(list(dict.fromkeys(said))))] if said else []
    return " ".join([*parts, *details, *_not_done(skipped, plan.unsupported), *notes, *_note(plan)])


def _note(plan: EditPlan) -> list[str]:
    return [plan.note] if plan.note else []


def _is_sizing(step: Step) -> bool:
    return step.op == "reframe" and not step.span


def _say(step: Step) -> str:
    template = sayings().get(step.op, step.op.replace("_", " "))
    return template.format(
        thing=_named(step.target),
        where=f"the {step.target}" if step.target else "the picture",
        image=step.image + 1,
        color=step.parameters.get("color", ""),
        ratio=step.parameters.get("ratio", ""),
    )


def _words(step: Step) -> str:
    return f"“{step.span}”" if step.span else step.op.replace("_", " ")


def _undoable(steps: Iterable[Step]) -> list[tuple[str, str]]:
    def why(step: Step) -> str:
        return "this version cannot do it yet" if step.exact else "it needs a generative engine"

    return [(_words(step), why(step)) for step in steps if not (step.exact and step.available)]


def _not_done(skipped: Iterable[tuple[str, str]], unsupported: Iterable[Unsupported]) -> list[str]:
    """One sentence listing everything left undone, grouped by reason."""
    by_reason: dict[str, list[str]] = {}
    for text, reason in [
        *skipped,
        *((f"“{item.text}”", item.reason) for item in unsupported if item.reason != CONTEXT),
    ]:
        by_reason.setdefault(reason, []).append(text)
    listed = "; ".join(f"{', '.join(texts)} ({reason})" for reason, texts in by_reason.items())
    return [f"Not done: {listed}."] if listed else []


def _named(target: str) -> str:
    """A noun phrase as the object of what was done; “everyone” takes no article."""
    if not target:
        return "the main subject"
    return target if target.lower().startswith(("every", "any", "all ")) else f"the {target}"


def _join(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
