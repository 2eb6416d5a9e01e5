"""Which of several: side, order, size, color, clothing, nearness, foreground and background, everyone but one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.regions.colors import color_share, is_color
from cavendish.regions.expressions import is_several, not_found, parsed
from cavendish.regions.objects import inside, shared
from cavendish.regions.things import PERSON, Thing, known_form, thing_named
from cavendish.regions.words import meanings, words

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.pixels.region import Region
    from cavendish.regions.instances import Instance

_COLORED = 0.2
"""Share of a thing in a color from which it is said to have it."""
_HINTED = 0.04
"""The same of the only one there is: in the evening a red car is nearly black."""
_WORN = 0.1
_AS_MUCH = 0.7
"""Part of the best share that others of that color reach."""
_SAME = 0.5
"""Shared by joint area from which two boxes are one thing."""
_SMALLER = 0.8
"""Height by the tallest's below which a person is young, or in the background."""
_DOMINANT = 1.8
"""How many times as prominent as the next a thing must be to be meant where nothing tells which."""


@dataclass(frozen=True)
class Scene:
    """What the choice is made with.

    Args:
        size: (width, height) of the picture.
        mask: The pixels of an instance.
        likeness: How much each pixel looks of a named color.
        lightness: Luma of each pixel, 0–1.
        find: Finds another expression in the same picture; raises `UnsupportedEdit` where it is not there.
    """

    size: tuple[int, int]
    mask: Callable[[Instance], Region]
    likeness: Callable[[str], Plane]
    lightness: Plane
    find: Callable[[RegionQuery], Region]


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what is uncertain about it in words, or ""."""

    chosen: tuple[Instance, ...]
    doubt: str = ""


def choose(instances: Sequence[Instance], query: RegionQuery, thing: Thing, scene: Scene) -> Choice:
    """Choose the instances an expression means.

    Args:
        instances: All of the kind, surest first; at least one.
        query: The expression.
        thing: The kind.
        scene: The picture.

    Raises:
        UnsupportedEdit: None fits, there are fewer than counted, or nothing tells which of several is meant.
    """
    left = list(instances)
    last = query.query.lower().rpartition(" ")[2]
    if query.color:
        least = _COLORED if len(left) > 1 else _HINTED
        left = _of_color(left, query.color, lambda i: scene.mask(i).alpha, scene, least=least)
    if query.having:
        left = _having(left, query.having, thing, scene)
    if known_form(last, words("people", "young")) and len(left) > 1 and not query.size:
        tallest = max(i.height for i in left)
        left = [i for i in left if i.height < _SMALLER * tallest] or left
    if thing.name == PERSON:
        left = _of_part(left, last, query, scene)
    near = parsed(query.near)
    if thing.name == PERSON and known_form(near.query.rpartition(" ")[2], meanings("worn")):
        left, near = _having(left, query.near, thing, scene), RegionQuery()
    depth = next((meanings("depth")[word] for word in near.query.split() if word in meanings("depth")), "")
    if depth:
        left = _in_depth(left, front=depth == "in_front", one=not query.every and query.count < 2)
    elif near.query and not _is_of_frame(near.query):
        between = is_several(query.near)
        left = _between(left, near, thing, scene) if between else _near(left, near, query.side, scene)
    if not left:
        raise not_found(query)
    beside = bool(near.query) and not depth and not _is_of_frame(near.query)
    return _counted(left, query, thing, scene, side="" if beside else query.side)


def _counted(left: list[Instance], query: RegionQuery, thing: Thing, scene: Scene, *, side: str) -> Choice:
    """How many of those that fit, and which."""
    last = query.query.lower().rpartition(" ")[2]
    if query.none_of:
        left = _without(left, query.none_of, thing, scene)
    if query.order:
        return _ordered(left, query.order, side)
    if query.every and not side:
        return _all(left, query)
    if side:
        return Choice(tuple(_at_side(left, side, query, scene.size)))
    if query.size:
        return Choice((sorted(left, key=lambda i: i.area)[-1 if query.size == "largest" else 0],))
    if query.count > 1:
        if len(left) < query.count:
            raise UnsupportedEdit(f"only {len(left)} of {query.count} were found")
        return Choice(tuple(sorted(left, key=lambda i: -_prominence(i, scene.size))[: query.count]))
    return _single(left, query, last, scene)


def _single(left: list[Instance], query: RegionQuery, last: str, scene: Scene) -> Choice:
    """The one that is meant where the words tell no more."""
    ranked = sorted(left, key=lambda i: -_prominence(i, scene.size))
    if len(ranked) == 1:
        return Choice((ranked[0],))
    if query.query.startswith("other ") and len(ranked) == 2:
        return Choice((ranked[1],), f"“{query.query}” was taken to be the less prominent of two")
    if known_form(last, words("people", "unwanted")):
        return Choice((ranked[-1],), f"“{query.query}” was taken to be the least prominent person")
    weights = [_prominence(i, scene.size) for i in ranked]
    if weights[0] < _DOMINANT * weights[1]:
        raise UnsupportedEdit(f"there are {len(ranked)} of that kind; say which one, such as “the one on the left”")
    return Choice((ranked[0],), f"“{query.query}” was taken to be the most prominent of {len(ranked)}")


def _all(left: list[Instance], query: RegionQuery) -> Choice:
    if query.count > len(left):
        raise UnsupportedEdit(f"only {len(left)} of {query.count} were found")
    return Choice(tuple(left))


def _prominence(instance: Instance, size: tuple[int, int]) -> float:
    """Area by how far from the middle it is, and how sure it is."""
    x, y = instance.center
    off = abs(x / size[0] - 0.5) + 0.5 * abs(y / size[1] - 0.5)
    return instance.area * instance.confidence * (1.2 - off)


def _is_of_frame(phrase: str) -> bool:
    """Whether words such as "the picture" tell nothing about which."""
    return phrase.rpartition(" ")[2] in words("wholes", "picture")


def _of_color(
    left: Iterable[Instance], color: str, part: Callable[[Instance], Plane], scene: Scene, *, least: float
) -> list[Instance]:
    """Those that have the color, and not much less of it than the one that has most."""
    if not is_color(color):
        raise UnsupportedEdit(f"the color “{color}” is not known")
    left = list(left)
    shares = {instance: color_share(scene.likeness(color), part(instance)) for instance in left}
    best = max(shares.values(), default=0.0)
    found = [instance for instance, share in shares.items() if share >= max(least, _AS_MUCH * best)]
    shade, _, base = color.partition(" ")
    if not found and shade in {"dark", "light"} and is_color(base):  # of several brown ones the darkest is "dark brown"
        found = _of_color(left, base, part, scene, least=least)
        found = sorted(found, key=lambda instance: color_share(scene.lightness, part(instance)))
        return found[:1] if shade == "dark" else found[-1:]
    return found


def _having(left: list[Instance], phrase: str, thing: Thing, scene: Scene) -> list[Instance]:
    """Those that wear or hold something."""
    wanted = parsed(phrase)
    last = known_form(wanted.query.rpartition(" ")[2], meanings("worn"))
    worn = thing.name == PERSON and (last or not wanted.query)
    if worn and wanted.color:
        return _of_color(
            left,
            wanted.color,
            lambda i: _clothed(i, scene, lower=meanings("worn").get(last) == "lower"),
            scene,
            least=_WORN,
        )
    if worn or thing_named(wanted.query) is None:
        if len(left) == 1:
            return left
        raise UnsupportedEdit(f"which one has “{phrase}” cannot be told")
    held = scene.find(RegionQuery(wanted.query, color=wanted.color, every=True))
    box = held.box
    assert box is not None, "what is found has pixels"
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    near = sorted(left, key=lambda i: _distance(i, (*middle, *middle)))
    return near[:1] if _distance(near[0], (*middle, *middle)) < 0.3 * near[0].height else []


def _clothed(instance: Instance, scene: Scene, *, lower: bool) -> Plane:
    """The person without the head; without the upper half for what is worn below."""
    alpha = scene.mask(instance).alpha.copy()
    neck = instance.box[1] + instance.height * (0.5 if lower else 0.15)
    alpha[: max(0, int(neck))] = 0
    return alpha


def _of_part(left: list[Instance], last: str, query: RegionQuery, scene: Scene) -> list[Instance]:
    """Brides wear white; photobombers are not whom the picture is of."""
    if known_form(last, words("people", "unwanted")) and len(left) > 1 and not query.every:
        most = max(left, key=lambda i: _prominence(i, scene.size))
        return [i for i in left if i is not most]
    dressed = {"in_white": "white", "in_black": "black"}.get(
        meanings("people").get(known_form(last, meanings("people")), "")
    )
    if dressed and len(left) > 1:
        likeness = scene.likeness(dressed)
        return [max(left, key=lambda i: color_share(likeness, _clothed(i, scene, lower=False)))]
    return left


def _in_depth(left: list[Instance], *, front: bool, one: bool) -> list[Instance]:
    """Things of a kind that are far away look smaller, and their feet are higher in the picture."""
    ranked = sorted(left, key=lambda i: (i.box[3], i.height), reverse=True)
    if one:
        return ranked[:1] if front else ranked[-1:]
    tallest = max(i.height for i in left)
    near = [i for i in left if i.height >= _SMALLER * tallest]
    return near if front else [i for i in left if i not in near]


def _near(left: list[Instance], near: RegionQuery, side: str, scene: Scene) -> list[Instance]:
    """The nearest to another thing; with a side, those on that side of it."""
    try:
        box = scene.find(RegionQuery(near.query, color=near.color)).box
    except UnsupportedEdit as absent:
        if len(left) == 1:
            return left
        raise UnsupportedEdit(f"the {near.query} to tell it by was not found") from absent
    assert box is not None, "what is found has pixels"
    if side in {"left", "right", "top", "bottom"}:
        axis, sign = (0 if side in {"left", "right"} else 1), (-1 if side in {"left", "top"} else 1)
        middle = (box[axis] + box[axis + 2]) / 2
        left = [i for i in left if sign * (i.center[axis] - middle) > 0]
    others = [i for i in left if shared(i.box, box) < _SAME]
    return sorted(others, key=lambda i: _distance(i, box))[:1]


def _between(left: list[Instance], near: RegionQuery, thing: Thing, scene: Scene) -> list[Instance]:
    """The one in the middle of several others, which may be of its own kind."""
    if thing_named(near.query) == thing:
        left_edge, right_edge = min(i.box[0] for i in left), max(i.box[2] for i in left)
        middle = (left_edge + right_edge) / 2
    else:
        box = scene.find(dataclasses.replace(near, every=True)).box
        assert box is not None, "what is found has pixels"
        middle = (box[0] + box[2]) / 2
    return [min(left, key=lambda i: abs(i.center[0] - middle))]


def _distance(instance: Instance, box: Sequence[float]) -> float:
    """Between two boxes, in pixels; where they meet, a little less for those that share more."""
    across = max(0.0, instance.box[0] - box[2], box[0] - instance.box[2])
    down = max(0.0, instance.box[1] - box[3], box[1] - instance.box[3])
    return float(np.hypot(across, down)) or -inside(instance.box, box)


def _without(left: list[Instance], excluded: Iterable[RegionQuery], thing: Thing, scene: Scene) -> list[Instance]:
    for query in excluded:
        if query.query in {"", "one", "ones"}:
            spared_ones = choose(left, dataclasses.replace(query, query=thing.name), thing, scene).chosen
            left = [i for i in left if i not in spared_ones]
            continue
        spared = scene.find(query).alpha
        left = [i for i in left if _covered(scene.mask(i).alpha, spared) < 0.5]
    if not left:
        raise UnsupportedEdit("nobody and nothing else was found")
    return left


def _covered(mask: Plane, other: Plane) -> float:
    return float(np.minimum(mask, other).sum()) / max(float(mask.sum()), 1e-6)


def _ordered(left: list[Instance], order: int, side: str) -> Choice:
    axis = 1 if side in {"top", "bottom"} else 0
    ranked = sorted(left, key=lambda i: i.center[axis], reverse=side in {"right", "bottom"})
    if abs(order) > len(ranked):
        raise UnsupportedEdit(f"only {len(ranked)} of that kind were found")
    return Choice((ranked[order - 1 if order > 0 else order],))


def _at_side(left: list[Instance], side: str, query: RegionQuery, size: tuple[int, int]) -> list[Instance]:
    """The one that lies farthest to a side, or all in that half; "top-left" is the one nearest to that corner."""
    sides = set(side.split("-"))
    goal = (
        0.0 if "left" in sides else 1.0 if "right" in sides else 0.5,
        0.0 if "top" in sides else 1.0 if "bottom" in sides else 0.5,
    )
    weights = (1.0 if sides & {"left", "right", "center"} else 0.0, 1.0 if sides & {"top", "bottom"} else 0.0)
    off = {
        i.box: sum(w * abs(c / s - g) for w, c, s, g in zip(weights, i.center, size, goal, strict=True)) for i in left
    }
    if query.every or query.count > 1:
        half = [i for i in left if off[i.box] < 0.5 * sum(weights)]
        return sorted(half or left, key=lambda i: off[i.box])[: query.count or None]
    if len(left) == 1 and off[left[0].box] > 0.62 * sum(weights):
        raise UnsupportedEdit(f"no {query.query} was found on the {side}")
    return [min(left, key=lambda i: off[i.box])]
