"""The guided filter, as coefficients that can be applied at another resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.floating[Any]]


def guided(guide: Floats, plane: Floats, *, radius: int, variance: float) -> Floats:
    """What makes of a guide another plane, smoothed, whose edges are the guide's.

    Args:
        guide: h×w float32.
        plane: h×w float32; the guide itself for a smoothing that keeps edges.
        radius: Of the square that is averaged, in pixels.
        variance: Of the guide, above which it shows an edge.

    Returns:
        h×w×2: factor and summand; their product and sum with the guide is the smoothed plane, at any resolution.

    Source:
        He and Sun, "Fast guided filter", 2015.
    """
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REPLICATE))

    average, level = mean(guide), mean(plane)
    slope = (mean(guide * plane) - average * level) / (mean(guide * guide) - average**2 + variance)
    return np.dstack([mean(slope), mean(level - slope * average)]).astype(np.float32)
