"""How much a guest may have of everything, over the wire; and that Dom0 may have more."""

import pytest

from hosts.xenstore.quota import Quota
from hosts.xenstore.store import XenStore
from hosts.xswire import Kind
from tests.hosts.xenstore_helpers import Peer, begin, commit, do, write


@pytest.fixture
def store() -> XenStore:
    """With guests 3 and 4."""
    store = XenStore()
    store.introduce(3)
    store.introduce(4)
    return store


@pytest.fixture
def dom0(store: XenStore) -> Peer:
    return Peer(store)


@pytest.fixture
def guest(store: XenStore) -> Peer:
    return Peer(store, 3)


def test_a_thousand_nodes(store: XenStore, guest: Peer) -> None:
    made = 0
    while write(guest, f"data/{made // 100}/{made % 100}") == "OK":
        made += 1
    assert write(guest, "data/x") == "ENOSPC"
    assert store.usage.count(Quota.NODES, 3) == 1000
    assert do(guest, Kind.RM, "data/0") == "OK"
    assert write(guest, "data/x") == "OK"
    store.check()


def test_a_thousand_nodes_in_a_transaction_too(store: XenStore, guest: Peer) -> None:
    tx = begin(guest)
    made = 0
    while write(guest, f"data/{made // 100}/{made % 100}", "", tx) == "OK":
        made += 1
    assert made + 10 + 1 in (1000, 1001), "hundreds, and data itself"
    assert commit(guest, tx) == "OK"
    store.check()


def test_what_transactions_remember_is_memory_too(store: XenStore, guest: Peer) -> None:
    """XSA-326."""
    outcomes = set[str]()
    for _ in range(10):
        tx = begin(guest)
        for number in range(600):
            outcomes.add(write(guest, f"data/{number % 10}", "x" * 1900, tx))
    assert outcomes == {"OK", "ENOMEM"}
    assert store.usage.count(Quota.MEMORY, 3) <= 5 << 19
    guest.connection.close()
    assert store.usage.count(Quota.MEMORY, 3) < 1000
    store.check()


def test_a_full_domain_can_still_make_room(store: XenStore, dom0: Peer, guest: Peer) -> None:
    write(guest, "data/x", "x" * 1000)
    do(dom0, Kind.SET_QUOTA, "3", "memory", "100")
    assert write(guest, "data/y") == "ENOMEM"
    assert write(guest, "data/x", "less") == "OK"
    assert do(guest, Kind.RM, "data/x") == "OK"


def test_128_watches(guest: Peer) -> None:
    assert {do(guest, Kind.WATCH, "data", str(number)) for number in range(128)} == {"OK"}
    assert do(guest, Kind.WATCH, "data", "more") == "ENOSPC"


def test_10_transactions(guest: Peer) -> None:
    open_ones = [begin(guest) for _ in range(10)]
    assert do(guest, Kind.TRANSACTION_START, "") == "ENOSPC"
    assert commit(guest, open_ones[0]) == "OK"
    assert begin(guest)


def test_5_permissions_a_node(guest: Peer) -> None:
    assert do(guest, Kind.SET_PERMS, "data", "n3", *["r4"] * 4) == "OK"
    assert do(guest, Kind.SET_PERMS, "data", "n3", *["r4"] * 5) == "ENOSPC"


def test_2048_octets_a_node(guest: Peer) -> None:
    assert write(guest, "data/x", "x" * 2040) == "OK"
    assert write(guest, "data/x", "x" * 2041) == "ENOSPC", "8 octets are the owner's permission"


def test_1024_nodes_in_a_transaction(guest: Peer) -> None:
    tx = begin(guest)
    for number in range(1024):
        do(guest, Kind.READ, f"data/{number}", tx=tx)
    assert do(guest, Kind.READ, "data", tx=tx) == "ENOSPC"
    assert do(guest, Kind.READ, "data") == ""


def test_dom0_has_no_quota(dom0: Peer) -> None:
    for number in range(1500):
        assert do(dom0, Kind.WATCH, f"/n/{number}", "t") == "OK"
        assert write(dom0, f"/n/{number}", "x" * 3000) == "OK"
    assert do(dom0, Kind.SET_PERMS, "/n", "n0", *["r3"] * 50) == "OK"
