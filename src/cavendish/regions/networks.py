"""The networks regions are found with, as functions: nothing here knows how or where they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cavendish.regions.lettering import TextNetwork
    from cavendish.regions.people import FaceNetwork
    from cavendish.regions.salient import SaliencyNetwork

Run = Callable[[npt.NDArray[Any]], tuple[npt.NDArray[np.float32], ...]]
"""Maps one tensor to all outputs of a graph."""


@dataclass(frozen=True)
class LabelledNetwork:
    """A network together with the names of what it tells apart.

    Args:
        run: The graph.
        labels: One name a class, in the order of the graph's scores; `???` for classes that are not used.
    """

    run: Run
    labels: tuple[str, ...]


def _not_installed() -> None:
    return None


@dataclass(frozen=True)
class Networks:
    """Functions that open a network when it is first asked for, or return None where its weights are not installed.

    Args:
        saliency: U²-Net's small variant.
        saliency_large: U²-Net itself, for what the small one is unsure of.
        objects: EfficientDet-Lite0: uint8 1×320×320×3 RGB to boxes and scores.
        recognizer: EfficientNet-Lite0: float32 1×224×224×3 RGB, −1 to 1, to 1,000 probabilities.
        faces: BlazeFace.
        landmarks: Face Mesh with irises: float32 1×256×256×3 RGB, 0 to 1, to 478 points and a presence.
        lettering: PP-OCR's text detector.
        reading: PP-OCR's text recognizer; its labels are the characters it knows.
    """

    saliency: Callable[[], SaliencyNetwork | None] = _not_installed
    saliency_large: Callable[[], SaliencyNetwork | None] = _not_installed
    objects: Callable[[], LabelledNetwork | None] = _not_installed
    recognizer: Callable[[], LabelledNetwork | None] = _not_installed
    faces: Callable[[], FaceNetwork | None] = _not_installed
    landmarks: Callable[[], Run | None] = _not_installed
    lettering: Callable[[], TextNetwork | None] = _not_installed
    reading: Callable[[], LabelledNetwork | None] = _not_installed
