"""From a matched phrase to typed steps: which thing, which picture, how much."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import Any

from cavendish.domain.plan import Step
from cavendish.domain.queries import RegionQuery
from cavendish.domain.sizes import RATIO_SIZES
from cavendish.ops.catalog import OpRow, catalog
from cavendish.planning.canonical import Ask
from cavendish.planning.lettering_in_words import lettering_of
from cavendish.planning.nouns import Noun, image_index, image_of, read_noun
from cavendish.planning.phrases import Found
from cavendish.planning.pictures_in_words import with_pictures
from cavendish.planning.quantities import color_change, color_of, read_colors
from cavendish.planning.sizes_in_words import measures_of, op_of_size, sides_of
from cavendish.planning.tokens import Phrase
from cavendish.planning.whereabouts import is_thing, sides_in, whereabouts

_COUNTERCLOCKWISE = re.compile(r"\b(?:counter|anti|ccw|left)")
_TILT_DEG = 10.0
"""What an adverb of degree scales where a turn is asked for."""

_UNITS = {"exposure_ev": "ev", "temperature_k": "k"}
_SECOND_NAMES = {"shadows": 0, "highlights": 1, "a": 0, "b": 1, "old": 0, "new": 1, "what": 0, "with": 1}
"""Parameters that come in pairs, and which of the phrase's two slots each takes."""

_WHOLE = frozenset(
    {
        "straighten", "rotate", "flip", "correct_perspective", "resize", "reframe", "extend_canvas", "pad",
        "round_corners", "passport_sheet",
    }
)  # fmt: skip
"""Ops that always act on the whole picture, whatever is named beside."""

_COLORED = frozenset({"recolor", "background_color", "recolor_hair", "recolor_eyes", "recolor_lips"})
_PLACED = frozenset(
    {
        "place_subject",
        "place_sticker",
        "copy_object",
        "move_object",
        "add_text",
        "add_caption",
        "add_emoji",
        "add_content",
    }
)


_STOOD = frozenset({"place_subject", "copy_object"})
"""Ops that stand a thing into the scene."""


@dataclass(frozen=True)
class Reading:
    """What a phrase came to.

    Args:
        steps: In the order of the words.
        rest: Parts of the clause that were not used.
    """

    steps: tuple[Step, ...]
    rest: tuple[Phrase, ...] = ()


def read_found(found: Found, ask: Ask, *, images: int) -> Reading:
    """The steps a matched phrase stands for.

    Args:
        found: The rule and its slots.
        ask: The clause it was found in.
        images: How many pictures come with the message.
    """
    thing = read_noun(found.slots["thing"], images=images) if "thing" in found.slots else None
    own = with_pictures(op_of_size(found.rule.op, ask), found, thing, images)
    if own == "adjust_brightness" and any(amount.unit == "ev" for amount in ask.amounts):  # “darker by half a stop”
        rule = dataclasses.replace(found.rule, op="adjust_exposure", amount="exposure_ev")
        own, found = rule.op, dataclasses.replace(found, rule=rule)
    if own == "scale_object" and thing is not None and thing.query is None and not thing.text:
        own = "resize" if found.rule.value < 1 else "upscale"
    if own == "replace_content" and (color := _other_color(found)):  # “change the green vase to a white vase”
        recolored = dataclasses.replace(
            found, rule=dataclasses.replace(found.rule, op="recolor", parameters={"color": color})
        )
        return Reading((_step("recolor", recolored, ask, thing, images),))
    if own == "replace_content" and thing is not None and thing.query is None and thing.text in {"", "me", "us"}:
        own = "other"  # “turn this photo into a clay figure”, “make me a pirate”: nothing in it is replaced
    if own == "place_subject" and thing is None and "what" in found.slots:  # “put grandma next to us”
        thing = read_noun(found.slots["what"], images=images)
    if own == "place_sticker" and (onto := _printed_on(found, images)):
        own, thing = "place_on_surface", dataclasses.replace(onto, image=_image(own, found, thing, images))
    steps = [_step(op, found, ask, thing, images) for op in (own, *found.rule.also)]
    merged = own == "place_subject" and thing is None and "image" not in found.slots
    if merged and "both" not in found.phrase.words:  # “combine all three images”
        steps += [dataclasses.replace(steps[0], image=image) for image in range(2, images)]
    rest = (thing.rest,) if thing and thing.rest.tokens else ()
    return Reading(tuple(steps), rest)


