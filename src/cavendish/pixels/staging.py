"""Where a thing stands in a scene: its box, and whether something there hides it or it shades the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cavendish.pixels.shadow import contact_row

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.pixels.region import Box, Region

_ACROSS = {"left": 0.24, "right": 0.76}
_DOWN = {"top": 0.42, "center": 0.72}
_STANDS_AT = 0.92
"""Where a thing's foot is put when no height is named, as a fraction of the picture's height."""
_DEPTHS = {"distance": (0.72, 0.45), "foreground": (0.98, 1.3)}
"""Where its foot is put far away and near by, and by how much it is scaled there."""
_HUNG_AT = 0.42
"""The height of the middle of what hangs somewhere."""
_WIDEST, _MARGIN = 0.8, 0.03
_GAP = 0.06
"""Between two things side by side, of the width of the narrower one."""
_LEAST_ROOM = 0.7
"""Part of its size to which a thing is shrunk to find room beside another; beyond, it reaches before it."""
_BEHIND_DEPTH, _BEFORE_DEPTH = 0.06, 0.15
"""How far behind or before another's foot a thing stands, of the other's height."""
_SHOWING = 0.62
"""Part of a thing that looks out beside what it stands behind."""
_REACHES = 0.97
"""Of the height: ground comes down so far; a narrow road does, too."""
_ON_GROUND = 0.75
"""How far down a stretch of ground a thing stands on it."""
_DOWN_ON, _DOWN_IN = {"seat": 0.62, "table": 0.3, "bed": 0.55}, 0.6
"""How far down what it is put on, or the container it is put in, a thing's foot comes, of the other's height."""
_DOWN_WATER = 0.6
_RIM = 0.35
"""How far down a container its near side begins, which hides what is in it."""
_NEAR_EDGE = 0.004
"""Of the longer side: masks of what a border cuts off may end so far before it."""
_CUT_SHARE = {"left": 0.3, "right": 0.3, "bottom": 0.2}
"""Of a thing's width or height: what lies along the border of its picture by more is cut off there."""
_HIGHEST, _LEAST_LEFT = 0.02, 0.5
"""Of the height: the row that things stay below; of a thing's height: how far it is shrunk for that at most."""
_JITTER = (0.06, 0.03, 0.02)
"""By how much further pictures of a request differ: across, up and down."""


@dataclass(frozen=True)
class Placement:
    """Where a thing goes.

    Args:
        left, top, width, height: Its box on the scene, in pixels; may reach over the edges.
        front: h×w, 0–1: what of the scene hides it; None for nothing.
        grounded: Whether it stands on something that it shades.
        water: h×w, 0–1: the water it floats in, which mirrors it; None elsewhere.
    """

    left: float
    top: float
    width: float
    height: float
    front: Plane | None = None
    grounded: bool = True
    water: Plane | None = None


@dataclass(frozen=True)
class Thing:
    """What is placed.

    Args:
        shape: Width by height.
        cut: Of `left`, `right`, `bottom`: the borders of its own picture that cut it off.
    """

    shape: float
    cut: frozenset[str] = frozenset()

    @classmethod
    def of(cls, alpha: Plane, box: Box) -> Thing:
        """The thing that an alpha shows within a box."""
        height, width = alpha.shape
        part = alpha[box[1] : box[3], box[0] : box[2]]
        near = min(round(_NEAR_EDGE * max(alpha.shape)), part.shape[0] - 1, part.shape[1] - 1)
        touches = {
            "left": (box[0] <= near, part[:, near]),
            "right": (box[2] >= width - near, part[:, -1 - near]),
            "bottom": (box[3] >= height - near, part[-1 - near]),
        }
        cut = {side for side, (at, along) in touches.items() if at and (along > 0.5).mean() > _CUT_SHARE[side]}
        return cls((box[2] - box[0]) / (box[3] - box[1]), frozenset(cut))


