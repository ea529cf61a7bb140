"""How a frontend is tried: by being its backend while it plays."""

from collections.abc import Callable, Iterator

from compose.check.frontend_rules import BOOK
from compose.check.frontend_trials import try_all
from compose.check.rawbackend import RawBackend
from compose.check.rawwire import MS
from compose.check.rule import Line, Rule, try_rule
from compose.check.seen import Seen
from hosts.api import Host

CONNECT_LIMIT_NS = 30_000 * MS
RULES: tuple[Rule[Seen], ...] = tuple(BOOK.rules)


def check_frontend(
    host: Host, domid: int, devid: int = 0, on_wait: Callable[[str], None] = lambda what: None
) -> Iterator[Line]:
    """Be the backend of domain `domid`'s card, from Dom0's host, while the guest plays; then judge.

    `on_wait(what)` says what is awaited.  No other backend may serve that card.  Raises HostError when there is none.
    """
    backend = RawBackend(host, domid, devid)
    loop = host.loop
    try:
        backend.begin()
        on_wait("a frontend to connect and play")
        if loop.run_until(lambda: backend.is_connected, loop.now_ns() + CONNECT_LIMIT_NS):
            for trial in try_all(backend):
                on_wait(trial)
    finally:
        backend.close()
    for rule in RULES:
        yield try_rule(rule, backend.seen)
