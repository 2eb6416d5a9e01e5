"""Where a thing goes in a picture, as a plan says it: “left”, “behind the sofa”, “right, on the road”."""

from __future__ import annotations

import re
from dataclasses import dataclass

RELATIONS = frozenset(
    {"next to", "in front of", "behind", "left of", "right of", "on", "in", "above", "under", "between", "instead of"}
)
"""How a thing may stand to another; `instead of` where the other one stood."""

_SIDES = frozenset({"left", "right", "center", "top", "bottom"})
_DEPTHS = {"in the distance": "distance", "in the foreground": "foreground"}
_RELATED = re.compile(rf"^(?P<relation>{'|'.join(sorted(RELATIONS, key=len, reverse=True))}) (?:the )?(?P<anchor>.+)$")


@dataclass(frozen=True)
class Whereabouts:
    """Where a thing goes.

    Args:
        sides: Of `left`, `right`, `center`, `top`, `bottom`; none where unsaid.
        relation: One of `RELATIONS`; "" where unsaid.
        anchor: What it stands to in that way, such as “red sofa”.
        depth: `distance`, `foreground` or "".
    """

    sides: frozenset[str] = frozenset()
    relation: str = ""
    anchor: str = ""
    depth: str = ""


def read_placement(placement: str) -> Whereabouts:
    """Read a step's `placement`; words it does not know say nothing.

    Args:
        placement: Sides joined by `-`, a relation to something, a depth, or several of them with commas between.
    """
    sides, relation, anchor, depth = frozenset[str](), "", "", ""
    for part in filter(None, map(str.strip, placement.split(","))):
        if part in _DEPTHS:
            depth = _DEPTHS[part]
        elif related := _RELATED.match(part):
            relation, anchor = related["relation"], related["anchor"]
        else:
            sides |= frozenset(part.split("-")) & _SIDES
    return Whereabouts(sides, relation, anchor, depth)
