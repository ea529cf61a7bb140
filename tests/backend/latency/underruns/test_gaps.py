"""backend.latency.underruns.gaps: known traces, and what is said of them."""

import pytest

from backend.latency.result import Blame, Cause, Gap
from backend.latency.underruns.gaps import blame_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row
from tests.backend.latency.underruns.stream import AT, DEADLINE_NS, FRAME, card, gaps, missed, playing

HEARD_NS = FRAME // 480 * 10 * MS
GUEST = {Point.QUEUED, Point.PUSHED, Point.WOKE_GUEST, Point.TOLD}


def waited(at_ms: float, late_ms: float) -> Row:
    """The guest's watch, so long after AT."""
    return AT * 10 * MS + round(at_ms * MS), Point.WAITED, 0, round(late_ms * MS)


def test_a_stream_in_time_has_none() -> None:
    assert gaps(playing()) == []


@pytest.mark.parametrize(
    ("late_ms", "cause"),
    [
        ({"pushed": 25}, "guest"),
        ({"woke": 25}, "notification"),
        ({"event": 25}, "backend"),
        ({"served": 25}, "notification"),
        ({"copied": 25}, "backend"),
        # Several are late: whoever exceeds what he is allowed by most.  The guest is allowed 18 ms, the others 1 ms.
        ({"event": 12, "pushed": 25}, "backend"),
        ({"woke": 12, "pushed": 25}, "notification"),
        ({"event": 5, "pushed": 30}, "guest"),
        ({"event": 3, "woke": 10, "pushed": 21}, "notification"),
        ({"woke": 4, "pushed": 17, "copied": 25}, "backend"),
    ],
)
def test_whoever_put_it_off_is_to_blame(late_ms: dict[str, float], cause: Cause) -> None:
    rows = [*playing(**late_ms), *missed()]
    assert gaps(rows) == [Gap(at_ns=HEARD_NS, length_ns=10 * MS, frames=480, cause=cause)]


def test_a_guest_may_take_all_the_time_that_is_left() -> None:
    rows = [*playing(event=2.5, pushed=20.4), *missed()]
    assert [gap.cause for gap in gaps(rows)] == ["backend"], "17.9 ms are the guest's"
    rows = [*playing(event=2.5, pushed=22.6), *missed()]
    assert [gap.cause for gap in gaps(rows)] == ["guest"], "20.1 ms are not"


def test_a_guest_whose_watch_was_late_stood_still() -> None:
    late = [*playing(woke=25), *missed()]
    assert [gap.cause for gap in gaps([*late, waited(25, 20)])] == ["guest"]
    assert [gap.cause for gap in gaps([*late, waited(5, 0.03), waited(15, 0.02)])] == ["notification"]


