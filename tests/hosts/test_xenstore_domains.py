"""What is settled about a domain, and that it goes with it."""

import pytest

from hosts.xenstore.control import control
from hosts.xenstore.domains import WATCH_DEPTH, Domains
from hosts.xenstore.perms import Access, parse_perms
from hosts.xenstore.quota import Quota
from hosts.xenstore.store import XenStore
from tests.hosts.xenstore_helpers import errno_of


@pytest.fixture
def domains() -> Domains:
    domains = Domains()
    for domid in (0, 3, 4):
        domains.add(domid)
    return domains


def test_a_target_lends_its_rights_as_long_as_both_are_there(domains: Domains) -> None:
    theirs = parse_perms(("n4", "r3"))
    assert not domains.allows(theirs, 3, Access.WRITE)
    domains.set_target(3, 4)
    assert domains.allows(theirs, 3, Access.WRITE)
    assert domains.owns(theirs, 3)
    assert not domains.owns(parse_perms(("n3",)), 4), "not the other way round"
    domains.remove(4)
    domains.add(4)
    assert not domains.owns(theirs, 3)


def test_dom0_has_no_target_and_is_none(domains: Domains) -> None:
    assert errno_of(lambda: domains.set_target(0, 3)) == "EINVAL"
    assert errno_of(lambda: domains.set_target(3, 0)) == "EINVAL"
    assert errno_of(lambda: domains.set_target(3, 9)) == "ENOENT"


def test_features_and_limits_are_forgotten_with_the_domain(domains: Domains) -> None:
    domains.set_features(9, 0)
    domains.add(9)
    domains.usage.set_limit(Quota.NODES, 5, 9)
    assert (domains.features(9), domains.usage.limit(Quota.NODES, 9)) == (0, 5)
    domains.remove(9)
    assert (domains.features(9), domains.usage.limit(Quota.NODES, 9)) == (WATCH_DEPTH, 1000)


def test_the_check_finds_books_that_are_wrong() -> None:
    store = XenStore()
    assert control(store, "check") == "OK"
    store.usage.add(Quota.NODES, 0, 1)
    with pytest.raises(AssertionError):
        control(store, "check")


@pytest.mark.parametrize("words", [("bogus",), ("check", "me"), ("print",), ("",)])
def test_what_is_no_command_is_einval(words: tuple[str, ...]) -> None:
    assert errno_of(lambda: control(XenStore(), *words)) == "EINVAL"
