"""backend.latency.underruns.silences: what a listener hears as one."""

import pytest

from backend.latency.underruns.silences import AGAIN_NS, silences_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, records
from tests.backend.latency.underruns.stream import stretches

STARVED = records([])
#: Starts with 1920 frames, of which the last is heard at 40 ms; what is mixed from then on is silence.
RUNS_DRY: list[Row] = [
    (-MS, Point.COPIED, 1920, 1920),
    (0, Point.STARTED, 0, 0),
    (21 * MS, Point.MISSED, 2400, 480),
    (31 * MS, Point.MISSED, 2880, 480),
]
GIVES_UP: list[Row] = [(41 * MS, Point.UNDERRUN, 1920, 0), (42 * MS, Point.STOPPED, 1980, 0)]


def again(at_ns: int, device_frame: int) -> list[Row]:
    """It starts anew, with its frame 3840."""
    return [(at_ns - MS, Point.COPIED, 5760, 1920), (at_ns, Point.STARTED, 3840, device_frame)]


def heard(rows: list[Row], *, plays: bool = True) -> list[tuple[int, int, int]]:
    """(when, ns, frames) of each."""
    return [(s.at_ns, s.length_ns, s.frames(1.0)) for s in silences_of(stretches(rows), STARVED, plays=plays)]


def test_what_is_silent_after_the_last_frame_of_all_is_nobodys() -> None:
    assert heard([*RUNS_DRY, (60 * MS, Point.STOPPED, 2640, 0)]) == []


def test_frames_that_come_too_late_make_it_a_gap() -> None:
    assert heard([*RUNS_DRY, (45 * MS, Point.COPIED, 2500, 580)]) == [(40 * MS, 580 * 10**6 // 48, 580)]


def test_an_underrun_is_heard_until_the_stream_has_started_again() -> None:
    assert heard([*RUNS_DRY, *GIVES_UP, *again(44 * MS, 3360)]) == [(40 * MS, 30 * MS, 1440)]


def test_also_where_no_silence_was_mixed() -> None:
    assert heard([*RUNS_DRY[:2], *GIVES_UP, *again(44 * MS, 3360)]) == [(40 * MS, 30 * MS, 1440)]


@pytest.mark.parametrize("more", [[], again(42 * MS + AGAIN_NS, 480 * 108)])
def test_one_after_which_nothing_comes_ends_with_the_stop(more: list[Row]) -> None:
    assert heard([*RUNS_DRY, *GIVES_UP, *more]) == [(40 * MS, 60 * 10**6 // 48, 60)]


def test_a_pause_is_no_gap() -> None:
    paused: list[Row] = [(-MS, Point.COPIED, 1920, 1920), (0, Point.STARTED, 0, 0), (9 * MS, Point.STOPPED, 960, 0)]
    resumed: list[Row] = [(100 * MS, Point.STARTED, 960, 5760), (105 * MS, Point.MISSED, 2400, 480)]
    assert heard([*paused, *resumed, (160 * MS, Point.STOPPED, 3000, 0)]) == [], "all that it had was heard"
    assert heard([*paused, *resumed, (125 * MS, Point.COPIED, 2400, 480)]) == [(140 * MS, 10 * MS, 480)]


def test_what_a_recorder_did_not_take_is_lost_until_it_starts_again() -> None:
    """What found no room after that is a part of it."""
    rows: list[Row] = [(0, Point.STARTED, 0, 0), (35 * MS, Point.MISSED, 2400, 480), *GIVES_UP]
    assert heard([*rows, *again(44 * MS, 3360)], plays=False) == [(40 * MS, 30 * MS, 1440)]
    assert heard([*rows[:2]], plays=False) == [(40 * MS, 10 * MS, 480)]
