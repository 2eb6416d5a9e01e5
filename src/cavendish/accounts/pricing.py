"""What an edit costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PricingSettings:
    """Credits by model.

    Args:
        credits_per_image: Price of one delivered picture.
        by_model: Prices that differ from that, by model id.
    """

    credits_per_image: int = 84_000
    by_model: Mapping[str, int] = field(default_factory=dict)


def price_per_image(model: str, settings: PricingSettings) -> int:
    """Credits for one delivered picture of `model`."""
    return settings.by_model.get(model, settings.credits_per_image)


def quote(model: str, num_images: int, settings: PricingSettings) -> int:
    """Credits to reserve before `num_images` pictures are made; what is not delivered is given back."""
    return num_images * price_per_image(model, settings)
