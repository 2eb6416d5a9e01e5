"""Lines that run into a hole on one side and out of it on the other: horizons, the gaps between planks, table edges.

What is beside the hole on the left is matched, row by row, with what is beside it on the right; between two that match
a line is drawn. Called by `fill`, which then copies pieces that show such lines.
"""

from __future__ import annotations

import cv2
import numpy as np

from cavendish.pixels.fill_scene import Floats, Indices, Mask, Scene

_BESIDE, _LEAST_BESIDE = 8, 4
"""Pixels beside the hole that are asked in each row, and how many of them must be usable."""
_LEAST_ROWS = 12
_SLOPE = 0.25
"""Steepest line, in rows by columns."""
_BEND = 30.0
"""Squared codes that each pixel of change of the slope from row to row costs."""
_ALIKE = 0.3
"""Most that both sides may differ once they are matched, in their own variance."""
_LEAST_CONTRAST = 3 * 6.0**2
"""Squared codes of variance along the rim below which there is no line to speak of."""
_CLEARLY = 2.5
"""How much stronger than usual along the rim a line must be."""
_SHADE_ROWS = 12.0
"""Rows, sigma: what is coarser is no line but a change of shade."""
_ROUNDS = 4


def lines_through(scene: Scene) -> Floats:
    """Draw lines through the hole that are seen on both of its sides.

    Args:
        scene: At most about 0.2 MP.

    Returns:
        h×w×3: by how many codes the lines differ from what is around them; 0 where nothing tells of a line.

    Source:
        Matching along a row by dynamic programming: Ohta and Kanade, "Stereo by intra- and inter-scanline search",
        1985, turned upright.
    """
    nothing = np.zeros_like(scene.colors)
    rows, first, last = _span(scene)
    if rows.size < _LEAST_ROWS:
        return nothing
    left, right = (_profile(scene, rows, edge, step) for edge, step in ((first - 1, -1), (last + 1, 1)))
    seen = np.isfinite(left[:, 0]) & np.isfinite(right[:, 0])
    if np.count_nonzero(seen) < _LEAST_ROWS:
        return nothing
    left, right = (_closed(profile, seen) for profile in (left, right))
    lines = [profile - _shade(profile) for profile in (left, right)]
    contrast = float(min(line.var(axis=0).sum() for line in lines))
    if contrast < _LEAST_CONTRAST:
        return nothing
    drop, unlike = _matched(*lines, most=max(2, round(_SLOPE * float(np.median(last - first + 1)))))
    if float(np.median(unlike)) > _ALIKE * contrast:
        return nothing
    sure = np.clip(2 - unlike / np.maximum(_ALIKE * (lines[0] ** 2).sum(axis=1), 1), 0, 1).astype(np.float32)
    return _drawn(scene.hole, rows, (first, last), [_standing_out(line) for line in lines], drop, sure)


def _span(scene: Scene) -> tuple[Indices, Indices, Indices]:
    """The rows of the hole, and its first and last column in each."""
    rows = np.flatnonzero(scene.hole.any(axis=1))
    part = scene.hole[rows]
    return rows, part.argmax(axis=1), part.shape[1] - 1 - part[:, ::-1].argmax(axis=1)


def _profile(scene: Scene, rows: Indices, edge: Indices, step: int) -> Floats:
    """Mean colors beside the hole, n×3; not a number where too little is usable there."""
    columns = edge[:, None] + step * np.arange(_BESIDE)
    inside = (columns >= 0) & (columns < scene.hole.shape[1])
    columns = np.clip(columns, 0, scene.hole.shape[1] - 1)
    usable = scene.usable[rows[:, None], columns] & inside
    count = usable.sum(axis=1)
    colors = (scene.colors[rows[:, None], columns] * usable[..., None]).sum(axis=1) / np.maximum(count, 1)[:, None]
    return np.where((count >= _LEAST_BESIDE)[:, None], colors, np.nan).astype(np.float32)


def _closed(profile: Floats, seen: Mask) -> Floats:
    at = np.flatnonzero(seen)
    every = np.arange(len(profile))
    return np.stack([np.interp(every, at, profile[at, k]) for k in range(profile.shape[1])], axis=1).astype(np.float32)


def _shade(profile: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(profile, (1, 0), sigmaX=0.01, sigmaY=_SHADE_ROWS), np.float32)


def _standing_out(line: Floats) -> Floats:
    """What is clearly stronger than the texture along the rim."""
    strength = np.linalg.norm(line, axis=1)
    usual = max(float(np.median(strength)), 1.0)
    return np.asarray(line * np.clip(strength / usual - _CLEARLY, 0, 1)[:, None], np.float32)


def _matched(left: Floats, right: Floats, *, most: int) -> tuple[Floats, Floats]:
    """By how many rows each line falls from left to right, and how unlike the two ends then are."""
    count, shifts = len(left), np.arange(-most, most + 1)
    at = np.clip(np.arange(count)[:, None] + shifts, 0, count - 1)
    unlike = ((left[:, None] - right[at]) ** 2).sum(axis=2)
    bend = _BEND * np.abs(shifts[:, None] - shifts)
    total, came = unlike[0], np.zeros((count, shifts.size), np.intp)
    for row in range(1, count):
        through = total + bend
        came[row] = through.argmin(axis=1)
        total = through.min(axis=1) + unlike[row]
    chosen = np.empty(count, np.intp)
    chosen[-1] = int(np.argmin(total))
    for row in range(count - 1, 0, -1):
        chosen[row - 1] = came[row, chosen[row]]
    return shifts[chosen].astype(np.float32), unlike[np.arange(count), chosen].astype(np.float32)


def _drawn(
    hole: Mask, rows: Indices, edges: tuple[Indices, Indices], lines: list[Floats], drop: Floats, sure: Floats
) -> Floats:
    """Each line laid from its left end to its right one."""
    y, x = np.nonzero(hole)
    row = y - rows[0]
    place = np.searchsorted(rows, y)
    across = (x - edges[0][place] + 1) / (edges[1][place] - edges[0][place] + 2)
    every, start = rows - rows[0], row.astype(np.float32)
    for _ in range(_ROUNDS):
        start = row - across * np.interp(start, every, drop)
    end = start + np.interp(start, every, drop)
    ends = [
        np.stack([np.interp(at, every, line[:, k]) for k in range(3)], axis=1)
        for at, line in zip((start, end), lines, strict=True)
    ]
    drawn = np.zeros((*hole.shape, 3), np.float32)
    share = np.interp(start, every, sure)
    drawn[y, x] = (share * (1 - across))[:, None] * ends[0] + (share * across)[:, None] * ends[1]
    return drawn


def smooth_under(layout: Floats, lines: Floats) -> Floats:
    """A layout with lines laid on its shades; the same where there are none."""
    if not lines.any():
        return layout
    shade = cv2.GaussianBlur(layout, (0, 0), _SHADE_ROWS)
    return np.where(lines.any(axis=2, keepdims=True), np.clip(shade + lines, 0, 255), layout).astype(np.float32)
