"""The workbench: one output in the making, and how the engine meets what each operation declared it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cavendish.domain.placement import read_placement
from cavendish.domain.plan import EditPlan, Status, Step, StepOutcome
from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.ops.base import CAN_BE_POINTED_AT, Need, Op, OpInput
from cavendish.ops.catalog import OpRow, catalog
from cavendish.pixels.canvas import Canvas, Continued
from cavendish.pixels.cast_shadow import CastLight, read_light
from cavendish.pixels.composite import Patch, Redrawn, apply_patch, render, render_plane
from cavendish.pixels.perspective import Perspective, turned
from cavendish.pixels.region import Box, Region
from cavendish.planning.nouns import PEOPLE_PRONOUNS, read_noun
from cavendish.planning.tokens import Phrase, tokenize
from cavendish.regions.colors import is_color
from cavendish.regions.horizon import find_tilt
from cavendish.regions.perspective import find_perspective

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext
    from cavendish.engines.base import EngineInput
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.restorers import Restorers
    from cavendish.regions.resolve import RegionResolver

LADDER = (1.0, 0.6, 1.5, 2.0)
"""Factors on an unstated amount for pictures 1–4 of one request: as asked, subtler, stronger, strongest."""

_MARKED = "marked part"
_TWO = 2
_SKY = RegionQuery("sky")
_EVERYBODY = {"everyone", "everybody", "anyone", "people"}


@dataclass(frozen=True)
class Means:
    """What ops may use besides pictures.

    Args:
        resolver: Finds regions, and remembers them over the outputs of one request.
        restorers: What pictures are restored with.
        most_pixels: The largest picture a step may make.
    """

    resolver: RegionResolver
    restorers: Restorers
    most_pixels: int


class Workbench:
    """One output in the making: the picture, moves that wait to be merged, and what stands in front.

    Args:
        given: The edit.
        means: What ops may use besides its pictures.
        check: Raises once the edit is cancelled.
    """

    def __init__(self, given: EngineInput, means: Means, check: Callable[[], None]) -> None:
        self.images = given.images
        self._pointing, self._mask = given.request.pointing, given.mask
        self._check = check
        self.resolver = means.resolver
        self.means = means
        self.image = given.images[0]
        self.pending: Canvas | None = None
        self._moved: list[Canvas] = []
        """Every canvas the picture was rendered on, in order."""
        self._subject: Region | None = None
        self._searched = False

    @property
    def is_pointed_at(self) -> bool:
        """Whether the caller points at where to act."""
        return self._pointing is not None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the grid the next step works on."""
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

    def known_subject(self) -> Region:
        """The same, with what the detector takes it for as its label."""
        subject = self.subject()
        known = None if self._moved or self.pending else self.resolver.known_as(self.images[0], subject)
        return dataclasses.replace(subject, label=known or "")

    def region(self, query: RegionQuery | None) -> Region | None:
        """What is pointed at, or else what an expression means in the first picture, on the next step's grid."""
        found = self._found(query)
        return None if found is None else self._moved_along(found)

    def named(self, query: RegionQuery) -> Region:
        """What an expression means in the first picture, whatever is pointed at, on the next step's grid."""
        return self._moved_along(self.resolver.find(self.images[0], query))

    def part(self, query: RegionQuery) -> Region:
        """One of two things; where only a color is said, everything of that color."""
        if query.query or not query.color:
            return self.named(query)
        return self._moved_along(self.resolver.colored(self.images[0], query.color))

    def facial_skin(self) -> Region | None:
        """The skin of all faces, on the next step's grid."""
        found = self.resolver.facial_skin(self.images[0])
        return None if found is None else self._moved_along(found)

    def shadow(self, query: RegionQuery | None) -> Plane | None:
        """The share of light that the shadow of such a region takes, on the next step's grid."""
        found = self._found(query)
        shadow = None if found is None else self.resolver.shadow(self.images[0], found)
        return None if shadow is None else self._moved_along(Region(shadow)).alpha

    def light(self, query: RegionQuery | None) -> CastLight | None:
        """How shadows fall on the next step's grid, told by such a thing of the first picture or else its subject."""
        for told in filter(None, (query, RegionQuery(SUBJECT))):
            thing = _or_none(partial(self.resolver.find, self.images[0], told))
            shadow = None if thing is None else self.resolver.shadow(self.images[0], thing)
            if thing is not None and shadow is not None:
                light = read_light(self._moved_along(thing).alpha, self._moved_along(Region(shadow)).alpha)
                if light is not None:
                    return light
        return None

    def company(self, query: RegionQuery | None, *, only_people: bool) -> Plane | None:
        """What stands beside such a region, on the next step's grid."""
        found = self._found(query)
        if found is None:
            return None
        beside = self.resolver.company(self.images[0], found, only_people=only_people)
        return self._moved_along(Region(beside)).alpha

    def _found(self, query: RegionQuery | None) -> Region | None:
        if self._pointing is not None:
            return self.resolver.pointed(self.images[0], self._pointing, self._mask)
        return None if query is None else self.resolver.find(self.images[0], query)

    def _moved_along(self, found: Region) -> Region:
        alpha = found.alpha
        for canvas in [*self._moved, *([self.pending] if self.pending else [])]:
            alpha = render_plane(alpha, canvas)
        return dataclasses.replace(found, alpha=alpha)

    def take(self, result: Patch | Canvas | Redrawn) -> None:
        """Put an op's result into the picture; moves wait, so that neighbors become one resampling."""
        if isinstance(result, Redrawn):
            grid = result.grid(self.image.size)
            self.image = result.image
            self._carry(grid)
            self._moved.append(grid)
            return
        if isinstance(result, Canvas):
            if self.pending and not self.pending.joins(result):
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

    def faces(self) -> tuple[Box, ...]:
        """Boxes of heads, on the grid the next step works on."""
        boxes = self.resolver.faces(self.images[0])
        return _carried(boxes, [*self._moved, *([self.pending] if self.pending else [])])

    def tilt_deg(self) -> float | None:
        """By how much the grid the next step works on is turned from upright; None where nothing tells."""
        tilt = find_tilt(self.image)
        if tilt is None or self.pending is None:
            return None if tilt is None else tilt.angle_deg
        return turned(tilt.angle_deg, self.pending.matrix)

    def perspective(self) -> Perspective | None:
        """What should be square on the grid the next step works on."""
        found = find_perspective(self.image)
        return found if found is None or self.pending is None else found.moved(self.pending.matrix)

    def _details(self, moves: Sequence[Canvas]) -> tuple[Box, ...]:
        return _carried(self.resolver.details(self.images[0]), moves)

    def finish(self) -> Image:
        """The picture as it stands, nothing waiting."""
        self.settle()
        return self.image


