"""Straight edges of a picture, and the point in which those that are upright would meet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

    Floats = npt.NDArray[np.float32]

STEEPEST_DEG = 15.0
"""People hold a camera straighter than this, or mean it."""

_LINES_LONGEST = 1000
_LEAST_LENGTH_SHARE = 0.05
_LEAST_LINES = 4
_BUNDLE_DEG = 1.0
"""How far a line's lean may be from that of its bundle."""
_LEAN_STEP_DEG = 0.25
_WIDEST_FAN_DEG = 8.0
"""How much more upright lines lean at the edge of the picture than in its middle."""
_FAN_COST = 0.02
_BUNDLE_LENGTHS = (0.3, 1.2)
"""Total length of a bundle, in longer sides of the picture, that is worth nothing, and that is worth everything."""
_BUNDLE_SHARES = (0.1, 0.5)
"""The same of its share of all lines within 15 degrees."""
_LEAST_CONFIDENCE = 0.5
_ROUNDS = 8
_FIRST_DEG = 2.0
"""How far a line may miss the meeting point at first, before it is known well."""
_MIDDLE = 2.0
"""How much less lines say towards the sides, where what tapers leans most."""
_LONG_ENOUGH = 0.15
"""Length from which a line says no more: one long edge that leans must not outvote the rest."""


@dataclass(frozen=True)
class Lines:
    """Straight edges near upright, or near level.

    Positions are in half longer sides of the picture, from its middle; x to the right, y down.

    Args:
        ends: n×2×2: two points (x, y) each.
        lean_deg: Of each from upright or level, clockwise positive.
        length: Of each, as a share of the longer side.
    """

    ends: Floats
    lean_deg: Floats
    length: Floats


@dataclass(frozen=True)
class Bundle:
    """Lines that agree.

    Args:
        lean_deg: What a line of the bundle leans in the middle of the picture, clockwise positive.
        meets: (x, y, w): where the lines meet, as a homogeneous point in the coordinates of `Lines`; w is 0 for
            parallels.
        confidence: 0–1; at least 0.5.
    """

    lean_deg: float
    meets: tuple[float, float, float]
    confidence: float


def line_segments(image: Image) -> dict[bool, Lines]:
    """The picture's straight edges: those near upright under True, those near level under False.

    Args:
        image: The picture, at least 8×8.

    Source:
        von Gioi et al., "LSD: A fast line segment detector with a false detection control", 2010.
    """
    scale = min(1.0, _LINES_LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    gray = cv2.cvtColor(small_copy(image, size=size), cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector().detect(gray)[0]
    ends = np.zeros((0, 2, 2), np.float32) if found is None else found.reshape(-1, 2, 2)
    ends = (2 * ends - np.array(size, np.float32)) / max(size)
    across, down = (ends[:, 1] - ends[:, 0]).T
    length = np.hypot(across, down) / 2
    # Turning clockwise by a small angle moves the top of an upright line right, and the right end of a level one down.
    level = np.degrees(np.arctan2(down * np.sign(across), np.abs(across)))
    upright = np.degrees(np.arctan2(-across * np.sign(down), np.abs(down)))
    lines = {}
    for key, lean in ((True, upright), (False, level)):
        near = (np.abs(lean) <= STEEPEST_DEG + _WIDEST_FAN_DEG) & (length >= _LEAST_LENGTH_SHARE)
        lines[key] = Lines(ends[near], lean[near], length[near])
    return lines


def find_bundle(lines: Lines, *, upright: bool) -> Bundle | None:
    """The lines that most agree, and where they meet; upright ones may fan out with their distance from the middle.

    Args:
        lines: All lines of a kind.
        upright: Of which kind.

    Returns:
        The bundle; None where too few lines agree.

    Source:
        A vote over lean and fan, then the vanishing point by least squares of the angles, Hartley and Zisserman, 8.6.
    """
    if lines.length.size < _LEAST_LINES:
        return None
    fans = np.arange(-_WIDEST_FAN_DEG, _WIDEST_FAN_DEG + 0.01) if upright else np.zeros(1)
    leans = np.arange(-STEEPEST_DEG, STEEPEST_DEG + 0.01, _LEAN_STEP_DEG, dtype=np.float32)
    _, fan, lean = max(_best_lean(lines, float(fan), leans) for fan in fans)
    weights = _weights(lines, fan, np.array([lean]))[0]
    total = float(weights.sum())
    if total == 0 or np.count_nonzero(weights) < _LEAST_LINES:
        return None
    meets = (0.0, 0.0, 0.0)
    if upright:
        meets, total = _meeting_point(lines, weights)
    confidence = ramp(total, _BUNDLE_LENGTHS) * ramp(total / _near(lines), _BUNDLE_SHARES)
    if confidence < _LEAST_CONFIDENCE:
        return None
    if upright:
        side = -1.0 if meets[1] > 0 else 1.0
        return Bundle(math.degrees(math.atan2(side * meets[0], -side * meets[1])), meets, confidence)
    exact = float(weights @ lines.lean_deg) / total
    return Bundle(exact, (math.cos(math.radians(exact)), math.sin(math.radians(exact)), 0.0), confidence)


def _near(lines: Lines) -> float:
    """Length of all lines that might be upright or level."""
    return float(lines.length[np.abs(lines.lean_deg) <= STEEPEST_DEG].sum())


def ramp(value: float, limits: tuple[float, float]) -> float:
    """0 at the first limit and below, 1 at the second and above."""
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))


def _meeting_point(lines: Lines, weights: Floats) -> tuple[tuple[float, float, float], float]:
    """The point from which the lines' middles are seen along the lines, and the length of the lines that meet there."""
    ends = np.pad(lines.ends.astype(np.float64), ((0, 0), (0, 0), (0, 1)), constant_values=1)
    first, second = ends[:, 0], ends[:, 1]
    through = np.cross(first, second)
    through /= np.linalg.norm(through[:, :2], axis=1, keepdims=True)
    middle = (first + second) / 2
    trust = np.minimum(lines.length, _LONG_ENOUGH) * np.exp(-_MIDDLE * middle[:, 0] ** 2)
    worth, point = weights.astype(np.float64), np.array([0.0, 1.0, 0.0])
    agreement = np.zeros(len(middle))
    for tolerance in np.geomspace(_FIRST_DEG, _BUNDLE_DEG, _ROUNDS):
        _, axes = np.linalg.eigh((through * worth[:, None]).T @ through)
        point = axes[:, 0]
        distance = np.linalg.norm(point[:2] - point[2] * middle[:, :2], axis=1)
        off = np.degrees(through @ point / distance) / tolerance
        agreement = np.clip(1 - off * off, 0, 1)
        worth = trust * agreement / distance**2
    return (float(point[0]), float(point[1]), float(point[2])), float(lines.length @ agreement)


def _best_lean(lines: Lines, fan_deg: float, leans: Floats) -> tuple[float, float, float]:
    """Agreement, fan and lean; a wide fan needs more lines that speak for it."""
    agreement = _weights(lines, fan_deg, leans).sum(axis=1)
    best = int(agreement.argmax())
    return float(agreement[best]) * (1 - _FAN_COST * abs(fan_deg)), fan_deg, float(leans[best])


def _weights(lines: Lines, fan_deg: float, leans: Floats) -> Floats:
    """How much each line speaks for each lean in the middle of the picture (leans×lines), its length at most."""
    across = lines.ends[:, :, 0].mean(axis=1)
    off = (lines.lean_deg - fan_deg * across - leans[:, np.newaxis]) / _BUNDLE_DEG
    return np.asarray(lines.length * np.clip(1 - off * off, 0, 1), np.float32)
