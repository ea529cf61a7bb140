"""Packets that find no room wait, in order, up to a bound; one descriptor tells all there is to know."""

import os
import select
from collections.abc import Iterator
from errno import EBADMSG, ENOBUFS, EPIPE

import pytest

from hosts.channel.api import ChannelError
from hosts.channel.packetsocket import WAITING_OCTETS_MAX, PacketSocket
from hosts.emu.tables import make_doorbell
from tests.hosts.channel.pairs import sockets
from tests.hosts.descriptors import open_descriptors

KIND = 9


@pytest.fixture
def ends() -> Iterator[tuple[PacketSocket, PacketSocket]]:
    near, far = (PacketSocket(end) for end in sockets())
    yield near, far
    near.close()
    far.close()


def is_readable(end: PacketSocket) -> bool:
    poll = select.poll()
    poll.register(end.fileno(), select.POLLIN)
    return bool(poll.poll(0))


Ends = tuple[PacketSocket, PacketSocket]


def fill(end: PacketSocket) -> int:
    """Send more than the kernel takes, but not more than may wait; how many packets that is."""
    for number in range(120):
        end.send(KIND, number.to_bytes(2000, "little"))
    return 120


def test_what_waited_goes_in_order_as_soon_as_there_is_room(ends: Ends) -> None:
    near, far = ends
    sent = fill(near)
    got: list[int] = []
    while len(got) < sent:
        packet = far.receive()
        if packet is None:
            assert is_readable(near)
            assert near.receive() is None
        else:
            got.append(int.from_bytes(packet.octets, "little"))
    assert got == list(range(sent))
    assert not is_readable(near)
    assert not is_readable(far)


def test_descriptors_that_wait_are_our_own_until_they_are_gone(ends: Ends) -> None:
    near, far = ends
    fill(near)
    before = open_descriptors()
    reader, writer = os.pipe()
    near.send(KIND, b"", (writer,))
    os.close(writer)
    assert open_descriptors() == before + 2
    near.end(ChannelError(EBADMSG, "enough"))
    os.close(reader)
    assert open_descriptors() == before
    assert far.receive() is not None


def test_too_much_waiting_is_the_other_sides_fault_and_hangs_up(ends: Ends) -> None:
    near, far = ends
    for _ in range(WAITING_OCTETS_MAX // 50_000 + 8):
        near.send(KIND, bytes(50_000))
    assert is_readable(near)
    with pytest.raises(ChannelError, match="octets wait for it") as ended:
        near.receive()
    assert (ended.value.errno, near.fault) == (ENOBUFS, ended.value)
    while (packet := far.receive()) is not None and not far.hung_up:
        assert len(packet.octets) == 50_000
        far.look()


def test_the_first_reason_is_the_one_that_is_told(ends: Ends) -> None:
    near, far = ends
    near.end(ChannelError(EBADMSG, "first"))
    near.end(ChannelError(EPIPE, "second"))
    for _ in range(2):
        with pytest.raises(ChannelError, match="first"):
            near.receive()
    with pytest.raises(ChannelError, match="gone"):
        far.receive()


def test_a_bell_makes_it_readable_until_somebody_looks(ends: Ends) -> None:
    near, far = ends
    doorbell = make_doorbell()
    near.hear_bell(doorbell.bell)
    for _ in range(3):
        assert not is_readable(near)
        os.eventfd_write(doorbell.button, 1)
        assert is_readable(near)
        near.look()
    assert not near.stirred
    far.send(KIND, b"x")
    assert is_readable(near)
    near.look()
    assert (near.stirred, near.hung_up, is_readable(near)) == (True, False, False)
    assert near.receive() == (KIND, b"x", ())
    far.close()
    near.look()
    assert near.hung_up
    doorbell.close()


def test_closing_twice_is_harmless_and_the_end_stays_told(ends: Ends) -> None:
    near, _ = ends
    near.close()
    near.close()
    near.send(KIND, b"nobody hears this")
    with pytest.raises(ChannelError, match="closed"):
        near.receive()
