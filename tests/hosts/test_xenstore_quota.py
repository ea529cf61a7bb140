"""Quotas bind guests, not Dom0."""

from errno import EINVAL, ENOMEM, ENOSPC

import pytest

from hosts.api import HostError
from hosts.xenstore.quota import Quota, Usage


def test_guest_stops_at_its_quota() -> None:
    usage = Usage()
    usage.add(Quota.WATCHES, 4, 127)
    usage.check(Quota.WATCHES, 4, 1)
    with pytest.raises(HostError, match="domain 4 may have no more than 128 of watches") as caught:
        usage.check(Quota.WATCHES, 4, 2)
    assert caught.value.errno == ENOSPC
    usage.check(Quota.WATCHES, 5, 128)
    usage.check(Quota.NODES, 4, 1000)


def test_dom0_has_none() -> None:
    for quota in Quota:
        Usage().check(quota, 0, 10**9)


@pytest.mark.parametrize(
    ("quota", "most", "error"),
    [
        (Quota.NODES, 1000, ENOSPC),
        (Quota.MEMORY, 2_621_440, ENOMEM),
        (Quota.WATCHES, 128, ENOSPC),
        (Quota.TRANSACTIONS, 10, ENOSPC),
        (Quota.OUTSTANDING, 20, ENOSPC),
        (Quota.TRANSACTION_NODES, 1024, ENOSPC),
        (Quota.PERMISSIONS, 5, ENOSPC),
        (Quota.PATH_OCTETS, 2048, EINVAL),
        (Quota.NODE_OCTETS, 2048, ENOSPC),
    ],
)
def test_the_numbers_are_those_of_c_xenstored(quota: Quota, most: int, error: int) -> None:
    usage = Usage()
    usage.check(quota, 1, most)
    with pytest.raises(HostError) as caught:
        usage.check(quota, 1, most + 1)
    assert caught.value.errno == error
    assert Quota.named(quota.wire_name) is quota


def test_limits_for_all_for_one_and_none() -> None:
    usage = Usage()
    usage.set_limit(Quota.NODES, 5)
    usage.set_limit(Quota.NODES, 7, 4)
    assert [usage.limit(Quota.NODES, domid) for domid in (3, 4)] == [5, 7]
    usage.set_limit(Quota.NODES, 0, 3)
    usage.check(Quota.NODES, 3, 10**9)
    usage.forget_limits(4)
    assert usage.limit(Quota.NODES, 4) == usage.limit(Quota.NODES) == 5


def test_an_unknown_quota_is_einval() -> None:
    with pytest.raises(HostError) as caught:
        Quota.named("noses")
    assert caught.value.errno == EINVAL


def test_counts_come_and_go() -> None:
    usage = Usage()
    usage.add(Quota.NODES, 4, 2)
    usage.add(Quota.NODES, 4, -2)
    assert usage.count(Quota.NODES, 4) == 0
    with pytest.raises(AssertionError):
        usage.add(Quota.NODES, 4, -1)
