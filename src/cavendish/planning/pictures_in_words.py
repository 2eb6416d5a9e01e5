"""What the number of pictures says about an ask: “add the dog” means the second picture's, where one was sent."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence

from cavendish.domain.placement import read_placement
from cavendish.domain.plan import Step
from cavendish.planning.nouns import PEOPLE_PRONOUNS, Noun, image_index, read_noun
from cavendish.planning.phrases import Found, nouns_of
from cavendish.planning.tokens import Phrase, tokenize

_SCENERY = frozenset({"landscape", "scene", "scenery", "setting", "background", "environment", "view"})
_DEFINITE = frozenset({"the", "this", "that", "these", "those", "my", "our", "his", "her", "their", "your", "both"})
_NEEDS_ANOTHER = frozenset({"place_subject", "place_sticker", "place_on_surface", "copy_object"})
_FETCHED = frozenset({"place_subject", "copy_object"})
_MERGED = frozenset(
    {
        "side_by_side", "collage", "split_compare", "double_exposure", "stitch_panorama", "fuse_exposures",
        "stack_focus", "remove_passers_by", "swap_face_from",
    }
)  # fmt: skip
_PUTS_THAT = re.compile(
    r"^(?:put|place|paste|insert|add|set|stick|position|move|drop|lay|seat|stand) (?:it|him|her|them|this|that)\b",
    re.IGNORECASE,
)
_AS = re.compile(r"\bas\b", re.IGNORECASE)
_BURST = 3
"""So many pictures of one scene that what moves can be told from what stays."""


def with_pictures(op: str, found: Found, thing: Noun | None, images: int) -> str:
    """The op an ask means when so many pictures come with it.

    Args:
        op: The rule's.
        found: The rule and its slots.
        thing: What the slot `thing` names.
        images: How many pictures come with the message.
    """
    pointed = "image" in found.slots or (thing is not None and thing.image is not None)
    if images < 2:
        return "add_content" if op in _NEEDS_ANOTHER and not pointed else op
    added = found.slots.get("what") or found.slots.get("thing")
    if op == "add_content" and added and _is_definite(added):
        logo = nouns_of("sticker").fullmatch(added.tokens[-1].text)
        op = "place_sticker" if logo else "place_subject"
    if op == "place_subject" and not pointed and added and nouns_of("face_parts").fullmatch(added.tokens[-1].text):
        return "swap_face_from"
    if op == "place_subject" and (behind := _put_behind(found, thing, images)):
        return behind
    if op == "new_scene" and not found.rule.absorbs and "scene" in found.slots:
        return _of_supplied(found, thing, images)
    if op == "remove_person" and images >= _BURST and thing is not None and nouns_of("passers").fullmatch(thing.head):
        return "remove_passers_by"
    return op


def _put_behind(found: Found, thing: Noun | None, images: int) -> str:
    """The op that puts something behind a thing of picture 1, where a placement means that; "" otherwise."""
    if _goes_into_another(found, thing, images):
        return "replace_background"
    return "new_scene" if _goes_elsewhere(found, thing, images) else ""


def _goes_into_another(found: Found, thing: Noun | None, images: int) -> bool:
    """Whether something of picture 1 is to stand in another picture: “put the man of image 1 into image 2”."""
    named = image_index(found.slots["image"].text, images) if "image" in found.slots else None
    scene = read_noun(found.slots["scene"], images=images) if "scene" in found.slots else None
    if thing is not None and thing.image == 0 and scene is None:
        return bool(named)
    if scene is None:
        return False
    if (thing is None or thing.image is None) and named and " from " not in found.phrase.text:
        return scene.head in _SCENERY  # “in the landscape of image 2”
    source = named if named is not None else thing and thing.image
    shows_thing = scene.query is not None and scene.query.query and scene.head not in _SCENERY
    return source == 0 and bool(scene.image) and not shows_thing


def _goes_elsewhere(found: Found, thing: Noun | None, images: int) -> bool:
    """Whether something of picture 1 is to stand in a scene that none shows: “put the dog from image 1 on a beach”."""
    if "scene" not in found.slots or found.slots["scene"].tokens[0].text not in {"a", "an"}:
        return False
    return (image_index(found.slots["image"].text, images) if "image" in found.slots else thing and thing.image) == 0


def _of_supplied(found: Found, thing: Noun | None, images: int) -> str:
    """What stands for a new scene where scene or thing are pictures that were sent: “put the dog on the road”."""
    if read_noun(found.slots["scene"], images=images).image and (thing is None or not thing.image):
        return "replace_background"
    own = thing is not None and thing.query is not None and thing.text.lower() not in PEOPLE_PRONOUNS
    certain = f" the {found.slots['scene'].text.removeprefix('the ')}" in found.phrase.text
    named = own and certain and _is_definite(found.slots["thing"])
    return "place_subject" if named else "new_scene"


def _is_definite(added: Phrase) -> bool:
    """Whether it names one certain thing: “the dog”, “grandma”, “him”."""
    first = added.tokens[0].text
    return first in _DEFINITE or bool(nouns_of("people").fullmatch(first))


_NAMES_PICTURE = re.compile(r"\b(?:image|picture|photo|pic|photograph|second|third|fourth|other|\d)", re.IGNORECASE)


def composed(steps: Iterable[Step], *, images: int) -> list[Step]:
    """Join what two clauses say of one placement, and let a named way of combining stand for “combine the images”.

    “Take the guy from image 2, put him in the boat” is one step; “combine them, focus stacking” needs no placing.
    Of several things whose pictures are not named, each comes from the next picture. What another thing is put
    instead of is taken away first; before one backdrop, all but the first thing are placed.
    """
    kept: list[Step] = []
    for step in steps:
        fetched = next((k for k, other in enumerate(kept) if other.op in _FETCHED and other.image), None)
        if fetched is not None and step.op in {"add_content", *_FETCHED} and _PUTS_THAT.match(step.span):
            placement = step.placement or kept[fetched].placement
            kept[fetched] = dataclasses.replace(kept[fetched], placement=placement)
        elif step.op == "backdrop" and step.image and any(other.op == "backdrop" and not other.image for other in kept):
            placed = Step("place_subject", "compose", step.target, step.region, image=step.image, span=step.span)
            kept.append(dataclasses.replace(placed, confidence=step.confidence))
        else:
            kept.append(step)
    unnamed = [k for k, step in enumerate(kept) if step.op == "place_subject" and not _NAMES_PICTURE.search(step.span)]
    if 1 < len(unnamed) < images:
        for image, k in enumerate(unnamed, 1):
            kept[k] = dataclasses.replace(kept[k], image=image)
    merged = any(step.op in _MERGED for step in kept)
    kept = [step for step in kept if not (merged and step.op == "place_subject" and not step.target)]
    return [part for k, step in enumerate(kept) for part in (*_made_room(step), *_behind(step, kept[k - 1 : k]))]


def _behind(step: Step, before: Sequence[Step]) -> Iterator[Step]:
    """The step; where it blurs a new background, that background only: “use image 2 as background, blurred”."""
    blur = dataclasses.replace(step, op="blur_background", region=None, image=0, available=True)
    if step.op == "blur_background" and step.image and _AS.search(step.span):
        yield Step("replace_background", "background", image=step.image, confidence=step.confidence, span=step.span)
        yield blur
    elif step.op == "blur_region" and step.region is None and [s.op for s in before] == ["replace_background"]:
        yield dataclasses.replace(blur, parameters={}, stated=())
    else:
        yield step


def _made_room(step: Step) -> Iterator[Step]:
    """The removal of what a thing takes the place of."""
    where = read_placement(step.placement)
    if step.op in _FETCHED and where.relation == "instead of":
        query = read_noun(Phrase(tuple(tokenize(where.anchor)), where.anchor)).query
        yield Step(
            "remove_object", "remove", target=where.anchor, region=query, confidence=step.confidence, span=step.span
        )
