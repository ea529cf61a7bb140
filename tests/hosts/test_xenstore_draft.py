"""What each request does to the tree, and what it is refused with."""

from itertools import count

import pytest

from hosts.xenstore.domains import Domains
from hosts.xenstore.draft import Draft
from hosts.xenstore.nodes import Node, find
from hosts.xenstore.perms import ROOT_PERMS, Access, format_perms, parse_perms
from hosts.xenstore.quota import Quota
from tests.hosts.xenstore_helpers import errno_of


@pytest.fixture
def draft() -> Draft:
    """A tree with `/guest` of domain 1, `/shared` that 1 may read, and `/secret`."""
    draft = Draft(Node(b"", ROOT_PERMS, 0), Domains(), count(1))
    for path, perms in (("/guest", "n1"), ("/shared", "n0 r1"), ("/secret", "n0")):
        draft.mkdir(0, path)
        draft.set_perms(0, path, parse_perms(perms.split()))
    draft.changes.clear()
    return draft


def value(draft: Draft, path: str) -> bytes | None:
    node = find(draft.root, path)
    return None if node is None else node.value


def nodes_of(draft: Draft, domid: int) -> int:
    return draft.owned[Quota.NODES, domid]


def test_write_makes_missing_parents_of_the_guests_own(draft: Draft) -> None:
    draft.write(1, "/guest/a/b", b"1")
    assert value(draft, "/guest/a/b") == b"1"
    assert value(draft, "/guest/a") == b""
    assert format_perms(draft.get(0, "/guest/a", Access.READ).perms) == ("n1",)
    assert [change.path for change in draft.changes] == ["/guest/a/b"]
    assert nodes_of(draft, 1) == 3


def test_refusals_tell_nothing_about_what_may_not_be_seen(draft: Draft) -> None:
    assert errno_of(lambda: draft.get(1, "/secret", Access.READ)) == "EACCES"
    assert errno_of(lambda: draft.get(1, "/secret/none", Access.READ)) == "EACCES"
    assert errno_of(lambda: draft.get(1, "/shared/none", Access.READ)) == "ENOENT"
    assert errno_of(lambda: draft.write(1, "/shared", b"")) == "EACCES"
    assert errno_of(lambda: draft.write(1, "/shared/new", b"")) == "EACCES"
    assert errno_of(lambda: draft.get(0, "/none", Access.READ)) == "ENOENT"


def test_mkdir_of_an_existing_node_changes_nothing(draft: Draft) -> None:
    draft.write(1, "/guest/a", b"kept")
    draft.changes.clear()
    draft.mkdir(1, "/guest/a")
    assert value(draft, "/guest/a") == b"kept"
    assert draft.changes == []


def test_remove_takes_the_subtree_and_counts_its_nodes(draft: Draft) -> None:
    draft.write(1, "/guest/a/b/c", b"1")
    draft.remove(1, "/guest/a")
    assert value(draft, "/guest/a") is None
    assert nodes_of(draft, 1) == 1


def test_remove_of_nothing(draft: Draft) -> None:
    draft.remove(1, "/guest/none")
    assert draft.changes == []
    assert errno_of(lambda: draft.remove(1, "/guest/none/none")) == "ENOENT"
    assert errno_of(lambda: draft.remove(0, "/")) == "EINVAL"
    assert errno_of(lambda: draft.remove(1, "/shared")) == "EACCES"


def test_only_the_owner_sets_permissions_and_only_dom0_gives_away(draft: Draft) -> None:
    draft.set_perms(1, "/guest", parse_perms(("r1", "b2")))
    assert errno_of(lambda: draft.set_perms(2, "/guest", parse_perms(("n2",)))) == "EACCES"
    assert errno_of(lambda: draft.set_perms(1, "/guest", parse_perms(("n2",)))) == "EPERM"
    draft.set_perms(0, "/guest", parse_perms(("n2",)))
    assert (nodes_of(draft, 1), nodes_of(draft, 2)) == (0, 1)


def test_generations_are_new_for_what_changed_only(draft: Draft) -> None:
    draft.write(1, "/guest/a/b", b"1")
    before = {path: draft.get(0, path, Access.READ).generation for path in ("/", "/guest", "/guest/a", "/guest/a/b")}

    def changed() -> list[str]:
        return [path for path, old in before.items() if draft.get(0, path, Access.READ).generation != old]

    draft.write(1, "/guest/a/b", b"1")
    assert changed() == ["/guest/a/b"]
    draft.write(1, "/guest/a/c/d", b"1")
    assert changed() == ["/guest/a", "/guest/a/b"]
    draft.remove(1, "/guest/a/c")
    draft.remove(1, "/guest/other")
    assert changed() == ["/guest/a", "/guest/a/b"]


def test_quotas_of_a_guest(draft: Draft) -> None:
    draft.write(1, "/guest/fits", bytes(2040))
    assert errno_of(lambda: draft.write(1, "/guest/big", bytes(2041))) == "ENOSPC"
    assert errno_of(lambda: draft.write(1, "/guest/fits", bytes(2041))) == "ENOSPC"
    assert errno_of(lambda: draft.write(1, "/guest/" + "a" * 2042, b"")) == "EINVAL"
    assert errno_of(lambda: draft.set_perms(1, "/guest", parse_perms(("n1",) * 6))) == "ENOSPC"
    draft.mkdir(1, "/guest/wide")
    for name in range(97):
        draft.mkdir(1, f"/guest/wide/{name:020}")
    assert errno_of(lambda: draft.mkdir(1, f"/guest/wide/{97:020}")) == "ENOSPC"
    draft.write(0, "/guest/by-dom0", bytes(3000))


def test_a_guest_owns_a_thousand_nodes_and_no_more(draft: Draft) -> None:
    draft.mkdir(1, "/guest" + "/deep" * 400)
    draft.mkdir(1, "/guest" + "/more" * 400)
    draft.mkdir(1, "/guest" + "/last" * 199)
    assert nodes_of(draft, 1) == 1000
    assert errno_of(lambda: draft.mkdir(1, "/guest/x")) == "ENOSPC"
    draft.remove(1, "/guest/more")
    draft.mkdir(1, "/guest/x")
