"""How a picture is tilted: the line of the horizon, and the verticals of buildings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab
from cavendish.regions.small_copy import small_copy
from cavendish.regions.vanishing import STEEPEST_DEG, Bundle, find_bundle, line_segments, ramp

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

    Floats = npt.NDArray[np.float32]

_LEAST_SIDE = 64
_HORIZON_LONGEST = 288
_ANGLE_STEP_DEG = 1.0
_FINE_STEP_DEG = 0.2
_NEAR_PX, _FAR_PX = 3, 18
"""How much above and below a line is compared: text and the gaps of boards differ near by, but not at a distance."""
_CLEAR_NEAR, _CLEAR_FAR = 0.03, 0.06
"""Steps of Oklab across a line that count in full."""
_HEIGHTS = (0.1, 0.85)
"""Shares of the height, from the top, between which a horizon lies; frames and the edges of tables lie outside."""
_MOST_CANDIDATES = 6
_FINE_REACH_DEG, _FINE_REACH_PX = 1.0, 5
_STRAIGHT_PX = 1
_LEAST_SUPPORT = 0.5
_SCORES = (0.45, 0.8)
"""Scores between which the confidence rises from 0.5 to 1; tree lines and slopes wander, and score 0.4."""
_DARK_ABOVE = 0.5
"""What the support is worth where it is darker above the line than below: tables, floors and quays are edges too."""
_CALM_STEP = 0.03

_LEAST_CONFIDENCE = 0.5
_TRUSTED = 0.7
"""Confidence from which a bundle of lines counts: level ones often recede to the side, as boards and shelves do."""


@dataclass(frozen=True)
class Horizon:
    """The line where the sky or the far shore meets what lies below.

    Args:
        angle_deg: Tilt, clockwise positive: turning the picture by as much counterclockwise levels it.
        left_y_px: Height of the line at the left edge, from the top.
        right_y_px: The same at the right edge.
        confidence: 0–1; below 0.5 it is not reported.
    """

    angle_deg: float
    left_y_px: float
    right_y_px: float
    confidence: float


@dataclass(frozen=True)
class Tilt:
    """By how much a picture is turned from upright.

    Args:
        angle_deg: Clockwise positive: turning the picture by as much counterclockwise makes it upright.
        confidence: 0–1; below 0.5 it is not reported.
    """

    angle_deg: float
    confidence: float


def find_horizon(image: Image) -> Horizon | None:
    """Find the straight line across the picture along which its colors change most steadily.

    Args:
        image: The picture, any size from 1×1.

    Returns:
        The horizon, within 15° of level; None where no line runs across at least about half the picture.

    Source:
        The Radon transform of the step across a line, searched over angle and height.
    """
    if min(image.size) < _LEAST_SIDE:
        return None
    lab = _small_lab(image)
    lines = [_sharpened(lab, *line) for line in _candidates(lab)]
    score, angle, row = max(lines, default=(0.0, 0.0, 0.0))
    if score < _SCORES[0]:
        return None
    middle = (row + 0.5) * image.size[1] / lab.shape[0]
    half = math.tan(math.radians(angle)) * image.size[0] / 2
    confidence = _LEAST_CONFIDENCE + (1 - _LEAST_CONFIDENCE) * ramp(score, _SCORES)
    return Horizon(angle, middle - half, middle + half, confidence)


def find_tilt(image: Image) -> Tilt | None:
    """Find by how much a picture is turned, from upright lines, else the horizon, else level lines.

    Upright lines lean more to the sides the further out they stand when the camera looks up or down; what they would
    lean in the middle of the picture is its tilt.

    Args:
        image: The picture, any size from 1×1.

    Returns:
        The tilt, within 15°; None where nothing tells it.

    Source:
        Lines: von Gioi et al., "LSD: A fast line segment detector with a false detection control", 2010.
    """
    if min(image.size) < _LEAST_SIDE:
        return None
    lines = line_segments(image)
    upright = _tilt_of(find_bundle(lines[True], upright=True))
    if upright is not None and upright.confidence >= _TRUSTED:
        return upright
    horizon = find_horizon(image)
    if horizon is not None:
        return Tilt(horizon.angle_deg, horizon.confidence)
    level = _tilt_of(find_bundle(lines[False], upright=False))
    return level if level is not None and level.confidence >= _TRUSTED else upright


def _tilt_of(bundle: Bundle | None) -> Tilt | None:
    return None if bundle is None else Tilt(bundle.lean_deg, bundle.confidence)


def _small_lab(image: Image) -> Floats:
    scale = min(1.0, _HORIZON_LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    return np.asarray(to_oklab(to_linear(EncodedRGB(small_copy(image, size=size)))), np.float32)


def _candidates(lab: Floats) -> list[tuple[float, float, int]]:
    """Support, angle and middle row of the lines along which most columns change alike, the best first."""
    near, far = _step_below(lab, _NEAR_PX), _step_below(lab, _FAR_PX)
    rows = slice(*(round(share * lab.shape[0]) for share in _HEIGHTS))
    found = []
    for angle in np.arange(-STEEPEST_DEG, STEEPEST_DEG + 0.01, _ANGLE_STEP_DEG):
        support = np.minimum(
            _support(_sheared(near, angle)[rows], _CLEAR_NEAR), _support(_sheared(far, angle)[rows], _CLEAR_FAR)
        )
        row = int(support.argmax())
        found.append((float(support[row]), float(angle), rows.start + row))
    found.sort(reverse=True)
    return [line for line in found[:_MOST_CANDIDATES] if line[0] >= _LEAST_SUPPORT]


def _step_below(lab: Floats, reach_px: int) -> Floats:
    """Mean color of some rows from each pixel down, less that of as many rows above it."""
    kernel = np.repeat(np.array([[-1], [1]], np.float32), reach_px, axis=0) / reach_px
    return np.asarray(cv2.filter2D(lab, -1, kernel, anchor=(0, reach_px), borderType=cv2.BORDER_REPLICATE), np.float32)


def _sheared(plane: Floats, angle_deg: float) -> Floats:
    """Columns moved up and down so that lines of the angle become rows, the middle column staying where it is."""
    height, width = plane.shape[:2]
    slope = math.tan(math.radians(angle_deg))
    matrix = np.array([[1, 0, 0], [slope, 1, -slope * (width - 1) / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, (width, height), flags=flags), np.float32)


def _support(steps: Floats, clear_step: float) -> Floats:
    """For each row the share of its columns that step the way the row does, counted in full where the step is clear."""
    mean = steps.mean(axis=1)
    direction = mean / (np.linalg.norm(mean, axis=1, keepdims=True) + 1e-6)
    along = np.einsum("hwc,hc->hw", steps, direction)
    worth = np.where(direction[:, 0] > 0, np.float32(_DARK_ABOVE), np.float32(1))
    return np.asarray(np.clip(along / clear_step, -1, 1).mean(axis=1) * worth, np.float32)


def _sharpened(lab: Floats, support: float, angle_deg: float, row: int) -> tuple[float, float, float]:
    """Score, angle and row of the sharpest edge near a line."""
    steps = _step_below(lab, 1)
    sharpest, score, best_angle, best_row = 0.0, 0.0, angle_deg, float(row)
    for angle in angle_deg + np.arange(-_FINE_REACH_DEG, _FINE_REACH_DEG + 0.01, _FINE_STEP_DEG):
        edges = _sheared(steps, float(angle))
        near = slice(row - _FINE_REACH_PX, row + _FINE_REACH_PX + 1)
        sharpness = np.linalg.norm(edges[near].mean(axis=1), axis=1)
        at = row - _FINE_REACH_PX + int(sharpness.argmax())
        if sharpness.max() > sharpest:
            sharpest, best_angle, best_row = float(sharpness.max()), float(angle), at - 0.5
            score = support * _straightness(edges, at) * _calm_above(edges, at)
    return score, best_angle, best_row


def _straightness(edges: Floats, row: int) -> float:
    """The share of the columns in which the strongest step of a kind near a row lies on it."""
    along = edges[row - _FINE_REACH_PX : row + _FINE_REACH_PX + 1] @ edges[row].mean(axis=0)
    on_it = np.abs(along.argmax(axis=0) - _FINE_REACH_PX) <= _STRAIGHT_PX
    return float(on_it.mean())


def _calm_above(edges: Floats, row: int) -> float:
    """The share of the band above a row that has no edges, as the sky has none."""
    band = edges[max(0, row - _FAR_PX) : row - _STRAIGHT_PX - 1]
    return float((np.linalg.norm(band, axis=2) < _CALM_STEP).mean())