def _printed_on(found: Found, images: int) -> Noun | None:
    """The thing a logo goes onto: “the mug” of “put my logo on the mug”; a corner or the picture is none."""
    where = found.slots.get("where")
    if where is None or not re.search(
        rf"\b(?:on|onto|on top of|over) (?:the )?{re.escape(where.text)}", found.phrase.text
    ):
        return None
    noun = read_noun(where, images=images)
    return noun if noun.query is not None and not noun.image and is_thing(noun) else None


def _other_color(found: Found) -> str | None:
    """The color that a thing is to have where it is to be replaced by itself in another color."""
    thing, other = found.slots.get("thing"), found.slots.get("with")
    if thing is None or other is None or thing.tokens[-1].text != other.tokens[-1].text or len(other.tokens) < 2:
        return None
    return color_of(" ".join(t.text for t in other.tokens[:-1] if t.text not in {"a", "an", "the"}))


def is_elsewhere(row: OpRow, image: int) -> bool:
    """Whether a step is about another picture than the first, which is the one that steps act on."""
    return bool(image) and row.family not in _OF_SEVERAL and row.name not in _MAY_READ_ANOTHER


def _step(op: str, found: Found, ask: Ask, thing: Noun | None, images: int) -> Step:
    if op == "swap_objects" and "thing" in found.slots and color_of(read_noun(found.slots["thing"]).text):
        op = "swap_colors"  # “swap blue and yellow”
    row = catalog()[op]
    parameters, stated = _parameters(row, found, ask)
    boxed = op == "crop" and "box" in parameters
    thing = None if op in _WHOLE else thing
    if thing is None and op == "add_content" and "what" in found.slots:
        added = read_noun(found.slots["what"], images=images)
        thing = Noun(added.text, None, added.image)
    elsewhere = thing is not None and is_elsewhere(row, thing.image or 0)
    return Step(
        op=op,
        family=row.family,
        target=" ".join(sides_of(found.phrase.text)) if boxed else _target(thing),
        region=_region(row, found, thing),
        parameters=parameters,
        image=thing.image or 0 if thing and elsewhere else _image(op, found, thing, images),
        exact=row.exact,
        available=row.available and not elsewhere,
        placement=_placement(op, found, ask, images) if op in _PLACED else "",
        confidence=found.rule.confidence,
        span=found.phrase.written or ask.phrase.written,
        stated=stated,
    )


def _target(thing: Noun | None) -> str:
    """What is meant, as written; a pronoun for a thing names none."""
    return "" if thing is None or (thing.query is None and thing.text in _THINGS) else thing.text


_THINGS = frozenset({"it", "them", "this", "that", "these", "those"})


def _region(row: OpRow, found: Found, thing: Noun | None) -> RegionQuery | None:
    """Where to act; in “take the glow out of the eyes” the eyes say which glow."""
    if row.name in _OF_TWO:
        return _two_things(found)
    query = thing.query if thing else None
    if query == RegionQuery(""):
        return None
    if query is not None and row.family == "remove" and "thing2" in found.slots and not query.near:
        return dataclasses.replace(query, near=read_noun(found.slots["thing2"]).text)
    return query


def _two_things(found: Found) -> RegionQuery | None:
    """Both things that are exchanged; “the blue and yellow blocks” are blocks both, “red and green” everything so."""
    slots = [found.slots[name] for name in ("words", "words2", "thing", "thing2") if name in found.slots]
    nouns = [read_noun(slot) for slot in slots]
    if len(nouns) != 2:
        return None
    of_colors = [noun.text if color_of(noun.text) else "" for noun in nouns]
    queries = [noun.query or RegionQuery("") for noun in nouns]
    if of_colors[0] and queries[1].color and not of_colors[1]:
        return RegionQuery("", any_of=(dataclasses.replace(queries[1], color=of_colors[0]), queries[1]))
    first, second = (
        RegionQuery("", color=color) if color else query for color, query in zip(of_colors, queries, strict=True)
    )
    return RegionQuery("", any_of=(first, second))


_OF_TWO = frozenset({"swap_colors", "swap_objects"})
_OF_SEVERAL = frozenset({"compose", "generate"})
_READS_ANOTHER = frozenset({"replace_background", "match_tone", "match_colors"})
_MAY_READ_ANOTHER = _READS_ANOTHER | {"replace_sky"}


