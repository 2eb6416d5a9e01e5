"""From a region expression to pixels: which stage knows the words, and what is said when none does."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.domain.queries import BACKGROUND, SUBJECT, RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.pixels.region import Box, Region
from cavendish.regions import body_words
from cavendish.regions.colors import color_likeness, is_color
from cavendish.regions.company import find_company
from cavendish.regions.evidence import Evidence
from cavendish.regions.expressions import is_several, name_of, not_found, points_at, understood
from cavendish.regions.face_parts import face_part
from cavendish.regions.instances import Instance, find_instances
from cavendish.regions.lettering_words import find_lettering, kind_of_lettering
from cavendish.regions.objects import shared
from cavendish.regions.places import find_place
from cavendish.regions.pointing import find_pointed
from cavendish.regions.referring import Choice, choose
from cavendish.regions.scenery import SCENERY, find_scenery
from cavendish.regions.shadows import find_shadow
from cavendish.regions.thing_words import find_things, scene_of
from cavendish.regions.things import PERSON, known_form, thing_called, thing_named
from cavendish.regions.words import meanings, words

if TYPE_CHECKING:
    from cavendish.domain.request import Pointing
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.networks import Networks

CONFIDENT = 0.5
"""Below this a thing is taken not to be there."""
_LEAST_COLORED = 0.001
"""Share of the picture that must be of a color that is asked for."""
_PARTS = frozenset({"part", "area", "bit", "patch", "spot", "section", "fur", "stripe"})
_ABOUT, _ABOUT_LIKE = 0.008, 0.3
"""Of the picture's longer side: how far around a pixel its color is judged; and how much of it must have the color."""
_LEAST_PART = 0.01
"""Share of a thing that must have a color to have parts of it."""
_SAME_BOX = 0.6
"""Shared by joint area of two boxes from which they are of one thing."""
_CUT_OFF = 0.02
"""Of the picture's height: what comes nearer to its lower edge is cut off by it."""


