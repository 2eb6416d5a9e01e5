"""The picture value: what its views mean."""

import numpy as np
import pytest

from cavendish.imaging.image import Image, Metadata


def test_size_is_width_then_height():
    assert Image(np.zeros((2, 5, 3), np.uint8)).size == (5, 2)


def test_an_opaque_picture_has_no_alpha_and_is_all_there():
    image = Image(np.zeros((2, 5, 3), np.uint8))
    assert image.alpha is None
    assert image.opacity.shape == (2, 5)
    assert (image.opacity == 1).all()


def test_opacity_is_alpha_as_a_fraction():
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = 0, 51, 255
    image = Image(pixels)
    assert image.opacity[0].tolist() == pytest.approx([0, 0.2, 1])
    assert image.opacity.dtype == np.float32
    assert image.opacity[0, 2] == 1


def test_views_share_the_pixels():
    image = Image(np.zeros((2, 5, 4), np.uint8))
    assert image.alpha is not None
    assert np.shares_memory(image.rgb, image.pixels)
    assert np.shares_memory(image.alpha, image.pixels)


def test_new_pixels_keep_the_metadata_and_are_contiguous():
    image = Image(np.zeros((2, 5, 3), np.uint8), Metadata(format="JPEG", dpi=(72, 72)))
    other = image.with_pixels(np.zeros((5, 2, 3), np.uint8).swapaxes(0, 1))
    assert other.metadata is image.metadata
    assert other.pixels.flags.c_contiguous
    assert other.size == (5, 2)
