"""The things of one kind in a picture, kept apart: what two sources agree on is there, everything else is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cavendish.regions.objects import FloatBox, area, inside, look, shared
from cavendish.regions.recognition import heat_map
from cavendish.regions.things import PERSON, Thing, kin_of, label_indices, siblings_of
from cavendish.regions.wholes import find_wholes, stands_apart

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.evidence import Evidence
    from cavendish.regions.objects import Detection

_SURE = 0.6
"""Detector score that needs no second source; a picture of a clock gave "person" 0.59. Of the groups whose members are
taken for one another, 0.4 is enough."""
_DETECTED = 0.28
_KIN_DETECTED = 0.4
_AGREED = 0.08
"""Probability of a kind's names from which the recognizer agrees with the detector."""
_RECOGNIZED = 0.15
"""The same from which it is believed alone."""
_THINKABLE = 0.015
"""The same from which a detection that is not sure may be right."""
_CONTRADICTED = 0.5
"""Probability of a sibling's names from which the recognizer overrules the detector."""
_SECOND_BEST = 0.15
"""How much less than its best class a detection may have of another that is still believed."""
_TAKEN_FOR_ONE_ANOTHER = frozenset({"furniture", "vehicle", "vessel"})
"""Groups in which people's names and the detector's differ so much that a sibling is as good."""
_PART, _SAME = 0.7, 0.6
"""Share of one box in another from which the less sure one is a part; shared by joint area from which they are one."""
_MANY = 4
_SECOND_LOOK_MARGIN = 0.6
_SECOND_LOOK = 0.5
_MOST_SEEN_AGAIN = 0.3
"""Share of the picture from which a second look would be much the same as the first."""
_STANDS_OUT = 0.5
"""Shared by joint area of a detection and what stands out from which they are one thing."""
_SEEN_SOMEWHERE = 0.4
_NARROW = 0.15
"""Share of the picture that a window must be smaller than where the recognizer is not sure of what it sees in it."""
_MOST_STEPS, _STEP, _KEPT = 3, 0.6, 0.6
"""How often a window is widened, by how much of its sides, and how much of what it showed must stay."""
_EDGE, _CUT_SHARE = 0.04, 0.12
"""Strip along the edge of a window, of its side, and the share of it from which what is there goes on outside."""
_ALIKE = 0.7
"""Bhattacharyya coefficient of two answers of the recognizer: of composed things 0.77–1 where they are of a kind, at
most 0.65 where not, mostly under 0.5."""


@dataclass(frozen=True)
class Instance:
    """One thing.

    Args:
        box: Around it, in pixels of the evidence's view.
        confidence: 0–1.
        detected: Whether the detector found it; the box is else only where the recognizer sees it best.
    """

    box: FloatBox
    confidence: float
    detected: bool = True

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) of the middle of its box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def height(self) -> float:
        """Of its box, in pixels."""
        return self.box[3] - self.box[1]

    @property
    def area(self) -> float:
        """Of its box, in square pixels."""
        return area(self.box)


def find_instances(evidence: Evidence, thing: Thing) -> tuple[Instance, ...]:
    """Find every thing of a kind.

    Args:
        evidence: What is known of the picture.
        thing: The kind.

    Returns:
        The instances, surest first; none where the kind is not there, or the networks are not installed.
    """
    found = [i for d in evidence.objects if (i := _from_detection(evidence, thing, d)) is not None]
    if thing.name == PERSON:
        found += [Instance(box, 0.9) for box in evidence.face_boxes if not any(inside(box, i.box) > 0.5 for i in found)]
    elif not found:
        found = _recognized_wholes(evidence, thing) or _seen_somewhere(evidence, thing)
    if found and thing.name != PERSON:
        found += _look_alikes(evidence, found)
    return _without_repeats(found)


