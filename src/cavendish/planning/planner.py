"""The phrase planner: clauses in, typed steps out; whatever it cannot read it lists, it never guesses."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cavendish.domain.models import MODELS
from cavendish.domain.plan import EditPlan, Step, Unsupported
from cavendish.domain.sizes import AUTO
from cavendish.ops.catalog import catalog
from cavendish.planning.explain import describe_plan
from cavendish.planning.followups import follow_up, merged
from cavendish.planning.given import MAX_STEPS
from cavendish.planning.languages import OTHER, to_english
from cavendish.planning.pictures_in_words import composed
from cavendish.planning.reader import Reader

if TYPE_CHECKING:
    from cavendish.domain.request import EditRequest

_NOT_FOUND = "no operation was found for these words"


class PhrasePlanner:
    """Plans by the families' phrases."""

    def plan(self, request: EditRequest) -> EditPlan:
        """Plan a request.

        Args:
            request: Its `plan`, where given, is used instead of its prompt; with both, the prompt changes the plan.

        Returns:
            Steps in order of execution, ending with the reframe that gives the answer its size.
        """
        if request.plan is not None and not request.prompt:
            steps, unsupported = list(request.plan.steps), list(request.plan.unsupported)
        else:
            steps, unsupported = self.read(request.prompt, images=len(request.images), previous=request.plan)
        steps, overruled = with_size(steps, request)
        return finish_plan(steps, [*unsupported, *overruled])

    def read(
        self, message: str, *, images: int, previous: EditPlan | None = None
    ) -> tuple[list[Step], list[Unsupported]]:
        """Read a message without regard to the answer's size.

        Args:
            message: 1–32,000 characters.
            images: How many pictures come with it.
            previous: The plan that the message follows up on, such as “a bit less”.

        Returns:
            Steps in the order of the words, and the words nothing was planned for.
        """
        if previous is not None and (changed := follow_up(message, previous)) is not None:
            return changed
        steps, unsupported = _read_any_language(message, images)
        if previous is not None:
            steps = merged(previous, steps)
        kept = _without_repeats(composed(steps, images=images))
        too_many = [Unsupported(step.span, f"one edit has at most {MAX_STEPS} steps") for step in kept[MAX_STEPS:]]
        return kept[:MAX_STEPS], [*unsupported, *too_many]


def _read_any_language(message: str, images: int) -> tuple[list[Step], list[Unsupported]]:
    translation = to_english(message)
    if translation is None:
        return Reader(message, images=images).read()
    steps: list[Step] = []
    reason = "this version does not read this language" if translation.language == OTHER else _NOT_FOUND
    unsupported = [Unsupported(text, reason) for text in translation.unread]
    unread = sum(map(len, translation.unread))
    if unread > sum(len(said.original) for said in translation.said):  # a generative engine may read what we cannot
        row = catalog()["other"]
        whole = Step(row.name, row.family, exact=False, available=False, confidence=0.2, span=message[:400])
        return [whole], unsupported
    for said in translation.said:
        read, left = Reader(said.english, images=images).read()
        steps += [dataclasses.replace(step, span=said.original) for step in read]
        unsupported += [Unsupported(said.original, item.reason) for item in left]
    return steps, unsupported


def finish_plan(steps: Iterable[Step], unsupported: Iterable[Unsupported]) -> EditPlan:
    """Order the steps for execution and say the plan back."""
    ordered = tuple(sorted(steps, key=lambda step: catalog()[step.op].stage))
    plan = EditPlan(ordered, tuple(unsupported))
    return dataclasses.replace(plan, description=describe_plan(plan))


