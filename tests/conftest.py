"""Settings of every test: in CI a skipped test is a failure, since a check that did not run proves nothing."""

from __future__ import annotations

import os

import hypothesis
import pytest

BENCH_ABSENT = "the bench data is not beside this checkout"
"""The one reason to skip that CI accepts."""

hypothesis.settings.register_profile("cavendish", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("cavendish")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn skips into failures where CI is set."""
    del item, call
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if BENCH_ABSENT not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"
