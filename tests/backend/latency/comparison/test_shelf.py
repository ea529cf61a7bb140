"""backend.latency.comparison.shelf: what is put aside comes back whole, and pooled over runs."""

import dataclasses
from pathlib import Path

import numpy as np

from backend.latency.comparison.measured import nothing_of
from backend.latency.comparison.shelf import Pooled, Shelf
from backend.latency.records import Series
from tests.backend.latency.comparison.experiments import measured, told

KEY = (3, 0)
NOTHING = nothing_of([measured(told())])


def series(*delays_ns: int) -> Series:
    return Series(np.arange(len(delays_ns)), np.array(delays_ns, dtype=np.int64))


def shelf_with(folder: Path, *runs: Series) -> Shelf:
    shelf = Shelf(folder)
    for number, delays in enumerate(runs):
        shelf.put(number, {KEY: dataclasses.replace(NOTHING[KEY], period_lateness=delays)})
    return shelf


def test_delays_come_back_as_they_were(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path, series(5, -3, 1 << 60))
    back = shelf.series(0, KEY, "period_lateness")
    assert back.at_ns.tolist() == [0, 1, 2]
    assert back.delay_ns.tolist() == [5, -3, 1 << 60]
    assert back.delay_ns.dtype == np.int64


def test_what_a_run_has_not_is_empty(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path, series(5))
    assert len(shelf.series(0, KEY, "capture_delay").at_ns) == 0
    assert len(shelf.series(1, KEY, "period_lateness").at_ns) == 0


def test_runs_of_a_condition_are_joined_when_asked_for(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path, series(1, 2), series(3), series(4))
    pooled = Pooled(shelf, {"irq": [0, 2], "timer": [1]}, NOTHING)
    assert list(pooled) == [("irq", 3, 0), ("timer", 3, 0)]
    assert len(pooled) == 2
    assert pooled["irq", 3, 0].period_lateness.delay_ns.tolist() == [1, 2, 4]
    assert pooled["timer", 3, 0].period_lateness.delay_ns.tolist() == [3]
    assert len(pooled["timer", 3, 0].playback_delay.delay_ns) == 0
