"""Counting bytes."""

import pytest

from cavendish.errors import TooLarge
from cavendish.fetching.limits import ByteBudget, FetchSettings, in_words, require_size


def test_a_budget_can_be_spent_to_its_last_byte():
    budget = ByteBudget(10)
    budget.spend(4)
    budget.spend(6)
    with pytest.raises(TooLarge, match="10 bytes together"):
        budget.spend(1)


def test_one_picture_may_be_as_large_as_the_cap():
    require_size(10, max_bytes=10)
    with pytest.raises(TooLarge):
        require_size(11, max_bytes=10)


@pytest.mark.parametrize(("size", "words"), [(32 << 20, "32 MiB"), (1_500_000, "1,500,000 bytes")])
def test_sizes_in_words(size, words):
    assert in_words(size) == words


def test_the_policy_carries_the_settings():
    policy = FetchSettings(allow_private=True, allowed_networks=("10.0.0.0/8",), ports=(81,)).policy
    assert (policy.allow_private, policy.allowed_networks, policy.ports) == (True, ("10.0.0.0/8",), (81,))
