"""Stand-ins for neural networks: they see what a test's pictures show, and count how often they are asked."""

from __future__ import annotations

import numpy as np


class RednessNetwork:
    """A saliency network that finds whatever is clearly red; nothing in pictures without red."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, tensor: np.ndarray) -> np.ndarray:
        """1×3×320×320 normalized RGB to a map of 320×320."""
        self.calls += 1
        red, green = tensor[0, 0] * 0.229 + 0.485, tensor[0, 1] * 0.224 + 0.456
        return (red - green > 0.25).astype(np.float32)[None, None]
