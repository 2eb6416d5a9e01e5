"""Credits in dollars, exactly."""

from decimal import Decimal

import pytest

from cavendish.domain.money import usd_of


@pytest.mark.parametrize(("amount_credits", "usd"), [(84_000, "0.042"), (2_000_000, "1"), (1, "0.0000005"), (0, "0")])
def test_dollars_are_exact(amount_credits, usd):
    assert usd_of(amount_credits) == Decimal(usd)
