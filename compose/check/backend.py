"""All rules for backends, and how a backend is tried."""

from collections.abc import Callable, Iterator

from compose.check import (
    backend_data,
    backend_handshake,
    backend_opening,
    backend_position,
    backend_query,
    backend_ring,
    backend_trigger,
    backend_volume,
)
from compose.check.guest import WireGuest
from compose.check.rule import Line, Rule, try_rule
from hosts.api import Host

AREAS = (
    backend_handshake,
    backend_query,
    backend_ring,
    backend_opening,
    backend_data,
    backend_trigger,
    backend_position,
    backend_volume,
)
RULES: tuple[Rule[WireGuest], ...] = tuple(rule for area in AREAS for rule in area.BOOK.rules)


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