def _carried(boxes: tuple[Box, ...], moves: Sequence[Canvas]) -> tuple[Box, ...]:
    for canvas in moves:
        boxes = tuple(moved for box in boxes if (moved := canvas.move(box)) is not None)
    return boxes


def run_step(bench: Workbench, step: Step, k: int, plan: EditPlan, output: int, context: EditContext) -> StepOutcome:
    """Do one step, or say why not; a step that cannot be done never runs on something else instead."""
    context.check_cancelled()
    context.report(step.op, k, len(plan.steps))
    row = catalog()[step.op]
    if not step.exact:
        return StepOutcome(step, Status.SKIPPED, "needs a generative engine, and none is set up here")
    if not (row.available and step.available):
        return StepOutcome(step, Status.SKIPPED, "this version cannot do this yet")
    op = row.load()
    if op.acts_on:
        step = dataclasses.replace(step, region=dataclasses.replace(step.region or RegionQuery(""), query=op.acts_on))
    if not op.moves_pixels:
        bench.settle()
    try:
        given = _gather(bench, op, row, step, output, context)
        result = op.apply(given)
    except UnsupportedEdit as impossible:
        return StepOutcome(step, Status.SKIPPED, impossible.public_message)
    bench.take(result)
    if bench.is_pointed_at and CAN_BE_POINTED_AT & op.needs:
        step = dataclasses.replace(step, target=_MARKED)
    return StepOutcome(step, Status.DONE, "; ".join(dict.fromkeys((*_doubts(given), *filter(None, [result.note])))))


def _doubts(given: OpInput) -> Iterable[str]:
    """What is uncertain about the regions a step was done with."""
    regions = (given.region, given.foreground, given.other_foreground, given.anchor)
    return (region.doubt for region in regions if region is not None and region.doubt)


def _names_something(step: Step) -> bool:
    return step.region is not None and step.region not in {RegionQuery(SUBJECT), RegionQuery(BACKGROUND)}


