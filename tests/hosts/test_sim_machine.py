"""A whole simulated machine: the seed is the history, and domains die."""

from hashlib import sha256

import pytest

from hosts.api import HostError
from hosts.sim.delays import Delays, long_tail_ns, uniform_ns
from hosts.sim.machine import SimMachine

LATE = Delays(long_tail_ns(50_000, 1.0, 5_000_000), uniform_ns(0, 20_000), uniform_ns(0, 300_000))
PERIOD_NS = 10_000_000


def never() -> bool:
    return False


def must_not_run(_now_ns: int) -> None:
    pytest.fail("ran")


def history(seed: int, delays: Delays | None, guests: int = 3) -> str:
    """The digest of everything that three guests pinging Dom0 every period, and a watch on each, saw."""
    machine, log = SimMachine(seed, delays), list[tuple[str, int]]()
    dom0 = machine.host(0)

    def start(domid: int) -> None:
        guest = machine.host(domid)
        offered = guest.offer_channel(0)
        bound = dom0.bind_channel(domid, offered.port)

        def period(now_ns: int) -> None:
            log.append((f"period {domid}", now_ns))
            offered.notify()
            guest.store.write("data/count", str(now_ns))
            timer.arm((now_ns // PERIOD_NS + 1) * PERIOD_NS)

        def answer(now_ns: int) -> None:
            log.append((f"dom0 heard {domid}", now_ns))
            bound.notify()

        bound.on_notify(answer)
        offered.on_notify(lambda now_ns: log.append((f"{domid} answered", now_ns)))
        path = f"/local/domain/{domid}/data"
        dom0.store.watch(path, lambda path: log.append((f"changed {path}", machine.timeline.now_ns)))
        timer = guest.loop.timer(period)
        timer.arm(0)

    for domid in range(1, guests + 1):
        start(domid)
    machine.run_until(never, 50 * PERIOD_NS)
    assert len(log) > 50 * 3 * guests
    return sha256(repr(log).encode()).hexdigest()


@pytest.mark.parametrize("delays", [None, LATE], ids=["prompt", "late"])
def test_same_seed_same_history(delays: Delays | None) -> None:
    assert history(1, delays) == history(1, delays)


def test_other_seed_other_history() -> None:
    assert len({history(seed, LATE) for seed in range(5)}) == 5


def test_a_killed_domain_is_silent_and_its_things_are_gone() -> None:
    machine = SimMachine()
    dom0, guest, seen = machine.host(0), machine.host(3), list[str]()
    dom0.store.watch("@releaseDomain", seen.append)
    machine.run_until(lambda: bool(seen))
    seen.clear()
    grant, offered = guest.share(0, 1), guest.offer_channel(0)
    mapping, bound = dom0.map(3, grant.refs), dom0.bind_channel(3, offered.port)
    grant.pages[0][0] = 7
    offered.on_notify(must_not_run)
    guest.loop.timer(must_not_run).arm(100)
    guest.store.watch("data", pytest.fail)
    bound.notify()
    machine.kill(3)
    machine.run_until(never, 1000)
    assert seen == ["@releaseDomain"]
    assert mapping.pages[0][0] == 7, "what was mapped stays"
    with pytest.raises(HostError, match="no domain 3"):
        dom0.map(3, grant.refs)
    with pytest.raises(HostError, match="no domain 3"):
        dom0.bind_channel(3, offered.port)
    bound.notify()
    mapping.unmap()


def test_views_a_killed_domain_held_are_nobodys_fault() -> None:
    machine = SimMachine()
    dom0, guest = machine.host(0), machine.host(3)
    grant = dom0.share(3, 1)
    held = guest.map(0, grant.refs).pages[0].cast("I")
    machine.kill(3)
    grant.end()
    guest.close()
    assert held[0] == 0


def test_a_domain_may_come_back_under_its_number() -> None:
    machine = SimMachine()
    dom0, first = machine.host(0), machine.host(3)
    refs = first.share(0, 1).refs
    machine.kill(3)
    second = machine.host(3)
    assert second.store.read("domid") == "3"
    with pytest.raises(HostError, match="not granted"):
        dom0.map(3, refs)
    first.close()
    assert machine.hosts[3] is second


def test_fences_are_counted_and_told() -> None:
    machine, told = SimMachine(), list[int]()
    host = machine.host(3)
    host.fence()
    machine.on_fence = told.append
    host.fence()
    assert host.fences == 2
    assert told == [3]


def test_one_domain_more_does_not_change_the_others_luck() -> None:
    def woken_ns(domids: tuple[int, ...]) -> list[int]:
        machine, seen = SimMachine(5, LATE), list[int]()
        for domid in domids:
            loop = machine.host(domid).loop
            for due_ns in range(0, 10 * PERIOD_NS, PERIOD_NS):
                loop.timer(seen.append if domid == 3 else lambda _now_ns: None).arm(due_ns)
        machine.run_until(never, 20 * PERIOD_NS)
        return seen

    assert woken_ns((3,)) == woken_ns((1, 2, 3))
