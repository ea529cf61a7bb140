"""A process that dies takes along what it held, and nothing of its domain's besides."""

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.sim.process import SimProcess

MS = 1_000_000


def test_a_process_does_all_that_its_domain_can() -> None:
    machine = SimMachine()
    process, guest = SimProcess(machine.host(0)), machine.host(1)
    grant = guest.share(0, 1)
    mapping = process.map(1, grant.refs)
    grant.pages[0][0] = 7
    assert mapping.pages[0][0] == 7
    heard: list[int] = []
    channel = process.bind_channel(1, guest.offer_channel(0).port)
    channel.on_notify(heard.append)
    process.store.write("data", "x")
    assert process.store.read("data") == "x"
    machine.run_until(lambda: False, 1 * MS)
    assert heard, "binding rings"


def test_nothing_of_a_dead_process_runs_and_nothing_it_held_is_left() -> None:
    machine = SimMachine()
    dom0, guest = machine.host(0), machine.host(1)
    process = SimProcess(dom0)
    offered = guest.offer_channel(0)
    grant = guest.share(0, 2)
    process.map(1, grant.refs)
    process.share(1, 1)
    channel = process.bind_channel(1, offered.port)
    ran: list[str] = []
    channel.on_notify(lambda now_ns: ran.append("bell"))
    process.store.watch("data", lambda path: ran.append("watch"))
    process.loop.timer(lambda now_ns: ran.append("timer")).arm(1 * MS)
    process.loop.call_soon(lambda now_ns: ran.append("soon"))
    process.die()
    dom0.store.write("data", "x")
    offered.notify()
    machine.run_until(lambda: False, 10 * MS)
    assert ran == []
    assert set(dom0.leftovers().values()) == {0}
    assert guest.bind_channel(0, dom0.offer_channel(1).port), "the domain lives on"
    with pytest.raises(HostError):
        process.map(1, grant.refs)
    with pytest.raises(HostError):
        process.store.read("data")


def test_a_paused_domain_does_nothing_and_then_all_it_missed() -> None:
    from hosts.sim.delays import Delays, uniform_ns

    machine = SimMachine(1, Delays(wake_ns=uniform_ns(10, 20)))
    host = machine.host(1)
    ran: list[int] = []
    for ms in (1, 5, 9):
        host.loop.timer(ran.append).arm(ms * MS)
    machine.run_until(lambda: bool(ran), 2 * MS)
    host.loop.pause(8 * MS)
    machine.run_until(lambda: False, 7 * MS)
    assert len(ran) == 1
    machine.run_until(lambda: False, 20 * MS)
    assert len(ran) == 3
    assert ran[1] >= 8 * MS
