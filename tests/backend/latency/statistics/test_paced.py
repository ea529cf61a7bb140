"""backend.latency.statistics.paced: runs, their cells of time, and what is too little."""

import numpy as np
import pytest

from backend.latency.records import Series
from backend.latency.statistics.estimate import TooLittle
from backend.latency.statistics.paced import BLOCK_CELLS, Paced, block_ns, paced
from tests.backend.latency.statistics.drawn import series

SECOND_NS = 10**9
NOTHING = Series(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@pytest.mark.parametrize(("seconds", "block_s"), [(1, 1), (8, 1), (64, 2), (512, 4)])
def test_blocks_are_a_second_or_longer_in_longer_runs(seconds: int, block_s: int) -> None:
    assert block_ns(seconds * SECOND_NS) == pytest.approx(block_s * SECOND_NS, rel=1e-9)


@pytest.mark.parametrize("seconds", [3.5, 10, 61])
def test_a_run_is_cut_into_equal_cells_and_a_block_of_them_is_long_enough(seconds: float) -> None:
    count = int(seconds * 50)
    sample = paced("timer", [series(np.arange(count))] * 3)
    assert isinstance(sample, Paced)
    for run in sample.runs:
        span_ns = (count - 1) * SECOND_NS // 50 + 1
        assert (run.cell[0], run.cell[-1]) == (0, run.cells - 1)
        assert span_ns / run.cells * BLOCK_CELLS >= block_ns(span_ns)
        in_cells = run.in_cells(np.ones(count, dtype=np.bool_))
        assert in_cells.sum() == count
        assert np.ptp(in_cells) <= 1


def test_times_need_not_be_in_order() -> None:
    ordered = series(np.arange(500))
    shuffle = np.random.default_rng(1).permutation(500)
    mixed = Series(ordered.at_ns[shuffle], ordered.delay_ns[shuffle])
    a, b = paced("timer", [ordered] * 3), paced("timer", [mixed] * 3)
    assert isinstance(a, Paced)
    assert isinstance(b, Paced)
    assert np.array_equal(a.runs[0].cell[shuffle], b.runs[0].cell)
    assert np.array_equal(a.runs[0].ordered_ns, b.runs[0].ordered_ns)


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([], "0 runs with delays, and 3 are the least to see how runs differ"),
        ([NOTHING] * 5, "0 runs with delays, and 3 are the least to see how runs differ"),
        ([series(np.arange(500)), NOTHING], "1 run with delays, and 3 are the least to see how runs differ"),
        ([series(np.arange(count)) for count in (500, 500, 60)], "a run of 1.2 s, and 3 s are the least"),
    ],
)
def test_too_little_says_of_which_and_why(runs: list[Series], reason: str) -> None:
    assert paced("timer pacing", runs) == TooLittle(f"timer pacing has {reason}")
