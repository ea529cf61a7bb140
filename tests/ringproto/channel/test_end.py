"""Two ends of a small block: messages in order both ways, also when rings are full; nobody sleeps on one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.channel.end import WAITING_OCTETS_MAX, Counts, RingEnd
from ringproto.channel.frames import ELSEWHERE
from ringproto.channel.packets import MESSAGE_OCTETS_MAX
from ringproto.errors import Errno, ProtocolError
from tests.ringproto.channel.shared import (
    FAR,
    NEAR,
    SMALL_BLOCK_OCTETS,
    CountedBell,
    ModelBell,
    ModelWords,
    PlainWords,
    model_block,
)
from tests.ringproto.memorymodel import Domain, Order, Program, Side, outcomes


def pair() -> tuple[RingEnd, RingEnd]:
    block = memoryview(bytearray(SMALL_BLOCK_OCTETS))
    words = PlainWords(block[:64])
    return RingEnd(block, words, NEAR, CountedBell()), RingEnd(block, words, FAR, CountedBell())


def pumped(sender: RingEnd, hearer: RingEnd) -> list[object]:
    """What is heard until both would sleep."""
    heard: list[object] = []
    moving = True
    while moving:
        moving = False
        for end in (sender, hearer):
            while (message := end.take()) is not None:
                heard.append(message)
            if end.before_poll():
                moving = True
            else:
                end.after_poll()
    return heard


def test_messages_and_marks_keep_their_order() -> None:
    near, far = pair()
    near.send(b"a")
    near.send_mark()
    near.send(b"b")
    assert pumped(near, far) == [b"a", ELSEWHERE, b"b"]


def test_a_message_many_times_as_long_as_the_ring_gets_through() -> None:
    near, far = pair()
    longest = bytes(range(256)) * 8
    far.send(longest)
    assert far.unsent_octets
    assert pumped(far, near) == [longest]
    assert far.unsent_octets == 0


def test_what_waits_for_room_is_bounded() -> None:
    near, _ = pair()
    message = bytes(MESSAGE_OCTETS_MAX)
    for _ in range(WAITING_OCTETS_MAX // len(message)):
        near.send(message)
    with pytest.raises(ProtocolError, match=f"octets wait, want at most {WAITING_OCTETS_MAX}") as refused:
        near.send(message)
    assert refused.value.errno == Errno.ENOSPC


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=20)), max_size=60))
def test_both_ways_at_once_nothing_is_lost_whoever_acts_when(steps: list[tuple[int, bytes]]) -> None:
    ends = pair()
    sent: tuple[list[bytes], list[bytes]] = ([], [])
    heard: tuple[list[object], list[object]] = ([], [])

    def listen(who: int) -> bool:
        while (message := ends[who].take()) is not None:
            heard[who].append(message)
        if ends[who].before_poll():
            return True
        ends[who].after_poll()
        return False

    for action, message in steps:
        who = action % 2
        if action < 2:
            ends[who].send(message)
            sent[1 - who].append(message)
        else:
            listen(who)
    while listen(0) | listen(1):
        pass
    assert heard == sent


def test_a_busy_pair_rings_for_nobody() -> None:
    near, far = pair()
    for _ in range(100):
        near.send(b"x")
        assert far.take() == b"x"
    assert near.counts() == Counts(posts=100, rings=0, sleeps=0, empty_wakeups=0)


# -- every interleaving -----------------------------------------------------------------------------------------------


def asking(domain: Domain) -> None:
    """Sends a request and notes the answer."""
    end = RingEnd(model_block(domain), ModelWords(domain), NEAR, ModelBell(domain))
    domain.begin()
    end.send(b"?")
    listen(domain, end, 1)


def answering(domain: Domain) -> None:
    """Notes the request and answers; then it sleeps."""
    end = RingEnd(model_block(domain), ModelWords(domain), FAR, ModelBell(domain))
    domain.begin()
    listen(domain, end, 1)
    end.send(b"!")
    listen(domain, end, 2)


def sending(domain: Domain) -> None:
    """Sends more than the ring holds, and stays until it is all in."""
    end = RingEnd(model_block(domain), ModelWords(domain), NEAR, ModelBell(domain))
    domain.begin()
    end.send(b"12345")
    while end.unsent_octets:
        if not end.before_poll():
            domain.wait()
            end.after_poll()


def hearing(domain: Domain) -> None:
    """Notes what is sent; then it sleeps."""
    end = RingEnd(model_block(domain), ModelWords(domain), FAR, ModelBell(domain))
    domain.begin()
    listen(domain, end, 2)


def listen(domain: Domain, end: RingEnd, messages: int) -> None:
    """Until it has noted so many."""
    while len(domain.notes) < messages:
        message = end.take()
        if message is not None:
            assert isinstance(message, bytes)
            domain.notes.append(message)
        elif not end.before_poll():
            domain.wait()
            end.after_poll()


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(
    ("near", "far", "noted"),
    [(asking, answering, ((b"!",), (b"?",))), (sending, hearing, ((), (b"12345",)))],
)
def test_nobody_sleeps_on_a_message(near: Program, far: Program, noted: object, order: Order) -> None:
    assert outcomes({}, order, (Side(near), Side(far))) == {noted}