def _from_detection(evidence: Evidence, thing: Thing, detection: Detection) -> Instance | None:
    own = max((detection.scores.get(name, 0.0) for name in thing.detected), default=0.0)
    related = max((detection.scores.get(name, 0.0) for name in kin_of(thing)), default=0.0)
    if own < _DETECTED and related < _KIN_DETECTED:
        return None
    if _is_contradicted(evidence, thing, detection.box):
        return None
    sure = own >= _SURE and own >= detection.score - _SECOND_BEST
    many = own >= _DETECTED and _is_one_of_many(evidence, thing)
    if not (sure or many or _is_thinkable(evidence, thing, detection.box)):
        return None
    recognized = _recognized(evidence, thing, detection.box)
    stands_out = any(shared(detection.box, box) >= _STANDS_OUT for box in evidence.salient_boxes)
    kindred = thing.kin in _TAKEN_FOR_ONE_ANOTHER or (recognized >= 2 * _AGREED and stands_out)
    agreed = recognized >= _AGREED or (stands_out and own == detection.score)
    if sure or (related >= _KIN_DETECTED and kindred):
        return Instance(detection.box, own if own >= _DETECTED else max(recognized, related))
    if own >= _DETECTED and (agreed or many or _seen_again(evidence, thing, detection.box)):
        return Instance(detection.box, own)
    return None


def _is_one_of_many(evidence: Evidence, thing: Thing) -> bool:
    """Whether the detector takes several things for the same kind: it is seldom wrong in the same way so often."""
    alike = sum(d.label in thing.detected and d.score >= _DETECTED for d in evidence.objects)
    return alike >= _MANY


def _is_thinkable(evidence: Evidence, thing: Thing, box: FloatBox) -> bool:
    """Whether the recognizer, shown what is in a box alone, gives the kind any chance; true where it has no name."""
    network = evidence.recognizer
    names = list(label_indices(thing, network.labels)) if network else []
    return not names or float(evidence.recognized(box, alone=True)[names].sum()) >= _THINKABLE


def _recognized(evidence: Evidence, thing: Thing, box: FloatBox) -> float:
    """How likely the recognizer takes what is in a box for a thing of that kind."""
    network = evidence.recognizer
    names = label_indices(thing, network.labels) if network else ()
    return float(evidence.recognized(box)[list(names)].sum()) if names else 0.0


def _is_contradicted(evidence: Evidence, thing: Thing, box: FloatBox) -> bool:
    """Whether the recognizer is sure of a sibling: a lemur that the detector takes for a bird."""
    network = evidence.recognizer
    names = set(label_indices(thing, network.labels)) if network else set()
    if network is None or not names:
        return False
    seen = evidence.recognized(box)
    others = set().union(*(label_indices(sibling, network.labels) for sibling in siblings_of(thing))) - names
    return float(seen[list(names)].sum()) < _AGREED / 2 and any(seen[k] >= _CONTRADICTED for k in others)


def _seen_again(evidence: Evidence, thing: Thing, box: FloatBox) -> bool:
    """Whether the detector finds it again when it looks at it with some of its surroundings."""
    width, height = evidence.view.size
    if evidence.detector is None or area(box) > _MOST_SEEN_AGAIN * width * height:
        return False
    across, down = (_SECOND_LOOK_MARGIN * (box[k + 2] - box[k]) for k in (0, 1))
    left, top = max(0, int(box[0] - across)), max(0, int(box[1] - down))
    right, bottom = min(width, int(box[2] + across)), min(height, int(box[3] + down))
    crop = np.ascontiguousarray(evidence.view.rgb[top : max(bottom, top + 1), left : max(right, left + 1)])
    boxes, scores = look(crop, evidence.detector.run)
    columns = [k for k, name in enumerate(evidence.detector.labels) if name in thing.detected]
    shift = np.array([left, top, left, top], np.float32)
    return any(
        float(scores[i, columns].max()) >= _SECOND_LOOK and shared(boxes[i] + shift, box) >= 0.5
        for i in range(len(boxes))
    )


def _recognized_wholes(evidence: Evidence, thing: Thing) -> list[Instance]:
    """Things that the detector has no class for or missed, where the recognizer knows a whole when it sees it alone."""
    network = evidence.recognizer
    names = list(label_indices(thing, network.labels)) if network else []
    if not names:
        return []
    seen = [(box, float(evidence.recognized(box, alone=True)[names].sum())) for box in find_wholes(evidence)]
    return [
        Instance(box, max(p, _SURE), detected=False)
        for box, p in seen
        if p >= (_CONTRADICTED if _is_something_else(evidence, thing, box) else _RECOGNIZED)
    ]


def _is_something_else(evidence: Evidence, thing: Thing, box: FloatBox) -> bool:
    """Whether the detector is sure that a box holds a thing of another kind."""
    own = kin_of(thing)
    return any(d.score >= _SURE and d.label not in own and shared(d.box, box) >= _STANDS_OUT for d in evidence.objects)


