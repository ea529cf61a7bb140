"""backend.latency.perfetto.figures: what goes on, and the moments."""

from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.figures import first_told, instants, lateness
from backend.latency.records import Series
from ringproto.trace import Point
from tests.backend.latency.perfetto.test_sources import ns
from tests.backend.latency.synthetic import MS, records, samples_with, trace_of

NONE = Series(ns(), ns())
RUN = records([(0, Point.OPENED, 48_000, 480), (5, Point.UNDERRUN, 960, 0), (9, Point.STOPPED, 960, 0)])
EXCERPT = Excerpt(trace_of(RUN), [], 1_000)


def test_a_telling_is_as_late_as_the_first_period_it_tells_of() -> None:
    late = Series(ns(0, 2, 4, 6) * MS - 8 * MS, ns(8, 6, 9, 7) * MS)  # told at 0, 0, 5 and 5 ms
    samples = samples_with(period_lateness=late)
    told_ns, first = first_told(samples)
    assert (told_ns.tolist(), first.tolist()) == ([0, 5 * MS], [0, 2])
    (counts,) = lateness(samples, EXCERPT, 1, "a")
    assert counts.values.tolist() == [8.0, 9.0]


def test_instants_carry_what_their_records_say() -> None:
    made = instants(RUN, EXCERPT, 1, 2)
    assert list(zip(made.times_ns.tolist(), made.names, made.args, strict=True)) == [
        (0, "opened", {"rate_hz": 48_000, "period_frames": 480}),
        (5, "underrun", {"frame": 960}),
        (9, "stopped", {"frame": 960}),
    ]
