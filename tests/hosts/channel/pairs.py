"""Two ends of a channel in one process, carried each way that there is."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hosts.channel.api import Message, MessageChannel
from hosts.channel.moving import MovingChannel
from hosts.channel.socketed import SocketChannel

Ends = tuple[MessageChannel, MessageChannel]
Moving = tuple[MovingChannel, MovingChannel]


def sockets() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def nobody(_carrier: str) -> None:
    """Is told how messages go."""


def starting(note: Callable[[str], None] = nobody) -> Moving:
    """A client that has wished, and its server."""
    near, far = sockets()
    return MovingChannel(near, note, is_client=True), MovingChannel(far, note, is_client=False)


def on_rings() -> Moving:
    """Both have moved."""
    client, server = starting()
    for end in (server, client, server, client):
        assert end.take() is None
    return client, server


def on_socket() -> Ends:
    """Both would never move."""
    near, far = sockets()
    return SocketChannel(near), SocketChannel(far)


def refused() -> Ends:
    """The client wished and was refused."""
    near, far = sockets()
    ends = MovingChannel(near, nobody, is_client=True), SocketChannel(far)
    assert (ends[1].take(), ends[0].take()) == (None, None)
    return ends


WAYS: dict[str, Callable[[], Ends]] = {"socket": on_socket, "refused": refused, "rings": on_rings, "moving": starting}


@contextmanager
def closing(ends: Ends) -> Iterator[Ends]:
    """Close both afterwards."""
    try:
        yield ends
    finally:
        for end in ends:
            end.close()


def all_from(end: MessageChannel) -> list[bytes]:
    """What there is now."""
    messages: list[bytes] = []
    while (message := end.take()) is not None:
        messages.append(message.octets)
    return messages


def next_of(end: MessageChannel, other: MessageChannel) -> Message:
    """The next message, while the other side does nothing but write what waits there."""
    for _ in range(100):
        message = end.take()
        if message is not None:
            return message
        other.before_poll()
        other.take()
    raise AssertionError("nothing came")
