"""The ten ratios of the contract, and the nearest of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.domain.sizes import RATIO_SIZES, nearest_ratio

SEED_TABLE = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}
"""Copied from the vendor's page."""


def test_the_table_is_the_contracts():
    assert RATIO_SIZES == SEED_TABLE


def test_the_order_is_the_contracts_enum():
    assert list(RATIO_SIZES) == ["21:9", "1:1", "4:3", "3:2", "2:3", "5:4", "4:5", "3:4", "16:9", "9:16"]


@pytest.mark.parametrize("ratio", RATIO_SIZES)
def test_a_tables_size_is_nearest_to_itself(ratio):
    assert nearest_ratio(RATIO_SIZES[ratio]) == ratio


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1920, 1080), "16:9"), ((4000, 3000), "4:3"), ((9999, 1), "21:9"), ((1, 9999), "9:16"), ((7, 7), "1:1")],
)
def test_the_nearest_of_common_sizes(size, ratio):
    assert nearest_ratio(size) == ratio


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_no_other_ratio_is_nearer(width, height):
    def stretch(ratio):
        across, down = RATIO_SIZES[ratio]
        factor = width / height * down / across
        return max(factor, 1 / factor)

    assert stretch(nearest_ratio((width, height))) <= min(map(stretch, RATIO_SIZES)) * (1 + 1e-12)
