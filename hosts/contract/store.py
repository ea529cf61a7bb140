"""Rules of the store."""

from errno import E2BIG, EACCES, EINVAL

from hosts.api import Host, StoreView
from hosts.contract.helpers import Heard, Rule, let_run, playground, refused, wait


def values_read_back(dom0: Host, guest: Host) -> None:
    """What is written is read, by everybody who may; a missing node reads as None."""
    path = playground(dom0, guest)
    assert guest.store.read(f"{path}/a/b") is None, "a missing node reads as None"
    for value in ("12", "", "two words, größer"):
        guest.store.write(f"{path}/a/b", value)
        assert dom0.store.read(f"{path}/a/b") == value, f"{value!r} reads back"
    assert guest.store.read(f"{path}/a") == "", "missing parents are made, empty"
    refused(E2BIG, "a value longer than a message", dom0.store.write, f"{path}/a/b", "x" * 4096)
    guest.store.mkdir(f"{path}/a/b")
    assert guest.store.read(f"{path}/a/b") == value, "mkdir leaves an existing node alone"


def children_list_and_go(dom0: Host, guest: Host) -> None:
    """List names the children; remove takes all below; neither minds a missing node."""
    path = playground(dom0, guest)
    for name in ("a/x", "a/y", "b"):
        guest.store.write(f"{path}/{name}", "1")
    assert sorted(guest.store.list(path)) == ["a", "b"], "list names the children"
    assert guest.store.list(f"{path}/none/there") == (), "a missing node lists as empty"
    guest.store.remove(f"{path}/a")
    assert guest.store.list(path) == ("b",), "a removed node is gone"
    assert guest.store.read(f"{path}/a/x") is None, "and all below it"
    guest.store.remove(f"{path}/a")
    guest.store.remove(f"{path}/none/there")


def relative_paths_start_at_home(dom0: Host, guest: Host) -> None:
    """A path without a leading slash is below the domain's own directory."""
    path = playground(dom0, guest)
    guest.store.write("contract/name", "mine")
    assert dom0.store.read(f"{path}/name") == "mine", "a relative path is below /local/domain/<domid>"


def bad_paths_are_refused(dom0: Host, guest: Host) -> None:
    """Names that are no paths are EINVAL, and long ones too."""
    playground(dom0, guest)
    for path in ("", "contract//a", "contract/a/", "contract/a b", "contract/ä", "/local/domain/", "a" * 2500):
        refused(EINVAL, f"writing to {path[:40]!r}", guest.store.write, path, "1")


def permissions_hold(dom0: Host, guest: Host) -> None:
    """A guest sees and changes what it was allowed to, nothing else; Dom0 everything."""
    path = playground(dom0, guest)
    dom0.store.write(f"{path}/theirs", "secret")
    dom0.store.set_perms(f"{path}/theirs", ("n0",))
    refused(EACCES, "reading Dom0's own node", guest.store.read, f"{path}/theirs")
    refused(EACCES, "writing to Dom0's own node", guest.store.write, f"{path}/theirs", "x")
    refused(EACCES, "changing the permissions of another's", guest.store.set_perms, f"{path}/theirs", ("b0",))
    dom0.store.set_perms(f"{path}/theirs", ("n0", f"r{guest.domid}"))
    assert guest.store.read(f"{path}/theirs") == "secret", "r lets a guest read"
    refused(EACCES, "writing with r only", guest.store.write, f"{path}/theirs", "x")
    guest.store.write(f"{path}/mine", "1")
    guest.store.set_perms(f"{path}/mine", (f"n{guest.domid}",))
    dom0.store.write(f"{path}/mine", "2")
    assert guest.store.read(f"{path}/mine") == "2", "Dom0 may do everything"


def watches_start_with_a_call(dom0: Host, guest: Host) -> None:
    """A watch is called once soon after it was set, with its own path, even on a missing node."""
    path = playground(dom0, guest)
    heard = Heard()
    handle = dom0.store.watch(f"{path}/none", heard.path)
    assert not heard.paths, "not before `watch` has returned"
    wait(dom0, lambda: bool(heard.paths), "the first call of a watch")
    assert heard.paths == [f"{path}/none"], "the first call names the watched path"
    handle.cancel()


