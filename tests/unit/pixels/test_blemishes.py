"""Spots on drawn skin: all found, and little else."""

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.blemishes import find_blemishes

SPOTS = ((120, 130, 5), (180, 220, 4), (230, 150, 7), (150, 260, 3))


def skin():
    """Shaded skin with pores, and an eye on it that the mask leaves out."""
    rows, columns = np.mgrid[:360, :320].astype(np.float32)
    shade = 1 - 0.25 * ((columns - 160) / 160) ** 2 - 0.1 * (rows / 360)
    tone = np.array((226, 178, 152), np.float32) * shade[..., None]
    tone += np.random.default_rng(1).normal(0, 2.0, tone.shape)
    mask = np.zeros((360, 320), np.float32)
    cv2.ellipse(mask, (160, 180), (120, 150), 0, 0, 360, 1, -1)
    cv2.ellipse(tone, (110, 90), (22, 10), 0, 0, 360, (60, 40, 40), -1)
    cv2.ellipse(mask, (110, 90), (26, 14), 0, 0, 360, 0, -1)
    return np.clip(tone, 0, 255).astype(np.uint8), mask


def spotted():
    pixels, mask = skin()
    where = np.zeros(mask.shape, np.uint8)
    for x, y, radius in SPOTS:
        cv2.circle(pixels, (x, y), radius, (168, 92, 84), -1, cv2.LINE_AA)
        cv2.circle(where, (x, y), radius, 1, -1)
    return pixels, mask, where > 0


def test_spots_are_covered_entirely_and_little_else():
    pixels, mask, where = spotted()
    found = find_blemishes(EncodedRGB(pixels), mask)
    assert (found[where] >= 0.5).mean() > 0.98
    assert (found >= 0.5).sum() < 9 * where.sum()  # a rim of 4 px around spots of 3–7 px
    assert found[mask == 0].max() == 0


def test_clear_skin_has_none():
    pixels, mask = skin()
    assert find_blemishes(EncodedRGB(pixels), mask).max() == 0


def test_a_fold_is_no_spot():
    pixels, mask = skin()
    cv2.line(pixels, (90, 250), (220, 262), (170, 120, 100), 3, cv2.LINE_AA)
    assert find_blemishes(EncodedRGB(pixels), mask).max() == 0


def test_no_skin_no_spots():
    pixels, mask = skin()
    assert find_blemishes(EncodedRGB(pixels), mask * 0).max() == 0
