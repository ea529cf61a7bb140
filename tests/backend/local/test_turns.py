"""How often commands are seen to, whatever comes."""

from backend.local.turns import CREDIT_NS, MESSAGE_NS, MESSAGES_PER_TURN, Turns
from hosts.sim.machine import SimMachine

SECOND_NS = 1_000_000_000


class Flood:
    """Somebody who always has something to say, `messages` in all."""

    def __init__(self, messages: int) -> None:
        self.machine = SimMachine()
        self.left = messages
        self.turns = Turns(self.machine.host(0).loop, self.take)

    def take(self) -> bool:
        self.left -= self.left > 0
        return self.left > 0

    def pass_ns(self, ns: int) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)


def test_a_turn_takes_so_many_and_the_rest_comes_later() -> None:
    flood = Flood(1 + 3 * MESSAGES_PER_TURN)
    flood.turns.on_readable(0)
    assert flood.left == 1 + 2 * MESSAGES_PER_TURN
    flood.turns.on_readable(0)
    assert flood.left == 1 + 2 * MESSAGES_PER_TURN
    flood.pass_ns(1)
    assert flood.left <= 1


def test_in_the_long_run_so_many_a_second_and_no_more() -> None:
    flood = Flood(1 << 40)
    flood.turns.on_readable(0)
    flood.pass_ns(10 * SECOND_NS)
    seen = (1 << 40) - flood.left
    most = (10 * SECOND_NS + CREDIT_NS) // MESSAGE_NS + MESSAGES_PER_TURN
    assert most - 3 * MESSAGES_PER_TURN <= seen <= most


def test_one_that_says_little_is_heard_at_once() -> None:
    flood = Flood(1)
    for _ in range(100):
        flood.left = 2
        flood.turns.on_readable(flood.machine.timeline.now_ns)
        assert flood.left == 0
        flood.pass_ns(SECOND_NS // 100)


def test_once_closed_nothing_is_taken() -> None:
    flood = Flood(1000)
    flood.turns.on_readable(0)
    left = flood.left
    flood.turns.close()
    flood.turns.on_readable(0)
    flood.pass_ns(SECOND_NS)
    assert flood.left == left
