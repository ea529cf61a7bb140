"""The table of requests, a test per row, over the wire; `ask` gives the reply's payload or the error's name."""

import pytest

from hosts.xenstore.store import XenStore
from hosts.xswire import Kind, Message, pack_message
from tests.hosts.xenstore_helpers import Peer

OK = b"OK\0"


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


def begin(peer: Peer) -> int:
    """A transaction's number."""
    return int(peer.ask(Kind.TRANSACTION_START, b"\0").rstrip(b"\0"))


def test_control_is_for_dom0(dom0: Peer, guest: Peer) -> None:
    assert dom0.ask(Kind.CONTROL, b"check\0") == OK
    assert dom0.ask(Kind.CONTROL, b"print\0hello\0") == OK
    assert b"check" in dom0.ask(Kind.CONTROL, b"help\0")
    assert dom0.ask(Kind.CONTROL, b"live-update\0") == b"EINVAL"
    assert dom0.ask(Kind.CONTROL, b"") == b"EINVAL"
    assert guest.ask(Kind.CONTROL, b"help\0") == b"EACCES"


def test_directory_ends_each_name_with_a_nul(dom0: Peer) -> None:
    dom0.ask(Kind.WRITE, b"/a/b\0")
    dom0.ask(Kind.WRITE, b"/a/c\0")
    assert dom0.ask(Kind.DIRECTORY, b"/a\0") == b"b\0c\0"
    assert dom0.ask(Kind.DIRECTORY, b"/a/b\0") == b""
    assert dom0.ask(Kind.DIRECTORY, b"/none\0") == b"ENOENT"


def test_read_gives_the_bare_value(dom0: Peer) -> None:
    dom0.ask(Kind.WRITE, b"/a\0one")
    assert dom0.ask(Kind.READ, b"/a\0") == b"one"
    assert dom0.ask(Kind.READ, b"/none\0") == b"ENOENT"


def test_write_takes_any_octets_and_none(dom0: Peer) -> None:
    for value in (b"", b"\0\xff\0", b"x" * 4000):
        assert dom0.ask(Kind.WRITE, b"/a\0" + value) == OK
        assert dom0.ask(Kind.READ, b"/a\0") == value


def test_get_perms_and_set_perms(dom0: Peer, guest: Peer) -> None:
    dom0.ask(Kind.MKDIR, b"/a\0")
    assert dom0.ask(Kind.GET_PERMS, b"/a\0") == b"n0\0"
    assert dom0.ask(Kind.SET_PERMS, b"/a\0n0\0r3\0b4\0") == OK
    assert guest.ask(Kind.GET_PERMS, b"/a\0") == b"n0\0r3\0b4\0"
    assert guest.ask(Kind.SET_PERMS, b"/a\0b3\0") == b"EACCES"


def test_an_owner_cannot_give_away(dom0: Peer, guest: Peer) -> None:
    assert guest.ask(Kind.SET_PERMS, b"data\0n3\0r4\0") == OK
    assert guest.ask(Kind.SET_PERMS, b"data\0n4\0") == b"EPERM"
    assert dom0.ask(Kind.SET_PERMS, b"/local/domain/3/data\0n4\0") == OK


def test_watch_says_ok_and_then_fires_at_once(dom0: Peer) -> None:
    dom0.connection.receive(pack_message(Message(Kind.WATCH, b"/none\0token\0")))
    assert [(m.kind, m.payload) for m in dom0.collect()] == [(Kind.WATCH, OK), (Kind.WATCH_EVENT, b"/none\0token\0")]
    assert dom0.ask(Kind.WATCH, b"/none\0token\0") == b"EEXIST"


def test_unwatch_of_what_is_not_watched_is_enoent(dom0: Peer) -> None:
    dom0.ask(Kind.WATCH, b"/a\0t\0")
    assert dom0.ask(Kind.UNWATCH, b"/a\0other\0") == b"ENOENT"
    assert dom0.ask(Kind.UNWATCH, b"/a\0t\0") == OK
    assert dom0.ask(Kind.UNWATCH, b"/a\0t\0") == b"ENOENT"


def test_watch_and_unwatch_ignore_the_transaction_that_they_name(dom0: Peer) -> None:
    assert dom0.ask(Kind.WATCH, b"/a\0t\0", 77) == OK
    assert dom0.ask(Kind.UNWATCH, b"/a\0t\0", 77) == OK


def test_transaction_start_gives_a_number_and_does_not_nest(dom0: Peer) -> None:
    tx = begin(dom0)
    assert tx > 0
    assert dom0.ask(Kind.TRANSACTION_START, b"\0", tx) == b"EBUSY"


