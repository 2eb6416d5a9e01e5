"""The value that says *where*: a mask with its box and how sure we are of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are exclusive."""


@dataclass(frozen=True)
class Region:
    """A part of one picture.

    Args:
        alpha: h×w float32 0–1, soft at edges; the size of the picture it belongs to.
        confidence: 0–1; below 0.5 the words and the pixels probably do not agree.
        label: What was found, in words for the description.
        doubt: What is uncertain about it, as a clause for the description, or "".
    """

    alpha: Plane
    confidence: float = 1.0
    label: str = ""
    doubt: str = ""

    @property
    def box(self) -> Box | None:
        """The smallest box around alpha ≥ 0.5, or None where nothing reaches it."""
        rows = np.flatnonzero((self.alpha >= 0.5).any(axis=1))
        columns = np.flatnonzero((self.alpha >= 0.5).any(axis=0))
        if rows.size == 0:
            return None
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @property
    def share(self) -> float:
        """Fraction of the picture's area that the region covers, 0–1."""
        return float(self.alpha.mean())
