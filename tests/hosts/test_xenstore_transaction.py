"""Transactions: whole or not at all, and no update lost."""

import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hosts.xenstore.store import XenStore
from tests.hosts.xenstore_helpers import Client, errno_of, machine


@pytest.fixture
def clients() -> tuple[Client, Client]:
    (dom0,) = machine()
    store = dom0.machine
    dom0.write("/a", b"1")
    dom0.write("/b", b"1")
    return dom0, Client(store, 0)


def test_snapshot_own_changes_and_commit(clients: tuple[Client, Client]) -> None:
    one, other = clients
    tx = one.start()
    one.write("/a", b"2", tx)
    other.write("/c", b"new")
    assert one.read("/a", tx) == b"2"
    assert other.read("/a") == b"1"
    assert errno_of(lambda: one.read("/c", tx)) == "ENOENT"
    one.end(tx, commit=False)
    assert other.read("/a") == b"1"


def test_read_nodes_must_not_change(clients: tuple[Client, Client]) -> None:
    one, other = clients
    tx = one.start()
    one.read("/a", tx)
    one.write("/b", b"2", tx)
    other.write("/a", b"1")
    assert errno_of(lambda: one.end(tx, commit=True)) == "EAGAIN"
    assert other.read("/b") == b"1"
    assert errno_of(lambda: one.end(tx, commit=True)) == "ENOENT"


def test_a_missing_node_that_appears_is_a_change(clients: tuple[Client, Client]) -> None:
    one, other = clients
    tx = one.start()
    assert errno_of(lambda: one.read("/new", tx)) == "ENOENT"
    other.mkdir("/new")
    assert errno_of(lambda: one.end(tx, commit=True)) == "EAGAIN"


def test_a_read_modify_write_loses_no_update(clients: tuple[Client, Client]) -> None:
    one, other = clients
    tx = one.start()
    one.write("/a", b"%d" % (int(one.read("/a", tx)) + 1), tx)
    other.write("/a", b"10")
    assert errno_of(lambda: one.end(tx, commit=True)) == "EAGAIN"
    assert other.read("/a") == b"10"


def test_writes_alone_never_disturb_each_other(clients: tuple[Client, Client]) -> None:
    one, other = clients
    first, second = one.start(), other.start()
    one.write("/dir/x", b"1", first)
    other.write("/dir/y", b"2", second)
    one.write("/a", b"one", first)
    assert one.read("/a", first) == b"one"
    other.write("/a", b"other", second)
    one.end(first, commit=True)
    other.end(second, commit=True)
    assert one.children("/dir") == ("x", "y")
    assert one.read("/a") == b"other"


def test_a_listing_is_disturbed_by_a_new_child_but_not_by_a_value_below(clients: tuple[Client, Client]) -> None:
    one, other = clients
    other.write("/dir/x", b"1")
    for path, outcome in (("/dir/x", ""), ("/dir/y", "EAGAIN")):
        tx = one.start()
        one.children("/dir", tx)
        other.write(path, b"2")
        assert errno_of(partial(one.end, tx, commit=True)) == outcome


def test_changes_no_longer_possible_are_tried_again() -> None:
    dom0, guest = machine(1)
    tx = guest.start()
    guest.write("data/x", b"1", tx)
    dom0.set_perms("/local/domain/1/data", ("n0",))
    assert errno_of(lambda: guest.end(tx, commit=True)) == "EAGAIN"
    assert dom0.children("/local/domain/1/data") == ()


def test_events_wait_for_the_commit(clients: tuple[Client, Client]) -> None:
    one, other = clients
    other.watch("/a", "t")
    tx = one.start()
    one.write("/a", b"2", tx)
    one.write("/a/b", b"3", tx)
    assert other.events == []
    one.end(tx, commit=True)
    assert other.events == [("/a", "t"), ("/a/b", "t")]


def test_guest_limits() -> None:
    _, guest = machine(1)
    transactions = [guest.start() for _ in range(10)]
    assert errno_of(guest.start) == "ENOSPC"
    for _ in range(1024):
        guest.write("data", b"", transactions[0])
    assert errno_of(lambda: guest.write("data", b"", transactions[0])) == "ENOSPC"
    guest.close()
    assert guest.start() not in transactions


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_interleaved_counters_add_up(seed: int) -> None:
    draw, store = random.Random(seed), XenStore()
    clients = [Client(store, 0) for _ in range(4)]
    clients[0].write("/count", b"0")
    committed, open_tx = 0, dict[Client, int]()
    for _ in range(60):
        client = draw.choice(clients)
        if client not in open_tx:
            tx = open_tx[client] = client.start()
            client.write("/count", b"%d" % (int(client.read("/count", tx)) + 1), tx)
        else:
            tx = open_tx.pop(client)
            committed += errno_of(partial(client.end, tx, commit=True)) == ""
    assert clients[0].read("/count") == b"%d" % committed
