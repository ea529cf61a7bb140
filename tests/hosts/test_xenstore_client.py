"""What one client may ask, and what becomes of it when he is gone."""

from hosts.xenstore.client import TOKEN_OCTETS_MAX
from tests.hosts.xenstore_helpers import Client, errno_of, machine


def test_relative_paths_start_at_the_clients_home() -> None:
    dom0, guest = machine(3)
    guest.write("data/x", b"1")
    assert dom0.read("/local/domain/3/data/x") == b"1"
    assert guest.children("data") == ("x",)
    assert guest.get_perms("data/x") == ("n3",)
    assert dom0.read("domid") == b"0"


def test_guests_do_not_reach_into_each_other() -> None:
    _, one, two = machine(3, 4)
    one.write("data/x", b"1")
    path = "/local/domain/3/data/x"
    assert errno_of(lambda: two.read(path)) == "EACCES"
    assert errno_of(lambda: two.write(path, b"")) == "EACCES"
    assert errno_of(lambda: two.remove(path)) == "EACCES"
    assert errno_of(lambda: two.set_perms(path, ("n4",))) == "EACCES"
    one.set_perms("data/x", ("n3", "r4"))
    assert two.read(path) == b"1"


def test_watches_are_told_apart_by_path_and_token() -> None:
    (dom0,) = machine()
    dom0.watch("/a", "t")
    dom0.watch("/a", "u")
    dom0.watch("/b", "t")
    assert errno_of(lambda: dom0.watch("/a", "t")) == "EEXIST"
    dom0.unwatch("/a", "t")
    assert errno_of(lambda: dom0.unwatch("/a", "t")) == "ENOENT"
    dom0.write("/a", b"")
    assert dom0.events == [("/a", "u")]


def test_one_path_by_two_names_is_one_watch() -> None:
    (dom0,) = machine()
    dom0.watch("x", "t")
    assert errno_of(lambda: dom0.watch("/local/domain/0/x", "t")) == "EEXIST"


def test_bad_watches_are_refused() -> None:
    (dom0,) = machine()
    assert errno_of(lambda: dom0.watch("@whatever", "t")) == "EINVAL"
    assert errno_of(lambda: dom0.watch("/a/", "t")) == "EINVAL"
    assert errno_of(lambda: dom0.watch("/a", "t" * (TOKEN_OCTETS_MAX + 1))) == "EINVAL"


def test_a_guest_has_128_watches_over_all_its_connections() -> None:
    _, guest = machine(3)
    again = Client(guest.machine, 3)
    for number in range(64):
        guest.watch("data", str(number))
        again.watch("data", str(number))
    assert errno_of(lambda: again.watch("data", "more")) == "ENOSPC"
    guest.close()
    again.watch("data", "more")


def test_closing_ends_watches_and_transactions() -> None:
    (dom0,) = machine()
    store = dom0.machine
    client = Client(store, 0)
    client.watch("/", "t")
    tx = client.start()
    client.write("/a", b"1", tx)
    client.close()
    dom0.write("/b", b"1")
    assert client.events == []
    assert errno_of(lambda: client.end(tx, commit=True)) == "ENOENT"


def test_unknown_transactions_are_enoent() -> None:
    (dom0,) = machine()
    assert errno_of(lambda: dom0.read("/", 77)) == "ENOENT"
    assert errno_of(lambda: dom0.write("/a", b"", 77)) == "ENOENT"


def test_values_fit_a_message() -> None:
    (dom0,) = machine()
    dom0.write("/a", bytes(4093))
    assert errno_of(lambda: dom0.write("/a", bytes(4094))) == "E2BIG"


def test_only_dom0_gets_at_the_domains() -> None:
    dom0, guest = machine(3)
    store = dom0.machine
    assert dom0.privileged_store() is store
    assert errno_of(guest.privileged_store) == "EACCES"
