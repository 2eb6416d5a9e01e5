"""Which lettering an expression means: all of it, what it says, a date stamp, a watermark, a caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cavendish.domain.queries import RegionQuery
from cavendish.pixels.region import Region
from cavendish.regions.colors import color_likeness, color_share, is_color
from cavendish.regions.expressions import not_found
from cavendish.regions.glyphs import glyph_mask
from cavendish.regions.places import find_place
from cavendish.regions.reading import Line, Word, captions, date_stamps, lines_matching, watermarks
from cavendish.regions.things import forms, known_form
from cavendish.regions.words import meanings, words

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.evidence import Evidence

    Find = Callable[[RegionQuery], Region]

_COLORED = 0.25
"""Share of a line's strokes in a color from which the line has it."""
_ON = 0.5
"""Share of a line's box on a thing from which the line is on it."""
_LEAST_READ = 0.6
"""Confidence below which what was found is no lettering that anybody could read."""


def kind_of_lettering(phrase: str) -> str | None:
    """`any`, `caption`, `date` or `watermark`; None where a noun phrase is not about lettering.

    Args:
        phrase: Such as "white text", "date stamp" or "word SALE".
    """
    nouns = [word.strip("\"'“”") for word in phrase.lower().split()]
    kinds = meanings("lettering")
    if not nouns:
        return None
    pairs = (f"{nouns[-2]} {form}" for form in forms(nouns[-1])) if len(nouns) > 1 else ()
    said = (*pairs, *forms(nouns[-1]), *forms(nouns[0]))
    return next((kinds[noun] for noun in said if noun in kinds), None)


def find_lettering(evidence: Evidence, query: RegionQuery, find: Find) -> Region:
    """Find the strokes of the lettering an expression means.

    Args:
        evidence: What is known of the picture.
        query: The expression.
        find: Finds another expression in the same picture.

    Raises:
        UnsupportedEdit: There is no such lettering.
    """
    kind = kind_of_lettering(query.query)
    pieces: Sequence[Line | Word] = [line for line in evidence.lines if line.confidence >= _LEAST_READ]
    if kind is None or (quoted := _quoted(query.query)):
        pieces = lines_matching(evidence.lines, query.query if kind is None else quoted)
    elif kind != "any":
        pieces = _of_kind(evidence, kind)
    pieces = _at(evidence, pieces, query, find)
    if query.color and is_color(query.color):
        likeness = color_likeness(evidence.image, query.color)
        pieces = [p for p in pieces if color_share(likeness, glyph_mask(evidence.image, [p])) >= _COLORED]
    if not pieces:
        raise not_found(query)
    return Region(glyph_mask(evidence.image, pieces), min(1.0, max(piece.confidence for piece in pieces)))


def _quoted(phrase: str) -> str:
    """What the lettering says, where the noun phrase tells: `word "SALE"`, `text Hello it's me`."""
    first, _, rest = phrase.partition(" ")
    return rest.strip("\"'“” ") if known_form(first.lower(), words("lettering", "any")) else ""


def _of_kind(evidence: Evidence, kind: str) -> Sequence[Line]:
    if kind == "date":
        return date_stamps(evidence.lines, evidence.image.size)
    if kind == "caption":
        return captions(evidence.lines, evidence.image.size)
    return watermarks(evidence.image, evidence.lines)


def _at(evidence: Evidence, pieces: Sequence[Line | Word], query: RegionQuery, find: Find) -> Sequence[Line | Word]:
    """Those in a part of the frame, and those on another thing."""
    if query.side:
        place = find_place(RegionQuery("half", side=query.side), evidence.image.size)
        assert place is not None, "a side is a place"
        pieces = [piece for piece in pieces if _share_in(piece, place.alpha) >= _ON]
    on = query.of or query.near
    if on and on not in words("wholes", "picture") and on not in meanings("depth"):
        thing = find(RegionQuery(on)).alpha
        pieces = [piece for piece in pieces if _share_in(piece, thing) >= _ON]
    return pieces


def _share_in(piece: Line | Word, alpha: Plane) -> float:
    left, top, right, bottom = piece.box
    return float(np.mean(alpha[top:bottom, left:right])) if right > left and bottom > top else 0.0
