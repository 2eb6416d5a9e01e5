"""Logging: one canonical JSON line per request and one per noteworthy event; never prompts, pictures or keys."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, cast

import structlog

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


def configure(*, level: str) -> None:
    """Send log lines as JSON to standard error, at `level` (`debug`, `info`, `warning` or `error`) and above."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _StandardError(),
    )


class _StandardError:
    """Prints lines to whatever standard error is at that moment; a closed one must not fail the work it reports on."""

    def msg(self, line: str) -> None:
        """Print one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def logger() -> FilteringBoundLogger:
    """The logger every stage uses."""
    return cast("FilteringBoundLogger", structlog.get_logger())
