"""The estimate runs smoothly, is never behind what was taken, and finds a server that stood still."""

import pytest

from backend.devices.pulse.tape import Report, Tape

MS = 1_000_000
RATE = 48000
PIECE_US = 5000
AHEAD = 288  # frames in a piece and the margin


def at(ms: float, taken: int, sink_us: int = 0) -> Report:
    return Report(round(ms * MS), taken, sink_us, PIECE_US)


@pytest.fixture
def tape() -> Tape:
    made = Tape(RATE)
    made.start(at(0, 1000), PIECE_US, 0)
    return made


def test_before_any_report_it_runs_by_the_system(tape: Tape) -> None:
    assert tape.frames_at(0) == 1000
    assert tape.frames_at(10 * MS) == 1480


def test_it_is_ahead_of_what_is_heard_by_what_the_sink_takes(tape: Tape) -> None:
    assert tape.report(at(10, 1240, sink_us=1000)) == 0
    assert tape.frames_at(10 * MS) == 1240 - 48 + AHEAD
    assert tape.frames_at(20 * MS) == 1240 - 48 + AHEAD + 480


def test_it_stands_while_the_sink_still_plays_its_own_silence(tape: Tape) -> None:
    tape.report(at(1, 1000, sink_us=48_000))
    assert [tape.frames_at(ms * MS) for ms in (1, 20, 42)] == [1000, 1000, 1000]
    assert tape.frames_at(52 * MS) > 1000
    assert tape.ahead_us == 6000, "what lies in the sink is not the stream's"


def test_pieces_longer_than_foretold_are_allowed_for(tape: Tape) -> None:
    tape.report(at(10, 1000 + 960, sink_us=20_000))
    assert tape.ahead_us == 21_000
    assert tape.frames_at(10 * MS) >= 1960


@pytest.mark.parametrize("piece", [64, 240])
def test_it_is_never_behind_what_was_taken(tape: Tape, piece: int) -> None:
    for ms in range(1, 2000):
        heard = ms * 48
        taken = -(-heard // piece) * piece
        if ms % 100 == 1:
            tape.report(at(ms, 1000 + taken, (taken - heard) * 1_000_000 // RATE))
        assert tape.frames_at(ms * MS) >= 1000 + taken


def test_a_report_is_taken_once(tape: Tape) -> None:
    tape.report(at(600, 1000 + 28800))
    before = tape.frames_at(700 * MS)
    assert tape.report(at(600, 0)) == 0
    assert tape.frames_at(700 * MS) == before


def test_later_errors_are_mended_little_by_little(tape: Tape) -> None:
    tape.report(at(600, 1000 + 28800 - AHEAD))
    tape.report(at(700, 1000 + 33600 - AHEAD))
    before = tape.frames_at(800 * MS)
    tape.report(at(800, before - AHEAD + 40))
    assert tape.frames_at(800 * MS) == before + 10


def test_a_server_that_stood_still_is_behind_by_so_much(tape: Tape) -> None:
    tape.report(at(1000, 1000 + 48000 - AHEAD))
    behind = tape.report(at(4000, 1000 + 48000 + 4800 - AHEAD))
    assert behind == 2 * 48000 + 43200
    assert tape.stood_still == 1
    assert tape.frames_at(4000 * MS) == 1000 + 48000 + 4800
