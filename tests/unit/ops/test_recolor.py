import numpy as np
import pytest

from cavendish.domain.plan import Step
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.ops.base import OpInput
from cavendish.ops.catalog import catalog
from cavendish.pixels.composite import apply_patch
from cavendish.pixels.region import Region


def run(pixels, region, color="#E02020"):
    row = catalog()["recolor"]
    image = Image(pixels)
    parameters = row.fill_in({"color": color}, param="p")
    given = OpInput(image, image.size, Step("recolor", "recolor"), parameters, region=region)
    return apply_patch(image, row.load().apply(given)).pixels


def green():
    return np.full((60, 80, 3), (60, 160, 70), np.uint8) + np.random.default_rng(0).integers(
        0, 5, (60, 80, 1), np.uint8
    )


def left_half():
    alpha = np.zeros((60, 80), np.float32)
    alpha[:, :40] = 1
    return Region(alpha)


def test_the_region_gets_the_color_and_the_rest_stays():
    before = green()
    after = run(before, left_half())
    assert np.array_equal(after[:, 40:], before[:, 40:])
    red, other, blue = after[:, :38].reshape(-1, 3).mean(axis=0)
    assert red > 180
    assert max(other, blue) < 90


def test_the_transparency_of_a_cut_out_stays():
    alpha = np.random.default_rng(1).integers(0, 256, (60, 80, 1), np.uint8)
    before = np.concatenate([green(), alpha], axis=2)
    assert np.array_equal(run(before, left_half())[..., 3], before[..., 3])


def test_without_a_thing_there_is_nothing_to_recolor():
    with pytest.raises(UnsupportedEdit, match="what to recolor"):
        run(green(), None)
