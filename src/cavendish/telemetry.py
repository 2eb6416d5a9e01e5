"""Logging: one canonical JSON line per request and one per noteworthy event; never prompts, pictures or keys."""

from __future__ import annotations

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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def logger() -> FilteringBoundLogger:
    """The logger every stage uses."""
    return cast("FilteringBoundLogger", structlog.get_logger())