def _image(op: str, found: Found, thing: Noun | None, images: int) -> int:
    """Index of the other picture the step reads."""
    row = catalog()[op]
    if row.family == "generate":
        return image_of(found.phrase, images)
    if row.family != "compose" and op not in _READS_ANOTHER and "image" not in found.slots:
        return 0
    things = (read_noun(found.slots[name], images=images).image for name in ("thing2", "scene") if name in found.slots)
    named = [
        None if thing is None else thing.image,
        *(image_index(found.slots[name].text, images) for name in ("image", "image2") if name in found.slots),
        *things,
    ]
    return next((index for index in named if index), 1)


_CLOSER = re.compile(r"\b(?:closer|nearer|next|close) to (?:the |his |her |their |my |a )?(?P<what>.+)$")


def _placement(op: str, found: Found, ask: Ask, images: int) -> str:
    """Where the thing goes; for what is laid flat on the picture or moved within it, only the side."""
    if found.rule.op == "move_object" and (closer := _CLOSER.search(ask.phrase.text)):
        return f"near {closer['what']}"
    named = found.slots.get("thing") or found.slots.get("what") or Phrase((), "")
    thing = named.text
    if op == "copy_object" and "thing2" in found.slots:
        replaced = read_noun(found.slots["thing2"], images=images)
        if replaced.query is not None and not replaced.image:
            return f"instead of the {replaced.text}"
    if op in _STOOD:
        of_first = not _source(found, named, ask, images)
        return whereabouts(ask.phrase, thing=thing, images=images, any_picture=of_first)
    return sides_in(ask.phrase.text.replace(thing, " ", 1)) or sides_in(ask.phrase.text)


def _source(found: Found, named: Phrase, ask: Ask, images: int) -> int:
    """Index of the picture that a thing is said to come from; 0 where none is said."""
    if " from " in ask.phrase.text and "image" in found.slots:
        return image_index(found.slots["image"].text, images)
    return read_noun(named, images=images).image or 0


def _parameters(row: OpRow, found: Found, ask: Ask) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Amounts, colors, sizes and texts of a matched phrase, and which amounts the words state."""
    given: dict[str, Any] = {k: v for k, v in found.rule.parameters.items() if k in row.parameters}
    stated: list[str] = []
    own = found.rule.op == row.name
    if found.rule.amount in row.parameters and (own or not found.rule.amount):
        given[found.rule.amount], told = _amount(row, found, ask)
        stated += [found.rule.amount] if told else []
    for name, spec in row.parameters.items():
        if name in given:
            continue
        value = _value(name, spec.kind, found, ask)
        if value is not None:
            given[name] = _clipped(value, spec) if spec.kind == "number" else value
            stated += [name] if spec.kind == "number" else []
    if (
        row.name == "selective_color"
        and "color2" in found.slots
        and not set(given) & {"hue_deg", "saturation", "lightness"}
    ):
        given |= _recolored(found)
    read = measures_of(row.name, found, ask) | lettering_of(row.name, found, ask.phrase.text)
    stated += [name for name in read if row.parameters[name].kind == "number" and name not in stated]
    if read.keys() & {"width_px", "height_px", "max_bytes"}:
        given.pop("scale", None)
    return given | read, tuple(stated)


def _recolored(found: Found) -> dict[str, float]:
    """“Change the green to red” as a turn of hue and changes of saturation and lightness."""
    source, target = color_of(found.slots["color"].text), color_of(found.slots["color2"].text)
    if source is None or target is None:
        return {}
    return dict(
        zip(("hue_deg", "saturation", "lightness"), (round(v, 3) for v in color_change(source, target)), strict=True)
    )


def _amount(row: OpRow, found: Found, ask: Ask) -> tuple[float, bool]:
    """The op's main amount with its sign, and whether the words state it."""
    name, sign = found.rule.amount, -1 if found.rule.value < 0 else 1
    spec = row.parameters[name]
    number = _stated(name, ask, factors=name == "scale")
    if number is None:
        degree = 1.0 if ask.degree is None else ask.degree
        scaled = found.rule.value * degree
        if name == "scale":
            scaled = 1 + (found.rule.value - 1) * degree
        elif name == "angle_deg" and ask.degree is not None:  # “slightly to the left” is no part of a quarter turn
            scaled = math.copysign(_TILT_DEG * degree, found.rule.value)
        return _clipped(scaled, spec), False
    return _clipped(number if number < 0 or sign > 0 else -number, spec), True


