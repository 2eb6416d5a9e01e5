"""Edges of a mask moved to those of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Floats = npt.NDArray[np.float32]

_SHRINK = 2


def guided_filter(mask: Plane, rgb: npt.NDArray[np.uint8], *, radius_px: int, variance: float) -> Plane:
    """Smooth a mask within areas of like color and keep it apart between them.

    Args:
        mask: h×w float32, 0–1.
        rgb: h×w×3 uint8, the picture the mask lies over; no more than about a megapixel.
        radius_px: Half the side of the windows in which color explains the mask, at least 1.
        variance: Of the color, in units of white², below which the mask is merely averaged.

    Returns:
        New h×w float32, 0–1.

    Source:
        He, Sun and Tang, "Guided image filtering", 2013; computed small and lifted: He and Sun, "Fast guided filter",
        2015.
    """
    height, width = mask.shape
    size = (-(-width // _SHRINK), -(-height // _SHRINK))
    window = (2 * max(1, radius_px // _SHRINK) + 1,) * 2

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REPLICATE), np.float32)

    guide = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    target = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)
    means, target_mean = mean(guide), mean(target)
    covariance = np.stack([mean(guide * guide[..., i : i + 1]) for i in range(3)], axis=-2)
    covariance += variance * np.eye(3, dtype=np.float32) - means[..., np.newaxis] * means[..., np.newaxis, :]
    with_target = mean(guide * target[..., np.newaxis]) - means * target_mean[..., np.newaxis]
    slopes = np.linalg.solve(covariance, with_target[..., np.newaxis])[..., 0].astype(np.float32)
    offset = target_mean - (slopes * means).sum(axis=-1)
    model = cv2.resize(mean(np.dstack([slopes, offset])), (width, height), interpolation=cv2.INTER_LINEAR)
    filtered = np.einsum("hwc,hwc->hw", model[..., :3], rgb / np.float32(255)) + model[..., 3]
    return np.asarray(np.clip(filtered, 0, 1), np.float32)
