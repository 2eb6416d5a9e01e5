"""Things by their names: which instances an expression means, and what is made of a name that no network knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache, partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.pixels.region import Region
from cavendish.regions.colors import color_likeness, find_colored, is_color
from cavendish.regions.expressions import not_found, points_at
from cavendish.regions.held import held_thing
from cavendish.regions.instances import Instance, find_instances, look_alike
from cavendish.regions.lettering_words import find_lettering
from cavendish.regions.objects import FloatBox, shared
from cavendish.regions.referring import Choice, Scene, choose
from cavendish.regions.things import PERSON, Thing, known_form, label_indices, thing_called, thing_named
from cavendish.regions.wholes import find_wholes, stands_apart
from cavendish.regions.words import words

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.evidence import Evidence

    Find = Callable[[RegionQuery], Region]

_LIKELY, _SURE = 0.5, 0.6
_KNOWN = 0.35
"""Probability from which the recognizer knows what something is."""
_LEAST_LIKELY, _LIFT = 0.03, 2
"""Probability, and multiple of that of any names, from which a thing may be what its name says."""
_AS_LIKELY = 0.35
_LEAST_UNDER = 0.15
_PART = 0.7
_MOST_INSTANCES = 40
_ANYTHING = Thing("thing")


def find_things(evidence: Evidence, query: RegionQuery, find: Find) -> Region:
    """Find the things an expression names.

    Args:
        evidence: What is known of the picture.
        query: The expression; its noun is neither lettering, scenery nor a part of a person.
        find: Finds another expression in the same picture.

    Raises:
        UnsupportedEdit: They are not there, or nothing tells which of several is meant.
    """
    if known_form(query.query.lower(), words("wholes", "subject")):
        return _anything(evidence, query, find)
    thing = thing_named(query.query, evidence.recognizer.labels if evidence.recognizer else ())
    instances = find_instances(evidence, thing)[:_MOST_INSTANCES] if thing else ()
    if thing and instances:
        scene = scene_of(evidence, instances, find, thing)
        return _united(evidence, choose(instances, query, thing, scene), scene)
    if thing is None:
        return _unknown(evidence, query, None, find)
    if _is_likeness(query.query):
        try:
            return _unknown(evidence, query, None, find)
        except UnsupportedEdit:  # a toy car may well look like a car
            return _unknown(evidence, query, thing, find)
    return _under(evidence, query, thing) or _unknown(evidence, query, thing, find)


def scene_of(evidence: Evidence, instances: Sequence[Instance], find: Find, thing: Thing | None = None) -> Scene:
    """What a choice among instances, of a thing that people may wear or hold, is made with."""
    boxes = [instance.box for instance in instances if instance.confidence >= _LIKELY]

    def mask(instance: Instance) -> Region:
        held = held_thing(evidence, thing, instance.box, detected=instance.detected) if thing else None
        if held is not None:
            return held
        found = evidence.mask(instance.box, boxes)
        return found if instance.detected else evidence.without_people(instance.box, found)

    return Scene(
        evidence.view.size,
        mask=cache(mask),
        likeness=cache(partial(color_likeness, evidence.view)),
        lightness=evidence.lightness,
        find=lambda query: evidence.lowered(find(query)),
    )


def _united(evidence: Evidence, choice: Choice, scene: Scene) -> Region:
    planes = [evidence.lifted(scene.mask(instance).alpha) for instance in choice.chosen]
    confidence = min(instance.confidence for instance in choice.chosen)
    return Region(reduce(np.maximum, planes), max(confidence, _LIKELY), doubt=choice.doubt)


def _anything(evidence: Evidence, query: RegionQuery, find: Find) -> Region:
    """The thing on the right of the vase: whatever stands out or was detected there."""
    boxes = find_wholes(evidence)
    if query.near:
        try:
            beside = evidence.lowered(find(RegionQuery(query.near))).alpha
        except UnsupportedEdit:
            if not is_color(query.color):
                raise
            return _by_color(evidence, dataclasses.replace(query, near=""), None)
        boxes = [box for box in boxes if _share_inside(beside, box) < _LIKELY]
    candidates = [Instance(box, _LIKELY) for box in boxes]
    if not candidates:
        raise not_found(query)
    scene = scene_of(evidence, candidates, find)
    return _united(evidence, choose(candidates, query, _ANYTHING, scene), scene)


def _under(evidence: Evidence, query: RegionQuery, thing: Thing) -> Region | None:
    """What stands out together with a thing that stands on it: the saucer is what is no cup."""
    solid = float((evidence.salient.alpha > 0.5).sum()) if thing.under and evidence.salient_boxes else 0.0
    for upper in map(thing_called, thing.under if solid else ()):
        found = find_instances(evidence, upper)
        if len(found) != 1:
            continue
        rest = np.clip(evidence.salient.alpha - evidence.mask(found[0].box).alpha, 0, 1)
        if float((rest > 0.5).sum()) > _LEAST_UNDER * solid:
            doubt = f"“{query.query}” was taken to be what stands out beside the {upper.name}"
            return Region(evidence.lifted(rest), found[0].confidence, doubt=doubt)
    return None


def _unknown(evidence: Evidence, query: RegionQuery, thing: Thing | None, find: Find) -> Region:
    """A name that finds nothing: what is written so, has its color, or stands out and has no better name."""
    if thing is None and evidence.text_boxes and (written := _written(evidence, query, find)):
        return written
    if thing is None and known_form(query.query.lower().rpartition(" ")[2], words("parts", "part")):
        return _by_color(evidence, query, None)
    boxes = find_wholes(evidence)
    known = thing is not None or _is_likeness(query.query)
    candidates = _likeliest(evidence, thing, [box for box in boxes if _may_be(evidence, thing, box)])
    if _is_likeness(query.query) or known_form(query.query.lower(), words("likenesses", "mostly")):
        candidates += [Instance(box, _LIKELY) for box in boxes if _is_figure(evidence, box)]
    if query.color:
        candidates = _colored(evidence, query, thing, boxes, find)
        if not candidates:
            return _by_color(evidence, query, thing)
    elif not known:
        candidates = [i for i in candidates if stands_apart(evidence, i.box)]
        if not _are_alike(evidence, candidates):
            raise not_found(query)
    if not candidates or (known and len(candidates) > 1 and not (points_at(query) or query.every)):
        raise not_found(query)
    scene = scene_of(evidence, candidates, find)
    found = _united(evidence, choose(candidates, query, thing or _ANYTHING, scene), scene)
    why = "found by its color alone" if query.color else "taken to be what stands out"
    return dataclasses.replace(found, doubt=f"“{query.query}” was {why}")


def _colored(
    evidence: Evidence, query: RegionQuery, thing: Thing | None, boxes: Sequence[FloatBox], find: Find
) -> list[Instance]:
    """What has no better name and the color that the expression names; people would have been found."""
    nameless = [Instance(box, _LIKELY) for box in boxes if _may_be(evidence, None, box) and stands_apart(evidence, box)]
    if not nameless or not is_color(query.color) or (thing is not None and thing.name == PERSON):
        return []
    scene = scene_of(evidence, nameless, find)
    try:
        return list(choose(nameless, RegionQuery("", color=query.color, every=True), _ANYTHING, scene).chosen)
    except UnsupportedEdit:
        return []


def _are_alike(evidence: Evidence, candidates: Sequence[Instance]) -> bool:
    """Whether nothing but things of one kind could be meant by a name that nobody knows."""
    return all(look_alike(evidence, candidates[0].box, other.box) for other in candidates[1:])


def _likeliest(evidence: Evidence, thing: Thing | None, boxes: Sequence[FloatBox]) -> list[Instance]:
    """Those that look to the recognizer about as much like the thing as the one that does most."""
    network = evidence.recognizer
    names = list(label_indices(thing, network.labels)) if thing and network else []
    if not names:
        return [Instance(box, _LIKELY) for box in boxes]
    likely = {box: float(evidence.recognized(box, alone=True)[names].sum()) for box in boxes}
    best = max(likely.values(), default=0.0)
    return [Instance(box, _LIKELY) for box, p in likely.items() if p >= _AS_LIKELY * best]


def _written(evidence: Evidence, query: RegionQuery, find: Find) -> Region | None:
    try:
        return find_lettering(evidence, query, find)
    except UnsupportedEdit:
        return None


def _by_color(evidence: Evidence, query: RegionQuery, thing: Thing | None) -> Region:
    """Things of a color, where the networks have no word for them; never people, whom they would have found."""
    if not is_color(query.color) or (thing is not None and thing.name == PERSON) or points_at(query):
        raise not_found(query)
    found = find_colored(evidence.image, query.color)
    if not found:
        raise UnsupportedEdit(f"nothing {query.color} stands out that could be the {query.query}")
    chosen = found if query.every else found[:1]
    wholes = [_whole(evidence, region) for region in chosen]
    if (
        thing is not None and thing.detected and any(whole is None for whole in wholes)
    ):  # a patch of that color is no car
        raise not_found(query)
    alpha = reduce(
        np.maximum, [spot.alpha if whole is None else whole for whole, spot in zip(wholes, chosen, strict=True)]
    )
    doubt = f"“{query.query}” was found by its color alone"
    return Region(alpha, max(_LIKELY, min(region.confidence for region in chosen)), doubt=doubt)


def _whole(evidence: Evidence, spot: Region) -> Plane | None:
    """The thing a colored spot is on, where the spot is most of it."""
    small = evidence.lowered(spot)
    assert small.box is not None, "what is found has pixels"
    left, top, right, bottom = (float(edge) for edge in small.box)
    thing = evidence.mask((left, top, right, bottom)).alpha
    both = float(np.minimum(thing, small.alpha).sum())
    if both >= _PART * float(small.alpha.sum()) and both >= _LIKELY * float(thing.sum()):
        return evidence.lifted(thing)
    return None


def _share_inside(alpha: Plane, box: FloatBox) -> float:
    left, top, right, bottom = (round(edge) for edge in box)
    return float(alpha[top:bottom, left:right].sum()) / max(float(alpha.sum()), 1e-6)


def _is_likeness(phrase: str) -> bool:
    return bool(set(phrase.lower().split()) & words("likenesses", "likeness"))


def _may_be(evidence: Evidence, thing: Thing | None, box: FloatBox) -> bool:
    """Whether what is in a box may be what no network found.

    They then have no better name for it, and no name for the thing either, or think of that one more than of most.
    """
    if any(d.score >= _SURE and shared(d.box, box) >= _LIKELY for d in evidence.objects):
        return False
    if evidence.recognizer is None:
        return thing is None or evidence.detector is None
    seen = evidence.recognized(box, alone=True)
    if float(seen.max()) >= _KNOWN:
        return False
    names = label_indices(thing, evidence.recognizer.labels) if thing else ()
    if thing is None or not (names or thing.detected):
        return True
    return float(seen[list(names)].sum()) >= max(_LEAST_LIKELY, _LIFT * len(names) / len(seen))


def _is_figure(evidence: Evidence, box: FloatBox) -> bool:
    """Whether the recognizer takes what is in a box for a small figure; of which thing, it has no names for."""
    if evidence.recognizer is None:
        return False
    labels = evidence.recognizer.labels
    figures = [labels.index(name) for name in words("likenesses", "figure") if name in labels]
    return float(evidence.recognized(box, alone=True)[figures].sum()) >= _KNOWN
