"""Waiting for another process, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(question: Callable[[], T], *, timeout_s: float = 30) -> T:
    """Ask until the answer is true; return it. Nothing is assumed about how long the other side takes."""
    give_up_s = time.monotonic() + timeout_s
    while not (answer := question()):
        assert time.monotonic() < give_up_s, "the other process did not get there in time"
        time.sleep(0.02)
    return answer
