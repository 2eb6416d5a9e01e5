"""The phrase planner: clauses in, typed steps out; whatever it cannot read it lists, it never guesses."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from cavendish.domain.models import MODELS
from cavendish.domain.plan import EditPlan, Step, Unsupported
from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.domain.sizes import AUTO, RATIO_SIZES
from cavendish.ops.catalog import catalog
from cavendish.planning import amounts
from cavendish.planning.clauses import CLAUSE_LIMIT, Clause, split, words
from cavendish.planning.explain import describe_plan
from cavendish.planning.phrases import IMAGE, Found, find_best, image_index

if TYPE_CHECKING:
    from cavendish.domain.request import EditRequest

_REGIONAL = frozenset({"tone", "hue", "recolor", "detail"})
"""Families whose noun phrase limits where they act; elsewhere it only names what is meant."""

_MAX_STEPS = 40
"""More asks than this in one message are listed as unread, so that a hostile prompt cannot buy unbounded work."""


class PhrasePlanner:
    """Plans by the families' phrases."""

    def plan(self, request: EditRequest) -> EditPlan:
        """Plan a request.

        Args:
            request: Its `plan`, where given, is used instead of its prompt.

        Returns:
            Steps in order of execution, ending with the reframe that gives the answer its size.
        """
        if request.plan is not None:
            steps, unsupported = list(request.plan.steps), list(request.plan.unsupported)
        else:
            steps, unsupported = self.read(request.prompt, images=len(request.images))
        steps, overruled = _with_size(steps, request)
        return finish_plan(steps, [*unsupported, *overruled])

    def read(self, message: str, *, images: int) -> tuple[list[Step], list[Unsupported]]:
        """Read a message without regard to the answer's size.

        Args:
            message: 1–32,000 characters.
            images: How many pictures come with it.

        Returns:
            Steps in the order of the words, and the words nothing was planned for.
        """
        steps: list[Step] = []
        unsupported: list[Unsupported] = []
        clauses = _glued(split(message))
        for k, clause in enumerate(clauses):
            if len(steps) >= _MAX_STEPS or len(unsupported) >= _MAX_STEPS:
                rest = "; ".join(later.text for later in clauses[k:])
                unsupported.append(Unsupported(rest[:CLAUSE_LIMIT], "too many asks in one message"))
                break
            if clause.guard:
                unsupported.append(Unsupported(clause.text, _GUARD_REASON))
                continue
            found, leftover = _read_clause(clause, images, steps)
            steps += found
            if leftover:
                unsupported.append(Unsupported(leftover, "no operation was found for these words"))
            unsupported += _beyond_range(found, clause.text)
        guards = tuple(item.text for item in unsupported if item.reason == _GUARD_REASON)
        return _without_repeats(dataclasses.replace(step, guards=guards) for step in steps), unsupported


_GUARD_REASON = "this version does not check what to keep; pixels an operation does not touch stay as they are"


def finish_plan(steps: Iterable[Step], unsupported: Iterable[Unsupported]) -> EditPlan:
    """Order the steps for execution and say the plan back."""
    ordered = tuple(sorted(steps, key=lambda step: catalog()[step.op].stage))
    plan = EditPlan(ordered, tuple(unsupported))
    return dataclasses.replace(plan, description=describe_plan(plan))


def _read_clause(clause: Clause, images: int, before: list[Step]) -> tuple[list[Step], str]:
    """Find asks one after the other, blanking what each has used; return them and the unread words."""
    text = clause.text
    steps: list[Step] = []
    while len(before) + len(steps) < _MAX_STEPS and (found := find_best(text)):
        steps += _steps_of(found, clause.text, images)
        text = _blanked(text, found.start, found.end)
    for named in _qualities().finditer(text):
        verb = _direction([*before, *steps])
        if verb and (again := find_best(f"{verb} {named[1]}")):
            step = _steps_of(again, clause.text[named.start(1) :], images)[0]
            steps.append(dataclasses.replace(step, span=named[1]))
            text = _blanked(text, *named.span())
    return steps, _unread(text)


def _beyond_range(steps: list[Step], clause: str) -> Iterable[Unsupported]:
    """Amounts the words state that are more than an op goes: its most is done, and that is said."""
    for step in steps:
        for name in step.stated:
            most = catalog()[step.op].parameters[name].high
            if (amounts.stated_amount(clause, name) or 0) > most:
                yield Unsupported(step.span, f"more than this operation goes; its most, {most:g}, was planned")


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + "|" * (end - start) + text[end:]


@cache
def _qualities() -> re.Pattern[str]:
    joined = r"(?:^|\b(?:and|plus|or)|[&,/+])\s*(?:the |some |more )?"
    return re.compile(rf"{joined}({'|'.join(words()['grammar']['qualities'].split())})\b", re.IGNORECASE)