class RegionResolver:
    """Finds regions in the pictures of one request; what was seen in a picture is kept until the request is done.

    Args:
        networks: What to look with; each runs at most once a picture or crop.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._evidence: dict[int, Evidence] = {}
        self._found: dict[tuple[int, RegionQuery], Region] = {}
        self._pointed: Region | None = None

    @property
    def guessed(self) -> bool:
        """Whether a subject was found without the network."""
        return any(evidence.guessed for evidence in self._evidence.values())

    def subject(self, image: Image) -> Region:
        """The picture's main subject, with a matted edge.

        Raises:
            UnsupportedEdit: Nothing in the picture stands out.
        """
        return self.find(image, RegionQuery(SUBJECT))

    def details(self, image: Image) -> tuple[Box, ...]:
        """Boxes of the faces and the lettering in a picture: what a crop must not cut, whatever the subject is."""
        evidence = self._seen(image)
        return tuple(face.box for face in evidence.faces) + evidence.text_boxes

    def faces(self, image: Image) -> tuple[Box, ...]:
        """Boxes of the heads in a picture, hair and chin included, the largest first."""
        boxes = [face.box for face in self._seen(image).faces]
        return tuple(sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1])))

    def find(self, image: Image, query: RegionQuery) -> Region:
        """The pixels an expression means.

        Args:
            image: One picture of the request.
            query: The expression.

        Returns:
            The region, soft at its edge, the size of the picture. `doubt` says what is uncertain.

        Raises:
            UnsupportedEdit: It is not there, or nothing tells which of several is meant.
        """
        key = (id(image), query)
        if key not in self._found:
            region = self._find(self._seen(image), query)
            if region.confidence < CONFIDENT or region.box is None:
                raise not_found(query)
            self._found[key] = dataclasses.replace(region, label=name_of(query))
        return self._found[key]

    def pointed(self, image: Image, pointing: Pointing, mask: Image | None) -> Region:
        """The pixels a caller points at; see `find_pointed`."""
        if self._pointed is None:
            self._pointed = find_pointed(self._seen(image), pointing, mask)
        return self._pointed

    def colored(self, image: Image, color: str) -> Region:
        """Everything of a color.

        Raises:
            UnsupportedEdit: There is hardly anything of it.
        """
        if not is_color(color):
            raise not_found(RegionQuery(color))
        alpha = color_likeness(image, color)
        if float((alpha >= CONFIDENT).mean()) < _LEAST_COLORED:
            raise UnsupportedEdit(f"nothing {color} was found")
        return Region(alpha, label=f"everything {color}")

    def facial_skin(self, image: Image) -> Region | None:
        """The skin of all faces, without eyes, brows, lips and nostrils; None where no face is seen well enough."""
        evidence = self._seen(image)
        studied = [points for face in evidence.faces if (points := evidence.landmarks(face)) is not None]
        planes = [face_part(image, points, "skin") for points in studied]
        return Region(reduce(np.maximum, planes), label="skin") if planes else None

    def company(self, image: Image, thing: Region, *, only_people: bool = False) -> Plane:
        """What else stands in a picture beside a thing; see `find_company`."""
        return find_company(self._seen(image), thing.alpha, only_people=only_people)

    def known_as(self, image: Image, thing: Region) -> str:
        """What the detector takes a thing for, such as “cup”; "" where it knows none there."""
        evidence = self._seen(image)
        box = evidence.lowered(thing).box
        overlaps = [(shared(box, d.box), d.label) for d in evidence.objects if d.score >= CONFIDENT] if box else []
        best, label = max(overlaps, default=(0.0, ""))
        return label if best >= _SAME_BOX else ""

    def shadow(self, image: Image, thing: Region) -> Plane | None:
        """The share of light that a thing's shadow takes, h×w, or None where none is seen.

        What the picture's lower edge cuts off stands outside of it, and so begins its shadow.
        """
        if thing.box is None or thing.box[3] >= (1 - _CUT_OFF) * image.size[1]:
            return None
        found = find_shadow(image, thing.alpha)
        return found.alpha if found.confidence >= CONFIDENT else None

    def _seen(self, image: Image) -> Evidence:
        # The evidence keeps the picture, which keeps its id unique.
        return self._evidence.setdefault(id(image), Evidence(image, self._networks))

    def _find(self, evidence: Evidence, query: RegionQuery) -> Region:
        """Set operations first, then whoever knows the words."""
        query = understood(query)
        if query.all_of or query.any_of:
            return self._combined(evidence, query)
        word = query.query.lower().strip()
        if word in words("wholes", "picture") and (query.none_of or not query.side):
            return self._rest(evidence, query)
        if word == BACKGROUND:
            front = self.find(evidence.image, query.none_of[0] if query.none_of else RegionQuery(SUBJECT))
            return dataclasses.replace(front, alpha=1 - front.alpha)
        if known_form(word, words("wholes", "subject")) and not points_at(query) and not query.color:
            return _subject(evidence)
        for known in (_place, self._colored_part, self._shadow, self._lettering, self._body_part, _scenery):
            found = known(evidence, query)
            if found is not None:
                return found
        return find_things(evidence, query, partial(self.find, evidence.image))

    def _combined(self, evidence: Evidence, query: RegionQuery) -> Region:
        parts = query.all_of or query.any_of
        join = np.minimum if query.all_of else np.maximum
        regions = [self.find(evidence.image, part) for part in parts]
        alpha = reduce(join, [region.alpha for region in regions])
        for spared in query.none_of:
            alpha = np.minimum(alpha, 1 - self.find(evidence.image, spared).alpha)
        return Region(alpha, min(region.confidence for region in regions), doubt=_joined(regions))

    def _rest(self, evidence: Evidence, query: RegionQuery) -> Region:
        """The picture without what is to be spared."""
        alpha = np.ones(evidence.image.rgb.shape[:2], np.float32)
        regions = [self.find(evidence.image, spared) for spared in query.none_of]
        for region in regions:
            alpha = np.minimum(alpha, 1 - region.alpha)
        return Region(alpha, 1.0, doubt=_joined(regions))

    def _colored_part(self, evidence: Evidence, query: RegionQuery) -> Region | None:
        """What of a thing has a color: “the black parts of the cat”."""
        owner = query.of or query.near
        if not (owner and is_color(query.color) and known_form(query.query.lower(), _PARTS)):
            return None
        whole = self.find(evidence.image, RegionQuery(owner))
        likeness = evidence.lowered(Region(color_likeness(evidence.image, query.color))).alpha
        about = cv2.GaussianBlur(likeness, (0, 0), _ABOUT * max(likeness.shape))  # fur and folds have lights in them
        part = evidence.lifted((about > _ABOUT_LIKE).astype(np.float32))
        alpha = np.minimum(whole.alpha, part)
        if float((alpha >= CONFIDENT).sum()) < _LEAST_PART * float((whole.alpha >= CONFIDENT).sum()):
            raise not_found(query)
        return Region(alpha, whole.confidence, doubt=whole.doubt)

    def _shadow(self, evidence: Evidence, query: RegionQuery) -> Region | None:
        if not known_form(query.query.lower().rpartition(" ")[2], {"shadow"}):
            return None
        owner = query.of or query.near
        named = PERSON if owner.lower() in meanings("owners") else owner
        caster = self.find(evidence.image, RegionQuery(named)) if named else _subject(evidence)
        return find_shadow(evidence.image, caster.alpha)

    def _lettering(self, evidence: Evidence, query: RegionQuery) -> Region | None:
        if kind_of_lettering(query.query) is None:
            return None
        return find_lettering(evidence, query, partial(self.find, evidence.image))

    def _body_part(self, evidence: Evidence, query: RegionQuery) -> Region | None:
        part = body_words.part_named(query.query)
        if part is None:
            return None
        everybody = find_instances(evidence, thing_called(PERSON))
        owner = _owner_of(query)
        if not everybody or (owner.query and thing_named(owner.query) not in {None, thing_called(PERSON)}):
            raise UnsupportedEdit(f"no person was found whose {query.query} it could be")
        choice = self._chosen(evidence, everybody, owner)
        region = body_words.find_part(evidence, choice.chosen, everybody, part)
        return dataclasses.replace(region, doubt=choice.doubt)

    def _chosen(self, evidence: Evidence, people: Sequence[Instance], owner: RegionQuery) -> Choice:
        """Whose part is meant: everybody's where nothing points at one, or the most prominent person's."""
        if owner == RegionQuery("person", every=True):
            return Choice(tuple(people))
        return choose(
            people, owner, thing_called(PERSON), scene_of(evidence, people, partial(self.find, evidence.image))
        )


def _owner_of(query: RegionQuery) -> RegionQuery:
    """Whose part an expression is about: said with "of", or before the part ("guy's face"), or whoever is there."""
    before = re.sub(r"'s?$", "", query.query.lower().rpartition(" ")[0])
    named = before if before and thing_named(before) else PERSON
    of = query.of.lower()
    word = named if not of or of in meanings("owners") else of
    plural = of in words("owners", "everybody") or (not of and is_several(query.query))
    worn = (body_words.part_named(query.query) or "").startswith("worn:") and bool(query.color)
    having = f"{query.color} clothes" if worn else query.having
    return RegionQuery(word, side=query.side, order=query.order, having=having, every=query.every or plural)


def _joined(regions: Sequence[Region]) -> str:
    return "; ".join(filter(None, (region.doubt for region in regions)))


def _subject(evidence: Evidence) -> Region:
    found = evidence.salient
    if found.confidence < CONFIDENT or found.box is None:
        raise UnsupportedEdit("no clear subject was found")
    return dataclasses.replace(found, alpha=evidence.lifted(found.alpha))


def _place(evidence: Evidence, query: RegionQuery) -> Region | None:
    return find_place(query, evidence.image.size)


def _scenery(evidence: Evidence, query: RegionQuery) -> Region | None:
    noun = query.query.lower().rpartition(" ")[2]
    kinds = meanings("scenery")
    kind = kinds.get(known_form(noun, kinds)) or known_form(noun, SCENERY)
    if kind not in SCENERY:
        return None
    known = [mask.alpha for d in evidence.objects if d.score >= CONFIDENT and (mask := evidence.mask(d.box))]
    exclude = evidence.lifted(reduce(np.maximum, known)) if known else None
    found = find_scenery(evidence.image, kind, exclude=exclude)
    place = find_place(RegionQuery("half", side=query.side), evidence.image.size) if query.side else None
    return found if place is None else dataclasses.replace(found, alpha=np.minimum(found.alpha, place.alpha))
