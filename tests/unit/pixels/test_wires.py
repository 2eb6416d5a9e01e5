"""Wires over a drawn sky: found whole; branches, edges and short twigs are none."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.wires import find_wires

SIZE = (400, 600)


def sky():
    rows = np.linspace(0, 1, SIZE[0], dtype=np.float32)[:, None, None]
    tone = (120, 170, 230) * (1 - rows) + np.array((215, 225, 235)) * rows
    tone = np.repeat(tone, SIZE[1], axis=1) + np.random.default_rng(2).normal(0, 1.5, (*SIZE, 3))
    return np.clip(tone, 0, 255).astype(np.uint8)


def wired(color=(30, 30, 35), width=2):
    pixels, where = sky(), np.zeros(SIZE, np.uint8)
    for base in (90, 140):
        points = [(x, round(base + 40 * ((x - 300) / 300) ** 2 + 0.05 * x)) for x in range(-10, 620, 10)]
        for target, value in ((pixels, color), (where, 1)):
            cv2.polylines(target, [np.array(points, np.int32)], False, value, width, cv2.LINE_AA)
    return pixels, where > 0


@pytest.mark.parametrize("color", [(30, 30, 35), (250, 250, 250)])
def test_sagging_wires_are_found_whole_and_nothing_else(color):
    pixels, where = wired(color)
    found = find_wires(EncodedRGB(pixels)) > 0
    assert found[where].mean() > 0.95
    near = cv2.dilate(where.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert near[found].mean() > 0.98


def test_an_empty_sky_has_none():
    assert find_wires(EncodedRGB(sky())).max() == 0


def test_twigs_and_edges_are_none():
    pixels = sky()
    pixels[300:] = (60, 80, 40)
    cv2.line(pixels, (100, 100), (140, 130), (40, 30, 30), 2)
    assert find_wires(EncodedRGB(pixels)).max() == 0


def test_texture_has_none():
    gravel = np.repeat(data.gravel()[:400, :500, None], 3, axis=2)
    assert find_wires(EncodedRGB(gravel)).mean() < 0.002
