"""backend.latency.underruns.pieces: what the trace says was silent."""

from backend.latency.records import Records
from backend.latency.underruns.pieces import Piece, given_up, pieces_of, sound_end
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, records
from tests.backend.latency.underruns.stream import stretches

START: Row = (0, Point.STARTED, 0, 0)
LAST: Row = (200 * MS, Point.WOKE_BACKEND, 0, 0)


def starved(*rows: tuple[int, int]) -> Records:
    """(the device's frame after the last, how many), each seen when it began."""
    return records(((end - frames) * 1_000_000 // 48, Point.STARVED, end, frames) for end, frames in rows)


def pieces(*rows: Row, card: Records | None = None) -> list[tuple[int, int, Point]]:
    (stretch,) = stretches([START, *rows, LAST])
    found = pieces_of(stretch, starved() if card is None else card)
    assert all(piece.frames > 0 for piece in found)
    return [(piece.first, piece.end, piece.point) for piece in found]


def test_what_follows_without_a_break_is_one_piece() -> None:
    missed: list[Row] = [
        (MS, Point.MISSED, 480, 80),
        (11 * MS, Point.MISSED, 960, 480),
        (30 * MS, Point.MISSED, 2000, 100),
    ]
    assert pieces(*missed) == [(400, 960, Point.MISSED), (1900, 2000, Point.MISSED)]


def test_a_piece_is_dated_by_its_first_record() -> None:
    (stretch,) = stretches([START, (11 * MS, Point.MISSED, 480, 80), (21 * MS, Point.MISSED, 960, 480)])
    assert pieces_of(stretch, starved()) == [Piece(400, 960, Point.MISSED, 11 * MS, 1)]


def test_pieces_of_different_kinds_stay_apart() -> None:
    rows: list[Row] = [(11 * MS, Point.DRY, 960, 500), (11 * MS, Point.MISSED, 1440, 480)]
    assert pieces(*rows) == [(460, 960, Point.DRY), (960, 1440, Point.MISSED)]


def test_what_the_card_starved_of_counts_where_nobody_else_says_why() -> None:
    dry: Row = (50 * MS, Point.DRY, 960, 480)
    card = starved((600, 120), (720, 120), (1080, 240), (1500, 30))
    assert pieces(dry, card=card) == [(480, 960, Point.DRY), (960, 1080, Point.STARVED), (1470, 1500, Point.STARVED)]


def test_before_the_start_and_after_the_stop_a_card_may_starve() -> None:
    stopped: Row = (30 * MS, Point.STOPPED, 1440, 0)
    (stretch,) = stretches([(10 * MS, Point.STARTED, 0, 480), stopped])
    found = pieces_of(stretch, starved((480, 120), (960, 60), (2400, 100)))
    assert [(piece.first, piece.end) for piece in found] == [(420, 480)]


def test_a_guest_that_gives_up_does_so_from_its_last_frame_to_the_stop() -> None:
    rows: list[Row] = [START, (50 * MS, Point.UNDERRUN, 1920, 0), (51 * MS, Point.STOPPED, 2400, 0)]
    assert given_up(stretches(rows)[0]) == Piece(1920, 2400, Point.UNDERRUN, 50 * MS)
    assert given_up(stretches([START, rows[2]])[0]) is None


def test_the_sound_ends_with_what_was_copied_last() -> None:
    copied: list[Row] = [(-MS, Point.COPIED, 1920, 1920), (10 * MS, Point.COPIED, 2400, 480)]
    assert sound_end(stretches([START, *copied])[0], 7) == 2400
    assert sound_end(stretches([START])[0], 7) == 7
