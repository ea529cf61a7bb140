"""What `hosts.channel.api` promises, on every way of carrying messages."""

import os
import select
from collections.abc import Iterator
from errno import ENOBUFS, EPIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.channel.api import ChannelError, MessageChannel
from hosts.channel.passing import close_all
from ringproto.channel.packets import FDS_MAX, MESSAGE_OCTETS_MAX
from tests.hosts.channel.pairs import WAYS, Ends, all_from, closing, next_of
from tests.hosts.descriptors import open_descriptors


@pytest.fixture(params=WAYS)
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    with closing(WAYS[request.param]()) as ends:
        yield ends


def is_readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


def asleep(ends: Ends) -> None:
    """Both have nothing to do."""
    for _ in range(4):
        for end in ends:
            while end.take() is not None or end.before_poll():
                pass


def test_messages_come_whole_and_in_order_both_ways(ends: Ends) -> None:
    near, far = ends
    for number in range(50):
        near.send(b"to far %d" % number * (1 + number))
        far.send(b"to near %d" % number)
    assert [next_of(far, near).octets for _ in range(50)] == [b"to far %d" % n * (1 + n) for n in range(50)]
    assert [next_of(near, far).octets for _ in range(50)] == [b"to near %d" % n for n in range(50)]
    assert (near.take(), far.take()) == (None, None)


@pytest.mark.parametrize("size", [1, MESSAGE_OCTETS_MAX - 1, MESSAGE_OCTETS_MAX])
def test_the_shortest_and_the_longest_message_get_through(ends: Ends, size: int) -> None:
    near, far = ends
    message = os.urandom(size)
    near.send(message)
    assert next_of(far, near).octets == message


@pytest.mark.parametrize("size", [0, MESSAGE_OCTETS_MAX + 1])
def test_a_message_out_of_bounds_is_our_own_fault(ends: Ends, size: int) -> None:
    near, far = ends
    with pytest.raises(ValueError, match=f"a message of {size} octets, want 1 to {MESSAGE_OCTETS_MAX}"):
        near.send(bytes(size))
    near.send(b"still alive")
    assert next_of(far, near).octets == b"still alive"


def test_too_many_descriptors_are_our_own_fault(ends: Ends) -> None:
    with pytest.raises(ValueError, match=f"{FDS_MAX + 1} descriptors with a message, want at most {FDS_MAX}"):
        ends[0].send(b"x", (0,) * (FDS_MAX + 1))


def test_descriptors_come_with_their_message_and_keep_its_place(ends: Ends) -> None:
    near, far = ends
    reader, writer = os.pipe()
    near.send(b"before")
    near.send(b"with", (writer, writer))
    near.send(b"after")
    os.close(writer)
    before, with_fds, after = (next_of(far, near) for _ in range(3))
    assert (before.octets, with_fds.octets, after.octets) == (b"before", b"with", b"after")
    assert (before.fds, after.fds) == ((), ())
    assert not any(os.get_inheritable(fd) for fd in with_fds.fds)
    os.write(with_fds.fds[1], b"there")
    assert os.read(reader, 9) == b"there"
    close_all((reader, *with_fds.fds))


def test_what_was_sent_is_heard_before_the_end(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    near.send(b"last")
    near.close()
    assert far.take() == (b"last", ())
    for _ in range(2):
        with pytest.raises(ChannelError) as ended:
            far.take()
        assert ended.value.errno == EPIPE
    far.send(b"nobody hears this")


def test_who_sleeps_is_woken_by_a_message_and_only_once_for_many(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    assert not is_readable(far.fileno())
    near.send(b"one")
    near.send(b"two")
    assert is_readable(far.fileno())
    assert all_from(far) == [b"one", b"two"]
    asleep(ends)
    assert not is_readable(far.fileno())


def test_who_sleeps_is_woken_by_the_other_sides_end(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    near.close()
    assert is_readable(far.fileno())
    with pytest.raises(ChannelError):
        all_from(far)


def test_an_edge_comes_with_each_message_that_finds_the_other_side_asleep(ends: Ends) -> None:
    near, far = ends
    with select.epoll() as loop:
        loop.register(far.fileno(), select.EPOLLIN | select.EPOLLET)
        for number in range(3):
            asleep(ends)
            loop.poll(0)
            near.send(b"%d" % number)
            assert loop.poll(0)
            assert all_from(far) == [b"%d" % number]


def test_an_end_whose_edge_came_while_we_were_awake_is_not_slept_through(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    with select.epoll() as loop:
        loop.register(far.fileno(), select.EPOLLIN | select.EPOLLET)
        near.send(b"last")
        assert all_from(far) == [b"last"]
        near.close()
        loop.poll(0)
        with pytest.raises(ChannelError):
            all_until_sleep(far, loop)


def all_until_sleep(end: MessageChannel, loop: select.epoll) -> None:
    """Take until it sleeps and nothing wakes it."""
    all_from(end)
    while end.before_poll() or loop.poll(0):
        all_from(end)


def test_an_end_that_came_while_messages_did_is_not_slept_through(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    near.send(b"last")
    assert all_from(far) == [b"last"]
    near.close()
    assert far.before_poll() or is_readable(far.fileno())


def test_what_finds_no_room_waits_and_goes_when_there_is(ends: Ends) -> None:
    near, far = ends
    sent = [bytes([number]) * 4000 for number in range(60)]
    for message in sent:
        near.send(message)
    assert [next_of(far, near).octets for _ in sent] == sent


def test_who_does_not_read_ends_the_channel_for_both(ends: Ends) -> None:
    near, far = ends
    asleep(ends)
    for _ in range(20):
        near.send(bytes(MESSAGE_OCTETS_MAX))
    with pytest.raises(ChannelError, match="wait") as ended:
        near.take()
    assert ended.value.errno == ENOBUFS
    assert near.before_poll() or is_readable(near.fileno())
    with pytest.raises(ChannelError):
        [far.take() for _ in range(20)]


def test_descriptors_that_were_never_taken_are_closed_with_the_channel(ends: Ends) -> None:
    near, far = ends
    before = open_descriptors()
    reader, writer = os.pipe()
    for _ in range(400):
        near.send(bytes(2000), (reader, writer))
    close_all((reader, writer))
    near.close()
    far.close()
    assert open_descriptors() < before


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_open(way: str) -> None:
    before = open_descriptors()
    for _ in range(20):
        near, far = WAYS[way]()
        near.send(b"x" * 5000)
        far.take()
        for end in (near, far, near, far):
            end.close()
    assert open_descriptors() == before


@given(st.sampled_from(sorted(WAYS)), st.lists(st.tuples(st.integers(0, 5), st.binary(min_size=1)), max_size=40))
def test_whatever_both_do_when_each_hears_what_the_other_said(way: str, steps: list[tuple[int, bytes]]) -> None:
    """An action is one of six: either side sends, sends with a descriptor, or takes one message and would sleep."""
    with closing(WAYS[way]()) as ends:
        sent: tuple[list[bytes], list[bytes]] = ([], [])
        heard: tuple[list[bytes], list[bytes]] = ([], [])

        def take(who: int) -> bool:
            message = ends[who].take()
            if message is None:
                return ends[who].before_poll()
            close_all(message.fds)
            heard[who].append(message.octets)
            return True

        for action, octets in steps:
            who = action % 2
            if action < 4:
                ends[who].send(octets, (0,) if action < 2 else ())
                sent[1 - who].append(octets)
            else:
                take(who)
        while take(0) | take(1) | is_readable(ends[0].fileno()) | is_readable(ends[1].fileno()):
            pass
        assert heard == sent
