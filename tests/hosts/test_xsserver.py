"""A connection's octets: every request, its reply, and the events in between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hosts.xenstore.store import XenStore
from hosts.xsserver import StoreConnection
from hosts.xswire import HEADER, Kind, Message, pack_message, pack_strings
from ringproto.errors import ProtocolError
from tests.hosts.xenstore_helpers import Peer


@pytest.fixture
def store() -> XenStore:
    store = XenStore()
    store.introduce(3)
    return store


def test_nodes_by_wire(store: XenStore) -> None:
    peer = Peer(store)
    assert peer.ask(Kind.WRITE, b"/a/b\0va\0lue") == b"OK\0"
    assert peer.ask(Kind.READ, b"/a/b\0") == b"va\0lue"
    assert peer.ask(Kind.MKDIR, b"/a/c\0") == b"OK\0"
    assert peer.ask(Kind.DIRECTORY, b"/a\0") == b"b\0c\0"
    assert peer.ask(Kind.DIRECTORY, b"/a/c\0") == b""
    assert peer.ask(Kind.SET_PERMS, b"/a\0n3\0r0\0") == b"OK\0"
    assert peer.ask(Kind.GET_PERMS, b"/a\0") == b"n3\0r0\0"
    assert peer.ask(Kind.RM, b"/a\0") == b"OK\0"
    assert peer.ask(Kind.READ, b"/a/b\0") == b"ENOENT"


def test_relative_paths_are_the_daemons_domain_for_dom0(store: XenStore) -> None:
    assert Peer(store).ask(Kind.READ, b"domid\0") == b"0"
    assert Peer(store, 3).ask(Kind.READ, b"domid\0") == b"3"


def test_transactions_by_wire(store: XenStore) -> None:
    peer, other = Peer(store), Peer(store)
    tx = int(peer.ask(Kind.TRANSACTION_START, b"\0").rstrip(b"\0"))
    assert peer.ask(Kind.TRANSACTION_START, b"\0", tx) == b"EBUSY"
    assert peer.ask(Kind.WRITE, b"/a\0001", tx) == b"OK\0"
    assert other.ask(Kind.READ, b"/a\0") == b"ENOENT"
    assert other.ask(Kind.READ, b"/a\0", tx) == b"ENOENT", "another connection's transaction"
    assert peer.ask(Kind.TRANSACTION_END, b"X\0", tx) == b"EINVAL"
    assert peer.ask(Kind.TRANSACTION_END, b"T\0", tx) == b"OK\0"
    assert peer.ask(Kind.TRANSACTION_END, b"T\0", tx) == b"ENOENT"
    assert other.ask(Kind.READ, b"/a\0") == b"1"


def test_a_watch_answers_and_then_fires_at_once(store: XenStore) -> None:
    peer = Peer(store)
    peer.connection.receive(pack_message(Message(Kind.WATCH, b"/none\0token\0")))
    reply, event = peer.collect()
    assert (reply.kind, reply.payload) == (Kind.WATCH, b"OK\0")
    assert event == Message(Kind.WATCH_EVENT, b"/none\0token\0")
    assert peer.ask(Kind.WATCH, b"/none\0token\0") == b"EEXIST"
    assert peer.ask(Kind.UNWATCH, b"/none\0token\0") == b"OK\0"
    assert peer.ask(Kind.UNWATCH, b"/none\0token\0") == b"ENOENT"
    assert len(peer.events) == 1


def test_watch_depth_and_reset(store: XenStore) -> None:
    peer = Peer(store)
    peer.ask(Kind.WATCH, b"/a\0t\x000\0")
    peer.events.clear()
    peer.ask(Kind.WRITE, b"/a/b\0")
    assert peer.events == []
    peer.ask(Kind.WRITE, b"/a\0")
    assert peer.events == [b"/a\0t\0"]
    assert peer.ask(Kind.RESET_WATCHES) == b"OK\0"
    peer.ask(Kind.WRITE, b"/a\0")
    assert len(peer.events) == 1


def test_equal_events_merge_while_nobody_reads(store: XenStore) -> None:
    watcher, writer = Peer(store), Peer(store)
    watcher.ask(Kind.WATCH, b"/a\0t\0")
    watcher.events.clear()
    for number in range(1000):
        writer.ask(Kind.WRITE, b"/a\0%d" % number)
    assert watcher.connection.queued_octets == HEADER.size + len(b"/a\0t\0")
    watcher.collect()
    writer.ask(Kind.WRITE, b"/a\0last")
    watcher.collect()
    assert watcher.events == [b"/a\0t\0"] * 2


def test_domains_by_wire(store: XenStore) -> None:
    peer, guest = Peer(store), Peer(store, 3)
    assert peer.ask(Kind.IS_DOMAIN_INTRODUCED, b"9\0") == b"F\0"
    assert peer.ask(Kind.INTRODUCE, b"9\x001\x002\0") == b"OK\0"
    assert peer.ask(Kind.IS_DOMAIN_INTRODUCED, b"9\0") == b"T\0"
    assert peer.ask(Kind.RELEASE, b"9\0") == b"OK\0"
    assert peer.ask(Kind.GET_DOMAIN_PATH, b"9\0") == b"/local/domain/9\0"
    for kind, payload in (
        (Kind.INTRODUCE, b"9\x001\x002\0"),
        (Kind.RELEASE, b"3\0"),
        (Kind.IS_DOMAIN_INTRODUCED, b"0\0"),
    ):
        assert guest.ask(kind, payload) == b"EACCES"


def test_unknown_and_server_only_kinds_are_enosys(store: XenStore) -> None:
    for kind in (Kind.WATCH_EVENT, Kind.ERROR, 20, 27, 2**32 - 1):
        assert Peer(store).ask(kind, b"x\0") == b"ENOSYS"


def test_watch_depth_is_the_feature(store: XenStore) -> None:
    assert Peer(store).ask(Kind.GET_FEATURE) == b"4\0"


MALFORMED: list[tuple[Kind, bytes]] = [
    (Kind.READ, b""),
    (Kind.READ, b"/a"),
    (Kind.READ, b"/a\0/b\0"),
    (Kind.READ, b"/local/domain/\0"),
    (Kind.WRITE, b"/a"),
    (Kind.WATCH, b"/a\0"),
    (Kind.WATCH, b"/a\0t\0x\0"),
    (Kind.SET_PERMS, b"/a\0"),
    (Kind.SET_PERMS, b"/\0q1\0"),
    (Kind.RELEASE, b"x\0"),
    (Kind.DIRECTORY_PART, b"/\0-1\0"),
    (Kind.TRANSACTION_END, b""),
]


@pytest.mark.parametrize(("kind", "payload"), MALFORMED)
def test_malformed_requests_are_einval(store: XenStore, kind: Kind, payload: bytes) -> None:
    assert Peer(store).ask(kind, payload) == b"EINVAL"


def test_a_long_listing_comes_in_parts(store: XenStore) -> None:
    peer = Peer(store)
    names = [f"child-{number:040}" for number in range(250)]
    for name in names:
        peer.ask(Kind.WRITE, f"/dir/{name}\0".encode())
    assert peer.ask(Kind.DIRECTORY, b"/dir\0") == b"E2BIG"
    got, offset, generations = b"", 0, set[bytes]()
    while True:
        generation, part = peer.ask(Kind.DIRECTORY_PART, b"/dir\0%d\0" % offset).split(b"\0", 1)
        generations.add(generation)
        if part.endswith(b"\0\0"):
            got += part[:-1]
            break
        got, offset = got + part, offset + len(part)
    assert got == pack_strings(*names)
    assert len(generations) == 1


def test_an_empty_listing_is_one_part(store: XenStore) -> None:
    peer = Peer(store)
    peer.ask(Kind.MKDIR, b"/empty\0")
    assert peer.ask(Kind.DIRECTORY_PART, b"/empty\x000\0").split(b"\0", 1)[1] == b"\0"


def test_requests_may_come_in_any_portions(store: XenStore) -> None:
    peer = Peer(store)
    stream = pack_message(Message(Kind.WRITE, b"/a\0001", 1)) + pack_message(Message(Kind.READ, b"/a\0", 2))
    for octet in stream:
        peer.connection.receive(bytes([octet]))
    assert [(message.req_id, message.payload) for message in peer.collect()] == [(1, b"OK\0"), (2, b"1")]


def test_a_lost_stream_raises_after_what_came_before(store: XenStore) -> None:
    peer = Peer(store)
    with pytest.raises(ProtocolError):
        peer.connection.receive(pack_message(Message(Kind.READ, b"/\0")) + HEADER.pack(Kind.WRITE, 0, 0, 4097))
    assert len(peer.collect()) == 1


def test_a_guest_with_20_answers_unread_is_not_answered_until_it_reads(store: XenStore) -> None:
    guest, request = Peer(store, 3), pack_message(Message(Kind.READ, b"domid\0"))
    assert guest.connection.receive(request * 50)
    assert guest.connection.is_full
    assert not guest.connection.receive(request)
    assert len(guest.collect()) == 20
    answered = 20
    while guest.connection.receive(b""):
        answered += len(guest.collect())
    assert answered == 51


def test_dom0_may_leave_answers_unread(store: XenStore) -> None:
    peer = Peer(store)
    peer.connection.receive(pack_message(Message(Kind.READ, b"domid\0")) * 500)
    assert len(peer.collect()) == 500


def test_outgoing_is_announced_when_there_was_nothing(store: XenStore) -> None:
    calls: list[int] = []
    connection = StoreConnection(store, 0, lambda: calls.append(connection.queued_octets))
    connection.receive(pack_message(Message(Kind.WATCH, b"/a\0t\0")))
    assert calls == [HEADER.size + 3]
    connection.outgoing()
    assert connection.outgoing() == b""
    connection.receive(pack_message(Message(Kind.READ, b"/\0")))
    assert calls == [HEADER.size + 3, HEADER.size]


def test_a_closed_connection_hears_no_more(store: XenStore) -> None:
    watcher = Peer(store)
    watcher.ask(Kind.WATCH, b"/\0t\0")
    watcher.connection.close()
    Peer(store).ask(Kind.WRITE, b"/a\0001")
    assert watcher.connection.outgoing() == b""


WORDS = st.sampled_from(
    [b"/", b"data", b"data/a", b"/local/domain/3/data", b"t", b"n3", b"r0", b"0", b"T", b"F", b"", b"\xff"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 28), st.lists(WORDS, max_size=4), st.integers(0, 2)), max_size=25))
def test_a_guest_may_send_anything_and_dom0_is_none_the_worse(requests: list[tuple[int, list[bytes], int]]) -> None:
    store = XenStore()
    store.introduce(3)
    guest, dom0 = Peer(store, 3), Peer(store)
    dom0.ask(Kind.WRITE, b"/secret\0untouched")
    for kind, words, tx in requests:
        guest.connection.receive(pack_message(Message(kind, b"".join(word + b"\0" for word in words), 0, tx)))
    assert dom0.ask(Kind.READ, b"/secret\0") == b"untouched"
    assert dom0.ask(Kind.GET_PERMS, b"/local/domain/3\0") == b"n0\0r3\0"
    guest.connection.close()
    store.release(3)
    assert dom0.ask(Kind.DIRECTORY, b"/local/domain\0") == b"0\0"
