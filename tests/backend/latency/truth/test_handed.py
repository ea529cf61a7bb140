"""backend.latency.truth.handed: which markers were handed over, and what the trace says of them."""

from backend.latency.measures.timeline import CardClock
from backend.latency.truth.handed import Handed, handed_over
from backend.latency.truth.marker import loop_frames, markers_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

RATE_HZ = 48_000
PERIOD = 480
CLOCK = CardClock(records(boundaries(2000)), RATE_HZ)
OWN = markers_of(3, 0, RATE_HZ)
STARTED: Row = (0, Point.STARTED, 0, PERIOD)  # frame g leaves 10 ms + g / 48 kHz
AHEAD_NS = 20 * MS


def played(frames: int, first: int = 0, lost: range = range(0), offset_ns: int = 0) -> list[Row]:
    """Periods handed over, copied and mixed 20 ms before they leave; those in `lost` are copied too late."""
    rows: list[Row] = []
    for end in range(first + PERIOD, first + frames + 1, PERIOD):
        at_ns = offset_ns + (end - PERIOD) * MS // 48 + 10 * MS - AHEAD_NS
        copied_ns = at_ns + (15 * MS if end - PERIOD in lost else 1 * MS)
        rows += [
            (at_ns, Point.QUEUED, end, PERIOD),
            (copied_ns, Point.COPIED, end, PERIOD),
            (at_ns + 10 * MS, Point.RENDERED, end, end + PERIOD),
        ]
    return rows


def handed(rows: list[Row]) -> list[Handed]:
    return handed_over(records([STARTED, *rows]), OWN, CLOCK)


def test_each_marker_has_the_delay_of_its_own_first_frame() -> None:
    found = handed(played(5 * RATE_HZ))
    assert [h.marker for h in found] == [*OWN, *OWN[:4]]
    for number, h in enumerate(found):
        frame = h.marker.begin_frame + number // 16 * loop_frames(RATE_HZ)
        assert h.delay_ns is not None
        assert abs(h.instant_ns - (10 * MS + frame * MS / 48)) <= 1
        assert abs(h.delay_ns - (AHEAD_NS + frame % PERIOD * MS / 48)) <= 1
        assert h.queued_ns + h.delay_ns == h.instant_ns


def test_a_marker_that_the_trace_says_was_partly_lost_has_no_delay_but_a_place() -> None:
    lost = OWN[5].begin_frame // PERIOD * PERIOD + 2 * PERIOD  # in the middle of it
    found = handed(played(4 * RATE_HZ, lost=range(lost, lost + 1)))
    assert [h.marker.number for h in found if h.delay_ns is None] == [5]
    assert abs(found[5].instant_ns - (10 * MS + OWN[5].begin_frame * MS / 48)) <= 1


def test_a_marker_that_was_stopped_and_started_in_its_middle_is_cut() -> None:
    middle = OWN[5].begin_frame // PERIOD * PERIOD + 2 * PERIOD
    at_ns = 10 * MS + middle * MS // 48
    again: list[Row] = [(at_ns, Point.STOPPED, middle, 0), (at_ns + 1, Point.STARTED, middle, middle + 3 * PERIOD)]
    later = played(4 * RATE_HZ - middle, first=middle, offset_ns=20 * MS)
    found = handed([*played(middle), *again, *later])
    assert [h.marker.number for h in found if h.delay_ns is None] == [5]


def test_the_last_is_cut_where_the_guest_ended_in_it() -> None:
    end = (OWN[2].begin_frame // PERIOD + 2) * PERIOD
    found = handed(played(end))
    assert [h.marker.number for h in found] == [0, 1, 2]
    assert [h.delay_ns is None for h in found] == [False, False, True]


def test_the_recording_goes_on_after_the_stream_was_opened_anew() -> None:
    before = (OWN[4].begin_frame // PERIOD + 2) * PERIOD
    again_ns = 3000 * MS
    rest = [(t, p, f, v + 144_000 if p == Point.RENDERED else v) for t, p, f, v in played(RATE_HZ, offset_ns=again_ns)]
    opened: list[Row] = [
        (again_ns - 100 * MS, Point.OPENED, RATE_HZ, PERIOD),
        (again_ns - 90 * MS, Point.STARTED, 0, 144_000 + PERIOD),
    ]
    first: Row = (-1000 * MS, Point.OPENED, RATE_HZ, PERIOD)
    found = handed([first, *played(before), *opened, *rest])
    whole = [h.marker.number for h in found if h.delay_ns is not None]
    assert whole == [0, 1, 2, 3, 5, 6, 7, 8][: len(whole)]
    assert len(whole) >= 7
    assert [h.marker.number for h in found if h.delay_ns is None][:2] == [4, 4], "its end came without its beginning"
    five = next(h for h in found if h.marker.number == 5)
    assert abs(five.instant_ns - (3010 * MS + (OWN[5].begin_frame - before) * MS / 48)) <= 1


def test_a_trace_without_the_backend_still_has_delays() -> None:
    found = handed([row for row in played(RATE_HZ) if row[1] == Point.QUEUED])
    assert [h.delay_ns is None for h in found] == [False] * 4


def test_what_was_never_started_or_handed_over_has_no_markers() -> None:
    assert handed([]) == []
    assert handed_over(records(played(RATE_HZ)), OWN, CLOCK) == []