def test_transaction_end_commits_gives_up_or_has_nothing_to_end(dom0: Peer) -> None:
    for verdict, value in ((b"F\0", b"ENOENT"), (b"T\0", b"1")):
        tx = begin(dom0)
        dom0.ask(Kind.WRITE, b"/a\0001", tx)
        assert dom0.ask(Kind.TRANSACTION_END, verdict, tx) == OK
        assert dom0.ask(Kind.READ, b"/a\0") == value
        assert dom0.ask(Kind.TRANSACTION_END, verdict, tx) == b"ENOENT"
    assert dom0.ask(Kind.TRANSACTION_END, b"T\0", 0) == b"ENOENT"


def test_introduce_and_release_are_for_dom0(dom0: Peer, guest: Peer) -> None:
    assert dom0.ask(Kind.INTRODUCE, b"9\x001\x002\0") == OK
    assert dom0.ask(Kind.READ, b"/local/domain/9/domid\0") == b"9"
    assert dom0.ask(Kind.RELEASE, b"9\0") == OK
    assert dom0.ask(Kind.READ, b"/local/domain/9/domid\0") == b"ENOENT"
    assert dom0.ask(Kind.RELEASE, b"9\0") == b"ENOENT"
    assert dom0.ask(Kind.RELEASE, b"0\0") == b"EINVAL"
    assert guest.ask(Kind.INTRODUCE, b"9\x001\x002\0") == b"EACCES"
    assert guest.ask(Kind.RELEASE, b"4\0") == b"EACCES"


def test_get_domain_path_is_for_everybody(guest: Peer) -> None:
    assert guest.ask(Kind.GET_DOMAIN_PATH, b"0004\0") == b"/local/domain/4\0"
    assert guest.ask(Kind.GET_DOMAIN_PATH, b"x\0") == b"EINVAL"


def test_mkdir_leaves_what_there_is_alone(dom0: Peer) -> None:
    dom0.ask(Kind.WRITE, b"/a\0kept")
    dom0.ask(Kind.WATCH, b"/a\0t\0")
    dom0.events.clear()
    assert dom0.ask(Kind.MKDIR, b"/a\0") == OK
    assert dom0.events == []
    assert dom0.ask(Kind.MKDIR, b"/a/b/c\0") == OK
    assert dom0.events == [b"/a/b/c\0t\0"]
    assert dom0.ask(Kind.READ, b"/a\0") == b"kept"


def test_rm_of_nothing_is_fine_below_something(dom0: Peer) -> None:
    dom0.ask(Kind.WRITE, b"/a/b\0")
    assert dom0.ask(Kind.RM, b"/a/none\0") == OK
    assert dom0.ask(Kind.RM, b"/a/none/none\0") == b"ENOENT"
    assert dom0.ask(Kind.RM, b"/a\0") == OK
    assert dom0.ask(Kind.READ, b"/a/b\0") == b"ENOENT"
    assert dom0.ask(Kind.RM, b"/\0") == b"EINVAL"


@pytest.mark.parametrize("kind", [Kind.WATCH_EVENT, Kind.ERROR, 20, 27, 65535, 2**32 - 1])
def test_what_only_a_server_says_and_what_nobody_knows_is_enosys(guest: Peer, kind: int) -> None:
    assert guest.ask(kind, b"/a\0t\0") == b"ENOSYS"


def test_is_domain_introduced_is_for_dom0(dom0: Peer, guest: Peer) -> None:
    """As in C xenstored since XSA-115: a guest need not know who else is there."""
    assert dom0.ask(Kind.IS_DOMAIN_INTRODUCED, b"3\0") == b"T\0"
    assert dom0.ask(Kind.IS_DOMAIN_INTRODUCED, b"9\0") == b"F\0"
    assert guest.ask(Kind.IS_DOMAIN_INTRODUCED, b"3\0") == b"EACCES"


def test_resume_is_for_dom0_and_of_guests(dom0: Peer, guest: Peer) -> None:
    assert dom0.ask(Kind.RESUME, b"3\0") == OK
    assert dom0.ask(Kind.RESUME, b"9\0") == b"ENOENT"
    assert dom0.ask(Kind.RESUME, b"0\0") == b"EINVAL"
    assert guest.ask(Kind.RESUME, b"3\0") == b"EACCES"


def test_set_target_lends_the_targets_rights(dom0: Peer, guest: Peer) -> None:
    other = "/local/domain/4/data"
    dom0.ask(Kind.MKDIR, b"/shared\0")
    dom0.ask(Kind.SET_PERMS, b"/shared\0n0\0r4\0")
    assert guest.ask(Kind.SET_TARGET, b"3\x004\0") == b"EACCES"
    assert dom0.ask(Kind.SET_TARGET, b"3\x009\0") == b"ENOENT"
    assert guest.ask(Kind.READ, b"/shared\0") == b"EACCES"
    assert dom0.ask(Kind.SET_TARGET, b"3\x004\0") == OK
    assert guest.ask(Kind.READ, b"/shared\0") == b""
    assert guest.ask(Kind.WRITE, f"{other}/x\0".encode()) == OK
    assert guest.ask(Kind.SET_PERMS, f"{other}\0n4\0r3\0".encode()) == OK
    assert guest.ask(Kind.WRITE, b"/shared\0x") == b"EACCES"
    dom0.ask(Kind.RELEASE, b"4\0")
    dom0.ask(Kind.INTRODUCE, b"4\x001\x002\0")
    assert guest.ask(Kind.READ, f"{other}\0".encode()) == b"EACCES", "the next domain 4 is another one"


