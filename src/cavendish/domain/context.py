"""What every engine and op may ask of the request it works for: time left, cancellation, progress, chance."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cavendish.errors import Cancelled, DeadlineExceeded

if TYPE_CHECKING:
    import numpy as np

Report = Callable[[str, int, int], None]


def _ignore_progress(_step: str, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True)
class EditContext:
    """Handed to every stage that works for one edit. Safe to read from any thread.

    Args:
        deadline_s: Reading of `clock` after which the edit is given up.
        seed: 0–4294967295; the same seed and plan on the same build give the same pixels.
        report: Called as `report(step, k, n)` when step k of n begins.
        clock: Monotonic seconds; injected so that tests need not wait.
    """

    deadline_s: float
    seed: int = 0
    report: Report = _ignore_progress
    clock: Callable[[], float] = time.monotonic
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.deadline_s - self.clock()

    @property
    def cancelled(self) -> bool:
        """Whether somebody called `cancel`."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next check; never blocks."""
        self._cancelled.set()

    def check_cancelled(self) -> None:
        """Stop here when nobody waits any more; called between steps and tiles.

        Raises:
            Cancelled: `cancel` was called.
            DeadlineExceeded: the deadline has passed.
        """
        if self._cancelled.is_set():
            raise Cancelled("The caller left before the edit was done.")
        if self.remaining_s <= 0:
            raise DeadlineExceeded("Generation timeout")

    def random(self, output: int) -> np.random.Generator:
        """A generator for picture number `output` of this edit; equal for equal seed and index."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of start-up

        return np.random.default_rng([self.seed, output])
