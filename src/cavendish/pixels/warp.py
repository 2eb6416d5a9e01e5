"""Axis-aligned deformation: a picture gets another shape while what matters keeps its own.

Source:
    Panozzo, Weber & Sorkine, "Robust Image Retargeting via Axis-Aligned Deformation", Eurographics 2012. With one
    locked interval a smooth closed form takes the place of their optimization.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.resample import Planes

Edges = npt.NDArray[np.float64]
"""Positions, in the undeformed picture, of the edges between the new cells of one axis; strictly increasing."""

_RAMP = 0.12
"""Share of the axis over which the scale eases from 1 beside the locked part to its full value; hides the change."""

_MOST_LOCAL = 0.5
"""Local scales stay within 1 ± this; beyond, textures visibly smear or crowd."""


@dataclass(frozen=True)
class Stretch:
    """A separable deformation.

    Args:
        columns: Edges of the new columns, (new width + 1) values in undeformed pixels; outside 0–width is uncovered.
        rows: The same for rows.
        flat: (width, height) of the undeformed picture.
    """

    columns: Edges
    rows: Edges
    flat: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the new grid."""
        return len(self.columns) - 1, len(self.rows) - 1


def stretchable(length: float, locked: tuple[float, float] | None) -> float:
    """The most by which an axis of `length` may grow or shrink, in pixels, with `locked` keeping its size."""
    return _MOST_LOCAL * float(_weights(max(2, round(length)), length, locked).sum()) * length / max(2, round(length))


def stretch_edges(length: float, target: int, *, locked: tuple[float, float] | None) -> Edges:
    """Edges of `target` cells over an axis of `length`, at scale 1 inside `locked`, evenly changed elsewhere.

    Args:
        length: Undeformed length, px.
        target: New length, px; within `stretchable` of `length`.
        locked: (start, stop) px that keep their size; None locks nothing.

    Returns:
        target + 1 increasing positions from 0 to `length`.
    """
    cells = max(2, round(length))
    weights = _weights(cells, length, locked)
    extra = (target - length) / max(float(weights.sum()), 1e-9)  # px a unit of weight
    widths = length / cells + weights * extra
    new_position = np.concatenate([[0.0], np.cumsum(widths)])
    new_position *= target / new_position[-1]
    return np.interp(np.arange(target + 1), new_position, np.linspace(0, length, cells + 1))


def _weights(cells: int, length: float, locked: tuple[float, float] | None) -> Edges:
    """How much each cell takes part: 0 in the locked part, easing to 1 away from it."""
    if locked is None:
        return np.ones(cells)
    centers = (np.arange(cells) + 0.5) * length / cells
    away = np.maximum(np.maximum(locked[0] - centers, centers - locked[1]), 0) / max(_RAMP * length, 1e-9)
    eased = np.minimum(away, 1)
    return np.asarray(eased * eased * (3 - 2 * eased))


def deform(planes: Planes, stretch: Stretch) -> Planes:
    """Resample onto the new grid, bicubic; local scales are near 1, so nothing aliases.

    Args:
        planes: h×w or h×w×C float32, premultiplied linear light or a mask.
        stretch: The new grid.

    Returns:
        float32 of `stretch.size`; cells outside the source are 0.
    """
    x = ((stretch.columns[:-1] + stretch.columns[1:]) / 2 - 0.5).astype(np.float32)
    y = ((stretch.rows[:-1] + stretch.rows[1:]) / 2 - 0.5).astype(np.float32)
    height, width = planes.shape[:2]
    inside = ((x > -0.5) & (x < width - 0.5))[None, :] & ((y > -0.5) & (y < height - 0.5))[:, None]
    grid_x = np.broadcast_to(x, (len(y), len(x)))
    grid_y = np.broadcast_to(y[:, None], (len(y), len(x)))
    moved = cv2.remap(
        planes,
        np.ascontiguousarray(grid_x),
        np.ascontiguousarray(grid_y),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    covered = inside if planes.ndim == 2 else inside[..., None]
    return np.asarray(moved * covered, np.float32)
