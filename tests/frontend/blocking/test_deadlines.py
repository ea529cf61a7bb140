from frontend.blocking.deadlines import Deadlines, Miss
from frontend.blocking.region import HandOver

MS = 1_000_000


def met(*frames: int) -> Deadlines:
    """Callbacks of 480 frames that came on time, and were given back."""
    deadlines = Deadlines(48000)
    for frame in frames:
        handed = HandOver(frame, 480, frame * 1_000_000_000 // 48000)
        deadlines.meet(handed, handed.came_ns, handed.came_ns)
        deadlines.keep(handed)
    return deadlines


def test_the_first_callback_may_be_any_and_misses_nothing() -> None:
    deadlines = met(4800)
    assert deadlines.misses == []
    assert deadlines.started_ns == 0
    assert deadlines.size == 480


def test_the_next_is_due_once_there_were_two() -> None:
    assert Deadlines(48000).due_ns(5) == 5
    assert met(0).due_ns(5) == 5
    assert met(0, 480).due_ns(5) == 20 * MS
    assert met(0, 480).due_ns(25 * MS) == 25 * MS


def test_who_comes_late_is_late_by_that() -> None:
    deadlines = met(0, 480)
    deadlines.meet(HandOver(1920, 480, 40 * MS), 33 * MS, 40 * MS)
    assert deadlines.misses == [Miss(960, 3 * MS)]


def test_who_waited_and_was_not_let_run_is_late_by_when_it_noticed() -> None:
    deadlines = met(0, 480)
    deadlines.meet(HandOver(1440, 480, 30 * MS), 12 * MS, 31 * MS)
    assert deadlines.misses == [Miss(960, 1 * MS)]


def test_what_was_handed_over_but_not_given_back_is_missed() -> None:
    deadlines = met(0, 480)
    deadlines.meet(HandOver(960, 480, 20 * MS), 20 * MS, 20 * MS)
    deadlines.meet(HandOver(1440, 480, 30 * MS), 35 * MS, 35 * MS)
    assert deadlines.misses == [Miss(960, 5 * MS)]
