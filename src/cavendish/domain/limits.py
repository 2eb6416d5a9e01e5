"""How large the pictures of one request may be; a settings section that must load without any pixel library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeSettings:
    """How large pictures may be.

    Args:
        max_pixels: Most pixels of one picture.
        max_total_pixels: Most pixels of all pictures of a request together.
    """

    max_pixels: int = 50_000_000
    max_total_pixels: int = 100_000_000
