"""What an engine is: pictures and a plan in, pictures and an honest report out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext
    from cavendish.domain.plan import EditPlan, StepOutcome
    from cavendish.domain.request import EditRequest
    from cavendish.imaging.image import Image

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class EngineInput:
    """One edit to do.

    Args:
        images: The decoded pictures in request order.
        plan: What to do.
        request: What it came from.
        mask: The picture `request.pointing` names, where it names one.
    """

    images: tuple[Image, ...]
    plan: EditPlan
    request: EditRequest
    mask: Image | None = None


@dataclass(frozen=True)
class EngineResult:
    """What came of it.

    Args:
        pictures: 1 to `num_images` pictures, no two alike.
        outcomes: One a step of the plan, in its order.
        notes: Sentences for the description that belong to no step.
    """

    pictures: tuple[Image, ...]
    outcomes: tuple[StepOutcome, ...]
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """Does plans. Stateless between edits; safe for concurrent use."""

    name: str

    def can_run(self, plan: EditPlan) -> bool:
        """Whether at least one asked-for step of the plan can be done by this engine."""

    async def edit(self, given: EngineInput, context: EditContext) -> EngineResult:
        """Do the plan.

        Raises:
            UnsupportedEdit: Nothing asked for could be done on these pictures.
            Cancelled: The caller left.
            DeadlineExceeded: Time ran out.
        """


class Workers:
    """A bounded pool of threads for pixels, so that they never block the event loop.

    Args:
        count: Number of threads; also the most pictures in work at once.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="pixels")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in the pool and wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Wait for running calls and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def asked_for(plan: EditPlan) -> Sequence[int]:
    """Indices of the steps somebody asked for; the reframe the answer's size adds by itself has no words."""
    return [i for i, step in enumerate(plan.steps) if not (step.op == "reframe" and not step.span)]