def _direction(steps: list[Step]) -> str:
    """The verb that a further quality shares (“increase contrast and saturation”); "" after any other ask."""
    row = catalog()[steps[-1].op] if steps else None
    amount = steps[-1].parameters.get(row.varies) if row and row.family in {"tone", "hue"} else None
    return "" if amount is None else "reduce" if amount < 0 else "increase"


def _glued(clauses: list[Clause]) -> list[Clause]:
    """Join fragments that only say where or how much (“…, on the left, small”) to the ask they belong to."""
    joined: list[Clause] = []
    for found in clauses:
        clause = found
        if (
            joined
            and not clause.guard
            and not joined[-1].guard
            and len(joined[-1].text) + len(clause.text) < CLAUSE_LIMIT
            and not _unread(clause.text)
            and not find_best(clause.text)
        ):
            clause = Clause(f"{joined.pop().text}, {clause.text}")
        joined.append(clause)
    return joined


def _unread(text: str) -> str:
    """The words of `text` that carry an ask and were used by no phrase."""
    text = amounts.without_amounts(text)
    unread = [word for word in re.findall(r"[^\s|,]+", text) if word.strip("'\"()").lower() not in _idle_words()]
    content = [word for word in unread if re.search(r"\w", word) and not re.fullmatch(r"\d{1,3}%?", word)]
    return " ".join(content)


@cache
def _idle_words() -> frozenset[str]:
    """Words that carry no ask of their own: fillers, sides, adverbs and sizes."""
    adverbs = {part for group in words()["factors"].values() for adverb in group for part in adverb.split()}
    named = {word for key in ("sides", "sizes") for group in words()[key].values() for word in group}
    return frozenset(words()["fillers"].split()) | adverbs | named


def _steps_of(found: Found, clause: str, images: int) -> list[Step]:
    """The steps a matched phrase stands for: one, or one a picture when several are combined."""
    found = _in_stops(found, clause[found.start :])
    rule = found.rule
    span = clause[found.start : found.end].strip()
    if rule.op == "place_subject":
        return _placements(found, clause, span, images)
    if rule.op == "add_content" and images > 1 and "thing" in found.slots:
        # With a second picture supplied, “add the mug” means the one shown, not an invented one.
        return [_placement(found.slots["thing"], 1, clause, span, confidence=0.6)]
    target = _noun(found.slots.get("thing", ""))
    parameters, stated = _parameters(found, clause)
    row = catalog()[rule.op]
    step = Step(
        op=rule.op,
        family=row.family,
        target=target,
        region=_region(target) if row.family in _REGIONAL else None,
        parameters=parameters,
        image=image_index(found.slots["image"], images) if "image" in found.slots else 0,
        exact=row.exact,
        available=row.available,
        confidence=rule.confidence,
        span=span,
        stated=stated,
    )
    if rule.op in {"replace_background", "crop", "reframe"}:
        return _checked(step)
    pictured = IMAGE.fullmatch(target) or IMAGE.fullmatch(f"the {target}")
    if pictured:  # only the first picture is edited; the others are material
        mine = image_index(target, images) == 0
        return [dataclasses.replace(step, target="" if mine else target, available=step.available and mine)]
    if rule.op in _OF_A_THING and target:
        thing = catalog()[_OF_A_THING[rule.op]]
        return [dataclasses.replace(step, op=thing.name, parameters={}, available=thing.available)]
    return [step]


def _in_stops(found: Found, words_used: str) -> Found:
    """Brightness stated in stops is exposure."""
    if found.rule.op != "adjust_brightness" or not amounts.says_stops(words_used):
        return found
    return dataclasses.replace(found, rule=dataclasses.replace(found.rule, op="adjust_exposure", amount="exposure_ev"))


_OF_A_THING = {"rotate": "rotate_object", "flip": "mirror_object"}
"""What a geometry op is called when it names a thing rather than the picture."""


_NOT_A_SUBJECT = re.compile(
    r"\d|\b(?:half|third|quarter|left|right|top|bottom|middle|cent(?:er|re)|corner|edges?|face|faces|head|inch|px|a4)\b",
    re.IGNORECASE,
)
"""Targets of a crop that no search for the main subject can mean."""


def _checked(step: Step) -> list[Step]:
    """Mark what a phrase may say but the op does not hold."""
    if step.op == "crop" and step.parameters.get("to") == "subject" and _NOT_A_SUBJECT.search(step.target):
        return [dataclasses.replace(step, available=False)]
    ratio = step.parameters.get("ratio")
    if ratio is not None and ratio not in RATIO_SIZES:
        return [dataclasses.replace(step, available=False)]
    return [step]


