"""The contract's ratios and their exact pixels."""

from __future__ import annotations

import math

RATIO_SIZES: dict[str, tuple[int, int]] = {
    "21:9": (1536, 672),
    "1:1": (1024, 1024),
    "4:3": (1184, 864),
    "3:2": (1248, 832),
    "2:3": (832, 1248),
    "5:4": (1152, 896),
    "4:5": (896, 1152),
    "3:4": (864, 1184),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
}
"""(width, height) by ratio, in the order of the contract's enum. Three are the exact ratio: look up, never compute."""

AUTO = "auto"
"""Keep the first picture's own pixels."""

NEAREST = "nearest"
"""The table's ratio nearest to the first picture; a model default, not a request value."""


def nearest_ratio(size: tuple[float, float]) -> str:
    """The table's ratio whose shape differs least from `size`, by the logarithm of width over height."""
    shape = math.log(size[0] / size[1])
    return min(RATIO_SIZES, key=lambda ratio: abs(math.log(RATIO_SIZES[ratio][0] / RATIO_SIZES[ratio][1]) - shape))
