"""Domains come and go, and leave nothing behind."""

from hosts.xenstore.client import StoreClient
from hosts.xenstore.quota import Quota
from tests.hosts.xenstore_helpers import Client, errno_of, machine


def test_a_new_machine_has_dom0_and_little_else() -> None:
    (dom0,) = machine()
    store = dom0.machine
    assert dom0.children("/") == ("tool", "local")
    assert dom0.children("/tool") == ("xenstored",)
    assert dom0.read("/local/domain/0/domid") == b"0"
    assert 0 in store.domains
    assert 3 not in store.domains


def test_a_new_domain_finds_its_home() -> None:
    (dom0,) = machine()
    store = dom0.machine
    dom0.watch("@introduceDomain", "t")
    store.introduce(3)
    store.introduce(3)
    guest = Client(store, 3)
    assert guest.read("domid") == b"3"
    assert errno_of(lambda: guest.write("domid", b"4")) == "EACCES"
    guest.write("data/x", b"1")
    assert dom0.events == [("@introduceDomain", "t")]


def test_what_the_toolstack_wrote_before_is_kept() -> None:
    (dom0,) = machine()
    store = dom0.machine
    dom0.write("/local/domain/3/device/vsnd/0/state", b"1")
    store.introduce(3)
    assert dom0.read("/local/domain/3/device/vsnd/0/state") == b"1"


def test_introductions_are_dom0s_business_and_releases_everybodys() -> None:
    dom0, guest = machine(3)
    store = dom0.machine
    for client in (dom0, guest):
        client.watch("@introduceDomain", "i")
        client.watch("@releaseDomain", "r")
    store.introduce(4)
    store.release(4)
    store.release(4)
    assert dom0.events == [("@introduceDomain", "i"), ("@releaseDomain", "r")]
    assert guest.events == [("@releaseDomain", "r")]


def test_a_dead_domain_leaves_nothing() -> None:
    dom0, guest = machine(3)
    store = dom0.machine
    dom0.write("/shared", b"1")
    dom0.set_perms("/shared", ("n0", "b3", "r4"))
    guest.write("/shared/guests/own", b"1")
    dom0.write("/shared/guests/own/by-dom0", b"1")
    dom0.watch("/shared/guests", "t")
    guest.close()
    store.release(3)
    assert dom0.events == [("/shared/guests", "t")]
    assert dom0.children("/shared") == ()
    assert dom0.get_perms("/shared") == ("n0", "r4")
    assert dom0.children("/local/domain") == ("0",)
    assert store.usage.count(Quota.NODES, 3) == 0


def test_the_next_of_the_same_number_inherits_nothing() -> None:
    dom0, _ = machine(3)
    store = dom0.machine
    dom0.write("/shared", b"1")
    dom0.set_perms("/shared", ("n0", "b3"))
    store.release(3)
    store.introduce(3)
    assert errno_of(lambda: Client(store, 3).read("/shared")) == "EACCES"


def test_listeners_find_the_dead_domains_nodes_gone() -> None:
    dom0, _ = machine(3)
    store = dom0.machine
    seen: list[str] = []
    look = StoreClient(store, 0, lambda *_event: seen.append(errno_of(lambda: dom0.read("/local/domain/3/domid"))))
    look.watch("@releaseDomain", "t")
    store.release(3)
    assert seen == ["ENOENT"]


def test_what_dom0_gave_away_comes_back_to_it() -> None:
    """The root, and the special names, which cannot go with a domain that owned them."""
    dom0, guest = machine(3)
    for path in ("/", "@releaseDomain"):
        dom0.set_perms(path, ("n3", "r4"))
    guest.close()
    dom0.machine.release(3)
    for path in ("/", "@releaseDomain"):
        assert dom0.get_perms(path) == ("n0", "r4")
    dom0.machine.check()


def test_a_domain_whose_home_dom0_has_removed_can_go_all_the_same() -> None:
    dom0, _ = machine(3)
    dom0.remove("/local")
    dom0.machine.release(3)
    assert dom0.children("/") == ("tool",)


def test_dom0_never_goes() -> None:
    (dom0,) = machine()
    store = dom0.machine
    store.release(0)
    assert dom0.read("/local/domain/0/domid") == b"0"


def test_deep_trees_go_without_a_stack() -> None:
    dom0, _ = machine(3)
    store = dom0.machine
    dom0.write("/local/domain/3/data" + "/a" * 1500, b"1")
    store.release(3)
    assert errno_of(lambda: dom0.read("/local/domain/3")) == "ENOENT"
