"""The embedded engine: resolves regions, runs the plan's steps on a plain CPU and composites. No network, no GPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cavendish.domain.plan import EditPlan, Status, Step, StepOutcome
from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.engines.base import EngineInput, EngineResult, Workers, asked_for
from cavendish.errors import UnsupportedEdit
from cavendish.ops.base import Need, Op, OpInput
from cavendish.ops.catalog import OpRow, catalog
from cavendish.pixels.composite import Canvas, Continued, Patch, apply_patch, render, render_plane
from cavendish.pixels.region import Box, Region
from cavendish.regions.resolve import Networks, RegionResolver

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext
    from cavendish.imaging.image import Image

LADDER = (1.0, 0.6, 1.5, 2.0)
"""Factors on an unstated amount for pictures 1–4 of one request: as asked, subtler, stronger, strongest."""


_GUESSED = "The subject was found by color alone, since the neural weights are not installed."


class EmbeddedEngine:
    """Runs exact steps with pure picture code.

    Args:
        workers: Threads the pixels are worked in.
        networks: What regions are found with.
    """

    name = "embedded"

    def __init__(self, *, workers: Workers, networks: Networks) -> None:
        self._workers = workers
        self._networks = networks

    def can_run(self, plan: EditPlan) -> bool:
        """Whether at least one asked-for step has code here."""
        return any(plan.steps[i].exact and plan.steps[i].available for i in asked_for(plan))

    async def edit(self, given: EngineInput, context: EditContext) -> EngineResult:
        """Do the plan; see `Engine.edit`."""
        return await self._workers.run(self.edit_now, given, context)

    def edit_now(self, given: EngineInput, context: EditContext) -> EngineResult:
        """The same, in the calling thread."""
        resolver = RegionResolver(self._networks)
        pictures: list[Image] = []
        outcomes: tuple[StepOutcome, ...] = ()
        for output in range(given.request.num_images):
            bench = _Bench(given.images, resolver, context.check_cancelled)
            made = tuple(_run(bench, step, k, given.plan, output, context) for k, step in enumerate(given.plan.steps))
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


class _Bench:
    """One output in the making: the picture, moves that wait to be merged, and what stands in front."""

    def __init__(self, images: tuple[Image, ...], resolver: RegionResolver, check: Callable[[], None]) -> None:
        self.images = images
        self._check = check
        self.resolver = resolver
        self.image = images[0]
        self.pending: Canvas | None = None
        self._moved: list[Canvas] = []
        """Every canvas the picture was rendered on, in order."""
        self._subject: Region | None = None
        self._searched = False

    @property
    def size(self) -> tuple[int, int]:
        return self.pending.size if self.pending else self.image.size

    def subject(self) -> Region:
        """What stands in front, on the grid the next step works on."""
        if not self._searched:
            self._searched = True
            self._subject = _or_none(lambda: self.resolver.subject(self.images[0]))
            for canvas in self._moved:
                self._carry(canvas)
        if self._subject is None:
            raise UnsupportedEdit("no clear subject was found in picture 1")
        if self.pending is None:
            return self._subject
        return dataclasses.replace(self._subject, alpha=render_plane(self._subject.alpha, self.pending))

    def take(self, result: Patch | Canvas) -> None:
        if isinstance(result, Canvas):
            if self.pending and self.pending.stretch:
                self.settle()
            self.pending = self.pending.then(result) if self.pending else result
            return
        self.image = apply_patch(self.image, result)
        if result.subject is not None:
            placed = result.subject if self._subject is None else np.maximum(self._subject.alpha, result.subject)
            self._subject, self._searched = Region(placed), True

    def settle(self) -> None:
        """Move the pixels now: the next step works on the new grid."""
        if self.pending is None:
            return
        subject = self._subject.alpha if self._subject else None
        details = self._details(self._moved) if isinstance(self.pending.fill, Continued) else ()
        self.image = render(self.image, self.pending, subject=subject, details=details, check=self._check)
        self._carry(self.pending)
        self._moved.append(self.pending)
        self.pending = None

    def _carry(self, canvas: Canvas) -> None:
        if self._subject is not None:
            alpha = render_plane(self._subject.alpha, canvas)
            self._subject = dataclasses.replace(self._subject, alpha=alpha)

    def details(self) -> tuple[Box, ...]:
        """Boxes of faces and lettering, on the grid the next step works on."""
        return self._details([*self._moved, *([self.pending] if self.pending else [])])

    def _details(self, moves: Sequence[Canvas]) -> tuple[Box, ...]:
        boxes = self.resolver.details(self.images[0])
        for canvas in moves:
            boxes = tuple(moved for box in boxes if (moved := canvas.move(box)) is not None)
        return boxes

    def finish(self) -> Image:
        self.settle()
        return self.image


def _run(bench: _Bench, step: Step, k: int, plan: EditPlan, output: int, context: EditContext) -> StepOutcome:
    """Do one step, or say why not; a step that cannot be done never runs on something else instead."""
    context.check_cancelled()
    context.report(step.op, k, len(plan.steps))
    row = catalog()[step.op]
    if not step.exact:
        return StepOutcome(step, Status.SKIPPED, "needs a generative engine, and none is set up here")
    if not (row.available and step.available):
        return StepOutcome(step, Status.SKIPPED, "this version cannot do this yet")
    op = row.load()
    if not op.moves_pixels:
        bench.settle()
    try:
        result = op.apply(_gather(bench, op, row, step, output, context))
    except UnsupportedEdit as impossible:
        return StepOutcome(step, Status.SKIPPED, impossible.public_message)
    bench.take(result)
    return StepOutcome(step, Status.DONE, "; ".join(filter(None, (_doubt(step, op), result.note))))


def _doubt(step: Step, op: Op) -> str:
    """What must be said where a named thing was not looked for by its name."""
    named = step.target and step.target.lower() not in {SUBJECT, "main subject", BACKGROUND}
    return (
        f"the {step.target} was taken to be the main subject of picture 1"
        if _acts_on_subject(step, op) and named
        else ""
    )


def _acts_on_subject(step: Step, op: Op) -> bool:
    return Need.FOREGROUND in op.needs or step.parameters.get("to") == "subject"


_PARTS = frozenset(
    {"face", "faces", "head", "heads", "eye", "eyes", "mouth", "nose", "hair", "hand", "hands", "arm", "legs", "feet"}
    | {"neck", "torso", "top", "bottom", "area"}
)
"""Things that the main subject of a picture is not."""


def _refuse_other_than_subject(step: Step) -> None:
    """What points at one of several, or at a part, is not taken to be the main subject."""
    region = step.region or RegionQuery()
    pointed = region.side or region.order or region.near or region.having or region.of or region.size or region.none_of
    if pointed or region.query.rpartition(" ")[2] in _PARTS:
        raise UnsupportedEdit(f"this version finds only the main subject, not “{step.target}”")


def _gather(bench: _Bench, op: Op, row: OpRow, step: Step, output: int, context: EditContext) -> OpInput:
    """Resolve what the op declared it needs."""
    parameters = _parameters(row, step, output)
    needs = frozenset[Need]() if op.spares(bench.size, parameters) else op.needs
    subject: Region | None = None
    if _acts_on_subject(step, op):
        _refuse_other_than_subject(step)
    if Need.FOREGROUND in needs:
        subject = bench.subject()
    elif Need.FOREGROUND_IF_ANY in needs:
        subject = _or_none(bench.subject)
    other = _other_image(bench, step) if Need.OTHER_IMAGE in needs else None
    return OpInput(
        image=bench.image,
        size=bench.size,
        step=step,
        parameters=parameters,
        region=_region(bench, step) if Need.MASK in op.needs else None,
        foreground=subject,
        details=bench.details() if Need.DETAILS in needs else (),
        other=other,
        other_foreground=_other_subject(bench, step) if Need.OTHER_FOREGROUND in needs else None,
        random=context.random(output) if output else None,
        check=context.check_cancelled,
    )


def _or_none(find: Callable[[], Region]) -> Region | None:
    try:
        return find()
    except UnsupportedEdit:
        return None


def _other_image(bench: _Bench, step: Step) -> Image:
    if not 0 < step.image < len(bench.images):
        raise UnsupportedEdit(
            f"picture {step.image + 1} was not supplied" if step.image else "no second picture was supplied"
        )
    return bench.images[step.image]


def _other_subject(bench: _Bench, step: Step) -> Region:
    try:
        return bench.resolver.subject(_other_image(bench, step))
    except UnsupportedEdit as absent:
        if "supplied" in absent.public_message:
            raise
        raise UnsupportedEdit(f"no clear subject was found in picture {step.image + 1}") from absent


def _region(bench: _Bench, step: Step) -> Region | None:
    if step.region is None:
        return None
    if step.region == RegionQuery(SUBJECT):
        return bench.subject()
    if step.region == RegionQuery(BACKGROUND):
        subject = bench.subject()
        return dataclasses.replace(subject, alpha=1 - subject.alpha, label="the background")
    raise UnsupportedEdit(
        f"this version finds only the main subject and the background, not “{step.target or step.region.query}”"
    )


def _parameters(row: OpRow, step: Step, output: int) -> Mapping[str, Any]:
    amounts = row.fill_in(step.parameters, param=f"plan.steps.{step.op}.parameters")
    if not output or not row.varies or row.varies in step.stated:
        return amounts
    spec = row.parameters[row.varies]
    scaled = amounts[row.varies] * LADDER[output]
    return amounts | {row.varies: min(max(scaled, spec.low), spec.high)}


def _can_vary(plan: EditPlan) -> bool:
    return any(
        row.varies and row.varies not in step.stated for step in plan.steps if (row := catalog()[step.op]).available
    )


def _count_note(made: int, wanted: int) -> tuple[str, ...]:
    if made == wanted:
        return ()
    plural = "picture was" if made == 1 else "pictures were"
    return (f"{made} {plural} made instead of {wanted}, because nothing in this edit can meaningfully vary.",)


def _nothing_done(outcomes: list[StepOutcome]) -> str:
    reasons = "; ".join(f"{outcome.step.op}: {outcome.reason}" for outcome in outcomes)
    return f"Nothing in this request could be done on these pictures ({reasons})."
