"""backend.latency.measures.fill: how far a guest is ahead of the card."""

from backend.latency.measures.fill import fill
from backend.latency.measures.timeline import CardClock, StreamTimeline
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
STARTED: Row = (5 * MS, Point.STARTED, 0, 480)  # guest frame 0 is at 10 ms


def measure(rows: list[Row], room_frames: int | None = None, rate_hz: int = 48_000) -> tuple[list[int], list[int]]:
    """(when, how many frames)."""
    made = records(rows)
    levels = fill(made, StreamTimeline(made, rate_hz, CLOCK), room_frames)
    assert levels.before.tolist() == levels.frames.tolist()[::2]
    return levels.at_ns.tolist(), levels.frames.tolist()


def queued(time_ns: int, end: int, frames: int = 480) -> Row:
    return time_ns, Point.QUEUED, end, frames


def taken(time_ns: int, end: int, frames: int = 480) -> Row:
    return time_ns, Point.TAKEN, end, frames


def test_a_player_is_ahead_by_what_the_card_has_not_presented_to_the_end() -> None:
    rows = [queued(1 * MS, 960, 960), STARTED, queued(15 * MS, 1440), queued(20 * MS + 1000, 1920)]
    assert measure(rows) == ([15 * MS, 15 * MS, 20_001_000, 20_001_000], [720, 1200, 960, 1440])


def test_the_frame_that_is_being_presented_is_still_ahead() -> None:
    assert measure([STARTED, queued(10 * MS + 20_000, 480), queued(10 * MS + 21_000, 960)])[1] == [0, 480, 479, 959]


def test_before_the_first_frame_leaves_all_is_ahead() -> None:
    assert measure([queued(1 * MS, 960, 960), STARTED, queued(6 * MS, 1440)])[1] == [960, 1440]


def test_hand_overs_while_the_stream_rests_do_not_count() -> None:
    stop: list[Row] = [(15 * MS, Point.STOPPED, 240, 0), (40 * MS, Point.STARTED, 480, 2400)]
    assert measure([queued(1 * MS, 480), STARTED, *stop, queued(30 * MS, 960)]) == ([], [])


def test_a_late_guest_is_behind() -> None:
    assert measure([queued(1 * MS, 480), STARTED, queued(25 * MS, 960)])[1] == [-240, 240]


def test_a_recorder_is_ahead_by_the_room_in_its_buffer() -> None:
    rows = [STARTED, taken(21 * MS, 480), taken(60 * MS, 960), taken(60 * MS, 2400, 1440)]
    assert measure(rows, 1920) == (
        [21 * MS, 21 * MS, *[60 * MS] * 4],
        [1920 - 528, 1920 - 48, 0, 480, 480, 1920],
    )


def test_frames_are_the_guests() -> None:
    assert measure([queued(1 * MS, 160, 160), STARTED, queued(20 * MS, 240, 80)], rate_hz=8_000)[1] == [80, 160]
