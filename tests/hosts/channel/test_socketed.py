"""What a channel that only knows its socket answers to one who wants more.  The rest is the contract's."""

from errno import EBADMSG

import pytest

from hosts.channel.api import ChannelError
from hosts.channel.passing import Packet, receive_packet, send_packet
from hosts.channel.socketed import SocketChannel
from ringproto.channel.packets import PACKET_OCTETS_MAX, PacketKind
from tests.hosts.channel.pairs import sockets
from tests.hosts.descriptors import open_descriptors


@pytest.mark.parametrize("kind", [PacketKind.WISH, PacketKind.OFFER])
def test_whoever_wants_rings_is_told_why_not_and_keeps_the_socket(kind: PacketKind) -> None:
    stranger, ours = sockets()
    channel = SocketChannel(ours, "too old")
    before = open_descriptors()
    send_packet(stranger, Packet(kind, b"", (0, 0, 0)))
    send_packet(stranger, Packet(PacketKind.REFUSED, b"so what"))
    send_packet(stranger, Packet(PacketKind.MESSAGE, b"hello"))
    assert channel.take() == (b"hello", ())
    answer = receive_packet(stranger, memoryview(bytearray(PACKET_OCTETS_MAX)))
    assert answer == (PacketKind.REFUSED, b"too old", ())
    assert open_descriptors() == before
    channel.close()
    stranger.close()


@pytest.mark.parametrize("packet", [Packet(PacketKind.MOVED, b""), Packet(77, b"x"), Packet(PacketKind.MESSAGE, b"")])
def test_what_nobody_asked_for_ends_it(packet: Packet) -> None:
    stranger, ours = sockets()
    channel = SocketChannel(ours)
    send_packet(stranger, packet)
    for _ in range(2):
        with pytest.raises(ChannelError, match="which nobody asked for") as ended:
            channel.take()
        assert ended.value.errno == EBADMSG
    channel.close()
    stranger.close()
