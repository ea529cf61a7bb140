"""backend.latency.underruns.chain: the way of the news and of the frame that was missing."""

from backend.latency.records import NEVER_NS
from backend.latency.underruns.chain import Buffering, Chain, chain_of
from backend.latency.underruns.pieces import Piece
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row
from tests.backend.latency.underruns.stream import AT, DEADLINE_NS, FRAME, STEPS, US, card, playing, stretches

SIZES = Buffering(plays=True, period_frames=480, buffer_frames=1920, patience_ns=15 * MS)
DUE_NS = AT * 10 * MS
NOTHING_COPIED_YET = 0


def chain(rows: list[Row], first: int = FRAME, point: Point = Point.MISSED, sizes: Buffering = SIZES) -> Chain:
    assert point in (Point.MISSED, Point.UNDERRUN)
    (stretch,) = stretches(rows)
    return chain_of(stretch, card(), sizes, Piece(first, first + 480, point, DEADLINE_NS, NOTHING_COPIED_YET))


def test_every_step_of_a_frame_in_time() -> None:
    found = chain(playing())
    steps = found.sent_ns, found.woke_ns, found.pushed_ns, found.served_ns, found.copied_ns
    assert [ns - DUE_NS for ns in steps] == [us * US for us in STEPS.values()]
    assert (found.due_ns, found.interrupted_ns, found.deadline_ns) == (DUE_NS, DUE_NS, DEADLINE_NS)
    assert (found.stood_still_ns, found.was_prompt, found.is_guest_traced) == (0, True, True)
    assert found.awake_ns == found.served_ns


def test_for_the_first_buffer_there_is_room_from_the_beginning() -> None:
    found = chain(playing(), first=1919)
    assert {found.due_ns, found.interrupted_ns, found.sent_ns, found.woke_ns} == {-MS}
    assert found.pushed_ns == -MS // 2
    assert chain(playing(), first=1920).due_ns == 10 * MS


def test_what_was_never_done_is_never() -> None:
    rows = [row for row in playing() if row[0] < DUE_NS or row[1] == Point.RENDERED]
    found = chain(rows)
    assert {found.sent_ns, found.woke_ns, found.pushed_ns, found.served_ns, found.copied_ns} == {NEVER_NS}
    assert not found.is_guest_traced
    assert not found.was_prompt


def test_when_a_guest_gave_up_all_was_over() -> None:
    given_up: Row = (170 * MS, Point.UNDERRUN, FRAME, 0)
    found = chain([*playing(), given_up], point=Point.UNDERRUN)
    assert (found.ended_ns, found.deadline_ns) == (170 * MS, 130 * MS)
    assert found.pushed_ns == found.copied_ns == NEVER_NS


def test_a_resampler_wants_what_comes_after_the_frame() -> None:
    """Silence began five frames before the last that was there."""
    (stretch,) = stretches(playing())
    copied = int(stretch.found(Point.COPIED).indices[AT - 1])  # up to FRAME
    found = chain_of(stretch, card(), SIZES, Piece(FRAME - 5, FRAME, Point.MISSED, DEADLINE_NS, copied + 1))
    assert found.due_ns == DUE_NS
    assert found.copied_ns == DUE_NS + STEPS["copied"] * US


def waited(at_ms: float, late_ms: float) -> Row:
    return DUE_NS + round(at_ms * MS), Point.WAITED, 0, round(late_ms * MS)


def test_a_watch_that_was_late_tells_since_when_the_guest_stood_still() -> None:
    late = playing(woke=25)
    assert chain([*late, waited(25, 20)]).stood_still_ns == 25 * MS - 50 * US, "since the news were sent"
    assert chain([*late, waited(5, 0.5), waited(25, 10)]).stood_still_ns == 20 * MS + 500 * US, "it was awake at 5 ms"
    assert chain([*late, waited(15, 0.2)]).stood_still_ns == 200 * US
    assert chain([*late, waited(-2, 30), waited(60, 10)]).stood_still_ns == 0, "at other times"


def test_a_backend_that_looked_was_awake() -> None:
    found = chain(playing(served=25))
    assert (found.pushed_ns, found.awake_ns, found.served_ns) == (
        DUE_NS + 150 * US,
        DUE_NS + 150 * US,
        DUE_NS + 25 * MS,
    )
    looks = {Point.RENDERED, Point.EVENT}
    rows = [row for row in playing(served=25) if row[1] not in looks or row[0] // MS not in (110,)]
    assert chain(rows).awake_ns == DUE_NS + 20 * MS + 50 * US, "it did not look for longer than it should"
    rows = [row for row in playing(served=25) if row[1] not in looks or row[0] // MS not in (110, 120)]
    assert chain(rows).awake_ns == DUE_NS + 25 * MS


def test_when_recording_room_is_made_by_taking() -> None:
    """Frame g finds room once frame g - B was taken, of which the same boundary tells."""
    sizes = Buffering(plays=False, period_frames=480, buffer_frames=1920, patience_ns=15 * MS)
    rows = [row for row in playing() if row[1] not in (Point.PUSHED, Point.COPIED, Point.QUEUED)]
    asks: list[Row] = [
        (DUE_NS + 150 * US, Point.PUSHED, 480 * AT, 480),
        (DUE_NS + 250 * US, Point.COPIED, 480 * AT, 480),
    ]
    found = chain([*rows, *asks], sizes=sizes)
    assert (found.due_ns, found.pushed_ns, found.copied_ns) == (DUE_NS, asks[0][0], asks[1][0])
    untraced = chain(rows, sizes=sizes)
    assert untraced.pushed_ns == untraced.woke_ns
