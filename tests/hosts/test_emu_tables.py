"""Grants and ports: who may have what, numbers that never come back, and every descriptor closed once."""

import os
import select
from collections.abc import Iterator
from errno import EACCES, EBUSY, EMFILE, ENOENT, ENOSPC
from itertools import permutations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hosts.api import HostError
from hosts.emu.tables import FIRST_REF, PAGES_MAX, PORTS_MAX, SHARES_MAX, Doorbell, GrantTable, PortTable, make_doorbell
from tests.hosts.descriptors import open_descriptors


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    before = open_descriptors()
    yield
    assert open_descriptors() == before


@pytest.fixture
def grants() -> Iterator[GrantTable]:
    grants = GrantTable()
    yield grants
    for domid in range(3):
        grants.end_all(domid)


@pytest.fixture
def ports() -> Iterator[PortTable]:
    ports = PortTable()
    yield ports
    for domid in range(3):
        ports.close_all(domid)


def some_fd() -> int:
    return os.eventfd(0)


def is_heard(hears: int) -> bool:
    return bool(select.select([hears], [], [], 0)[0])


# -- grants -----------------------------------------------------------------------------------------------------------


def test_a_share_has_one_reference_per_page(grants: GrantTable) -> None:
    share = grants.add(1, 0, some_fd(), 3, writable=True)
    for ref in range(share.first_ref, share.first_ref + 3):
        assert grants.find(1, ref, 0, writable=True) is share
    for beyond in (share.first_ref - 1, share.first_ref + 3, 0):
        with pytest.raises(HostError) as refused:
            grants.find(1, beyond, 0, writable=False)
        assert refused.value.errno == EACCES


def test_references_are_never_used_again_and_never_one_of_xen_s_own(grants: GrantTable) -> None:
    seen: set[int] = set()
    for pages in (1, 4, 2, 1):
        share = grants.add(1, 0, some_fd(), pages, writable=True)
        refs = set(range(share.first_ref, share.first_ref + pages))
        assert min(refs) >= FIRST_REF
        assert not refs & seen
        seen |= refs
        grants.end(1, share.first_ref)
    grants.end_all(1)
    assert grants.add(1, 0, some_fd(), 1, writable=True).first_ref > max(seen), "not after the domain has died either"


def test_only_the_peer_and_only_the_owner_s_own(grants: GrantTable) -> None:
    ref = grants.add(1, 0, some_fd(), 1, writable=True).first_ref
    for owner, peer in ((1, 2), (1, 1), (0, 1), (2, 0)):
        with pytest.raises(HostError, match="not granted") as refused:
            grants.find(owner, ref, peer, writable=False)
        assert refused.value.errno == EACCES


def test_what_is_read_only_is_not_found_to_be_written(grants: GrantTable) -> None:
    ref = grants.add(1, 0, some_fd(), 1, writable=False).first_ref
    assert not grants.find(1, ref, 0, writable=False).writable
    with pytest.raises(HostError, match="read only") as refused:
        grants.find(1, ref, 0, writable=True)
    assert refused.value.errno == EACCES


def test_a_share_is_ended_once_and_by_its_first_reference(grants: GrantTable) -> None:
    first = grants.add(1, 0, some_fd(), 2, writable=True).first_ref
    for owner, ref in ((1, first + 1), (0, first), (1, 0)):
        with pytest.raises(HostError) as refused:
            grants.end(owner, ref)
        assert refused.value.errno == ENOENT
    grants.end(1, first)
    with pytest.raises(HostError):
        grants.end(1, first)
    with pytest.raises(HostError):
        grants.find(1, first, 0, writable=False)


def test_shares_and_pages_are_bounded_per_domain(grants: GrantTable) -> None:
    many = [grants.add(1, 0, some_fd(), 1, writable=True).first_ref for _ in range(SHARES_MAX)]
    spare = some_fd()
    with pytest.raises(HostError) as refused:
        grants.add(1, 0, spare, 1, writable=True)
    assert refused.value.errno == ENOSPC
    grants.add(2, 0, some_fd(), PAGES_MAX, writable=True)  # another domain has its own
    with pytest.raises(HostError):
        grants.add(2, 0, spare, 1, writable=True)
    grants.end(1, many[0])
    grants.add(1, 0, spare, 1, writable=True)


# -- ports ------------------------------------------------------------------------------------------------------------


def test_both_ends_ring_each_other(ports: PortTable) -> None:
    theirs, rings_us = ports.offer(1, 0)
    ours, rings_them = ports.bind(0, 1, theirs.number)
    os.eventfd_write(rings_us, 1)
    assert is_heard(ours.hears.bell)
    assert not is_heard(theirs.hears.bell)
    os.eventfd_write(rings_them, 1)
    assert is_heard(theirs.hears.bell)


def test_a_ring_before_the_binding_is_heard_after_it(ports: PortTable) -> None:
    offered, rings = ports.offer(1, 0)
    os.eventfd_write(rings, 1)
    assert is_heard(ports.bind(0, 1, offered.number)[0].hears.bell)


