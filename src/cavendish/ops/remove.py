"""Remove: what should not be there is filled as if it had never been."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.fill import fill
from cavendish.pixels.scratches import find_scratches

_TOO_MUCH = 0.5
"""Share of the picture that no damage covers: so much is a picture of lines."""


_LINES = ("scratch", "crease", "crack", "fold", "line", "tear", "rip", "hair", "wrinkle", "crinkle", "damage")
_SPOTS = ("dust", "stain", "spot", "speck", "fleck", "dirt", "mold", "mildew", "smudge", "blotch", "damage")
"""Words for damage, as parts of the words that name it. "The stains and scratches" come as two steps."""


def remove_scratches(
    image: Image,
    *,
    where: Plane | None = None,
    lines: bool = True,
    spots: bool = True,
    check: Callable[[], None] = lambda: None,
) -> tuple[EncodedRGB, Plane]:
    """Find scratches, creases and dust and fill them from their sides.

    Args:
        image: The picture.
        where: H×W, only what lies at 0.5 or above is looked at; None for everywhere.
        lines: Look for scratches and creases.
        spots: Look for dust and small stains.
        check: Called now and then; raises to stop.

    Returns:
        New pixels, h×w×3, and where they are new (0 or 1).

    Raises:
        UnsupportedEdit: No damage is found.

    Source:
        See `pixels.scratches`, `pixels.fill`.
    """
    rgb = EncodedRGB(np.ascontiguousarray(image.rgb))
    damage = find_scratches(rgb, lines=lines, spots=spots, check=check)
    if where is not None:
        damage = damage * (where >= 0.5)
    if not 0 < damage.mean() < _TOO_MUCH:
        raise UnsupportedEdit("no scratches, creases or dust were found")
    return fill(rgb, damage, check=check), damage


def _scratches(given: OpInput) -> Patch:
    where = given.region.alpha if given.region else None
    words = given.step.target.lower()
    lines, spots = (any(word in words for word in kind) for kind in (_LINES, _SPOTS))
    if not (lines or spots):
        lines = spots = True
    pixels, damage = remove_scratches(given.image, where=where, lines=lines, spots=spots, check=given.check)
    return whole(given.image, pixels, alpha=damage)


OPS = {"remove_scratches": Op(_scratches, frozenset({Need.POINTED}))}
