"""backend.latency.underruns.card: when a card interrupted, and whether it jumped."""

import pytest

from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, records
from tests.backend.latency.underruns.stream import card

LATE: list[Row] = [(50 * MS, Point.INTERRUPT, 2400, 2 * MS), (60 * MS, Point.INTERRUPT, 2880, -1)]


@pytest.mark.parametrize(
    ("frame", "due_ns", "interrupt_ns"),
    [
        (480.0, 10 * MS, (10 * MS, 10 * MS)),
        (400.0, 8 * MS, (10 * MS, 10 * MS)),
        (2400.0, 50 * MS, (50 * MS, 52 * MS)),
        (2400.1, 50 * MS, (60 * MS, 65 * MS)),
        (2880.0, 60 * MS, (60 * MS, 65 * MS)),
        (480.0, 13 * MS, (13 * MS, 13 * MS)),  # told by another clock
    ],
)
def test_the_interrupt_that_ends_a_frames_period(frame: float, due_ns: int, interrupt_ns: tuple[int, int]) -> None:
    assert card(LATE).interrupt_ns(frame, due_ns) == interrupt_ns
    assert card(LATE, pacing="timer").interrupt_ns(frame, due_ns) == (due_ns, due_ns), "nobody waits for it"


def test_a_card_of_its_own_process_may_have_to_wait_for_a_processor() -> None:
    late: list[Row] = [(400 * MS, Point.BOUNDARY, 480 * 40, 3 * MS)]
    for kind, late_ns in (("process", 3 * MS), ("inline", 0)):
        side = card(late, statistics={"card": kind})
        assert side.interrupt_ns(480.0 * 40, 400 * MS) == (400 * MS, 400 * MS + late_ns)


def test_a_card_that_is_where_it_can_be_has_not_jumped() -> None:
    side = card()
    assert not side.has_jumped(960, 20 * MS)
    assert not side.has_jumped(960, 500 * MS)
    assert side.has_jumped(960, 19 * MS)
    assert not side.has_jumped(10, 1), "of what was before the first boundary nothing is known"


def test_behind_pulse_there_is_a_server() -> None:
    assert card(kind="pulse").itself == "server"
    assert card(kind="alsa").itself == "device"


def test_records_are_sorted_by_what_they_say() -> None:
    side = card([*LATE, (70 * MS, Point.STARVED, 3500, 20)])
    assert side.interrupts.tolist() == records(LATE).tolist()
    assert side.starved["value"].tolist() == [20]