def test_reset_watches_ends_transactions_too_even_from_within_one(dom0: Peer) -> None:
    """CVE-2026-23557."""
    dom0.ask(Kind.WATCH, b"/a\0t\0")
    dom0.events.clear()
    tx = begin(dom0)
    assert dom0.ask(Kind.RESET_WATCHES, b"", tx) == OK
    assert dom0.ask(Kind.WRITE, b"/a\0001", tx) == b"ENOENT"
    assert dom0.ask(Kind.WRITE, b"/a\0001") == OK
    assert dom0.events == []


def test_directory_part_ends_with_an_empty_name(dom0: Peer) -> None:
    dom0.ask(Kind.WRITE, b"/a/b\0")
    generation, rest = dom0.ask(Kind.DIRECTORY_PART, b"/a\x000\0").split(b"\0", 1)
    assert rest == b"b\0\0"
    assert dom0.ask(Kind.DIRECTORY_PART, b"/a\x002\0") == generation + b"\0\0"
    assert dom0.ask(Kind.DIRECTORY_PART, b"/a\x00999\0") == generation + b"\0\0"
    dom0.ask(Kind.WRITE, b"/a/c\0")
    assert dom0.ask(Kind.DIRECTORY_PART, b"/a\x000\0").split(b"\0", 1)[0] != generation


def test_get_feature_is_watch_depth(dom0: Peer, guest: Peer) -> None:
    assert guest.ask(Kind.GET_FEATURE) == b"4\0"
    assert dom0.ask(Kind.GET_FEATURE, b"3\0") == b"4\0"
    assert guest.ask(Kind.GET_FEATURE, b"3\0") == b"EACCES"


def test_set_feature_restricts_a_domain_that_is_yet_to_come(store: XenStore, dom0: Peer, guest: Peer) -> None:
    assert dom0.ask(Kind.SET_FEATURE, b"3\x000\0") == b"EBUSY"
    assert dom0.ask(Kind.SET_FEATURE, b"9\x008\0") == b"EINVAL"
    assert guest.ask(Kind.SET_FEATURE, b"9\x000\0") == b"EACCES"
    assert dom0.ask(Kind.SET_FEATURE, b"9\x000\0") == OK
    store.introduce(9)
    late = Peer(store, 9)
    assert late.ask(Kind.GET_FEATURE) == b"0\0"
    assert late.ask(Kind.WATCH, b"data\0t\x001\0") == b"EINVAL"


def test_get_quota_and_set_quota_are_for_dom0(dom0: Peer, guest: Peer) -> None:
    assert dom0.ask(Kind.GET_QUOTA).split()[:2] == [b"nodes", b"memory"]
    assert dom0.ask(Kind.GET_QUOTA, b"nodes\0") == b"1000\0"
    assert dom0.ask(Kind.GET_QUOTA, b"noses\0") == b"EINVAL"
    assert dom0.ask(Kind.SET_QUOTA, b"3\0watches\x001\0") == OK
    assert dom0.ask(Kind.GET_QUOTA, b"3\0watches\0") == b"1\0"
    assert dom0.ask(Kind.GET_QUOTA, b"4\0watches\0") == b"128\0"
    assert guest.ask(Kind.WATCH, b"data\0t\0") == OK
    assert guest.ask(Kind.WATCH, b"data\0u\0") == b"ENOSPC"
    assert guest.ask(Kind.GET_QUOTA, b"nodes\0") == b"EACCES"
    assert guest.ask(Kind.SET_QUOTA, b"nodes\x009\0") == b"EACCES"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.WATCH_EVENT, Kind.ERROR)])
@pytest.mark.parametrize("payload", [b"no end", b"a\0b\0c\0d\0e\0", b"\xff\0\xff\0"])
def test_a_payload_that_is_none_is_refused(guest: Peer, kind: Kind, payload: bytes) -> None:
    expected = {
        Kind.TRANSACTION_START: [b"1\0"],  # theirs is not looked at
        Kind.RESET_WATCHES: [OK],
        Kind.WRITE: [b"EACCES", b"EINVAL"],  # what follows the path is a value, whatever it is
    }.get(kind, [b"EINVAL", b"EACCES"])
    assert guest.ask(kind, payload) in expected