def _placements(found: Found, clause: str, span: str, images: int) -> list[Step]:
    slots = found.slots
    confidence = found.rule.confidence
    if "source" not in slots and "image" not in slots:  # “combine the images”: everything goes into the first
        return [_placement("", k, clause, span, confidence=confidence) for k in range(1, max(2, images))]
    source = image_index(slots["source"], images) if "source" in slots else 0
    where = slots.get("image2") or slots.get("image") or slots.get("scene", "")
    scene = image_index(where, images) if where else 0
    if source == 0 and scene > 0:  # the first picture's subject into another picture: that one becomes the background
        row = catalog()["replace_background"]
        step = Step(row.name, row.family, _noun(slots.get("thing", "")), image=scene, confidence=confidence, span=span)
        return [step]
    return [_placement(slots.get("thing", ""), source or 1, clause, span, confidence=confidence)]


def _placement(thing: str, image: int, clause: str, span: str, *, confidence: float) -> Step:
    row = catalog()["place_subject"]
    near, _, _ = clause[clause.find(span) :].partition(" and ")  # behind it something else is placed
    size = amounts.size_of(near)
    return Step(
        op=row.name,
        family=row.family,
        target=_noun(thing),
        parameters={} if size is None else {"scale": size},
        image=image,
        placement=amounts.side_of(near),
        confidence=confidence,
        span=span,
        stated=() if size is None else ("scale",),
    )


def _noun(phrase: str) -> str:
    """A noun phrase without its article; "" for words that only mean the picture."""
    bare = re.sub(
        r"^(?:(?:the|a|an)(?:\s+|$)|(?:my|this|that|these|those|his|her|their|its|our|your|whole|entire)\s+)+",
        "",
        phrase.strip(),
        flags=re.IGNORECASE,
    )
    return "" if bare.lower() in words()["regions"]["whole"] else bare


def _region(target: str) -> RegionQuery | None:
    if not target:
        return None
    for name in (SUBJECT, BACKGROUND):
        if target.lower() in words()["regions"][name]:
            return RegionQuery(name)
    return RegionQuery(target)


def _parameters(found: Found, clause: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Amounts of a matched phrase, and which of them the words state exactly."""
    rule, slots = found.rule, found.slots
    parameters: dict[str, Any] = dict(rule.parameters)
    if "color" in slots and "color" in catalog()[rule.op].parameters:
        color = slots["color"].lower()
        parameters["color"] = color.upper() if color.startswith("#") else words()["colors"][color]
    if "ratio" in slots:
        parameters["ratio"] = amounts.ratio_of(slots["ratio"])
    if rule.op == "rotate":
        parameters["angle_deg"] = amounts.angle_of(slots.get("angle", ""), slots.get("turn", ""))
    if not rule.amount:
        return _known(rule.op, parameters), ()
    spec = catalog()[rule.op].parameters[rule.amount]
    after = amounts.stated_amount(clause[found.start :], rule.amount)  # “contrast by 30%” names it behind the noun
    stated = amounts.stated_amount(clause, rule.amount) if after is None else after
    size = abs(rule.value) * amounts.factor_of(clause) if stated is None else stated
    signed = size if rule.value >= 0 else -size
    parameters[rule.amount] = round(min(max(signed, spec.low), spec.high), 4)
    return _known(rule.op, parameters), (rule.amount,) if stated is not None else ()


def _known(op: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Ops without code yet have no parameters here, whatever the phrase holds."""
    row = catalog()[op]
    return {key: value for key, value in parameters.items() if key in row.parameters}


def _without_repeats(steps: Iterable[Step]) -> list[Step]:
    """Drop a doable step that says the same again; words often do (“blur the background, with bokeh”)."""
    kept: dict[tuple[object, ...], Step] = {}
    for step in steps:
        doable = step.exact and step.available
        kept.setdefault((step.op, step.target, step.image, _sense(step), "" if doable else step.span), step)
    return list(kept.values())


def _sense(step: Step) -> tuple[tuple[str, object], ...]:
    """The parameters, of the amount only its sign: “slightly” and “a lot” of one thing are one ask."""
    varies = catalog()[step.op].varies
    return tuple((key, value > 0 if key == varies else str(value)) for key, value in sorted(step.parameters.items()))


def _with_size(steps: list[Step], request: EditRequest) -> tuple[list[Step], list[Unsupported]]:
    """Add the reframe that gives the answer its size; an explicit ratio overrules one in the sentence."""
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
        return [*steps, _reframe(asked[-1].parameters["ratio"], asked[-1:])] if asked[-1].op == "crop" else steps, []
    return [*steps, _reframe(MODELS[request.model].default_ratio, [])], []


def _reframe(ratio: str, asked: list[Step], *, span: str = "") -> Step:
    """The sizing step, done as the steps it stands for asked; with their words in `span` where it replaces them."""
    policies = ["crop" if step.op == "crop" else step.parameters.get("policy", "auto") for step in asked]
    return Step("reframe", "geometry", parameters={"ratio": ratio, "policy": [*policies, "auto"][0]}, span=span)