def test_only_what_was_offered_can_be_bound_and_only_once(ports: PortTable) -> None:
    number = ports.offer(1, 0)[0].number
    assert number != 0
    for domid, peer, port in ((2, 1, number), (0, 2, number), (0, 1, number + 1), (1, 1, number), (0, 1, 0)):
        with pytest.raises(HostError) as refused:
            ports.bind(domid, peer, port)
        assert refused.value.errno == ENOENT
    ours = ports.bind(0, 1, number)[0].number
    with pytest.raises(HostError) as taken:
        ports.bind(0, 1, number)
    assert taken.value.errno == EBUSY
    with pytest.raises(HostError) as back:  # a bound end is not offered to anybody
        ports.bind(1, 0, ours)
    assert back.value.errno == EBUSY


def test_a_domain_may_be_its_own_peer(ports: PortTable) -> None:
    offered, rings = ports.offer(1, 1)
    bound, _ = ports.bind(1, 1, offered.number)
    assert bound.number != offered.number
    os.eventfd_write(rings, 1)
    assert is_heard(bound.hears.bell)


def test_ports_are_bounded_and_a_refused_binding_can_be_made_later(ports: PortTable) -> None:
    offered = ports.offer(1, 0)[0].number
    own = [ports.offer(0, 1)[0].number for _ in range(PORTS_MAX)]
    with pytest.raises(HostError) as refused:
        ports.offer(0, 1)
    assert refused.value.errno == ENOSPC
    with pytest.raises(HostError) as unbound:
        ports.bind(0, 1, offered)
    assert unbound.value.errno == ENOSPC
    ports.close(0, own[0])
    number = ports.bind(0, 1, offered)[0].number
    assert number not in own, "numbers are not used again"


def close_twice(ports: PortTable, domid: int, number: int) -> None:
    ports.close(domid, number)
    with pytest.raises(HostError) as refused:
        ports.close(domid, number)
    assert refused.value.errno == ENOENT


@pytest.mark.parametrize("order", list(permutations(("bind", "close offer", "close bound"))))
def test_every_order_of_binding_and_closing_ends_with_nothing_open(ports: PortTable, order: tuple[str, ...]) -> None:
    offered = ports.offer(1, 0)[0].number
    bound: int | None = None
    for step in order:
        if step == "close offer":
            close_twice(ports, 1, offered)
        elif step == "close bound" and bound is not None:
            close_twice(ports, 0, bound)
        elif step == "bind" and order.index("bind") < order.index("close offer"):
            bound = ports.bind(0, 1, offered)[0].number
        elif step == "bind":
            with pytest.raises(HostError) as refused:
                ports.bind(0, 1, offered)
            assert refused.value.errno == ENOENT


def test_a_port_whose_far_end_was_closed_cannot_be_bound_anew(ports: PortTable) -> None:
    offered = ports.offer(1, 0)[0].number
    ports.close(0, ports.bind(0, 1, offered)[0].number)
    with pytest.raises(HostError) as refused:
        ports.bind(0, 1, offered)
    assert refused.value.errno == ENOENT


def test_without_descriptors_an_offer_fails_and_leaves_nothing_that_can_be_bound() -> None:
    left = [make_doorbell()]

    def make() -> Doorbell:
        if not left:
            raise OSError(EMFILE, "too many open files")
        return left.pop()

    ports = PortTable(make)
    with pytest.raises(OSError, match="too many"):
        ports.offer(1, 0)
    with pytest.raises(HostError):
        ports.bind(0, 1, 1)
    ports.close_all(1)


class PortsInAnyOrder(RuleBasedStateMachine):
    """Three domains offer, bind, close and die as they like: no number comes back, no descriptor is left."""

    domids = st.integers(0, 2)

    def __init__(self) -> None:
        super().__init__()
        self.ports = PortTable()
        self.before = open_descriptors()
        self.alive: set[tuple[int, int]] = set()
        self.seen: set[tuple[int, int]] = set()

    def born(self, domid: int, number: int) -> None:
        assert (domid, number) not in self.seen
        self.alive.add((domid, number))
        self.seen.add((domid, number))

    @rule(domid=domids, peer=domids)
    def offer(self, domid: int, peer: int) -> None:
        self.born(domid, self.ports.offer(domid, peer)[0].number)

    @rule(domid=domids, peer=domids, number=st.integers(1, 6))
    def bind(self, domid: int, peer: int, number: int) -> None:
        try:
            port, rings = self.ports.bind(domid, peer, number)
        except HostError:
            return
        assert (peer, number) in self.alive
        self.born(domid, port.number)
        os.fstat(rings)  # still open, however it came about

    @rule(domid=domids, number=st.integers(1, 6))
    def close(self, domid: int, number: int) -> None:
        try:
            self.ports.close(domid, number)
        except HostError:
            assert (domid, number) not in self.alive
        else:
            self.alive.remove((domid, number))

    @rule(domid=domids)
    def die(self, domid: int) -> None:
        self.ports.close_all(domid)
        self.alive = {port for port in self.alive if port[0] != domid}

    @invariant()
    def descriptors_are_bounded_by_ports(self) -> None:
        assert open_descriptors() - self.before <= 4 * len(self.alive)  # a button and a bell at either end

    def teardown(self) -> None:
        for domid in range(3):
            self.ports.close_all(domid)
        assert open_descriptors() == self.before


TestPortsInAnyOrder = PortsInAnyOrder.TestCase
TestPortsInAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