@dataclass(frozen=True)
class Scene:
    """Where it is placed.

    Args:
        size: (width, height) of the scene.
        sides: Of `left`, `right`, `center`, `top`, `bottom`.
        relation: One of `cavendish.domain.placement.RELATIONS`, or "".
        anchor: What it stands to in that way, where that was found.
        base: How others are put on or in the anchor; see `cavendish.ops.real_world.base_of`.
        depth: `distance`, `foreground` or "".
        busy: The scene's own subject, which is not to be hidden; None without one.
    """

    size: tuple[int, int]
    sides: frozenset[str] = frozenset()
    relation: str = ""
    anchor: Region | None = None
    base: str = ""
    depth: str = ""
    busy: Region | None = None


def stage(scene: Scene, thing: Thing, *, scale: float, random: np.random.Generator | None) -> Placement:
    """Decide where a thing stands.

    Args:
        scene: The scene, and what is said of the place.
        thing: The thing.
        scale: Its height as a fraction of the scene's; less where it would be wider than 0.8 of it.
        random: Moves it a little for further pictures of a request, or None.
    """
    width, height = scene.size
    tall = min(scale * height, _WIDEST * width / thing.shape)
    box = scene.anchor.box if scene.anchor is not None else None
    if box is None:
        placed = _freely(scene, thing, tall)
    elif scene.relation in {"next to", "left of", "right of", "between"}:
        placed = _beside(scene, thing, tall, box)
    elif scene.relation == "instead of":
        placed = _standing((box[0] + box[2]) / 2, _ground_of(scene, box), tall, thing)
    elif scene.relation in {"in front of", "behind", "under"}:
        placed = _in_depth(scene, thing, tall, box)
    elif scene.relation == "above":
        middle = _middle(scene, box)
        placed = _standing(middle, box[1] - _MARGIN * height, tall, thing, grounded=False)
    else:
        placed = _upon(scene, thing, tall, box)
    if random is not None:
        across, up, down = _JITTER
        moved = placed.left + float(random.uniform(-across, across)) * width
        placed = replace(placed, left=moved, top=placed.top + float(random.uniform(-up, down)) * height)
    return _framed(scene, thing, placed)


def _standing(middle: float, foot: float, tall: float, thing: Thing, *, grounded: bool = True) -> Placement:
    return Placement(middle - tall * thing.shape / 2, foot - tall, tall * thing.shape, tall, grounded=grounded)


def _freely(scene: Scene, thing: Thing, tall: float) -> Placement:
    """By sides and depth alone, away from the scene's own subject."""
    width, height = scene.size
    foot, factor = _DEPTHS.get(scene.depth, (_foot(scene), 1.0))
    if scene.base == "wall":  # one that fills the picture is not found as a thing in it
        return _standing(_across(scene) * width, _HUNG_AT * height + tall / 2, tall, thing, grounded=False)
    return _standing(_across(scene) * width, foot * height, tall * factor, thing)


def _foot(scene: Scene) -> float:
    return next((_DOWN[side] for side in scene.sides if side in _DOWN), _STANDS_AT)


def _said_across(scene: Scene) -> float | None:
    """Where across by the sides that are said, as a fraction of the width; None where none is."""
    return next((_ACROSS[side] for side in scene.sides if side in _ACROSS), None)


def _across(scene: Scene) -> float:
    across = _said_across(scene)
    if across is not None:
        return across
    if "center" in scene.sides or scene.busy is None:
        return 0.5
    columns = scene.busy.alpha.sum(axis=0)
    middle = columns.size // 2
    return _ACROSS["right"] if columns[:middle].sum() > columns[middle:].sum() else _ACROSS["left"]


def _ground_of(scene: Scene, box: Box) -> float:
    """The row on which the anchor stands; where the frame cuts it off, things stand at the lower edge."""
    assert scene.anchor is not None, "asked only where there is one"
    contact = contact_row(scene.anchor.alpha)
    return float(box[3] if contact is None else contact + 1)


def _side_of(scene: Scene, box: Box) -> str:
    """The side that is said, or else the one with more room."""
    if scene.relation in {"left of", "right of"}:
        return scene.relation.removesuffix(" of")
    said = next((side for side in scene.sides if side in _ACROSS), None)
    return said or ("left" if box[0] > scene.size[0] - box[2] else "right")


