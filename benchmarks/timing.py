"""The unit of every figure: ours over a floor, both medians of the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison."""

    what: str
    floor: str
    ours_ms: float
    floor_ms: float

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.floor_ms


def median_ms(function: Callable[[], object], *, runs: int = 7) -> float:
    """Median wall time of a call, after one call to warm up."""
    function()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
