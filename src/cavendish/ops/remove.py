"""Remove: what should not be there is filled as if it had never been."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.blemishes import find_blemishes
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.cut_out import remove_background
from cavendish.pixels.fill import fill
from cavendish.pixels.removal import remove_thing
from cavendish.pixels.scratches import find_scratches
from cavendish.pixels.shadow_removal import relight
from cavendish.pixels.wires import find_wires

if TYPE_CHECKING:
    from cavendish.pixels.region import Region

_TOO_MUCH = 0.5
"""Share of the picture that no damage covers: so much is a picture of lines."""
_HONEST = 0.12
"""Share of the picture up to which a hole is filled so that hardly anybody sees it."""
_LETTER_RIM = 0.0015
"""Of the picture's size: the light of letters spreads so far, and compression rings around them."""

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


def _thing(given: OpInput) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("nothing says what to remove")
    return _without(given, given.region.alpha, given.company)


def _rest(given: OpInput) -> Patch:
    """Everything that stands in the picture but what is named."""
    if given.region is None or given.company is None:
        raise UnsupportedEdit("nothing says what to keep")
    if not (given.company >= 0.5).any():
        patch = remove_background(given.image, given.region.alpha, check=given.check)
        return dataclasses.replace(patch, note="nothing else stands there, so the background was taken away")
    return _without(given, given.company, given.region.alpha)


def _without(given: OpInput, thing: Plane, company: Plane | None) -> Patch:
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    shadow = None if any("shadow" in guard.lower() for guard in given.step.guards) else given.shadow
    removed = remove_thing(rgb, thing, shadow=shadow, company=company, random=given.random, check=given.check)
    share = float(removed.hole.mean())
    note = f"what it hid is a guess: {share:.0%} of the picture had to be filled" if share > _HONEST else ""
    return whole(given.image, removed.pixels, alpha=np.ceil(removed.hole, out=removed.hole), note=note)


def _lettering(given: OpInput) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("nothing says which lettering to remove")
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    rim = max(1, round(_LETTER_RIM * math.sqrt(rgb.shape[0] * rgb.shape[1])))
    strokes = (given.region.alpha >= 0.2).astype(np.uint8)
    hole = cv2.dilate(strokes, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)).astype(np.float32)
    return whole(given.image, fill(rgb, hole, check=given.check), alpha=hole)


def _blemishes(given: OpInput) -> Patch:
    pointed = given.region
    if pointed is None and given.skin is None:
        raise UnsupportedEdit("no face was found to look for spots on")
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    skin = given.skin.alpha if pointed is None and given.skin else cast("Region", pointed).alpha
    spots = find_blemishes(rgb, skin)
    if not (spots >= 0.5).any():
        raise UnsupportedEdit("no spots were found on the skin")
    return whole(given.image, fill(rgb, spots, sources=skin, check=given.check), alpha=np.ceil(spots))


def _wires(given: OpInput) -> Patch:
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    wires = find_wires(rgb)
    if given.region is not None:
        wires = wires * (given.region.alpha >= 0.5)
    if not 0 < wires.mean() < _TOO_MUCH:
        raise UnsupportedEdit("no wires were found against plain ground")
    return whole(given.image, fill(rgb, wires, check=given.check), alpha=wires)


def _shadow(given: OpInput) -> Patch:
    if given.region is None:
        raise UnsupportedEdit("nothing says which shadow to remove")
    rgb = EncodedRGB(np.ascontiguousarray(given.image.rgb))
    return whole(given.image, relight(rgb, given.region.alpha))


_BESIDE = frozenset({Need.MASK, Need.SHADOW, Need.COMPANY})

OPS = {
    "remove_object": Op(_thing, _BESIDE),
    "remove_person": Op(_thing, _BESIDE),
    "remove_everything_except": Op(_rest, frozenset({Need.MASK, Need.COMPANY})),
    "remove_text": Op(_lettering, frozenset({Need.MASK})),
    "remove_watermark": Op(_lettering, frozenset({Need.MASK})),
    "remove_date_stamp": Op(_lettering, frozenset({Need.MASK})),
    "remove_blemishes": Op(_blemishes, frozenset({Need.POINTED, Need.SKIN})),
    "remove_wires": Op(_wires, frozenset({Need.POINTED})),
    "remove_shadow": Op(_shadow, frozenset({Need.MASK})),
    "remove_scratches": Op(_scratches, frozenset({Need.POINTED})),
}
