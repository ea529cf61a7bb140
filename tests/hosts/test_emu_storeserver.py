"""The daemon's side of a xenstore socket: whatever one client does, it loses at most its own connection.

The server runs in this process, on a loop of the test's, so that a test sees what the daemon holds.
"""

import logging
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from hosts.api import OnTime
from hosts.complaints import Complaints
from hosts.emu.storeserver import RECEIVE_OCTETS, StoreServer
from hosts.loop import RealLoop
from hosts.xenstore.store import XenStore
from hosts.xsserver import QUEUED_OCTETS_MAX
from hosts.xswire import HEADER, PAYLOAD_OCTETS_MAX, Kind, Message, Parser, pack_message, pack_strings
from tests.hosts.descriptors import open_descriptors

LIMIT_NS = 10_000_000_000


LOG = logging.getLogger("vsnd.host")


class Client:
    """A socket served as domain `domid`, and what has come back on it."""

    def __init__(self, store: XenStore, loop: RealLoop, domid: int = 0) -> None:
        self._loop = loop
        self._parser = Parser()
        self.ended = 0
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        self.server = StoreServer(store, domid, theirs, loop, Complaints(loop, LOG), self._on_end)

    def send(self, octets: bytes) -> None:
        while octets and not self.ended:
            try:
                octets = octets[self.socket.send(octets) :]
            except BlockingIOError:
                self.run_while_busy()

    def ask(self, kind: int, *strings: str, tail: bytes = b"") -> Message:
        self.send(pack_message(Message(kind, pack_strings(*strings) + tail, 1)))
        return self.take()

    def take(self) -> Message:
        """The next message to arrive."""
        taken: list[Message] = []

        def arrived() -> bool:
            self._receive()
            message = self._parser.take()
            if message is not None:
                taken.append(message)
            return message is not None or bool(self.ended)

        self.run_until(arrived)
        return taken[0]

    def run_until(self, done: Callable[[], bool]) -> None:
        assert self._loop.run_until(done, self._loop.now_ns() + LIMIT_NS)

    def run_while_busy(self) -> None:
        """Let the server do all that it can do now: it is idle when something that comes soon is all that comes."""
        idle = self._loop.now_ns() + 2_000_000
        self._loop.run_until(lambda: bool(self.ended), idle)

    def stuck(self) -> bool:
        """Whether nothing more can be sent."""
        _, writable, _ = select.select((), (self.socket,), (), 0)
        return not writable

    def _receive(self) -> None:
        try:
            self._parser.feed(self.socket.recv(65536))
        except BlockingIOError:
            return

    def _on_end(self) -> None:
        self.ended += 1


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    before = open_descriptors()
    loop = RealLoop()
    yield loop
    loop.close()
    assert open_descriptors() == before


@pytest.fixture
def store() -> XenStore:
    store = XenStore()
    store.introduce(0)
    store.introduce(1)
    return store


@pytest.fixture
def new_client(store: XenStore, loop: RealLoop) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def new(domid: int = 0) -> Client:
        clients.append(Client(store, loop, domid))
        return clients[-1]

    yield new
    for client in clients:
        client.server.close()
        client.server.close()
        client.socket.close()
        assert client.ended == 1, "its end is told once"


NewClient = Callable[..., Client]


def works(client: Client) -> bool:
    client.ask(Kind.WRITE, "/other", tail=b"fine")
    return client.ask(Kind.READ, "/other").payload == b"fine"


def test_requests_are_answered_in_order(new_client: NewClient) -> None:
    client = new_client()
    requests = [Message(Kind.WRITE, b"/a\0001", 5), Message(Kind.READ, b"/a\0", 6), Message(Kind.READ, b"/b\0", 7)]
    client.send(b"".join(map(pack_message, requests)))
    replies = [client.take() for _ in requests]
    assert [(reply.kind, reply.req_id) for reply in replies] == [(Kind.WRITE, 5), (Kind.READ, 6), (Kind.ERROR, 7)]


@pytest.mark.parametrize("cut", [1, HEADER.size - 1, HEADER.size, HEADER.size + 1])
def test_a_request_may_come_in_pieces(new_client: NewClient, cut: int) -> None:
    client = new_client()
    octets = pack_message(Message(Kind.WRITE, b"/a\0001", 9))
    client.send(octets[:cut])
    client.run_while_busy()
    client.send(octets[cut:])
    assert client.take().req_id == 9


def test_half_a_header_and_then_nothing_is_forgotten(new_client: NewClient) -> None:
    half, other = new_client(1), new_client()
    half.send(HEADER.pack(Kind.READ, 0, 0, 4)[:7])
    assert works(other)
    half.socket.shutdown(socket.SHUT_WR)
    half.run_until(lambda: bool(half.ended))
    assert works(other)


def test_a_payload_too_long_costs_its_sender_the_connection(new_client: NewClient) -> None:
    hostile, other = new_client(1), new_client()
    hostile.send(HEADER.pack(Kind.WRITE, 0, 0, PAYLOAD_OCTETS_MAX + 1))
    hostile.run_until(lambda: bool(hostile.ended))
    assert works(other)


def test_a_client_that_never_reads_its_replies_loses_the_connection(new_client: NewClient) -> None:
    hostile, other = new_client(), new_client()
    other.ask(Kind.WRITE, "/big", tail=b"x" * 4000)
    request = pack_message(Message(Kind.READ, b"/big\0", 1))
    for _ in range(200):
        hostile.send(request * 100)
        if hostile.ended:
            break
    assert hostile.ended
    assert works(other)


