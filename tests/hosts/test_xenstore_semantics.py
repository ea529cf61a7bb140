"""What the store promises, a test per sentence of the specification, over the wire."""

import pytest

from hosts.xenstore.store import XenStore
from hosts.xswire import Kind
from tests.hosts.xenstore_helpers import Peer, begin, commit, do, paths, watched, write


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


# -- paths ------------------------------------------------------------------------------------------------------------

BAD_PATHS = ["", "//", "/a//b", "/a/", "a/", "/local/domain/", "/a b", "/a.b", "/a+b", "/ä", "/@a", "a@", "@other"]


@pytest.mark.parametrize("path", [*BAD_PATHS, "@releaseDomain", "/" + "a" * 3072, "a" * 2049])
@pytest.mark.parametrize("kind", [Kind.READ, Kind.DIRECTORY, Kind.MKDIR, Kind.RM])
def test_an_invalid_path_is_einval(dom0: Peer, path: str, kind: Kind) -> None:
    assert do(dom0, kind, path) == "EINVAL"


def test_the_longest_paths_are_3072_octets_and_2048_relative_ones(dom0: Peer, guest: Peer) -> None:
    assert write(dom0, "/" + "a" * 3071) == "OK"
    assert write(dom0, "a" * 2048) == "OK"
    assert write(guest, "data/" + "a" * 2015) == "OK"
    assert write(guest, "/local/domain/3/data/" + "/".join(["a"] * 990)) == "OK"


def test_a_path_of_2048_is_the_most_for_a_guest_however_it_is_written(guest: Peer) -> None:
    name = "data" + "/a" * 800 + "/"
    longest = name + "b" * (2048 - len(name))
    assert write(guest, longest) == "OK"
    do(guest, Kind.RM, "data/a")
    assert write(guest, f"/local/domain/3/{longest}b") == "EINVAL"


def test_relative_paths_are_ones_own_and_the_sockets_are_dom0s(dom0: Peer, guest: Peer) -> None:
    assert do(dom0, Kind.READ, "domid") == "0"
    assert do(guest, Kind.READ, "domid") == "3"


def test_a_fresh_store_holds_tool_xenstored_and_is_dom0s(dom0: Peer, guest: Peer) -> None:
    for path in ("/", "/tool", "/tool/xenstored"):
        assert do(dom0, Kind.GET_PERMS, path) == "n0"
        assert do(guest, Kind.READ, path) == "EACCES"


# -- making and removing ----------------------------------------------------------------------------------------------


def test_missing_parents_are_made_empty_and_inherit(dom0: Peer) -> None:
    write(dom0, "/a")
    do(dom0, Kind.SET_PERMS, "/a", "b4", "r3")
    write(dom0, "/a/b/c", "1")
    assert do(dom0, Kind.READ, "/a/b") == ""
    assert do(dom0, Kind.GET_PERMS, "/a/b/c").split("\0") == ["b4", "r3"]


def test_what_a_guest_makes_in_anothers_directory_is_its_own(dom0: Peer, guest: Peer) -> None:
    write(dom0, "/a")
    do(dom0, Kind.SET_PERMS, "/a", "n4", "b3")
    assert write(guest, "/a/b") == "OK"
    assert do(dom0, Kind.GET_PERMS, "/a/b").split("\0") == ["n3", "b3"]


def test_1500_levels_go_in_one_rm(dom0: Peer) -> None:
    """XSA-418."""
    write(dom0, "/a" * 1500)
    assert do(dom0, Kind.RM, "/a") == "OK"
    assert do(dom0, Kind.DIRECTORY, "/").split("\0") == ["tool", "local"]


# -- watches ----------------------------------------------------------------------------------------------------------


def test_a_watch_fires_even_when_the_value_is_what_it_was(dom0: Peer) -> None:
    write(dom0, "/a", "1")
    watched(dom0, "/a")
    write(dom0, "/a", "1")
    assert paths(dom0) == ["/a"]


def test_a_watch_fires_for_itself_and_below_by_whole_names(dom0: Peer) -> None:
    watched(dom0, "/a/b")
    for path in ("/a/b", "/a/b/c", "/a/bc", "/a"):
        write(dom0, path)
    assert paths(dom0) == ["/a/b", "/a/b/c"]