def _gather(bench: Workbench, op: Op, row: OpRow, step: Step, output: int, context: EditContext) -> OpInput:
    """Resolve what the op declared it needs."""
    parameters = _parameters(row, step, output)
    needs = frozenset[Need]() if op.spares(bench.size, parameters) else op.needs
    subject: Region | None = None
    if Need.FOREGROUND in needs or (Need.FOREGROUND_IF_ANY in needs and step.parameters.get("to") == "subject"):
        subject = _foreground(bench, step)
    elif Need.FOREGROUND_IF_ANY in needs:
        subject = _or_none(bench.known_subject if Need.OTHER_FOREGROUND in needs else bench.subject)
    anchor = _anchor(step)
    reads_other = Need.OTHER_IMAGE in needs or (Need.OTHER_IMAGE_IF_ANY in needs and step.image)
    other = _other_image(bench, step) if reads_other else None
    return OpInput(
        image=bench.image,
        size=bench.size,
        step=step,
        parameters=parameters,
        region=_region(bench, step, op.needs),
        foreground=subject,
        details=bench.details() if Need.DETAILS in needs else (),
        faces=bench.faces() if Need.FACES in needs else (),
        tilt_deg=bench.tilt_deg() if Need.HORIZON in needs else None,
        perspective=bench.perspective() if Need.PERSPECTIVE in needs else None,
        parts=tuple(map(bench.part, _parts(step))) if Need.PARTS in needs else (),
        shadow=bench.shadow(step.region) if Need.SHADOW in needs else None,
        company=bench.company(step.region, only_people=_means_people(step)) if Need.COMPANY in needs else None,
        sky=bench.named(_SKY) if Need.SKY in needs else None,
        skin=bench.facial_skin() if Need.SKIN in needs else None,
        other=other,
        others=bench.images[1:] if Need.ALL_IMAGES in needs else (),
        other_foreground=_other_subject(bench, step) if Need.OTHER_FOREGROUND in needs else None,
        anchor=_or_none(lambda: bench.named(anchor)) if anchor is not None and Need.ANCHOR in needs else None,
        light=bench.light(anchor) if Need.LIGHT in needs else None,
        random=context.random(output) if output else None,
        restorers=bench.means.restorers,
        most_pixels=bench.means.most_pixels,
        check=context.check_cancelled,
    )


def _parts(step: Step) -> tuple[RegionQuery, ...]:
    if step.region is not None and len(step.region.any_of) == _TWO:
        return step.region.any_of
    named = [str(step.parameters[name]).removeprefix("the ") for name in ("a", "b") if name in step.parameters]
    if len(named) != _TWO:
        raise UnsupportedEdit("it does not say which two things")
    return tuple(RegionQuery("", color=name) if is_color(name) else RegionQuery(name) for name in named)


def _means_people(step: Step) -> bool:
    """Whether the step is about people only: everyone, rather than everything."""
    return bool(_EVERYBODY & set(step.span.lower().split()))


def _anchor(step: Step) -> RegionQuery | None:
    """What the placement names; people may be meant by a pronoun."""
    name = read_placement(step.placement).anchor
    if name in PEOPLE_PRONOUNS:
        return RegionQuery("person")
    return read_noun(Phrase(tuple(tokenize(name)), name)).query if name else None


def _foreground(bench: Workbench, step: Step) -> Region:
    """What is pointed at, what the step names, or else what stands in front."""
    return bench.region(step.region if _names_something(step) else None) or bench.subject()


def _or_none(find: Callable[[], Region]) -> Region | None:
    try:
        return find()
    except UnsupportedEdit:
        return None


def _other_image(bench: Workbench, step: Step) -> Image:
    if not 0 < step.image < len(bench.images):
        raise UnsupportedEdit(
            f"picture {step.image + 1} was not supplied" if step.image else "no second picture was supplied"
        )
    return bench.images[step.image]


def _other_subject(bench: Workbench, step: Step) -> Region:
    """What the step names in the other picture; its subject where that name finds nothing, which is said."""
    other = _other_image(bench, step)
    if step.region is not None and _names_something(step):
        found = _or_none(lambda: bench.resolver.find(other, cast("RegionQuery", step.region)))
        if found is not None:
            return found
    try:
        subject = bench.resolver.subject(other)
    except UnsupportedEdit as absent:
        raise UnsupportedEdit(f"no clear subject was found in picture {step.image + 1}") from absent
    if not step.target or step.target.lower() in {SUBJECT, "main subject"}:
        return dataclasses.replace(subject, label=bench.resolver.known_as(other, subject))
    doubt = f"the {step.target} was taken to be the main subject of picture {step.image + 1}"
    return dataclasses.replace(subject, doubt=doubt)


def _region(bench: Workbench, step: Step, needs: frozenset[Need]) -> Region | None:
    if Need.MASK not in needs:
        return bench.region(None) if Need.POINTED in needs else None
    if step.region is None or _names_something(step):
        return bench.region(step.region)
    subject = bench.subject()
    if step.region.query == SUBJECT:
        return subject
    return dataclasses.replace(subject, alpha=1 - subject.alpha, label="the background")


def _parameters(row: OpRow, step: Step, output: int) -> Mapping[str, Any]:
    amounts = row.fill_in(step.parameters, param=f"plan.steps.{step.op}.parameters")
    if not output or not row.varies or row.varies in step.stated:
        return amounts
    spec = row.parameters[row.varies]
    scaled = amounts[row.varies] * LADDER[output]
    return amounts | {row.varies: min(max(scaled, spec.low), spec.high)}
