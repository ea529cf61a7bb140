"""What measuring takes."""

import time
from itertools import count

from backend.latency.instrument import BATCH, instrument


def test_a_record_and_a_look_at_the_clock_take_some_time_and_not_much() -> None:
    measured = instrument(time.monotonic_ns)
    assert 0 < measured.clock_ns < 100_000
    assert 0 < measured.record_ns < 100_000


def test_it_is_the_clock_it_is_given_that_is_looked_at() -> None:
    """One that is 10 ns on at each look: a batch of looks takes as many of them, and one for the end."""
    ticks = count(0, 10)
    measured = instrument(lambda: next(ticks))
    assert measured.clock_ns == 10 * (BATCH + 1) / BATCH
    assert measured.record_ns == 10 / BATCH
