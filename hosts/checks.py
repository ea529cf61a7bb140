"""The contract of `hosts.api` as a runnable check: whatever passes is a host.

    check_host(make_pair)

`make_pair()` gives two hosts of one machine, Dom0's and a guest's, connected and fresh, whose loops run together: one
real loop for both, or one virtual time.  Every rule gets a pair of its own, and closes both.  No test framework is
needed; with one, run `check_rule` for each of `RULES` to see them singly.
"""

from collections.abc import Callable

from hosts.api import Host
from hosts.contract import channels, memory, store, time
from hosts.contract.helpers import Rule

RULES: tuple[Rule, ...] = (*store.RULES, *memory.RULES, *channels.RULES, *time.RULES)


def check_host(make_pair: Callable[[], tuple[Host, Host]]) -> None:
    """Check every rule; AssertionError naming the first one that does not hold."""
    for rule in RULES:
        check_rule(rule, make_pair)


def check_rule(rule: Rule, make_pair: Callable[[], tuple[Host, Host]]) -> None:
    """Check one rule; AssertionError naming it when it does not hold."""
    dom0, guest = make_pair()
    assert dom0.domid == 0, "the first of a pair is Dom0's host"
    assert guest.domid != 0, "the second of a pair is a guest's host"
    try:
        rule(dom0, guest)
    except (AssertionError, OSError) as error:
        raise AssertionError(f"{rule.__module__}.{rule.__name__}: {error}") from error
    finally:
        guest.close()
        dom0.close()