def test_the_root_hears_all_nodes_and_no_domains(store: XenStore, dom0: Peer) -> None:
    watched(dom0, "/")
    write(dom0, "/a")
    store.release(4)
    assert paths(dom0) == ["/a", "/local/domain/4"]


def test_depth_0_is_the_node_alone_and_1_its_children_too(dom0: Peer) -> None:
    for depth, heard in (("0", ["/a"]), ("1", ["/a", "/a/b"])):
        watched(dom0, "/a", depth)
        for path in ("/a", "/a/b", "/a/b/c"):
            write(dom0, path)
        assert paths(dom0) == heard
        do(dom0, Kind.UNWATCH, "/a", "t")


def test_events_are_relative_if_the_watch_was(dom0: Peer, guest: Peer) -> None:
    watched(guest, "data")
    write(dom0, "/local/domain/3/data/x")
    assert paths(guest) == ["data/x"]


def test_rm_fires_above_by_what_went_and_below_only_exactly(dom0: Peer) -> None:
    write(dom0, "/a/b/c/d")
    for path in ("/a", "/a/b/c", "/a/b/none"):
        watched(dom0, path)
    do(dom0, Kind.RM, "/a/b")
    assert sorted(paths(dom0)) == ["/a/b", "/a/b/c"]


def test_set_perms_fires_for_those_too_who_could_read_before(dom0: Peer, guest: Peer) -> None:
    write(dom0, "/a")
    do(dom0, Kind.SET_PERMS, "/a", "n0", "r3")
    watched(guest, "/a")
    do(dom0, Kind.SET_PERMS, "/a", "n0")
    assert paths(guest) == ["/a"]
    write(dom0, "/a", "secret")
    assert paths(guest) == []


def test_equal_events_are_queued_once(dom0: Peer, guest: Peer) -> None:
    watched(guest, "data")
    for value in "123":
        write(dom0, "/local/domain/3/data/x", value)
    write(dom0, "/local/domain/3/data/y")
    assert paths(guest) == ["data/x", "data/y"]


# -- domains that come and go -----------------------------------------------------------------------------------------


def test_that_a_domain_is_gone_everybody_hears_that_one_came_dom0_only(
    store: XenStore, dom0: Peer, guest: Peer
) -> None:
    for peer in (dom0, guest):
        for name in ("@introduceDomain", "@releaseDomain"):
            watched(peer, name)
    store.introduce(9)
    store.release(9)
    assert paths(dom0) == ["@introduceDomain", "@releaseDomain"]
    assert paths(guest) == ["@releaseDomain"]


def test_dom0_says_who_hears_of_domains(store: XenStore, dom0: Peer, guest: Peer) -> None:
    assert do(dom0, Kind.GET_PERMS, "@introduceDomain") == "n0"
    assert do(guest, Kind.GET_PERMS, "@introduceDomain") == "EACCES"
    assert do(guest, Kind.GET_PERMS, "@releaseDomain") == "r0"
    assert do(guest, Kind.SET_PERMS, "@introduceDomain", "r0") == "EACCES"
    assert do(dom0, Kind.SET_PERMS, "@introduceDomain", "n0", "r3") == "OK"
    assert do(dom0, Kind.SET_PERMS, "@releaseDomain", "n0") == "OK"
    watched(guest, "@introduceDomain")
    watched(guest, "@releaseDomain")
    store.introduce(9)
    store.release(9)
    assert paths(guest) == ["@introduceDomain"]
    guest.connection.close()
    store.release(3)
    assert do(dom0, Kind.GET_PERMS, "@introduceDomain") == "n0", "the next domain 3 has not been asked about"


def test_a_depth_asks_which_domain_and_a_number_for_one_alone(store: XenStore, dom0: Peer) -> None:
    watched(dom0, "@releaseDomain", "1")
    watched(dom0, "@releaseDomain/4")
    store.release(3)
    assert paths(dom0) == ["@releaseDomain/3"]
    store.release(4)
    assert paths(dom0) == ["@releaseDomain/4"], "both watches say it in the same words"


