"""The xenstore spoken bare, so that anything can be said to it."""

import socket

from hosts.xswire import HEADER, Kind, Message, Parser, error_number, pack_message, pack_strings
from tests.hostile.guest import Hostile

BURST = 200


def message(kind: int, payload: bytes, tx: int = 0) -> bytes:
    """The octets of a request."""
    return pack_message(Message(kind, payload, 7, tx))


def reply(connection: socket.socket) -> Message | None:
    """The next reply, watch events left out; None when the connection has ended."""
    parser = Parser()
    while True:
        header = _exactly(connection, HEADER.size)
        if header is None:
            return None
        body = _exactly(connection, HEADER.unpack(header)[3])
        if body is None:
            return None
        parser.feed(header + body)
        found = parser.take()
        assert found is not None
        if found.kind != Kind.WATCH_EVENT:
            return found


def _exactly(connection: socket.socket, octets: int) -> bytes | None:
    data = b""
    while len(data) < octets:
        try:
            part = connection.recv(octets - len(data))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return data


def tell(connection: socket.socket, data: bytes) -> bool:
    """Send octets; whether the other side is still there to take them."""
    try:
        connection.sendall(data)
    except (ConnectionError, BrokenPipeError):
        return False
    return True


def came(connection: socket.socket) -> str:
    """What the next reply says: "ok", the errno's name, or "dropped"."""
    try:
        answer = reply(connection)
    except TimeoutError:
        return "nothing"
    if answer is None:
        return "dropped"
    return error_number(answer.payload).name if answer.kind == Kind.ERROR else "ok"


def ask(connection: socket.socket, kind: int, *strings: str, tx: int = 0, tail: bytes = b"") -> str:
    """Ask, and say what came."""
    return came(connection) if tell(connection, message(kind, pack_strings(*strings) + tail, tx)) else "dropped"


def write(connection: socket.socket, path: str, value: str, tx: int = 0) -> str:
    """WRITE, and what came."""
    return ask(connection, Kind.WRITE, path, tx=tx, tail=value.encode())


def flood(hostile: Hostile, connection: socket.socket, node: str, value: str, until_ns: int) -> int:
    """Write a node again and again, hundreds of requests in flight; how many were answered."""
    burst = message(Kind.WRITE, pack_strings(node) + value.encode()) * BURST
    answered = 0
    while hostile.now_ns() < until_ns:
        connection.sendall(burst)
        for _ in range(BURST):
            answered += came(connection) == "ok"
    return answered
