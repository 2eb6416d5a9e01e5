"""Which part of a person a noun names, and where that part is on the people that are meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.pixels.region import Region
from cavendish.regions.body_parts import Half, find_bare_skin, find_clothes, find_head
from cavendish.regions.face_parts import FacePart, face_part
from cavendish.regions.hair import find_hair
from cavendish.regions.objects import FloatBox, inside
from cavendish.regions.things import forms
from cavendish.regions.words import meanings

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.evidence import Evidence
    from cavendish.regions.instances import Instance

_HALVES: dict[str, Half] = {"worn:all": "", "worn:upper": "upper", "worn:lower": "lower"}
_LEAST = 12
"""Pixels of a part below which it is not seen."""


def part_named(phrase: str) -> str | None:
    """The part a noun phrase names by its last words: `lips`, `hair`, `worn:upper` …; None where it names no part.

    Args:
        phrase: Such as "lips", "blue denim jacket" or "guy's face".
    """
    nouns = phrase.lower().replace("’", "'").split()
    tables = {"face": meanings("face"), "body": meanings("body"), "worn": meanings("worn")}
    for length in (2, 1):
        *before, last = nouns[-length:] or [""]
        for part in (" ".join([*before, form]) for form in forms(last)):
            named = next((kind for kind, table in tables.items() if part in table), "")
            if named:
                return f"worn:{tables[named][part]}" if named == "worn" else tables[named][part]
    return None


def find_part(evidence: Evidence, people: Sequence[Instance], everybody: Sequence[Instance], part: str) -> Region:
    """Find a part of some people.

    Args:
        evidence: What is known of the picture.
        people: Whose part is meant.
        everybody: All people in the picture, whom the cut-outs are kept apart from.
        part: What `part_named` answered.

    Raises:
        UnsupportedEdit: The part is not seen on any of them.
    """
    boxes = [person.box for person in everybody]
    planes = [_of_one(evidence, person, boxes, part) for person in people]
    alpha = reduce(np.maximum, planes)
    if np.count_nonzero(alpha > 0.5) < _LEAST:
        raise UnsupportedEdit(f"no {part.rpartition('worn:')[2].replace('_', ' ')} can be seen")
    return Region(alpha, min(person.confidence for person in people))


def _of_one(evidence: Evidence, person: Instance, boxes: Sequence[FloatBox], part: str) -> Plane:
    image = evidence.image
    faces = zip(evidence.faces, evidence.face_boxes, strict=True)
    face = next((face for face, box in faces if inside(box, person.box) > 0.5), None)
    if part in get_args(FacePart) and part != "skin":
        landmarks = evidence.landmarks(face) if face else None
        return (
            np.zeros(image.rgb.shape[:2], np.float32)
            if landmarks is None
            else face_part(image, landmarks, cast("FacePart", part))
        )
    alpha = evidence.lifted(evidence.mask(person.box, boxes).alpha)
    if part == "body":
        return alpha
    seen = (evidence.landmarks(face) or face) if face else None
    if part.startswith("worn:"):
        return find_clothes(image, alpha, [seen] if seen else [], half=_HALVES[part])
    if seen is None:
        return np.zeros_like(alpha)
    find: dict[str, Callable[[], Plane]] = {
        "hair": lambda: find_hair(image, seen, alpha),
        "head": lambda: find_head(image, seen, alpha),
        "skin": lambda: find_bare_skin(image, alpha, [seen]),
    }
    return find[part]()
