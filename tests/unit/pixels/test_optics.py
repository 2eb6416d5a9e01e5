"""Optics: a placed thing gets the blur and the grain of its scene, and never more."""

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.blur_level import blur_level
from cavendish.pixels.optics import Optics, match_optics


def blocks(size=256, cell=32, seed=0):
    """Squares with sharp edges."""
    shades = np.random.default_rng(seed).integers(40, 215, (size // cell, size // cell, 3), np.uint8)
    return EncodedRGB(np.kron(shades, np.ones((cell, cell, 1), np.uint8)))


def soft(image, sigma):
    return EncodedRGB(cv2.GaussianBlur(image, (0, 0), sigma))


def grainy(image, sigma, seed=1):
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return EncodedRGB(np.clip(image + noise, 0, 255).round().astype(np.uint8))


def test_in_a_soft_scene_a_thing_becomes_as_soft():
    scene, own = soft(blocks(seed=3), 2.0), soft(blocks(), 0.6)
    optics = match_optics(own, scene, shrink=1.0)
    softened, alpha = optics.soften(own, np.ones(own.shape[:2], np.float32))
    assert abs(blur_level(softened) - blur_level(scene)) < 0.5
    assert alpha.shape == own.shape[:2]


def test_a_sharp_scene_and_a_soft_thing_change_nothing():
    own = soft(blocks(), 2.0)
    for scene in (soft(blocks(seed=3, cell=128), 0.8), soft(blocks(seed=3), 2.0)):
        optics = match_optics(own, scene, shrink=1.0)
        assert optics == Optics()
        assert optics.soften(own, np.ones(own.shape[:2], np.float32))[0] is own


def test_blur_is_in_pixels_of_the_things_own_picture():
    scene = soft(blocks(seed=3), 2.0)
    one, four = (match_optics(blocks(256 * k, 32 * k), scene, shrink=float(k)).blur_px for k in (1, 4))
    assert 2 < four / one < 6


def test_a_clean_thing_gets_the_grain_of_the_scene_where_it_is():
    scene = grainy(soft(blocks(seed=3, cell=128), 0.8), 6.0)
    own = soft(blocks(cell=128), 0.8)
    optics = match_optics(own, scene, shrink=1.0)
    cover = np.zeros(own.shape[:2], np.float32)
    cover[:, 128:] = 1
    flat = EncodedRGB(np.full_like(own, 128))
    grained = optics.grained(flat, cover, seed=0)
    assert np.array_equal(grained[:, :128], flat[:, :128])
    assert 3.5 < grained[:, 128:].std() < 8.5
    assert np.array_equal(grained, optics.grained(flat, cover, seed=0))
    assert match_optics(scene, scene, shrink=1.0).grain is None  # as grainy already