def test_a_domid_used_again_inherits_nothing(store: XenStore, dom0: Peer, guest: Peer) -> None:
    """XSA-322, XSA-419."""
    write(dom0, "/a")
    do(dom0, Kind.SET_PERMS, "/a", "n0", "b3")
    write(guest, "/a/own")
    guest.connection.close()
    store.release(3)
    assert do(dom0, Kind.DIRECTORY, "/a") == ""
    assert do(dom0, Kind.GET_PERMS, "/a") == "n0"
    store.introduce(3)
    assert do(Peer(store, 3), Kind.READ, "/a") == "EACCES"


# -- permissions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("perms", "reads", "writes"),
    [(["n0"], False, False), (["r0"], True, False), (["w0"], False, True), (["b0"], True, True), (["n3"], True, True),
     (["b0", "n3"], False, False), (["n0", "r3"], True, False), (["n0", "w3"], False, True),
     (["n0", "b4"], False, False)],
)  # fmt: skip
def test_the_first_entry_is_the_owner_and_for_everybody_else(
    dom0: Peer, guest: Peer, perms: list[str], reads: bool, writes: bool
) -> None:
    write(dom0, "/a")
    do(dom0, Kind.SET_PERMS, "/a", *perms)
    assert do(guest, Kind.READ, "/a") == ("" if reads else "EACCES")
    assert write(guest, "/a") == ("OK" if writes else "EACCES")
    assert do(dom0, Kind.READ, "/a") == "", "Dom0 is above all this"


def test_what_may_not_be_seen_is_eacces_whether_it_is_there_or_not(dom0: Peer, guest: Peer) -> None:
    write(dom0, "/a/b")
    assert [do(guest, Kind.READ, path) for path in ("/a/b", "/a/none")] == ["EACCES", "EACCES"]
    do(dom0, Kind.SET_PERMS, "/a", "r0")
    assert do(guest, Kind.READ, "/a/none") == "ENOENT"


# -- transactions -----------------------------------------------------------------------------------------------------


def test_a_transaction_fails_if_what_it_read_has_changed(store: XenStore, dom0: Peer) -> None:
    other = Peer(store)
    write(dom0, "/a", "1")
    tx = begin(dom0)
    assert do(dom0, Kind.READ, "/a", tx=tx) == "1"
    write(dom0, "/b", "2", tx)
    write(other, "/a", "1")
    assert commit(dom0, tx) == "EAGAIN"
    assert do(dom0, Kind.READ, "/b") == "ENOENT"


def test_transactions_that_only_write_never_fail(store: XenStore, dom0: Peer) -> None:
    other = Peer(store)
    one, two = begin(dom0), begin(other)
    for peer, tx in ((dom0, one), (other, two)):
        assert write(peer, "/a", str(tx), tx) == "OK"
    write(other, "/a", "between")
    assert [commit(dom0, one), commit(other, two)] == ["OK", "OK"]
    assert do(dom0, Kind.READ, "/a") == str(two)


def test_a_transaction_sees_the_store_as_it_was_and_nobody_sees_it(store: XenStore, dom0: Peer) -> None:
    other = Peer(store)
    tx = begin(dom0)
    write(dom0, "/mine", "1", tx)
    write(other, "/theirs", "1")
    assert do(dom0, Kind.READ, "/theirs", tx=tx) == "ENOENT"
    assert do(other, Kind.READ, "/mine") == "ENOENT"


def test_watches_wait_for_the_commit(dom0: Peer) -> None:
    watched(dom0, "/a")
    tx = begin(dom0)
    write(dom0, "/a", "1", tx)
    assert paths(dom0) == []
    commit(dom0, tx)
    assert paths(dom0) == ["/a"]


def test_a_request_refused_inside_a_transaction_changes_nothing_in_it(dom0: Peer, guest: Peer) -> None:
    tx = begin(guest)
    assert write(guest, "data/" + "x/" * 10 + "y", "v" * 2049, tx) == "ENOSPC"
    assert do(guest, Kind.DIRECTORY, "data", tx=tx) == ""
    assert commit(guest, tx) == "OK"
