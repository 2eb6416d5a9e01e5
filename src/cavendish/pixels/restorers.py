"""The networks pictures are restored with, as functions: nothing here knows how or where they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Run = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Maps one tensor, 1×C×H×W, to another."""


PLAIN_NOTE = "by plain filters, since the neural weights are not installed"
"""What a description adds where a network was wanted and is missing."""


def _not_installed() -> None:
    return None


@dataclass(frozen=True)
class Restorers:
    """Functions that open a network when it is first asked for, or return None where its weights are not installed.

    Args:
        denoiser: FFDNet's convolutions: 1×13×H×W (RGB 0–1 in 2×2 blocks, channel by channel, then the noise's standard
            deviation) to 1×12×H×W.
        doubler: SPAN: RGB 0–1, 1×3×H×W, to 1×3×2H×2W.
        quadrupler: SPAN: to 1×3×4H×4W.
        imaginer: Real-ESRGAN: to 1×3×4H×4W, with detail that it makes up.
    """

    denoiser: Callable[[], Run | None] = _not_installed
    doubler: Callable[[], Run | None] = _not_installed
    quadrupler: Callable[[], Run | None] = _not_installed
    imaginer: Callable[[], Run | None] = _not_installed
