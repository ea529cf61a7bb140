"""All rules for backends, and how a backend is tried."""

from collections.abc import Callable, Iterator

from compose.check import backend_ring, backend_session, backend_time
from compose.check.guest import WireGuest
from compose.check.rule import Line, Rule, try_rule
from hosts.api import Host

RULES: tuple[Rule[WireGuest], ...] = (*backend_session.RULES, *backend_ring.RULES, *backend_time.RULES)


def check_backend(
    host: Host, devid: int = 0, on_rule: Callable[[Rule[WireGuest]], None] = lambda rule: None
) -> Iterator[Line]:
    """Try every rule on the backend that serves card `devid` of the host's domain, as its guest.

    `on_rule(rule)` is called before each.  In the end the card is as it was.  Raises HostError without such a card.
    """
    guest = WireGuest(host, devid)
    try:
        for rule in RULES:
            on_rule(rule)
            yield try_rule(rule, guest)
    finally:
        guest.leave()
