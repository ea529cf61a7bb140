"""How message channels come to be: a server listens on a path, clients connect to it."""

import logging
import socket
from functools import lru_cache
from pathlib import Path

from hosts.channel.agreement import Note
from hosts.channel.api import MessageChannel
from hosts.channel.moving import MovingChannel

log = logging.getLogger("vsnd.channel")


def listener(path: Path, backlog: int = 32) -> socket.socket:
    """A socket at `path` whose accepted connections are for `accepted`; it does not block.  Raises OSError."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        listening.bind(str(path))
        listening.listen(backlog)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


@lru_cache(maxsize=64)
def say_once(carrier: str) -> None:
    """Tell the log how messages go, for all channels that go the same way."""
    log.info("messages go over the %s", carrier)


def accepted(connection: socket.socket, note: Note = say_once) -> MessageChannel:
    """The server's end over an accepted connection, which is the channel's from here on.

    `note` may be told what the client made up as its reason, so many times as it connects.
    """
    return MovingChannel(connection, note, is_client=False)


def connected(path: Path, note: Note = say_once, *, rings: bool = True) -> MessageChannel:
    """The client's end of a channel to the server at `path`; without `rings` it stays on the socket.

    Raises OSError when there is no server.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return MovingChannel(connection, note, is_client=rings)  # only who asks for rings has them