def _without_repeats(steps: Iterable[Step]) -> list[Step]:
    """Drop an exact step that says the same again; words often do (“blur the background, with bokeh”)."""
    kept: dict[tuple[object, ...], Step] = {}
    for step in steps:
        once = step.op in _ONCE or (step.family == "retouch" and not step.parameters.keys() - {"strength"})
        key = (step.op,) if once else (step.op, step.target, step.image, _sense(step), "" if step.exact else step.span)
        kept.setdefault(key, step)
    framed = any(
        step.op == "crop" and (step.target or "box" in step.parameters or "ratio" in step.parameters)
        for step in kept.values()
    )
    if framed:  # a bare “crop” beside “zoom in on the woman” says nothing more
        kept = {
            key: step
            for key, step in kept.items()
            if step.op != "crop" or step.target or step.parameters.get("to") != "subject"
        }
    if any(step.op == "replace_text" and step.parameters for step in kept.values()):
        kept = {key: step for key, step in kept.items() if step.op != "replace_text" or step.parameters}
    behind = any(step.op in _BEHIND for step in kept.values())
    new = behind or any(step.op == "new_scene" for step in kept.values())
    cut_out = [_as_cut_out(step) if new or _goes_on(step, kept.values()) else step for step in kept.values()]
    return [
        step
        for step in cut_out
        if not (behind and step.op == "remove_background" and step.target in {"", "background"})
    ]


def _goes_on(step: Step, steps: Iterable[Step]) -> bool:
    """Whether what is cut out is put somewhere else: “crop this car out, put this car in front of a poster”."""
    head = step.region.query.rpartition(" ")[2] if step.region and step.region.query else "it"
    put = re.compile(
        rf"\b(?:put|place|float|paste|move|add|overlay|layer)\b.*\b(?:it|him|her|them|{re.escape(head)})\b",
        re.IGNORECASE,
    )
    return any(put.search(other.span) for other in steps if other is not step)


def _as_cut_out(step: Step) -> Step:
    """“Crop out this girl and put a romantic background” cuts her out instead of removing her."""
    if step.family != "remove" or not re.match(r"(?:crop|cut)\b.*\bout\b", step.span, re.IGNORECASE):
        return step
    row = catalog()["remove_background"]
    return dataclasses.replace(step, op=row.name, family=row.family, parameters={}, available=row.available)


_ONCE = frozenset({"blur_background", "remove_background", "auto_enhance", "brighten_low_light", "extend_canvas"})
"""Ops that one picture can have done once only."""

_BEHIND = frozenset({"background_color", "background_gradient", "replace_background", "backdrop"})
"""Ops that put something where the background was, so that “remove the background and make it gray” is one of them."""


def _sense(step: Step) -> tuple[tuple[str, object], ...]:
    """The parameters, of the amount only its sign: “slightly” and “a lot” of one thing are one ask."""
    varies = catalog()[step.op].varies
    return tuple((key, value > 0 if key == varies else str(value)) for key, value in sorted(step.parameters.items()))


def with_size(steps: list[Step], request: EditRequest) -> tuple[list[Step], list[Unsupported]]:
    """Add the reframe that gives the answer its size; an explicit ratio overrules one in the sentence.

    Where the sentence itself says how many pixels, and the request does not, none is added.
    """
    asked = [step for step in steps if "ratio" in step.parameters and step.available]
    if request.aspect_ratio == AUTO:
        return steps, []
    if request.aspect_ratio is not None:
        kept = [step for step in steps if step not in asked]
        overruled = [
            Unsupported(step.span or step.op, f"the request's aspect_ratio {request.aspect_ratio} wins")
            for step in asked
            if step.parameters["ratio"] != request.aspect_ratio
        ]
        same = [step for step in asked if step.parameters["ratio"] == request.aspect_ratio]
        return [*kept, _reframe(request.aspect_ratio, same, span=same[0].span if same else "")], overruled
    if asked:
        sized = asked[-1].op in {"crop", "pad"}
        return [*steps, _reframe(asked[-1].parameters["ratio"], asked[-1:])] if sized else steps, []
    if any(_says_pixels(step) for step in steps if step.available):
        return steps, []
    return [*steps, _reframe(MODELS[request.model].default_ratio, [])], []


def _says_pixels(step: Step) -> bool:
    sized = step.op == "resize" and bool({"width_px", "height_px", "scale"} & set(step.parameters))
    return sized or step.op == "passport_sheet" or (step.op == "crop" and "size" in step.parameters)


def _reframe(ratio: str, asked: list[Step], *, span: str = "") -> Step:
    """The sizing step, done as the steps it stands for asked; with their words in `span` where it replaces them."""
    policies = ["crop" if step.op == "crop" else step.parameters.get("policy", "auto") for step in asked]
    return Step("reframe", "geometry", parameters={"ratio": ratio, "policy": [*policies, "auto"][0]}, span=span)
