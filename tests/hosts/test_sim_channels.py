"""Event channels where simulated time shows more than the contract says."""

import pytest

from hosts.api import HostError
from hosts.sim.delays import Delays
from hosts.sim.machine import SimHost, SimMachine


def never() -> bool:
    return False


def must_not_run(_now_ns: int) -> None:
    pytest.fail("ran")


def pair(notify_ns: int) -> tuple[SimHost, SimHost]:
    machine = SimMachine(delays=Delays(notify_ns=lambda _random: notify_ns))
    return machine.host(0), machine.host(3)


def test_a_ring_takes_its_delay_and_merges_with_those_under_way() -> None:
    dom0, guest = pair(100)
    offered, seen = guest.offer_channel(0), list[int]()
    bound = dom0.bind_channel(3, offered.port)
    offered.on_notify(seen.append)
    bound.notify()
    dom0.loop.timer(lambda _now_ns: bound.notify()).arm(60)
    dom0.loop.timer(lambda _now_ns: bound.notify()).arm(150)
    dom0.loop.run_until(never, 1000)
    assert seen == [100, 250]


def test_binding_rings_the_binder_once() -> None:
    dom0, guest = pair(100)
    offered, seen = guest.offer_channel(0), list[int]()
    offered.notify()
    dom0.bind_channel(3, offered.port).on_notify(seen.append)
    dom0.loop.run_until(never, 1000)
    assert seen == [0]


def test_an_offer_whose_peer_has_gone_can_be_bound_anew() -> None:
    dom0, guest = pair(0)
    offered, seen = guest.offer_channel(0), list[int]()
    offered.on_notify(seen.append)
    dom0.bind_channel(3, offered.port).close()
    dom0.bind_channel(3, offered.port).notify()
    dom0.loop.run_until(never, 1000)
    assert seen == [0]


def test_an_end_made_by_binding_is_no_offer() -> None:
    dom0, guest = pair(0)
    offered = guest.offer_channel(0)
    bound = dom0.bind_channel(3, offered.port)
    offered.close()
    with pytest.raises(HostError, match="not offered"):
        guest.bind_channel(0, bound.port)


def test_a_ring_under_way_to_a_closed_end_is_lost() -> None:
    dom0, guest = pair(100)
    offered = guest.offer_channel(0)
    bound = dom0.bind_channel(3, offered.port)
    offered.on_notify(must_not_run)
    bound.notify()
    offered.close()
    dom0.loop.run_until(never, 1000)
