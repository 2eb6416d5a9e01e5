"""A new grid for a picture, and what its uncovered places get; canvases are merged, so that pixels move once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cavendish.imaging.resample import Matrix, box_of, translation

if TYPE_CHECKING:
    from cavendish.pixels.region import Box
    from cavendish.pixels.sheet import Sheet
    from cavendish.pixels.warp import Stretch


@dataclass(frozen=True)
class Transparent:
    """Uncovered canvas stays transparent."""


@dataclass(frozen=True)
class Solid:
    """Uncovered canvas gets one color: encoded R, G, B, 0–255."""

    color: tuple[int, int, int]


@dataclass(frozen=True)
class Surround:
    """Uncovered canvas gets a blurred, dimmed, enlarged copy of the picture."""


@dataclass(frozen=True)
class Continued:
    """Uncovered canvas continues what is beside it, as if the picture went on."""


@dataclass(frozen=True)
class Mirrored:
    """Uncovered canvas shows the picture mirrored at its edges."""


Fill = Transparent | Solid | Surround | Continued | Mirrored


@dataclass(frozen=True)
class Canvas:
    """A new grid for a picture.

    Args:
        size: (width, height) of the new grid.
        matrix: Maps points of the new grid to points of the old one.
        fill: What uncovered places get.
        note: What the description should add; "" for nothing.
        frames: Earlier grids (matrix from the new grid, size) that also bound what may show.
        stretch: A deformation between the grid that `matrix` and `frames` speak of and the new grid, or None where
            they are one. Nothing can be merged behind it.
        sheet: Where the picture, moved, is laid out several times, or None. Nothing can be merged behind that either.
    """

    size: tuple[int, int]
    matrix: Matrix
    fill: Fill = field(default_factory=Transparent)
    note: str = ""
    frames: tuple[tuple[Matrix, tuple[int, int]], ...] = ()
    stretch: Stretch | None = None
    sheet: Sheet | None = None

    @property
    def grid(self) -> tuple[int, int]:
        """(width, height) of the grid before deformation, or of one picture of a sheet."""
        if self.sheet:
            return self.sheet.photo
        return self.stretch.flat if self.stretch else self.size

    def keeps(self, size: tuple[int, int]) -> bool:
        """Whether every pixel of a picture of that size stays where it is."""
        plain = not self.frames and self.stretch is None and self.sheet is None
        return plain and self.size == size and np.array_equal(self.matrix, np.eye(3))

    def joins(self, later: Canvas) -> bool:
        """Whether `later` can be merged with this canvas, so that pixels move once.

        What this one fills must not be filled anew by the later one.
        """
        if self.stretch is not None or self.sheet is not None:
            return False
        return isinstance(self.fill, Transparent) or self.fill == later.fill or self._holds(later)

    def _holds(self, later: Canvas) -> bool:
        """Whether a canvas shows nothing beyond this one."""
        if later.stretch is not None:
            return False
        left, top, right, bottom = box_of(later.matrix, later.grid)
        return left > -0.5 and top > -0.5 and right < self.size[0] + 0.5 and bottom < self.size[1] + 0.5

    def move(self, box: Box) -> Box | None:
        """Where a box of the old grid lies on the new one (grown to whole pixels), or None where it is off it.

        A deformation is left out of account: it spares what matters.
        """
        placed = np.linalg.inv(self.matrix) @ translation(box[0], box[1])
        left, top, right, bottom = box_of(placed, (box[2] - box[0], box[3] - box[1]))
        moved = (
            max(0, int(left)),
            max(0, int(top)),
            min(self.size[0], int(right) + 1),
            min(self.size[1], int(bottom) + 1),
        )
        return moved if moved[0] < moved[2] and moved[1] < moved[3] else None

    def then(self, later: Canvas) -> Canvas:
        """This canvas followed by `later`, as one canvas over the original picture.

        What this canvas cut away stays away: its rectangle is remembered in `frames`.
        """
        assert self.stretch is None, "a deformed canvas is rendered before anything follows"
        assert self.sheet is None, "and so is a sheet"
        own = isinstance(later.fill, Transparent) or (not isinstance(self.fill, Transparent) and self._holds(later))
        frames = (*((matrix @ later.matrix, size) for matrix, size in self.frames), (later.matrix, self.size))
        return Canvas(
            size=later.size,
            matrix=self.matrix @ later.matrix,
            fill=self.fill if own else later.fill,
            note=" ".join(note for note in (self.note, later.note) if note),
            frames=frames,
            stretch=later.stretch,
            sheet=later.sheet,
        )
