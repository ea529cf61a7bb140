"""What all tests share: one setting of hypothesis, the seed, and that nothing is skipped in CI."""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

settings.register_profile("vsnd", deadline=None, max_examples=100, derandomize=IN_CI)
settings.load_profile("vsnd")


@pytest.fixture
def seed() -> int:
    """The seed of a randomised test: `VSND_SEED`, or 1.  It is printed when the test fails."""
    chosen = int(os.environ.get("VSND_SEED", "1"))
    print(f"seed {chosen}: repeat with VSND_SEED={chosen}")
    return chosen


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """In CI a skip is a failure: what it needs was to be installed."""
    outcome = yield
    report = outcome.get_result()
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped, which CI does not allow: {report.longrepr}"
