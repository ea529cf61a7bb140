"""What the measuring itself takes, so that the report can say by how much it may be wrong."""

from collections.abc import Callable
from statistics import median

from backend.latency.facts import Instrument
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceWriter

BATCH = 100
BATCHES = 40
"""Some thousand records: 2 ms in all."""


def instrument(now_ns: Callable[[], int]) -> Instrument:
    """Measure it here and now, with the loop's own clock; medians, so that an interruption or two do not count."""
    memory = memoryview(bytearray(HEADER_OCTETS + BATCH * BATCHES * RECORD_OCTETS))
    writer = TraceWriter(memory)

    def record() -> None:
        for number in range(BATCH):
            writer.put(1_000_000_000_000, Point.EVENT, 1, 16, number, 480)

    def read_clock() -> None:
        for _ in range(BATCH):
            now_ns()

    measured = Instrument(record_ns=_median_ns(record, now_ns), clock_ns=_median_ns(read_clock, now_ns))
    writer.release()
    return measured


def _median_ns(batch: Callable[[], None], now_ns: Callable[[], int]) -> float:
    """What one of a batch's steps takes, its share of the loop around it included."""
    times_ns: list[int] = []
    for _ in range(BATCHES):
        began_ns = now_ns()
        batch()
        times_ns.append(now_ns() - began_ns)
    return median(times_ns) / BATCH
