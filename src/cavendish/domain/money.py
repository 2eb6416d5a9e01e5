"""Credits and dollars."""

from __future__ import annotations

from decimal import Decimal

CREDITS_PER_USD = 2_000_000


def usd_of(credits_used: int) -> Decimal:
    """The exact dollar value of a number of credits (1 USD is 2,000,000 credits)."""
    return Decimal(credits_used) / CREDITS_PER_USD