def _beside(scene: Scene, thing: Thing, tall: float, box: Box) -> Placement:
    """On the anchor's ground; in the middle of what two things leave between them."""
    if scene.relation == "between":
        return _standing((box[0] + box[2]) / 2, _ground_of(scene, box), tall, thing)
    side = _side_of(scene, box)
    gap = _GAP * min(box[2] - box[0], tall * thing.shape)
    room = (box[0] if side == "left" else scene.size[0] - box[2]) - gap - _MARGIN * scene.size[0]
    tall = max(min(tall, room / thing.shape), _LEAST_ROOM * tall)
    half = tall * thing.shape / 2
    middle = box[0] - gap - half if side == "left" else box[2] + gap + half
    return _standing(middle, _ground_of(scene, box), tall, thing)


def _in_depth(scene: Scene, thing: Thing, tall: float, box: Box) -> Placement:
    """Nearer than the anchor or further away, and so to a side of it that both are seen."""
    assert scene.anchor is not None, "asked only where there is one"
    side, ground, deep = _side_of(scene, box), _ground_of(scene, box), box[3] - box[1]
    if scene.relation == "behind":
        out = (_SHOWING - 0.5) * tall * thing.shape
        above = tall > deep * 1.4
        middle = _middle(scene, box) if above else box[0] - out if side == "left" else box[2] + out
        return replace(_standing(middle, ground - _BEHIND_DEPTH * deep, tall, thing), front=scene.anchor.alpha)
    if scene.relation == "under":
        return _standing(_middle(scene, box), ground, tall, thing)
    aside = 0.0 if tall < 0.4 * deep else 0.3 * (box[2] - box[0])
    middle = _middle(scene, box) + (-aside if side == "left" else aside)
    return _standing(middle, ground + _BEFORE_DEPTH * deep, tall, thing)


def _middle(scene: Scene, box: Box) -> float:
    """Where across the anchor, by the sides that are said."""
    across = _said_across(scene)
    return box[0] + (0.5 if across is None else across) * (box[2] - box[0])


def _upon(scene: Scene, thing: Thing, tall: float, box: Box) -> Placement:
    """On or in the anchor, as one is on or in such a thing."""
    assert scene.anchor is not None, "asked only where there is one"
    alpha, deep, middle = scene.anchor.alpha, box[3] - box[1], _middle(scene, box)
    if scene.base == "wall":
        return _hung(scene, thing, tall, box)
    if scene.base == "water":
        placed = _on_ground(scene, thing, tall, box)
        deepest = box[1] + _DOWN_WATER * deep - tall  # what it looks like upside down is to be seen, too
        return replace(placed, top=min(placed.top, deepest), grounded=False, water=alpha)
    if _is_ground(scene, box):
        return _on_ground(scene, thing, tall, box)
    if scene.base in _DOWN_ON:
        return _standing(middle, box[1] + _DOWN_ON[scene.base] * deep, tall, thing)
    if scene.base == "container" and scene.relation == "in":
        front = alpha.copy()
        front[: box[1] + round(_RIM * deep)] = 0
        return replace(_standing(middle, box[1] + _DOWN_IN * deep, tall, thing), front=front)
    column = alpha[:, min(max(round(middle), 0), alpha.shape[1] - 1)] > 0.5
    top = int(np.argmax(column)) if column.any() else box[1]
    return _standing(middle, top + 0.03 * deep, tall, thing)


def _is_ground(scene: Scene, box: Box) -> bool:
    """Whether the anchor is a stretch of ground: it reaches the lower edge, or is far wider than high."""
    width, height = scene.size
    wide = box[2] - box[0]
    reaches = box[3] >= _REACHES * height and wide >= 0.45 * width
    return scene.base not in {"seat", "container"} and (reaches or (not scene.base and wide > 2.5 * (box[3] - box[1])))


