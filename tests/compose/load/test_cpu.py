"""How a load divides its time."""

import time
from itertools import islice, repeat
from random import Random

import pytest

from compose.load.cpu import BURST_NS, bursts_ns, compute


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 1.0])
def test_bursts_are_that_share_of_the_whole(share: float) -> None:
    drawn = list(islice(bursts_ns(share, Random(1)), 500))
    busy_ns, idle_ns = (sum(column) for column in zip(*drawn, strict=True))
    assert busy_ns / (busy_ns + idle_ns) == pytest.approx(share, rel=1e-6)


def test_bursts_have_no_beat_that_periods_could_fall_in_with() -> None:
    drawn = [burst_ns for burst_ns, _ in islice(bursts_ns(0.8, Random(1)), 200)]
    assert len(set(drawn)) > 190
    assert BURST_NS[0] <= min(drawn) < 2_000_000
    assert 19_000_000 < max(drawn) <= BURST_NS[1]
    assert drawn == [burst_ns for burst_ns, _ in islice(bursts_ns(0.8, Random(1)), 200)], "the seed's"


def test_it_computes_for_as_much_cpu_time_as_it_was_told() -> None:
    before_ns = time.thread_time_ns()
    compute(repeat(memoryview(bytearray(4096))), 5_000_000)
    assert time.thread_time_ns() - before_ns >= 5_000_000
