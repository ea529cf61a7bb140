"""What holds for every test: one seed, no silent skips in CI, and hypothesis that repeats itself there.

A skip in CI would mean that the machine lacks something and nobody noticed, so there (`CI=true`) a skip is a failure.
An expected failure (`xfail`) is not a skip.

Tests marked `realtime` want the machine for themselves: real processes, sound servers, virtual machines.  They are told
by their folder.  The others may run side by side.
"""

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

REALTIME = (
    "tests/backend/devices/alsa",
    "tests/backend/devices/pulse",
    "tests/browser",
    "tests/docker",
    "tests/hostile",
    "tests/processes",
    "tests/real",
    "tests/vm",
)

IN_CI = os.environ.get("CI") == "true"

# No deadline: on a busy machine the same example may take a hundred times longer.
settings.register_profile("vsnd", deadline=None, max_examples=50 if IN_CI else 100, derandomize=IN_CI)
settings.load_profile("vsnd")


# A shell's background jobs ignore Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def seed() -> int:
    """Seed of everything random in the test: VSND_SEED, or 1.  pytest shows the line when the test fails."""
    chosen = int(os.environ.get("VSND_SEED", "1"))
    print(f"VSND_SEED={chosen} repeats this")
    return chosen


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is to run alone."""
    for item in items:
        place = item.path.relative_to(config.rootpath).as_posix()
        if place.startswith(REALTIME):
            item.add_marker(pytest.mark.realtime)


def _skip_is_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skips are failures in CI. {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge skips of a test."""
    report = yield
    _skip_is_failure(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge skips of a whole file."""
    report = yield
    _skip_is_failure(report)
    return report
