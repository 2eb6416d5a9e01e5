"""What could be a thing of its own, whatever its name: what stands out, and what the detector sees."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from cavendish.regions.objects import FloatBox, inside, shared

if TYPE_CHECKING:
    from cavendish.regions.evidence import Evidence

_LIKELY = 0.5
_OUTSTANDING = 0.35
_MOST = 0.7
_LEAST_DETECTED, _PART, _WHOLE = 0.28, 0.7, 0.8
"""Detector score of what counts at all; of what does not stand out, it is more."""


def find_wholes(evidence: Evidence) -> list[FloatBox]:
    """What stands out and what was detected, each thing once: of a part that holds several, those."""
    detected = [d for d in evidence.objects if d.score >= _LEAST_DETECTED]
    parts = [d.box for d in detected if d.score >= _LIKELY or _stands_out(evidence, d.box)]
    kept = [box for box in evidence.salient_boxes if not _holds_several(evidence, box, parts)]
    kept = [box for k, box in enumerate(kept) if not any(inside(box, larger) >= _PART for larger in kept[:k])]
    for part in parts:
        nested = any(max(inside(part, box), inside(box, part)) >= _PART for box in kept)
        if not nested and all(shared(part, box) < _LIKELY for box in kept):
            kept.append(part)
    return kept


def _holds_several(evidence: Evidence, box: FloatBox, parts: Sequence[FloatBox]) -> bool:
    """Whether what stands out is several things: detected side by side in it, together most of it, and none all of it.

    What lies over one another is as often the cap and the stem of one.
    """
    held = [part for part in parts if inside(part, box) > _PART]
    beside = any(_are_side_by_side(a, b) for a, b in combinations(held, 2))
    if not beside or any(shared(part, box) >= _WHOLE for part in parts):
        return False
    left, top, right, bottom = (round(edge) for edge in box)
    rest = evidence.salient.alpha[top:bottom, left:right].copy()
    whole = float(rest.sum())
    for x0, y0, x1, y1 in ((round(edge) for edge in part) for part in held):
        rest[max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)] = 0
    return float(rest.sum()) <= (1 - _MOST) * whole


def _are_side_by_side(a: FloatBox, b: FloatBox) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) < _LIKELY * min(a[2] - a[0], b[2] - b[0])


def stands_apart(evidence: Evidence, box: FloatBox) -> bool:
    """Whether something stands out by itself, rather than as a part of what is known."""
    known = sum(inside(box, other) for other in evidence.solid_boxes if shared(other, box) < _LIKELY)
    return _stands_out(evidence, box) and known < _PART


def _stands_out(evidence: Evidence, box: FloatBox) -> bool:
    left, top, right, bottom = (round(edge) for edge in box)
    part = evidence.salient.alpha[top:bottom, left:right]
    return evidence.salient.confidence >= _LIKELY and part.size > 0 and float(part.mean()) >= _OUTSTANDING
