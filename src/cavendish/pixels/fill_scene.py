"""The values that the stages of a filling hand to one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """A window of the picture at one size.

    Args:
        colors: h×w×3 float32, encoded, 0–255; anything in the hole.
        hole: h×w, to be filled.
        usable: h×w, may be copied from; never where `hole`.
    """

    colors: Floats
    hole: Mask
    usable: Mask


@dataclass(frozen=True)
class Trend:
    """The window at a small size without detail in its hole: what its rim alone foretells.

    Args:
        colors: h×w×3 float32, 0–255; outside the hole the scene's own.
        trust: h×w×1 float32, 0–1: how far the colors in the hole may be believed; means nothing outside.
    """

    colors: Floats
    trust: Floats


@dataclass(frozen=True)
class Guess:
    """What the small picture should look like and where that was seen.

    Args:
        colors: h×w×3 float32: the scene with its hole filled by means.
        offsets: h×w×2 int (rows, columns): from each pixel of the hole to the best place to copy it from.
        trusted: Whether the hole's colors mean anything; if not, only the seams are to be kept quiet.
    """

    colors: Floats
    offsets: Indices
    trusted: bool = True


@dataclass(frozen=True)
class Filled:
    """A window with its hole filled, and how each pixel of the hole came about.

    Args:
        colors: h×w×3 float32, 0–255; outside the hole the scene's own.
        offsets: h×w×2 int (rows, columns): where each pixel of the hole was copied from; 0 for those computed.
        correction: h×w×3 float32: what was added to the copied color.
    """

    colors: Floats
    offsets: Indices
    correction: Floats
