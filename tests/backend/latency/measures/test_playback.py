"""backend.latency.measures.playback: from hand-over to the card, and what was never heard."""

from backend.latency.measures.playback import delays_of, hand_overs, playback_delay
from backend.latency.measures.timeline import CardClock, StreamTimeline
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
STARTED: Row = (5 * MS, Point.STARTED, 0, 480)  # guest frame 0 leaves at 10 ms


def measure(rows: list[Row]) -> tuple[list[int], int, int]:
    """(delays, late, dropped)."""
    made = records(rows)
    series, late, dropped = playback_delay(made, StreamTimeline(made, 48_000, CLOCK))
    return series.delay_ns.tolist(), late, dropped


def queued(time_ns: int, end: int, frames: int = 480) -> Row:
    return time_ns, Point.QUEUED, end, frames


def copied(time_ns: int, end: int) -> Row:
    return time_ns, Point.COPIED, end, 480


def rendered(time_ns: int, end: int) -> Row:
    return time_ns, Point.RENDERED, end, end + 480


def test_the_delay_is_until_the_first_frame_leaves_the_card() -> None:
    assert measure([STARTED, queued(6 * MS, 480), queued(12 * MS, 960)]) == ([4 * MS, 8 * MS], 0, 0)


def test_what_was_queued_before_the_start_counts_from_its_hand_over() -> None:
    assert measure([queued(1 * MS, 480), queued(2 * MS, 960), STARTED]) == ([9 * MS, 18 * MS], 0, 0)


def test_delays_are_stamped_with_the_hand_over() -> None:
    made = records([STARTED, queued(6 * MS, 480)])
    series, _, _ = playback_delay(made, StreamTimeline(made, 48_000, CLOCK))
    assert series.at_ns.tolist() == [6 * MS]


def test_a_hand_over_after_its_instant_is_late() -> None:
    assert measure([STARTED, queued(6 * MS, 480), queued(21 * MS, 960)]) == ([4 * MS], 1, 0)


def test_frames_copied_after_silence_was_mixed_for_them_are_late() -> None:
    mixing = [rendered(8 * MS, 480), rendered(9 * MS, 960), rendered(14 * MS, 1440)]
    early = [queued(6 * MS, 480), copied(7 * MS, 480), queued(10 * MS, 960), copied(10 * MS, 960)]
    in_time = [queued(12 * MS, 1440), copied(13 * MS, 1440)]
    assert measure([STARTED, *mixing, *early, *in_time]) == ([4 * MS, 18 * MS], 1, 0)


def test_frames_never_copied_are_late() -> None:
    rows = [queued(6 * MS, 480), copied(7 * MS, 480), queued(7 * MS, 960), rendered(9 * MS, 1440)]
    assert measure([STARTED, *rows]) == ([4 * MS], 1, 0)


def test_frames_never_mixed_are_dropped() -> None:
    rows = [queued(6 * MS, 480), copied(7 * MS, 480), queued(7 * MS, 960), copied(8 * MS, 960), rendered(9 * MS, 480)]
    assert measure([STARTED, *rows]) == ([4 * MS], 0, 1)


def test_a_stop_drops_what_had_not_left() -> None:
    rows = [queued(6 * MS, 480), queued(7 * MS, 960), queued(8 * MS, 1440), (25 * MS, Point.STOPPED, 720, 0)]
    assert measure([STARTED, *rows]) == ([4 * MS, 13 * MS], 0, 1)


def test_after_a_stop_frames_count_on_the_new_line() -> None:
    stop: list[Row] = [(12 * MS, Point.STOPPED, 96, 0), queued(40 * MS, 960), (45 * MS, Point.STARTED, 480, 2400)]
    # Before the stop 0..480 (heard) and 480..960 (dropped, then handed over again); the new line starts at 50 ms.
    assert measure([STARTED, queued(6 * MS, 480), queued(7 * MS, 960), *stop]) == ([4 * MS, 10 * MS], 0, 1)


def test_mixing_ahead_of_a_stop_is_not_mistaken_for_the_mixing_after_it() -> None:
    before = [queued(6 * MS, 480), copied(6 * MS, 480), rendered(7 * MS, 960)]
    after: list[Row] = [
        (12 * MS, Point.STOPPED, 96, 0),
        queued(40 * MS, 960),
        copied(41 * MS, 960),
        (45 * MS, Point.STARTED, 480, 2400),
        rendered(46 * MS, 960),
    ]
    assert measure([STARTED, *before, *after]) == ([4 * MS, 10 * MS], 0, 0)


def test_a_pause_lengthens_the_delay_of_what_waited() -> None:
    # Paused at 20 ms, at frame 480, for 20 ms; what follows leaves from 40 ms on.
    pause: list[Row] = [(20 * MS, Point.STOPPED, 480, 0), (35 * MS, Point.STARTED, 480, 1920)]
    assert measure([STARTED, queued(6 * MS, 480), queued(7 * MS, 960), *pause]) == ([4 * MS, 33 * MS], 0, 0)


def test_what_was_queued_and_never_started_is_dropped() -> None:
    assert measure([(5 * MS, Point.STARTED, 480, 480), queued(6 * MS, 480)]) == ([], 0, 1)


def test_no_hand_overs_are_no_samples() -> None:
    assert measure([STARTED]) == ([], 0, 0)
    assert measure([STARTED, copied(6 * MS, 480), rendered(7 * MS, 480)]) == ([], 0, 0)


def test_only_hand_overs_since_an_instant_are_measured_or_counted() -> None:
    rows = [queued(6 * MS, 480), queued(21 * MS, 960), queued(22 * MS, 1440), queued(23 * MS, 1920)]
    made = records([STARTED, *rows, (35 * MS, Point.STOPPED, 1200, 0)])
    found = hand_overs(made, StreamTimeline(made, 48_000, CLOCK))
    assert delays_of(found)[1:] == (1, 1)
    series, late, dropped = delays_of(found, since_ns=22 * MS)
    assert (series.at_ns.tolist(), series.delay_ns.tolist(), late, dropped) == ([22 * MS], [8 * MS], 0, 1)


def test_frames_before_a_rest_of_the_card_were_heard() -> None:
    # It rests at 25 ms, in the middle of a period, and goes on half a second later with the same stream.
    rows = [queued(6 * MS, 480), queued(7 * MS, 960), (25 * MS, Point.STOPPED, 720, 0)]
    again: list[Row] = [queued(500 * MS, 1440), (505 * MS, Point.STARTED, 960, 1200)]
    made = records([STARTED, *rows, *again])
    card = [*boundaries(2), *[(at + 490 * MS, p, f, v) for at, p, f, v in boundaries(9)[2:]]]
    series, late, dropped = playback_delay(made, StreamTimeline(made, 48_000, CardClock(records(card), 48_000)))
    assert (series.delay_ns.tolist(), late, dropped) == ([4 * MS, 13 * MS, 15 * MS], 0, 0)
