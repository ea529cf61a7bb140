"""The contract holds in simulated time, prompt or late, and the check notices a host that breaks it."""

import pytest

from hosts.api import Host
from hosts.checks import RULES, check_host, check_rule
from hosts.contract.helpers import Rule
from hosts.contract.memory import only_the_peer_maps
from hosts.sim.delays import Delays, long_tail_ns, uniform_ns
from hosts.sim.machine import SimHost, SimMachine

LATE = Delays(long_tail_ns(50_000, 1.0, 5_000_000), uniform_ns(0, 20_000), uniform_ns(0, 300_000))


def pair(seed: int, delays: Delays | None) -> tuple[Host, Host]:
    machine = SimMachine(seed, delays)
    return machine.host(0), machine.host(7)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds_without_delays(rule: Rule) -> None:
    check_rule(rule, lambda: pair(1, None))


@pytest.mark.parametrize("seed", range(20))
def test_all_rules_hold_with_random_delays(seed: int) -> None:
    check_host(lambda: pair(seed, LATE))


def test_broken_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    map_anyway = SimHost.map
    monkeypatch.setattr(SimHost, "map", lambda self, peer, refs, writable=True: map_anyway(self, peer, refs[:1]))
    with pytest.raises(AssertionError, match="only_the_peer_maps: a good and a bad reference: EACCES expected"):
        check_rule(only_the_peer_maps, lambda: pair(1, None))


def test_refusal_where_none_is_due_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimHost, "share", lambda self, peer, pages, writable=True: self.map(99, [1]))
    with pytest.raises(AssertionError, match=r"shared_pages_begin_zeroed: .*no domain 99"):
        check_host(lambda: pair(1, None))