def _look_alikes(evidence: Evidence, found: Sequence[Instance]) -> tuple[Instance, ...]:
    """What stands out and looks to the recognizer like something that was found: two toy cars are seldom both known."""
    if evidence.recognizer is None:
        return ()
    return tuple(
        Instance(box, _SURE, detected=False)
        for box in find_wholes(evidence)
        if stands_apart(evidence, box)
        and not any(shared(box, i.box) > 0.3 or max(inside(i.box, box), inside(box, i.box)) > 0.5 for i in found)
        and any(look_alike(evidence, box, i.box) for i in found)
    )


def look_alike(evidence: Evidence, box: FloatBox, other: FloatBox) -> bool:
    """Whether the recognizer, where there is one, sees much the same in two boxes, whatever it takes that for.

    Source:
        Bhattacharyya, "On a measure of divergence between two statistical populations", 1943. It counts names that are
        unlikely in both, which tell more where no name fits.
    """
    if evidence.recognizer is None:
        return False
    a, b = evidence.recognized(box, alone=True), evidence.recognized(other, alone=True)
    return float(np.sqrt(a * b).sum()) >= _ALIKE


def _seen_somewhere(evidence: Evidence, thing: Thing) -> list[Instance]:
    """Small things the detector has no class for: the window of the picture that shows one most clearly.

    An animal is the whole of what stands out there, not the part of it that the window shows.
    """
    if evidence.recognizer is None or thing.detected:
        return []
    names = label_indices(thing, evidence.recognizer.labels)
    if not names:
        return []
    seen, box = heat_map(evidence.view.rgb, evidence.recognizer, names)
    narrow = area(box) < _NARROW * evidence.view.size[0] * evidence.view.size[1]
    if seen < (_SEEN_SOMEWHERE if narrow or thing.kin == "animal" else _SURE):
        return []
    wholes = [whole for whole in evidence.salient_boxes if inside(box, whole) >= 0.5] if thing.kin == "animal" else []
    return [Instance(wholes[0] if wholes else _whole_around(evidence, box), seen, detected=False)]


def _whole_around(evidence: Evidence, window: FloatBox) -> FloatBox:
    """A window that shows a thing best, widened on the sides where the thing goes on: a rocket's lower half."""
    part = evidence.mask(window).alpha
    for _ in range(_MOST_STEPS):
        wider = _widened(window, part, evidence.view.size)
        if wider == window:
            break
        whole = evidence.mask(wider).alpha
        if float(np.minimum(whole, part).sum()) < _KEPT * float(part.sum()):
            break
        window, part = wider, whole
    return window


def _widened(box: FloatBox, alpha: Plane, size: tuple[int, int]) -> FloatBox:
    """The box, larger on each side at which a mask is cut off, and no larger than the picture."""
    across, down = box[2] - box[0], box[3] - box[1]
    near = [round(_EDGE * across), round(_EDGE * down)] * 2
    edges = [int(edge) for edge in box]
    rows, columns = slice(max(0, edges[1]), edges[3]), slice(max(0, edges[0]), edges[2])
    strips = (
        alpha[rows, columns.start : columns.start + near[0]],
        alpha[rows.start : rows.start + near[1], columns],
        alpha[rows, columns.stop - near[2] : columns.stop],
        alpha[rows.stop - near[3] : rows.stop, columns],
    )
    cut = [bool(strip.size) and float((strip > 0.5).mean()) > _CUT_SHARE for strip in strips]
    steps = (-_STEP * across, -_STEP * down, _STEP * across, _STEP * down)
    wider = [edge + step if is_cut else edge for edge, step, is_cut in zip(box, steps, cut, strict=True)]
    return max(0.0, wider[0]), max(0.0, wider[1]), min(float(size[0]), wider[2]), min(float(size[1]), wider[3])


def _without_repeats(found: Sequence[Instance]) -> tuple[Instance, ...]:
    kept: list[Instance] = []
    for instance in sorted(found, key=lambda i: -i.confidence):
        if not any(_is_repeat(instance, other) for other in kept):
            kept.append(instance)
    return tuple(kept)


def _is_repeat(instance: Instance, surer: Instance) -> bool:
    """Whether two boxes are one thing, or the less sure one is a part of the other."""
    nested = inside(instance.box, surer.box) >= _PART or inside(surer.box, instance.box) >= _PART
    return (nested and instance.confidence < _SURE) or shared(instance.box, surer.box) >= _SAME
