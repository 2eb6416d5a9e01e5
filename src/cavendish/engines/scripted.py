"""A deterministic engine for tests and client development: solid pictures at once, or on a given signal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from cavendish.domain.plan import EditPlan, Status, StepOutcome
from cavendish.domain.sizes import RATIO_SIZES
from cavendish.engines.base import EngineInput, EngineResult
from cavendish.imaging.image import Image

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext


class ScriptedEngine:
    """Answers every plan with flat pictures of the asked size.

    Args:
        gate: Waited for before answering, so that a test decides when an edit ends; None answers at once.
    """

    name = "scripted"

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self._gate = gate
        self.started = 0

    def can_run(self, plan: EditPlan) -> bool:
        """Always: the script does not read the plan."""
        return bool(plan.steps)

    async def edit(self, given: EngineInput, context: EditContext) -> EngineResult:
        """One flat picture an output, each of another gray; see `Engine.edit`."""
        self.started += 1
        if self._gate is not None:
            await self._gate.wait()
        context.check_cancelled()
        width, height = RATIO_SIZES.get(given.request.aspect_ratio or "1:1", given.images[0].size)
        grays = (np.full((height, width, 3), 40 * (k + 1), np.uint8) for k in range(given.request.num_images))
        outcomes = tuple(StepOutcome(step, Status.DONE) for step in given.plan.steps)
        return EngineResult(tuple(Image(gray) for gray in grays), outcomes)
