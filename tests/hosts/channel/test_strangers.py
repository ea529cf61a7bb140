"""Whatever comes over the socket or stands in the shared block costs the channel that it came by, and no descriptor."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EBADMSG, EPIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.channel.api import ChannelError, Message
from hosts.channel.link import Link, joined
from hosts.channel.moving import MovingChannel
from hosts.channel.packetsocket import PacketSocket
from hosts.channel.passing import Packet, close_all, receive_packet, send_packet
from hosts.emu.memory import make_share
from ringproto.channel.layout import BLOCK_OCTETS, CLIENT, RING_OCTETS, VERSION
from ringproto.channel.packets import FDS_MAX, PACKET_OCTETS_MAX, PacketKind
from tests.hosts.channel.pairs import sockets
from tests.hosts.descriptors import open_descriptors

PAGES = BLOCK_OCTETS // 4096


class Stranger:
    """Says what it likes to one end of ours."""

    def __init__(self, *, ours_is_client: bool) -> None:
        self.said: list[str] = []
        self.socket, theirs = sockets()
        self.ours = MovingChannel(theirs, self.said.append, is_client=ours_is_client)

    def send(self, kind: int, octets: bytes = b"", fds: tuple[int, ...] = ()) -> None:
        send_packet(self.socket, Packet(kind, octets, fds))

    def receive(self) -> Packet:
        packet = receive_packet(self.socket, memoryview(bytearray(PACKET_OCTETS_MAX)))
        assert packet is not None
        return packet


@contextmanager
def stranger(*, ours_is_client: bool) -> Iterator[Stranger]:
    someone = Stranger(ours_is_client=ours_is_client)
    try:
        yield someone
    finally:
        someone.socket.close()
        someone.ours.close()


@contextmanager
def stranger_on_rings() -> Iterator[tuple[Stranger, Link]]:
    """A client that has moved as it should, and holds the block."""
    with stranger(ours_is_client=False) as someone:
        someone.send(PacketKind.WISH, VERSION.to_bytes(4, "little"))
        assert someone.ours.take() is None
        bystander, other = sockets()
        packets = PacketSocket(bystander)
        link = joined(someone.receive().fds, packets)
        someone.send(PacketKind.MOVED)
        assert someone.ours.take() is None
        assert someone.receive().kind == PacketKind.MOVED
        try:
            yield someone, link
        finally:
            link.close()
            packets.close()
            other.close()


def fault_of(channel: MovingChannel) -> ChannelError:
    """Why there is no more."""
    with pytest.raises(ChannelError) as ended:
        channel.take()
    with pytest.raises(ChannelError):
        channel.take()
    return ended.value


@pytest.mark.parametrize("version", [b"", b"\0\0\0\0", (VERSION + 1).to_bytes(4, "little"), b"what's this"])
def test_another_version_is_refused(version: bytes) -> None:
    with stranger(ours_is_client=False) as someone:
        someone.send(PacketKind.WISH, version)
        assert someone.ours.take() is None
        answer = someone.receive()
        assert (answer.kind, b"version" in answer.octets, answer.fds) == (PacketKind.REFUSED, True, ())
        someone.send(PacketKind.MESSAGE, b"all the same")
        assert someone.ours.take() == (b"all the same", ())


def memory(pages: int = PAGES, *, sealed: bool = True) -> int:
    if sealed:
        fd, mapped = make_share(pages, writable=True)
        mapped.release()
        return fd
    fd = os.memfd_create("open")
    os.ftruncate(fd, pages * 4096)
    return fd


OFFERS: dict[str, Callable[[], tuple[int, ...]]] = {
    "nothing": tuple,
    "too many": lambda: (memory(), 0, 0, 0),
    "no memory": lambda: (0, 0, 0),
    "too small": lambda: (memory(PAGES - 1), 0, 0),
    "not sealed": lambda: (memory(sealed=False), 0, 0),
    "not a block": lambda: (memory(), 0, 0),
    "no bell": lambda: (memory(), os.open("/dev/null", os.O_RDONLY), 0),
}


@pytest.mark.parametrize("offer", OFFERS)
def test_a_client_refuses_what_it_cannot_use_and_keeps_nothing_of_it(offer: str) -> None:
    with stranger(ours_is_client=True) as someone:
        before = open_descriptors()
        fds = OFFERS[offer]()
        someone.send(PacketKind.OFFER, b"", fds)
        close_all(fd for fd in fds if fd)
        someone.send(PacketKind.MESSAGE, b"all the same")
        assert someone.ours.take() == (b"all the same", ())
        assert [carrier[:8] for carrier in someone.said] == ["socket: "]
        assert [someone.receive().kind for _ in range(2)] == [PacketKind.WISH, PacketKind.REFUSED]
        assert open_descriptors() == before


@pytest.mark.parametrize("ours_is_client", [True, False])
@pytest.mark.parametrize("fds", [(), (0,) * FDS_MAX])
@pytest.mark.parametrize("kind", [0, 6, 255, PacketKind.MESSAGE, PacketKind.MOVED])
def test_a_packet_out_of_place_ends_the_channel(ours_is_client: bool, fds: tuple[int, ...], kind: int) -> None:
    with stranger(ours_is_client=ours_is_client) as someone:
        before = open_descriptors()
        someone.send(kind, b"", fds)
        assert fault_of(someone.ours).errno == EBADMSG
        assert open_descriptors() == before


@pytest.mark.parametrize(("octets", "fds"), [(PACKET_OCTETS_MAX + 1, 0), (10, FDS_MAX + 1), (10, 100)])
def test_a_packet_that_is_too_large_ends_the_channel_and_leaves_nothing_open(octets: int, fds: int) -> None:
    with stranger(ours_is_client=False) as someone:
        before = open_descriptors()
        socket.send_fds(someone.socket, [bytes([PacketKind.MESSAGE]) * octets], [0] * fds)
        fault = fault_of(someone.ours)
        assert (fault.errno, "a packet of more than" in str(fault)) == (EBADMSG, True)
        assert open_descriptors() == before


@pytest.mark.parametrize("word", [CLIENT.says.count_word, CLIENT.hears.count_word])
def test_an_impossible_count_ends_the_channel(word: int) -> None:
    with stranger_on_rings() as (someone, link):
        link.words.add(word, RING_OCTETS + 1)
        someone.ours.send(b"hello")
        fault = fault_of(someone.ours)
        assert (fault.errno, f"in a ring of {RING_OCTETS}" in str(fault)) == (EBADMSG, True)
        someone.ours.send(b"nobody hears this")
        assert someone.ours.before_poll()


def test_a_length_that_no_message_has_ends_the_channel_after_those_before_it() -> None:
    with stranger_on_rings() as (someone, link):
        link.end.send(b"good")
        link.block[CLIENT.says.first_octet + 8 : CLIENT.says.first_octet + 12] = b"\xfe\xff\xff\xff"
        link.words.add(CLIENT.says.count_word, 4)
        assert someone.ours.take() == (b"good", ())
        assert "length" in str(fault_of(someone.ours))


def test_a_message_that_never_ends_is_waited_for_and_then_the_sender_is_gone() -> None:
    with stranger_on_rings() as (someone, link):
        link.words.add(CLIENT.says.count_word, 2)
        for _ in range(3):
            assert someone.ours.take() is None
        someone.socket.close()
        someone.ours.before_poll()
        assert fault_of(someone.ours).errno == EPIPE


def test_what_was_not_announced_stays_in_the_socket_and_hides_no_end() -> None:
    with stranger_on_rings() as (someone, link):
        for _ in range(5):
            someone.send(PacketKind.MESSAGE, b"unannounced")
        link.end.send(b"announced")
        assert someone.ours.take() == (b"announced", ())
        for _ in range(5):
            someone.ours.before_poll()
            assert someone.ours.take() is None
        assert not someone.ours.before_poll()
        someone.socket.close()
        assert fault_of(someone.ours).errno == EPIPE


def test_an_announced_message_that_is_none_ends_the_channel() -> None:
    with stranger_on_rings() as (someone, link):
        link.end.send_mark()
        assert someone.ours.take() is None
        someone.send(PacketKind.MOVED)
        assert fault_of(someone.ours).errno == EBADMSG


def test_an_announced_message_wakes_up_when_it_comes() -> None:
    with stranger_on_rings() as (someone, link):
        link.end.send_mark()
        assert someone.ours.take() is None
        while someone.ours.before_poll():
            assert someone.ours.take() is None
        someone.send(PacketKind.MESSAGE, b"here it is")
        assert someone.ours.take() == (b"here it is", ())


@given(
    st.lists(st.tuples(st.integers(16, 79), st.integers(0, 0xFFFF_FFFF)), min_size=1, max_size=8),
    st.binary(max_size=80),
)
def test_whatever_stands_in_the_block_each_call_ends(words: list[tuple[int, int]], octets: bytes) -> None:
    """Any words of the header, any octets in the ring."""
    with stranger_on_rings() as (someone, link):
        link.block[CLIENT.says.first_octet : CLIENT.says.first_octet + len(octets)] = octets
        link.words.add(CLIENT.says.count_word, len(octets))
        for word, value in words:
            link.words.add(word, value)
            someone.ours.send(b"hello")
            messages: list[Message | None] = []
            with suppress(ChannelError):
                messages += [someone.ours.take() for _ in range(3)]
                someone.ours.before_poll()