def test_a_backend_that_did_not_look_either_stood_still() -> None:
    """From the push at 100 ms on it looks at 110 ms, which is in time, or at 120 ms, which is not."""
    rows = [row for row in playing(served=25) if not (row[1] == Point.RENDERED and row[0] // MS == 110)]
    rows = [row for row in rows if not (row[1] == Point.EVENT and row[0] // MS == 110)]
    assert [gap.cause for gap in gaps([*rows, *missed()])] == ["backend"]


@pytest.mark.parametrize(
    ("value", "pacing", "cause"),
    [(-1, "irq", "device"), (5 * MS, "irq", "device"), (-1, "timer", "backend"), (2 * MS, "irq", "backend")],
)
def test_an_interrupt_that_was_lost_or_late_is_the_devices(value: int, pacing: str, cause: Cause) -> None:
    """Where it is waited for.  The guest, told 5 ms late, takes the 18 ms that it may."""
    interrupt: Row = (AT * 10 * MS, Point.INTERRUPT, AT * 480, value)
    rows = [*playing(event=5.06, pushed=23.1), *missed()]
    assert [gap.cause for gap in gaps(rows, card([interrupt], pacing=pacing))] == [cause]


def test_half_a_period_after_a_lost_interrupt_the_backend_has_to_look_by_itself() -> None:
    interrupt: Row = (AT * 10 * MS, Point.INTERRUPT, AT * 480, -1)
    assert [gap.cause for gap in gaps([*playing(event=25), *missed()], card([interrupt]))] == ["backend"]


def test_a_backend_that_wants_more_than_the_buffer_holds_is_to_blame_itself() -> None:
    rows = [*playing(pushed=25), *missed()]
    assert [gap.cause for gap in gaps(rows, buffer_frames=960)] == ["backend"]


def test_without_records_of_the_guest_the_cause_is_unknown() -> None:
    rows = [row for row in [*playing(pushed=25), *missed()] if row[1] not in GUEST]
    assert [gap.cause for gap in gaps(rows)] == ["unknown"]
    rows = [row for row in [*playing(event=25), *missed()] if row[1] not in GUEST]
    assert [gap.cause for gap in gaps(rows)] == ["backend"], "which alone is enough"


def dry(frames: int) -> Row:
    return DEADLINE_NS, Point.DRY, FRAME + frames, frames


def test_a_card_that_ran_dry_was_looked_at_too_late() -> None:
    stall: Row = (HEARD_NS + 30 * MS, Point.DRY, FRAME + 1920, 1920)
    assert gaps([*playing(), stall]) == [Gap(at_ns=HEARD_NS, length_ns=40 * MS, frames=1920, cause="backend")]


@pytest.mark.parametrize(("kind", "cause"), [("clocked", "device"), ("alsa", "device"), ("pulse", "server")])
def test_unless_it_cannot_have_come_there_by_itself(kind: str, cause: str) -> None:
    """Found dry at 120 ms, where it was to come at 130 ms."""
    assert [gap.cause for gap in gaps([*playing(), dry(480)], card(kind=kind))] == [cause]


@pytest.mark.parametrize(("kind", "cause"), [("clocked", "device"), ("pulse", "server")])
def test_what_the_card_starved_of_though_all_was_written_in_time_is_its_own(kind: str, cause: Cause) -> None:
    starved: Row = (HEARD_NS, Point.STARVED, FRAME + 120, 70)
    at_ns = HEARD_NS + 50 * 10 * MS // 480
    (gap,) = gaps(playing(), card([starved], kind=kind))
    assert (gap.frames, gap.cause) == (70, cause)
    assert abs(gap.at_ns - at_ns) <= 1


def test_a_gap_of_several_pieces_is_one_and_whose_most_of_it_is() -> None:
    stall: Row = (HEARD_NS + 30 * MS, Point.DRY, FRAME + 1920, 1920 - 480)
    (gap,) = gaps([*playing(pushed=25), *missed(), stall])
    assert (gap.frames, gap.cause) == (1920, "backend")


def test_a_stream_that_starts_again_with_silence_was_silent_in_one_go() -> None:
    """It gives up at 50 ms, is to be heard again from 90 ms on, and is not until 100 ms."""
    rows: list[Row] = [
        (-MS, Point.COPIED, 1920, 1920),
        (0, Point.STARTED, 0, 0),
        (45 * MS, Point.UNDERRUN, 1920, 0),
        (46 * MS, Point.STOPPED, 2160, 0),
        (60 * MS, Point.COPIED, 5760, 1920),
        (61 * MS, Point.STARTED, 3840, 4320),
        (100 * MS, Point.DRY, 4320, 480),
    ]
    (gap,) = gaps(rows)
    assert (gap.at_ns, gap.length_ns, gap.frames) == (40 * MS, 60 * MS, 2880)


def test_a_guest_that_catches_up_as_soon_as_it_can_is_not_to_blame_for_the_next() -> None:
    """It is told of period 13 in time, and hands over when it is told of period 15."""
    handing = {Point.QUEUED, Point.PUSHED, Point.WOKE_BACKEND, Point.COPIED}
    after: Row = (DEADLINE_NS + 30 * MS, Point.MISSED, FRAME + 4 * 480, 5)
    rows = [
        (row[0] + 20 * MS, *row[1:]) if row[1] in handing and row[0] > 126 * MS else row for row in playing(woke=25)
    ]
    assert [gap.cause for gap in gaps([*rows, *missed(), after])] == ["notification", "notification"]
    assert [gap.cause for gap in gaps([*rows, after])] == ["guest"]


def test_blame_is_all_gaps_by_cause() -> None:
    found: list[tuple[int, Cause]] = [(1, "guest"), (2, "backend"), (3, "guest")]
    assert blame_of(Gap(at_ns=n, length_ns=10 * n, frames=n, cause=cause) for n, cause in found) == {
        "guest": Blame(gaps=2, frames=4, length_ns=40),
        "backend": Blame(gaps=1, frames=2, length_ns=20),
    }
    assert blame_of([]) == {}
