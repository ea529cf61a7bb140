"""A simulated domain's xenstore: late events that merge, and transactions that end."""

import pytest

from hosts.api import HostError, StoreView
from hosts.sim.delays import Delays
from hosts.sim.machine import SimHost, SimMachine
from hosts.xenstore.quota import Quota


def never() -> bool:
    return False


@pytest.fixture
def dom0() -> SimHost:
    return SimMachine(delays=Delays(watch_ns=lambda _random: 100)).host(0)


def test_events_take_their_delay_and_equal_ones_merge(dom0: SimHost) -> None:
    seen: list[tuple[str, int]] = []
    dom0.store.watch("/a", lambda path: seen.append((path, dom0.loop.now_ns())))
    for path in ("/a", "/a/b", "/a", "/a/b"):
        dom0.store.write(path, "1")
    dom0.loop.run_until(never, 500)
    dom0.store.write("/a", "2")
    dom0.loop.run_until(never, 1000)
    assert seen == [("/a", 100), ("/a/b", 100), ("/a", 600)]


def test_two_watches_on_one_path_are_both_called(dom0: SimHost) -> None:
    seen: list[str] = []
    dom0.store.watch("/a", lambda _path: seen.append("one"))
    dom0.store.watch("/a", lambda _path: seen.append("two"))
    dom0.loop.run_until(never, 500)
    assert seen == ["one", "two"]


def test_cancelled_watches_leave_the_store(dom0: SimHost) -> None:
    usage = dom0._machine.xenstore.usage
    handle = dom0.store.watch("/a", pytest.fail)
    assert usage.count(Quota.WATCHES, 0) == 1
    handle.cancel()
    handle.cancel()
    assert usage.count(Quota.WATCHES, 0) == 0
    dom0.loop.run_until(never, 500)


def test_a_transaction_that_interferes_with_itself_ends(dom0: SimHost) -> None:
    def change(view: StoreView) -> None:
        view.write("/b", view.read("/a") or "")
        dom0.store.write("/a", "again")

    with pytest.raises(HostError, match="interference"):
        dom0.store.transact(change)


def test_what_is_not_missing_is_still_refused(dom0: SimHost) -> None:
    guest = dom0._machine.host(3)
    dom0.store.write("/secret/x", "1")
    for attempt in (guest.store.read, guest.store.list, guest.store.remove):
        with pytest.raises(HostError, match="may not"):
            attempt("/secret/x")
