"""Which picture is the scene where a sentence leaves it open: “put the bear on the road”, the bear sent first."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.errors import UnsupportedEdit

if TYPE_CHECKING:
    from cavendish.domain.plan import Step, StepOutcome
    from cavendish.engines.base import EngineInput
    from cavendish.imaging.image import Image
    from cavendish.regions.resolve import RegionResolver

_PLACING = frozenset({"place_subject", "copy_object"})
_SAYS_FROM = re.compile(r"\bfrom\b.*\b(?:image|picture|photo|pic|one)\b", re.IGNORECASE)
_SAYS_FROM_FIRST = re.compile(
    r"\bfrom (?:the )?(?:first\b|1st\b|(?:image|picture|photo|pic) (?:1|one)\b)", re.IGNORECASE
)


def scene_of(given: EngineInput, resolver: RegionResolver) -> int:
    """Index of the picture that a thing is placed into.

    That is the first one, unless the sentence says that the thing comes from there, or leaves it open and the thing
    is found there, and not as surely in the other one.

    Args:
        given: The edit.
        resolver: Finds regions.
    """
    placing = [step for step in given.plan.steps if step.op in _PLACING and step.available]
    if len(placing) != 1 or given.request.pointing is not None:
        return 0
    step = placing[0]
    if not 0 < step.image < len(given.images) or not _names_one(step):
        return 0
    if _SAYS_FROM.search(step.span):
        return step.image if _SAYS_FROM_FIRST.search(step.span) else 0
    first, other = (_sureness(given.images[k], step, resolver) for k in (0, step.image))
    return step.image if first > other else 0


def with_scene_first(given: EngineInput, scene: int) -> EngineInput:
    """The same edit, with the picture that is placed into first and the first one where that was."""
    order = list(given.images)
    order[0], order[scene] = order[scene], order[0]
    return dataclasses.replace(given, images=tuple(order))


def as_numbered(outcome: StepOutcome) -> StepOutcome:
    """An outcome that speaks of the pictures as they were sent, after the first one was placed into another."""
    if outcome.step.op not in _PLACING:
        return outcome
    return dataclasses.replace(outcome, step=dataclasses.replace(outcome.step, image=0))


def _names_one(step: Step) -> bool:
    return step.region is not None and step.region not in {
        RegionQuery(""),
        RegionQuery(SUBJECT),
        RegionQuery(BACKGROUND),
    }


def _sureness(image: Image, step: Step, resolver: RegionResolver) -> int:
    """0 where the thing is not found, 1 where that may be another thing, 2 where it surely is there."""
    assert step.region is not None, "asked of steps that name something"
    try:
        return 1 if resolver.find(image, step.region).doubt else 2
    except UnsupportedEdit:
        return 0
