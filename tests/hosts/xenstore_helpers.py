"""Clients of one xenstore that remember their events."""

from collections.abc import Callable
from errno import errorcode

from hosts.api import HostError
from hosts.xenstore.client import StoreClient
from hosts.xenstore.store import XenStore
from hosts.xsserver import StoreConnection
from hosts.xswire import Kind, Message, Parser, pack_message, pack_strings


class Client(StoreClient):
    """A client of the store `machine`, whose `events` are (path, token) in order."""

    def __init__(self, machine: XenStore, domid: int) -> None:
        self.machine = machine
        self.events: list[tuple[str, str]] = []
        super().__init__(machine, domid, lambda path, token: self.events.append((path, token)))


def machine(*domids: int) -> list[Client]:
    """Clients of one new store: Dom0's, and one of each of these domains."""
    store = XenStore()
    for domid in domids:
        store.introduce(domid)
    return [Client(store, domid) for domid in (0, *domids)]


def errno_of(attempt: Callable[[], object]) -> str:
    """The name of the errno that `attempt()` is refused with, "" when it is not."""
    try:
        attempt()
    except HostError as error:
        return errorcode[error.errno or 0]
    return ""


class Peer:
    """The client's end: `ask` sends a request and returns its reply; `events` keeps what else came."""

    def __init__(self, store: XenStore, domid: int = 0) -> None:
        self.connection = StoreConnection(store, domid)
        self.events: list[bytes] = []

    def ask(self, kind: int, payload: bytes = b"", tx: int = 0) -> bytes:
        """The reply's payload, or the name of the error."""
        self.connection.receive(pack_message(Message(kind, payload, 42, tx)))
        replies = [message for message in self.collect() if message.kind != Kind.WATCH_EVENT]
        (reply,) = replies
        assert (reply.req_id, reply.tx_id) == (42, tx)
        if reply.kind == Kind.ERROR:
            return reply.payload.rstrip(b"\0")
        assert reply.kind == kind
        return reply.payload

    def collect(self) -> list[Message]:
        """All that waits, parsed; events are kept as well."""
        parser = Parser()
        parser.feed(self.connection.outgoing())
        messages = list(iter(parser.take, None))
        self.events += [message.payload for message in messages if message.kind == Kind.WATCH_EVENT]
        return messages


def do(peer: Peer, kind: Kind, *strings: str, tx: int = 0) -> str:
    """The reply as text, or the error's name."""
    return peer.ask(kind, pack_strings(*strings), tx).rstrip(b"\0").decode()


def write(peer: Peer, path: str, value: str = "", tx: int = 0) -> str:
    return peer.ask(Kind.WRITE, f"{path}\0{value}".encode(), tx).rstrip(b"\0").decode()


def begin(peer: Peer) -> int:
    return int(do(peer, Kind.TRANSACTION_START, ""))


def commit(peer: Peer, tx: int) -> str:
    return do(peer, Kind.TRANSACTION_END, "T", tx=tx)


def watched(peer: Peer, path: str, *depth: str) -> list[bytes]:
    """The events from now on, in a list that grows."""
    assert do(peer, Kind.WATCH, path, "t", *depth) == "OK"
    peer.events.clear()
    return peer.events


def paths(peer: Peer) -> list[str]:
    """The paths of the events since last asked."""
    peer.collect()
    heard = [event.split(b"\0")[0].decode() for event in peer.events]
    peer.events.clear()
    return heard
