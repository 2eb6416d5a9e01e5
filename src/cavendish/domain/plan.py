"""The edit plan: a sentence as typed steps. Public, versioned, stored with every result and accepted as input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from cavendish.domain.queries import RegionQuery

if TYPE_CHECKING:
    from cavendish.domain.request import EditRequest

PLAN_VERSION = 1

CONTEXT = "taken for context, not for an ask"
"""Why words such as a story around the ask are listed; they are nothing that was left undone."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One operation of a plan.

    Args:
        op: Name from the op table, such as `adjust_exposure`.
        family: The op's family, such as `tone`.
        target: The noun phrase as written; "" is the whole picture.
        region: Where to act; None is the whole picture (or what the op's needs say).
        parameters: The op's own amounts, in its documented units and ranges.
        image: 0-based index of the other picture the op reads; 0 where it reads none.
        exact: Whether the pixels can be computed; False needs a generative engine.
        available: Whether this build has a module for the op.
        guards: Things the sentence wants kept, as written.
        placement: Where something placed goes, as `read_placement` reads it: `right, behind the sofa`; "" is unstated.
        confidence: 0–1, how sure the planner is that this was meant.
        span: The words the step came from.
        stated: Names of parameters whose amount the sentence states; these never vary between pictures.
    """

    op: str
    family: str
    target: str = ""
    region: RegionQuery | None = None
    parameters: Parameters = field(default_factory=dict)
    image: int = 0
    exact: bool = True
    available: bool = True
    guards: tuple[str, ...] = ()
    placement: str = ""
    confidence: float = 1.0
    span: str = ""
    stated: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The published form, every key present."""
        return {
            "op": self.op,
            "family": self.family,
            "target": self.target,
            "region": self.region.to_json() if self.region else None,
            "parameters": dict(self.parameters),
            "image": self.image,
            "exact": self.exact,
            "available": self.available,
            "guards": list(self.guards),
            "placement": self.placement,
            "confidence": round(self.confidence, 3),
            "span": self.span,
            "stated": list(self.stated),
        }


@dataclass(frozen=True)
class Unsupported:
    """Words that no op covers, and why."""

    text: str
    reason: str


@dataclass(frozen=True)
class EditPlan:
    """What the engine will do, in order.

    Args:
        steps: In order of execution.
        unsupported: Words nothing was planned for.
        description: One sentence that says the plan back.
        version: Of this schema.
        note: A sentence about how it was planned; published as part of `description`.
    """

    steps: tuple[Step, ...]
    unsupported: tuple[Unsupported, ...] = ()
    description: str = ""
    version: int = PLAN_VERSION
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "version": self.version,
            "steps": [step.to_json() for step in self.steps],
            "unsupported": [{"text": item.text, "reason": item.reason} for item in self.unsupported],
            "description": self.description,
        }


class Status(StrEnum):
    """What became of a step."""

    DONE = "done"
    PARTLY = "partly"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class StepOutcome:
    """One step's result.

    Args:
        step: The step as planned.
        status: What became of it.
        reason: Why it was skipped or only partly done; for a done step, what is worth saying about it.
    """

    step: Step
    status: Status
    reason: str = ""

    def to_json(self) -> dict[str, str]:
        """The form in `meta.edit.steps`."""
        return {"op": self.step.op, "status": self.status.value, "reason": self.reason}


class Planner(Protocol):
    """Turns a request's sentence into a plan. Safe to call from any thread, which it may block for some seconds."""

    def plan(self, request: EditRequest) -> EditPlan:
        """Plan the request, or raise `UnsupportedEdit` where no step could ever be done."""
