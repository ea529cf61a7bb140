"""Quotas bind guests, not Dom0."""

from errno import E2BIG, ENOSPC

import pytest

from hosts.api import HostError
from hosts.xenstore.quota import Quota, Usage, check_limit


def test_guest_stops_at_its_quota() -> None:
    usage = Usage()
    usage.add(Quota.WATCHES, 4, 127)
    usage.check(Quota.WATCHES, 4, 1)
    with pytest.raises(HostError, match="domain 4 has as many watches") as caught:
        usage.check(Quota.WATCHES, 4, 2)
    assert caught.value.errno == E2BIG
    usage.check(Quota.WATCHES, 5, 128)
    usage.check(Quota.NODES, 4, 1000)


def test_dom0_has_none() -> None:
    Usage().check(Quota.NODES, 0, 10**6)
    check_limit(0, 10**6, 1, "things")


def test_limit_at_once() -> None:
    check_limit(1, 5, 5, "permissions")
    with pytest.raises(HostError, match="permissions: 6, at most 5") as caught:
        check_limit(1, 6, 5, "permissions")
    assert caught.value.errno == ENOSPC


def test_counts_come_and_go() -> None:
    usage = Usage()
    usage.add(Quota.NODES, 4, 2)
    usage.add(Quota.NODES, 4, -2)
    assert usage.count(Quota.NODES, 4) == 0
    with pytest.raises(AssertionError):
        usage.add(Quota.NODES, 4, -1)
