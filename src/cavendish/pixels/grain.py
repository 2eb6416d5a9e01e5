"""Photographic grain: measured in a picture, and put back where an edit has smoothed it away."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, Plane

_QUIET_SHARE = 0.25
"""Grain is read where the picture is calmest: this share of its blocks."""

_BLOCK_PX = 16


def measure_grain(image: EncodedRGB, *, where: Plane | None = None) -> npt.NDArray[np.float32]:
    """Standard deviation of the grain, a channel.

    Args:
        image: h×w×3 encoded.
        where: h×w; only blocks that lie wholly where it is at least 0.5 count. None looks everywhere.

    Returns:
        Three float32 values in codes (0–255 scale); zeros where no block is large or calm enough to tell.

    Source:
        Immerkær 1996, "Fast noise variance estimation" (the mask of second differences), on the calmest blocks, where
        structure adds least.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    residual = cv2.filter2D(np.asarray(image, np.float32), cv2.CV_32F, mask, borderType=cv2.BORDER_REFLECT)
    spread = _block_means(np.abs(residual)) * np.float32(np.sqrt(np.pi / 2) / 6)
    usable = np.ones(spread.shape[:2], bool)
    if where is not None:
        usable = _block_means((where >= 0.5).astype(np.float32)[..., None])[..., 0] > 0.999
    calm = spread[usable]
    if not len(calm):
        return np.zeros(3, np.float32)
    kept = max(1, round(_QUIET_SHARE * len(calm)))
    order = np.argsort(calm.sum(axis=1))[:kept]
    return np.asarray(np.median(calm[order], axis=0), np.float32)


def add_grain(
    image: EncodedRGB, sigma: npt.NDArray[np.float32], amount: Plane, *, random: np.random.Generator
) -> EncodedRGB:
    """Add grain of a given strength.

    Args:
        image: h×w×3 encoded.
        sigma: Standard deviation a channel, in codes.
        amount: h×w, 0–1; scales the grain. Pixels where it is 0 stay bit-identical.
        random: Source of chance.

    Returns:
        New array. Grain is mostly shared by the channels, as luminance grain is in photographs.
    """
    shape = amount.shape
    shared = random.standard_normal(shape, np.float32)[..., None]
    own = random.standard_normal((*shape, 3), np.float32)
    grain = (np.float32(0.8) * shared + np.float32(0.6) * own) * sigma * amount[..., None]
    grained = np.clip(np.rint(np.asarray(image, np.float32) + grain), 0, 255).astype(np.uint8)
    return EncodedRGB(np.where(amount[..., None] > 0, grained, np.asarray(image)))


def _block_means(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Means of whole 16×16 blocks, rows×columns×C; an axis shorter than a block is one block."""
    height, width = planes.shape[:2]
    tall, wide = min(_BLOCK_PX, height), min(_BLOCK_PX, width)
    rows, columns = height // tall, width // wide
    cut = planes[: rows * tall, : columns * wide]
    return np.asarray(cut.reshape(rows, tall, columns, wide, -1).mean(axis=(1, 3)), np.float32)
