"""Which engine does a plan: the first of the configured order that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cavendish.domain.models import MODELS
from cavendish.domain.plan import CONTEXT
from cavendish.engines.base import Engine, EngineInput, EngineResult, asked_for
from cavendish.errors import ModelUnavailable, UnsupportedEdit

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext
    from cavendish.domain.plan import EditPlan
    from cavendish.domain.request import EditRequest

WHAT_WORKS = (
    "This server can: change exposure, brightness, contrast and saturation; make black and white or sepia; crop, "
    "rotate, flip and reframe; remove people, things and text; move, copy and recolor things; remove, color, blur or "
    "replace the background; and place the subject of one picture into another."
)


@dataclass(frozen=True)
class Route:
    """The engine chosen for one edit."""

    engine: Engine

    async def edit(self, given: EngineInput, context: EditContext) -> EngineResult:
        """Do the plan with the chosen engine."""
        return await self.engine.edit(given, context)


class Router:
    """Chooses before any cost arises.

    Args:
        engines: In order of preference.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)

    def open(self, request: EditRequest, plan: EditPlan) -> Route:
        """Choose an engine.

        Raises:
            ModelUnavailable: The id, or a request without pictures, needs a generative engine.
            UnsupportedEdit: No engine can do any asked-for step, or the plan is partial and that is refused.
        """
        if not MODELS[request.model].edits or not request.images:
            raise ModelUnavailable(
                "Making a picture from words alone needs a generative engine, and none is set up on this server. "
                "Send at least one picture in image_urls to edit it.",
                param="model" if not MODELS[request.model].edits else "image_urls",
            )
        undone = [step.span or step.op for step in plan.steps if not (step.exact and step.available)]
        undone += [item.text for item in plan.unsupported if item.reason != CONTEXT]
        if request.partial == "refuse" and undone:
            raise UnsupportedEdit(f"Not everything can be done here: {_quoted(undone)}. {WHAT_WORKS}", param="prompt")
        for engine in self._engines:
            if asked_for(plan) and engine.can_run(plan):
                return Route(engine)
        raise UnsupportedEdit(
            f"Nothing in the prompt can be done here: {_quoted(undone)}. {WHAT_WORKS}", param="prompt"
        )


def _quoted(words: list[str]) -> str:
    return "; ".join(f"“{text[:120]}”" for text in words[:6]) or "it names no edit"
