"""Local contrast: detail grows, edges stay where they are, no halo stands beside them."""

import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.local_laplacian import local_contrast, local_laplacian


def edge_with_texture(amplitude=0.02):
    plane = np.full((128, 256), 0.25, np.float32)
    plane[:, 128:] = 0.75
    x = np.arange(256)
    return np.asarray(plane + amplitude * np.sin(x / 3)[None], np.float32)


def test_a_factor_of_one_is_identity():
    plane = edge_with_texture()
    assert np.allclose(local_laplacian(plane, detail=1.0), plane, atol=1e-5)


@pytest.mark.parametrize("detail", [0.5, 2.0])
def test_small_differences_are_multiplied(detail):
    plane = edge_with_texture()
    after = local_laplacian(plane, detail=detail)
    # Between sampled tones the remapping is a little less steep than on them.
    assert after[30:100, 30:90].std() / plane[30:100, 30:90].std() == pytest.approx(detail, rel=0.25)


def test_a_large_edge_keeps_its_height_and_gets_no_halo():
    plane = edge_with_texture(amplitude=0)
    after = local_laplacian(plane, detail=3.0)
    assert after.min() > 0.25 - 0.02
    assert after.max() < 0.75 + 0.02


def test_more_amount_is_more_contrast_in_a_picture_and_colors_stay():
    rng = np.random.default_rng(0)
    shade = 120 + 12 * rng.standard_normal((96, 128, 1))
    image = np.clip(shade * [1.0, 0.8, 0.6], 0, 255).astype(np.uint8)
    spread = []
    for amount in (-1.0, -0.5, 0.0, 0.5, 1.0):
        after = np.asarray(local_contrast(EncodedRGB(image), amount=amount))
        spread.append(float(after[..., 1].std()))
        assert after[..., 0].mean() / after[..., 2].mean() == pytest.approx(
            image[..., 0].mean() / image[..., 2].mean(), rel=0.03
        )
    assert spread == sorted(spread)
    assert spread[4] > 1.4 * spread[2] > 1.4 * 1.3 * spread[0]


def test_zero_is_identity_and_a_large_picture_changes_as_a_small_one():
    rng = np.random.default_rng(1)
    tile = rng.integers(60, 180, (40, 60, 3), np.uint8)
    large = np.kron(tile, np.ones((50, 50, 1), np.uint8))
    assert np.array_equal(local_contrast(EncodedRGB(tile), amount=0), tile)
    after = np.asarray(local_contrast(EncodedRGB(large), amount=0.5))
    assert after[25::50, 25::50].std() > tile.std()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 50, 3)])
def test_tiny_pictures_pass(shape):
    assert np.asarray(local_contrast(EncodedRGB(np.full(shape, 90, np.uint8)), amount=1)).shape == shape


@pytest.mark.parametrize("amount", [-1.1, 1.1])
def test_an_amount_out_of_range_is_refused(amount):
    with pytest.raises(ParameterOutOfRange):
        local_contrast(EncodedRGB(np.zeros((4, 4, 3), np.uint8)), amount=amount)