def test_a_client_that_never_reads_what_others_write_loses_the_connection(new_client: NewClient) -> None:
    """Each event is another path, so that none can be merged, and the client itself does nothing any more."""
    hostile, other = new_client(), new_client()
    hostile.ask(Kind.WATCH, "/", "token")
    for number in range(20 * QUEUED_OCTETS_MAX // 3000):
        path = f"/{'x' * 250}/" * 10 + str(number)
        other.ask(Kind.WRITE, path.replace("//", "/"))
        if hostile.ended:
            break
    assert hostile.ended
    assert works(other)


def test_one_change_that_makes_more_events_than_may_wait_is_survived(new_client: NewClient) -> None:
    hostile, other = new_client(), new_client()
    other.ask(Kind.MKDIR, "/deep")
    for number in range(40):
        hostile.ask(Kind.WATCH, "/deep", f"{number}{'t' * 1000}")
    tx = int(other.ask(Kind.TRANSACTION_START, "").payload[:-1])
    for number in range(60):
        other.send(pack_message(Message(Kind.WRITE, pack_strings(f"/deep/{'n' * 200}{number}"), 1, tx)))
        other.take()
    other.send(pack_message(Message(Kind.TRANSACTION_END, b"T\0", 1, tx)))
    assert other.take().kind == Kind.TRANSACTION_END
    hostile.run_until(lambda: bool(hostile.ended))
    assert works(other)


def test_a_client_slow_to_read_gets_everything(new_client: NewClient) -> None:
    slow = new_client()
    slow.ask(Kind.WRITE, "/big", tail=b"x" * 4000)
    asked = 150
    slow.send(pack_message(Message(Kind.READ, b"/big\0", 1)) * asked)
    slow.run_while_busy()
    assert [len(slow.take().payload) for _ in range(asked)] == [4000] * asked


def test_a_guest_that_does_not_take_its_answers_is_not_heard_until_it_does(
    new_client: NewClient, store: XenStore
) -> None:
    guest, other = new_client(1), new_client()
    other.ask(Kind.WRITE, "/local/domain/1/data/big", tail=b"x" * 2000)
    request = pack_message(Message(Kind.READ, b"data/big\0", 1))
    sent = 0
    while True:
        try:
            guest.socket.send(request)
        except BlockingIOError:  # both its socket and ours are full
            guest.run_while_busy()
            if guest.stuck():
                break
            continue
        sent += 1
    assert not guest.ended
    assert works(other)
    assert [len(guest.take().payload) for _ in range(sent)] == [2000] * sent


def test_more_requests_than_one_pass_takes_are_all_answered(new_client: NewClient) -> None:
    busy, other = new_client(1), new_client()
    request = pack_message(Message(Kind.MKDIR, b"x" * 4000))
    count = 32
    assert count * len(request) > 100 * RECEIVE_OCTETS
    busy.send(request * count)
    assert works(other)
    assert [busy.take().kind for _ in range(count)] == [Kind.ERROR] * count


def test_a_client_that_never_stops_asking_has_one_turn_in_a_pass(
    new_client: NewClient, loop: RealLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often its socket says that there is more while a turn is waiting anyway."""
    busy = new_client(1)
    turns: list[OnTime] = []
    call_soon = loop.call_soon

    def counted(callback: OnTime) -> None:
        if callback == busy.server._take_turn:
            turns.append(callback)
        call_soon(callback)

    monkeypatch.setattr(loop, "call_soon", counted)
    request = pack_message(Message(Kind.MKDIR, b"x" * 900))
    passes = 30
    for _ in range(passes):
        busy.socket.send(request * 3)
        asked = len(turns)
        busy.run_until(lambda asked=asked: len(turns) > asked)  # type: ignore[misc]
    assert len(turns) <= 2 * passes


def test_events_are_sent_though_their_client_asks_for_nothing(new_client: NewClient) -> None:
    watcher, writer = new_client(), new_client()
    watcher.ask(Kind.WATCH, "/a", "token")
    assert watcher.take().payload == b"/a\0token\0"
    writer.ask(Kind.WRITE, "/a/b")
    assert watcher.take().payload == b"/a/b\0token\0"


def test_the_end_of_a_client_ends_its_transactions_and_watches(new_client: NewClient, store: XenStore) -> None:
    for _ in range(12):  # more than a guest's quota of transactions
        guest = new_client(1)
        assert guest.ask(Kind.TRANSACTION_START, "").kind == Kind.TRANSACTION_START
        guest.ask(Kind.WATCH, "data", "token")
        guest.socket.close()
        guest.run_until(lambda guest=guest: bool(guest.ended))  # type: ignore[misc]


@pytest.mark.parametrize("kind", [*range(30), 0xFFFF_FFFF])
def test_any_kind_of_message_with_nothing_in_it_is_answered_and_survived(new_client: NewClient, kind: int) -> None:
    client, other = new_client(1), new_client()
    client.send(pack_message(Message(kind, b"", 3)))
    client.send(pack_message(Message(kind, b"\xff\xfe\0\0" * 4, 4)))
    for _ in range(2):
        client.take()
    assert works(other)
