"""Ids against models of both generations of the kernel's frontend."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose.check.kernel import KernelEvents
from ringproto.abi import EVENT_SLOTS, PAGE_OCTETS
from ringproto.eventids import EventIdRule, EventIds
from ringproto.eventpage import EventProducer
from ringproto.messages import CurPos, pack_event

OLD, NEW = False, True


class Channel:
    """A backend's producer by one rule, and a kernel."""

    def __init__(self, rule: EventIdRule, newer: bool) -> None:
        page = memoryview(bytearray(PAGE_OCTETS))
        self.kernel = KernelEvents(page, newer=newer)
        self.producer = EventProducer(page, lambda: None)
        self.ids = EventIds(rule)
        self.sent: list[int] = []

    def open(self) -> None:
        """Pcm open and hw_params, then OPEN."""
        self.kernel.reset()
        self.kernel.reset()
        self.ids.opened(self.producer.number)

    def close(self) -> None:
        """CLOSE, then hw_free and PCM close."""
        self.kernel.reset()
        self.kernel.closed()

    def send(self, octets: int) -> bool:
        ids = self.ids.of(self.producer.number)
        if self.producer.room < len(ids):
            return False
        for event_id in ids:
            self.producer.push(pack_event(CurPos(event_id, octets)))
        self.sent.append(octets)
        return True


def without_repeats(positions: list[int]) -> list[int]:
    return [position for n, position in enumerate(positions) if n == 0 or positions[n - 1] != position]


@pytest.mark.parametrize(
    ("rule", "newer"),
    [(EventIdRule.CONNECTION, OLD), (EventIdRule.STREAM, NEW), (EventIdRule.AUTO, OLD), (EventIdRule.AUTO, NEW)],
)
def test_every_position_arrives_once_over_hundreds_of_openings(rule: EventIdRule, newer: bool) -> None:
    channel = Channel(rule, newer)
    for opening in range(300):
        channel.open()
        for number in range(1 + opening * 7 % 23):
            assert channel.send(opening * 10_000 + number)
            channel.kernel.interrupt()
        channel.close()
    assert channel.kernel.accepted == channel.sent


@pytest.mark.parametrize(("rule", "newer"), [(EventIdRule.CONNECTION, NEW), (EventIdRule.STREAM, OLD)])
def test_the_wrong_rule_loses_every_event_from_the_second_opening_on(rule: EventIdRule, newer: bool) -> None:
    """Which is why there are rules; were it otherwise, the models would be wrong."""
    channel = Channel(rule, newer)
    first: list[int] = []
    for opening in range(3):
        channel.open()
        for number in range(5):
            channel.send(opening * 10_000 + number)
            channel.kernel.interrupt()
        first = first or list(channel.sent)
        channel.close()
    assert channel.kernel.accepted == first


@pytest.mark.parametrize("newer", [OLD, NEW])
def test_ids_go_on_after_a_stream_of_more_than_65536_events(newer: bool) -> None:
    channel = Channel(EventIdRule.AUTO, newer)
    for events in (3, 70_000, 70_000):
        channel.open()
        for number in range(events):
            channel.send(number)
            channel.kernel.interrupt()
        channel.close()
    assert channel.kernel.accepted == channel.sent


@pytest.mark.parametrize("newer", [OLD, NEW])
def test_a_guest_that_slept_hears_again(newer: bool) -> None:
    """What found no room used up no id, so the next event is accepted."""
    channel = Channel(EventIdRule.AUTO, newer)
    for _ in range(2):
        channel.open()
        sent = [channel.send(number) for number in range(1000)]
        assert sent.count(True) in (EVENT_SLOTS, EVENT_SLOTS // 2)
        assert sum(sent[64:]) == 0
        channel.kernel.interrupt()
        for number in range(1000, 1010):
            assert channel.send(number)
            channel.kernel.interrupt()
        channel.close()
    assert channel.kernel.accepted == channel.sent


Step = Callable[[Channel], object]
STEPS: list[Step] = [
    lambda channel: channel.send(len(channel.sent)),
    lambda channel: channel.kernel.interrupt(),
]


@given(
    newer=st.booleans(),
    openings=st.lists(st.lists(st.sampled_from(STEPS), max_size=150), min_size=1, max_size=6),
)
def test_auto_serves_any_kernel_however_lazily_it_reads(newer: bool, openings: list[list[Step]]) -> None:
    """Within an opening nothing is lost; at its end the newer generation skips what is unread, the older reads it."""
    channel = Channel(EventIdRule.AUTO, newer)
    for steps in openings:
        channel.open()
        for step in steps:
            step(channel)
        channel.kernel.interrupt()
        channel.close()
    assert channel.kernel.accepted == channel.sent


@pytest.mark.parametrize("newer", [OLD, NEW])
def test_one_frame_past_each_boundary_is_one_period_each(newer: bool) -> None:
    channel = Channel(EventIdRule.AUTO, newer)
    for _ in range(2):
        channel.open()
        for period in range(1, 101):
            channel.send((period * 480 + 1) * 4)
            channel.kernel.interrupt()
        assert channel.kernel.elapsed == 100
        channel.close()


def test_at_the_boundary_itself_the_kernel_hears_every_other_period() -> None:
    """The trap that the extra frame is for."""
    channel = Channel(EventIdRule.CONNECTION, OLD)
    channel.open()
    for period in range(1, 101):
        channel.send(period * 480 * 4)
        channel.kernel.interrupt()
    assert channel.kernel.elapsed <= 51
