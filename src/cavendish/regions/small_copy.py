"""The small opaque copy of a picture that detection networks look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cavendish.imaging.image import Image

_BACKDROP = np.float32(128)
"""Mid gray behind cut-outs: black hides dark hair and letters, white hides white ones."""


def small_copy(image: Image, *, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resize a picture with antialiasing and lay it on gray where it is transparent.

    Args:
        image: The picture, any size from 1×1.
        size: (width, height) of the copy in pixels; the aspect ratio may change.

    Returns:
        RGB, h×w×3.
    """
    width, height = size
    # Each axis shrinks before either grows, since INTER_AREA only shrinks.
    least = (min(width, image.size[0]), min(height, image.size[1]))
    copy = cv2.resize(cv2.resize(image.pixels, least, interpolation=cv2.INTER_AREA), size)
    if image.alpha is None:
        return np.asarray(copy, np.uint8)
    # Flattened after shrinking: hidden colors leak into a rim of one small pixel, and a large picture costs nothing.
    opacity = copy[..., 3:] * np.float32(1 / 255)
    return np.asarray(np.rint(copy[..., :3] * opacity + _BACKDROP * (1 - opacity)), np.uint8)
