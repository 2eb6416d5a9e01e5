"""The embedded engine: resolves regions, runs the plan's steps on a plain CPU and composites. No network, no GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cavendish.domain.limits import DecodeSettings
from cavendish.domain.plan import EditPlan, Status, StepOutcome
from cavendish.engines.base import EngineInput, EngineResult, Workers, asked_for
from cavendish.errors import InvalidRequest, UnsupportedEdit
from cavendish.ops.base import CAN_BE_POINTED_AT
from cavendish.ops.catalog import catalog
from cavendish.pixels.restorers import Restorers
from cavendish.regions.networks import Networks

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext
    from cavendish.imaging.image import Image

_GUESSED = "The subject was found by color alone, since the neural weights are not installed."

_NO_RESTORERS = Restorers()


class EmbeddedEngine:
    """Runs exact steps with pure picture code.

    Args:
        workers: Threads the pixels are worked in.
        networks: What regions are found with.
        restorers: What pictures are restored with.
        most_pixels: The largest picture a step may make.
    """

    name = "embedded"

    def __init__(
        self,
        *,
        workers: Workers,
        networks: Networks,
        restorers: Restorers = _NO_RESTORERS,
        most_pixels: int = DecodeSettings.max_pixels,
    ) -> None:
        self._workers = workers
        self._networks = networks
        self._restorers = restorers
        self._most_pixels = most_pixels

    def can_run(self, plan: EditPlan) -> bool:
        """Whether at least one asked-for step has code here."""
        return any(plan.steps[i].exact and plan.steps[i].available for i in asked_for(plan))

    async def edit(self, given: EngineInput, context: EditContext) -> EngineResult:
        """Do the plan; see `Engine.edit`."""
        return await self._workers.run(self.edit_now, given, context)

    def edit_now(self, given: EngineInput, context: EditContext) -> EngineResult:
        """The same, in the calling thread."""
        from cavendish.engines.roles import as_numbered, scene_of, with_scene_first  # noqa: PLC0415 - not at start-up
        from cavendish.engines.workbench import Means, Workbench, run_step  # noqa: PLC0415
        from cavendish.regions.resolve import RegionResolver  # noqa: PLC0415

        _refuse_useless_pointing(given)
        resolver = RegionResolver(self._networks)
        means = Means(resolver, self._restorers, self._most_pixels)
        scene = scene_of(given, resolver)
        given = with_scene_first(given, scene) if scene else given
        pictures: list[Image] = []
        outcomes: tuple[StepOutcome, ...] = ()
        for output in range(given.request.num_images):
            bench = Workbench(given, means, context.check_cancelled)
            made = tuple(
                run_step(bench, step, k, given.plan, output, context) for k, step in enumerate(given.plan.steps)
            )
            made = tuple(map(as_numbered, made)) if scene else made
            outcomes = outcomes or made
            if all(made[i].status is Status.SKIPPED for i in asked_for(given.plan)):
                raise UnsupportedEdit(_nothing_done([made[i] for i in asked_for(given.plan)]))
            picture = bench.finish()
            if not any(np.array_equal(picture.pixels, earlier.pixels) for earlier in pictures):
                pictures.append(picture)
            if not _can_vary(given.plan):
                break
        notes = _count_note(len(pictures), given.request.num_images)
        return EngineResult(tuple(pictures), outcomes, (*notes, *([_GUESSED] if resolver.guessed else [])))


def _refuse_useless_pointing(given: EngineInput) -> None:
    """What is pointed at without an effect is a mistake the caller wants to know of."""
    pointing = given.request.pointing
    rows = [catalog()[step.op] for step in given.plan.steps if step.exact and step.available]
    if pointing is None or any(CAN_BE_POINTED_AT & row.load().needs for row in rows if row.available):
        return
    field = "mask" if pointing.mask else "box" if pointing.box else "points"
    raise InvalidRequest(f"Nothing in this edit depends on {field}: it changes the whole picture.", param=field)


def _can_vary(plan: EditPlan) -> bool:
    return any(
        row.by_chance or (row.varies and row.varies not in step.stated)
        for step in plan.steps
        if (row := catalog()[step.op]).available
    )


def _count_note(made: int, wanted: int) -> tuple[str, ...]:
    if made == wanted:
        return ()
    plural = "picture was" if made == 1 else "pictures were"
    return (f"{made} {plural} made instead of {wanted}, because nothing in this edit can meaningfully vary.",)


def _nothing_done(outcomes: list[StepOutcome]) -> str:
    reasons = "; ".join(f"{outcome.step.op}: {outcome.reason}" for outcome in outcomes)
    return f"Nothing in this request could be done on these pictures ({reasons})."
