"""How often a guest is looked at."""

from backend.throttle import BURST, EVERY_NS, Throttle
from hosts.sim.machine import SimMachine

MS = 1_000_000
SECOND = 1000 * MS


class Watched:
    """A throttle in virtual time, and when it looked."""

    def __init__(self) -> None:
        self.machine = SimMachine()
        self.looks_ns: list[int] = []
        self.throttle = Throttle(self.machine.host(0).loop, self.looks_ns.append)

    def pass_ns(self, ns: int) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)


def test_asking_often_in_one_pass_is_one_look_at_once() -> None:
    watched = Watched()
    for _ in range(100_000):
        watched.throttle.ask()
    watched.pass_ns(SECOND)
    assert watched.looks_ns == [0]


def test_a_guest_that_never_stops_is_looked_at_so_often_and_no_more() -> None:
    watched = Watched()
    for _ in range(10_000):
        watched.throttle.ask()
        watched.pass_ns(MS)
    assert BURST + 10 * SECOND // EVERY_NS - 1 <= len(watched.looks_ns) <= BURST + 10 * SECOND // EVERY_NS + 1


def test_what_was_asked_in_the_busiest_time_is_looked_at_before_long() -> None:
    watched = Watched()
    for _ in range(10_000):
        watched.throttle.ask()
        watched.pass_ns(MS)
    watched.throttle.ask()
    watched.pass_ns(EVERY_NS)
    assert watched.looks_ns[-1] > watched.machine.timeline.now_ns - EVERY_NS


def test_after_some_quiet_looks_come_at_once_again() -> None:
    watched = Watched()
    for _ in range(1000):
        watched.throttle.ask()
        watched.pass_ns(MS)
    watched.pass_ns(2 * SECOND)
    before = len(watched.looks_ns)
    for _ in range(BURST):
        watched.throttle.ask()
        watched.pass_ns(0)
    assert len(watched.looks_ns) == before + BURST


def test_a_look_can_be_put_off_but_not_beyond_one_that_is_wanted_sooner() -> None:
    watched = Watched()
    watched.throttle.ask(30 * MS)
    watched.pass_ns(20 * MS)
    assert watched.looks_ns == []
    watched.throttle.ask()
    watched.pass_ns(20 * MS)
    assert watched.looks_ns == [20 * MS]


def test_closing_forgets_what_was_asked() -> None:
    watched = Watched()
    watched.throttle.ask()
    watched.throttle.close()
    watched.pass_ns(SECOND)
    assert watched.looks_ns == []
