"""Runs made up to be shown."""

from pathlib import Path

import msgspec
import numpy as np

from backend.latency.build import measured
from backend.latency.facts import Facts
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.plots import Samples
from backend.latency.page.write import render
from backend.latency.records import Levels, Series, Trace, load
from backend.latency.result import Blame, Gap, Result, Stream
from ringproto.trace import Point
from tests.backend.latency import synthetic
from tests.backend.latency.synthetic import DOMID, FACTS, MS, boundaries, write_trace

NOTHING = np.zeros(0, np.int64)
NONE = Series(NOTHING, NOTHING)
EMPTY = StreamSamples(
    playback_delay=NONE,
    capture_delay=NONE,
    period_lateness=NONE,
    request_round_trip=NONE,
    notification_delay=NONE,
    service_time=NONE,
    fill=Levels(NOTHING, NOTHING),
    hops=[],
    handovers_late=None,
    handovers_dropped=None,
    periods_untold=None,
)
STREAM = Stream(
    **msgspec.structs.asdict(synthetic.STREAM),
    playback_delay_ns=None,
    capture_delay_ns=None,
    period_lateness_ns=None,
    request_round_trip_ns=None,
    notification_delay_ns=None,
    handovers_late=None,
    handovers_dropped=None,
    periods_untold=None,
)


def stream_with(**changes: object) -> Stream:
    """STREAM changed."""
    return msgspec.structs.replace(STREAM, **changes)


def thirty_periods(folder: Path, domid: int = DOMID) -> list[Path]:
    """Each told 0.5 ms late, and handed over 9.5 ms ahead; all steps are in the trace."""
    rows = [(0, Point.STARTED, 0, 0)]
    for k in range(31):
        at_ns = k * 10 * MS + 500_000
        rows += [(at_ns, Point.TOLD, k * 480, k)] if k else []
        handed = (k + 2) * 480
        rows += [(at_ns + n * 1_000, point, handed, 480) for n, point in enumerate((Point.QUEUED, Point.PUSHED))]
        rows += [(at_ns + 100_000, Point.WOKE_BACKEND, handed, 0), (at_ns + 150_000, Point.COPIED, handed, 480)]
        rows += [(at_ns + 200_000, Point.RENDERED, handed, handed)]
        rows += [(at_ns - 300_000, Point.EVENT, k * 480, k), (at_ns - 100_000, Point.WOKE_GUEST, 0, k)] if k else []
    write_trace(folder / f"guest-{domid}.vtrace", rows, domid=domid)
    write_trace(folder / "card.vtrace", boundaries(40), domid=0)
    return [folder / f"guest-{domid}.vtrace", folder / "card.vtrace"]


def run_of(paths: list[Path], facts: Facts = FACTS) -> tuple[Result, Samples, Trace]:
    """What a page is made of."""
    trace = load(paths)
    return *measured(trace, facts), trace


def page_of(paths: list[Path], facts: Facts = FACTS) -> str:
    """The page itself."""
    return render(*run_of(paths, facts))


def with_gaps(result: Result, gaps: list[Gap]) -> Result:
    """The same, its first stream with gaps, all of the guest's making."""
    guest = result.guests[0]
    blame = Blame(gaps=len(gaps), frames=sum(g.frames for g in gaps), length_ns=sum(g.length_ns for g in gaps))
    stream = msgspec.structs.replace(guest.streams[0], gaps=gaps, blame={"guest": blame})
    changed = msgspec.structs.replace(guest, streams=[stream, *guest.streams[1:]])
    return msgspec.structs.replace(result, guests=[changed, *result.guests[1:]])