def watches_hear_changes(dom0: Host, guest: Host) -> None:
    """Every change at or below the path is heard: written, made below, permissions changed, removed."""
    path = playground(dom0, guest)
    heard = Heard()
    handle = dom0.store.watch(f"{path}/a", heard.path)
    wait(dom0, lambda: bool(heard.paths), "the first call of a watch")

    def must_hear(what: str) -> None:
        wait(dom0, lambda: bool(heard.paths), f"a watch hears of a node {what}")
        assert all(f"{told}/".startswith(f"{path}/a/") for told in heard.paths), f"paths at or below: {heard.paths}"

    for value in ("1", "1", "2"):
        heard.paths.clear()
        guest.store.write(f"{path}/a", value)
        must_hear("written")
    heard.paths.clear()
    guest.store.write(f"{path}/a/deep/below", "1")
    must_hear("made below")
    heard.paths.clear()
    guest.store.set_perms(f"{path}/a", (f"r{guest.domid}",))
    must_hear("whose permissions changed")
    heard.paths.clear()
    guest.store.remove(f"{path}/a")
    must_hear("removed")
    handle.cancel()


def watches_end(dom0: Host, guest: Host) -> None:
    """A cancelled watch is silent at once, and cancelling again is harmless; a namesake's changes are not heard."""
    path = playground(dom0, guest)
    heard = Heard()
    handle = guest.store.watch("contract/a", heard.path)
    wait(guest, lambda: bool(heard.paths), "the first call of a watch")
    assert heard.paths == ["contract/a"], "a relative watch tells relative paths"
    guest.store.write(f"{path}/ab", "1")
    let_run(guest)
    assert heard.paths == ["contract/a"], "a node that merely begins alike is another node"
    guest.store.write(f"{path}/a", "1")
    handle.cancel()
    handle.cancel()
    let_run(guest)
    assert heard.paths == ["contract/a"], "a cancelled watch is silent"


def transactions_are_whole(dom0: Host, guest: Host) -> None:
    """A transaction sees its own changes; others see all of them or none."""
    path = playground(dom0, guest)

    def change(view: StoreView) -> None:
        view.write(f"{path}/a", "1")
        assert view.read(f"{path}/a") == "1", "a transaction sees its own changes"
        assert dom0.store.read(f"{path}/a") is None, "nobody else sees them before the commit"
        view.write(f"{path}/b", "2")

    def fail(view: StoreView) -> None:
        view.write(f"{path}/a", "3")
        raise KeyError

    guest.store.transact(change)
    assert (dom0.store.read(f"{path}/a"), dom0.store.read(f"{path}/b")) == ("1", "2"), "all is seen after the commit"
    try:
        guest.store.transact(fail)
    except KeyError:
        assert dom0.store.read(f"{path}/a") == "1", "an exception takes everything back"
    else:
        raise AssertionError("an exception inside a transaction comes out of it")


def transactions_try_again(dom0: Host, guest: Host) -> None:
    """Interference makes the change run again, on what is there now."""
    path = playground(dom0, guest)
    guest.store.write(f"{path}/count", "5")
    attempts: list[str | None] = []

    def change(view: StoreView) -> None:
        attempts.append(view.read(f"{path}/count"))
        if len(attempts) == 1:
            dom0.store.write(f"{path}/count", "7")
        view.write(f"{path}/count", f"{int(attempts[-1] or 0) + 1}")

    guest.store.transact(change)
    assert attempts == ["5", "7"], f"tried again with the new value, not {attempts}"
    assert dom0.store.read(f"{path}/count") == "8", "no update is lost"


RULES: tuple[Rule, ...] = (
    values_read_back,
    children_list_and_go,
    relative_paths_start_at_home,
    bad_paths_are_refused,
    permissions_hold,
    watches_start_with_a_call,
    watches_hear_changes,
    watches_end,
    transactions_are_whole,
    transactions_try_again,
)