def _on_ground(scene: Scene, thing: Thing, tall: float, box: Box) -> Placement:
    """Where the stretch of ground is widest free on the row that things usually stand on."""
    assert scene.anchor is not None, "asked only where there is one"
    width, height = scene.size
    foot, factor = _DEPTHS.get(scene.depth, (_foot(scene), 1.0))
    least = box[1] + (_ON_GROUND if scene.depth != "distance" else 0.3) * (box[3] - box[1])
    row = min(max(foot * height, least) if scene.depth != "distance" else least, box[3] - 1, height - 1.0)
    free = scene.anchor.alpha[int(row)] > 0.5
    if scene.busy is not None:
        free &= ~(scene.busy.alpha > 0.5).any(axis=0)
    across = _said_across(scene)
    middle = _middle_of_widest(free, width) if across is None else _nearest(free, across * width)
    return _standing(middle, row + 1, tall * factor, thing)


def _middle_of_widest(free: np.ndarray, width: int) -> float:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    if edges.size == 0:
        return width / 2
    begins, ends = edges[::2], edges[1::2]
    k = int(np.argmax(ends - begins))
    return float(begins[k] + ends[k]) / 2


def _nearest(free: np.ndarray, column: float) -> float:
    places = np.flatnonzero(free)
    return column if places.size == 0 else float(places[np.argmin(np.abs(places - column))])


def _hung(scene: Scene, thing: Thing, tall: float, box: Box) -> Placement:
    """Against a wall or in the sky, away from the scene's own subject; nothing is shaded."""
    assert scene.anchor is not None, "asked only where there is one"
    free = scene.anchor.alpha > 0.5
    if scene.busy is not None:
        free &= ~(scene.busy.alpha > 0.5).any(axis=0)
    free = free if free.any() else scene.anchor.alpha > 0.5
    across = _said_across(scene)
    columns = np.flatnonzero(free.any(axis=0))
    middle = float(np.median(columns)) if across is None else columns[0] + across * (columns[-1] - columns[0])
    rows = np.flatnonzero(free[:, min(max(round(middle), 0), free.shape[1] - 1)])
    center = float(np.median(rows)) if rows.size else (box[1] + box[3]) / 2
    tall = min(tall, 0.8 * max(rows.size, 0.3 * (box[3] - box[1])))
    return _standing(middle, center + tall / 2, tall, thing, grounded=False)


def _lies_on_something(scene: Scene) -> bool:
    """Whether a thing is put on, in or instead of another that is no ground; there its own picture may cut it."""
    relations = {"on", "in", "instead of"}
    box = scene.anchor.box if scene.anchor is not None and scene.relation in relations else None
    if box is None or _is_ground(scene, box):
        return False
    return bool(scene.base) or scene.relation == "instead of" or box[3] < _REACHES * scene.size[1]


def _no_higher(placed: Placement, top: float) -> Placement:
    """The same foot, and no part above a row, unless little of it would be left."""
    foot, middle = placed.top + placed.height, placed.left + placed.width / 2
    if placed.top >= top or foot - top < _LEAST_LEFT * placed.height:
        return placed
    smaller = (foot - top) / placed.height
    width = placed.width * smaller
    return replace(placed, left=middle - width / 2, top=top, width=width, height=foot - top)


def _framed(scene: Scene, thing: Thing, placed: Placement) -> Placement:
    """The same within the frame; what its own picture cuts off is cut off by the scene's frame, too."""
    width, height = scene.size
    margin = _MARGIN * width
    if placed.grounded and scene.anchor is not None:  # it keeps its foot where that stands, and gets smaller
        placed = _no_higher(placed, _HIGHEST * height)
    left = min(max(placed.left, margin), max(margin, width - placed.width - margin))
    top = max(placed.top, _HIGHEST * height)
    if placed.front is not None:
        left = placed.left
    elif placed.grounded:
        if "bottom" in thing.cut and not _lies_on_something(scene):
            top = height - placed.height + 1
        sideways = thing.cut & {"left", "right"}
        if len(sideways) == 1 and scene.anchor is None and _said_across(scene) is None:
            left = -1.0 if "left" in sideways else width - placed.width + 1
    top = min(top, max(_HIGHEST * height, height - placed.height + 1))
    return replace(placed, left=left, top=top)