def _stated(name: str, ask: Ask, *, factors: bool) -> float | None:
    """The number the words give for an amount, in the parameter's unit."""
    unit = next(
        (unit for suffix, unit in (("_deg", "deg"), ("_px", "px")) if name.endswith(suffix)),
        _UNITS.get(name, "fraction"),
    )
    amount = next((a for a in ask.amounts if a.unit == unit), None)
    if amount is None and unit == "deg":
        amount = next((a for a in ask.amounts if a.unit == "number"), None)
    if amount is not None:
        return 1 + amount.value if factors else amount.value
    if factors:
        amount = next((a for a in ask.amounts if a.unit == "factor"), None)
        return amount.value if amount else None
    if unit == "ev":  # “exposure +1”
        return next((a.value for a in ask.amounts if a.unit == "number" and abs(a.value) <= 5), None)
    if unit == "fraction" and name in {"amount", "strength"}:
        number = next((a for a in ask.amounts if a.unit == "number" and abs(a.value) >= 1), None)
        factor = next((a for a in ask.amounts if a.unit == "factor"), None)
        if number is not None:
            return number.value / 100
        if factor is not None:
            return abs(factor.value - 1)
    return None


def _clipped(value: float, spec: Any) -> float:
    clipped = round(min(max(float(value), spec.low), spec.high), 4)
    return int(clipped) if spec.whole else clipped


def _value(name: str, kind: str, found: Found, ask: Ask) -> Any:  # noqa: PLR0911 - one return for a kind
    """What the phrase says of one parameter, or None."""
    slots = found.slots
    if kind == "color" and name != "outline":
        place = _SECOND_NAMES.get(name, 0)
        slot = slots.get("color2" if place else "color")
        if slot is None and found.rule.op in _COLORED and " to " in ask.phrase.text:  # “to a gradient of blue shades”
            named = read_colors(ask.phrase.text.rpartition(" to ")[2])
            return named[-1].hex if named else None
        return color_of(slot.text) if slot else None
    if kind == "colors":
        colors = [color.hex for color in read_colors(ask.phrase.text)]
        return colors[:5] if len(colors) > 1 else None
    if kind == "text":
        return None if name in {"text", "old", "new"} else _text(name, found)
    if name.endswith("angle_deg"):
        turned = next((a.value for a in ask.amounts if a.unit == "deg"), None)
        if turned is None:
            return None
        return -turned if _COUNTERCLOCKWISE.search(ask.phrase.text) and turned > 0 else turned
    if name.endswith(("_px", "_ev", "_k")) and name not in {"width_px", "height_px"}:
        return _stated(name, ask, factors=False)
    if name in {"levels", "copies"} and "number" in slots:
        return float(slots["number"].text)
    return None


def _text(name: str, found: Found) -> str | None:
    """Wording for a text parameter, as written."""
    if name in found.slots:
        return found.slots[name].unquoted
    names = ("quoted", "words", "thing") if name in {"a", "what"} else ("quoted", "words")
    second = ("quoted2", "words2", "thing2")
    wanted = second if _SECOND_NAMES.get(name) else names
    return next((found.slots[slot].unquoted for slot in wanted if slot in found.slots), None)


def checked(step: Step) -> Step:
    """A step whose parameters the op cannot do yet is planned but marked as not available."""
    ratio = step.parameters.get("ratio")
    if ratio is not None and ratio not in RATIO_SIZES:
        return dataclasses.replace(step, available=False)
    return step


def with_region(step: Step, query: RegionQuery | None, target: str) -> Step:
    """The step on another thing."""
    return dataclasses.replace(step, region=query, target=target)


def adjusted(step: Step, ask: Ask) -> Step:
    """The step with its main amount as a fragment such as “…, slightly” or “…, 40 %” says it."""
    row = catalog()[step.op]
    named = ask.phrase.text if ask.phrase.text in row.parameters else ""
    name = named or row.varies or next((name for name in step.parameters if row.parameters[name].kind == "number"), "")
    if not name or name in step.stated:
        return step
    spec = row.parameters[name]
    before = step.parameters.get(name, spec.default)
    stated = _stated(name, ask, factors=name == "scale")
    if stated is not None:
        signed = -stated if stated > 0 and before is not None and before < 0 else stated
        return dataclasses.replace(
            step, parameters={**step.parameters, name: _clipped(signed, spec)}, stated=(*step.stated, name)
        )
    if ask.degree is None or before is None:
        return step
    return dataclasses.replace(step, parameters={**step.parameters, name: _clipped(before * ask.degree, spec)})
