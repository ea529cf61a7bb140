"""All rules for frontends, and how a frontend is tried: by being its backend while it plays."""

from collections.abc import Callable, Iterator

from compose.check.backend_session import LINUX, SNDIF, XENBUS
from compose.check.rawbackend import RawBackend, Seen
from compose.check.rule import Line, NotTried, Rule, require, try_rule
from compose.check.wire import MS
from hosts.api import Host
from ringproto.abi import RING_SLOTS
from ringproto.messages import OpenRequest, RangeRequest, TriggerRequest

CONNECT_LIMIT_NS = 30_000 * MS
PLAY_LIMIT_NS = 10_000 * MS
RETURN_LIMIT_NS = 10_000 * MS
ENOUGH_TRANSFERS = 60
"""WRITEs or READs: then it has played long enough to be judged."""


def _need(what: bool, why: str) -> None:
    if not what:
        raise NotTried(why)


def goes_the_usual_way(seen: Seen) -> None:
    """1, 3, 4, in this order, from wherever it was."""
    order = [state for state in seen.states if state in ("3", "4")]
    require(order[:2] == ["3", "4"], f"its states are {seen.states}")


def publishes_transports(seen: Seen) -> None:
    """All four nodes of every stream are there when it is Initialised."""
    bad = [fault for fault in seen.faults if fault.startswith("transport")]
    require(not bad, "; ".join(bad[:3]))
    require(bool(seen.transports), "it published none")


def initialises_rings(seen: Seen) -> None:
    """Counts 0, events 1."""
    for header in seen.headers:
        require(header[1:] == (1, 0, 1), f"req_event, rsp_prod, rsp_event are {header[1:]} in a new ring")


def _faultless(kind: str) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        bad = [fault for fault in seen.faults if fault.startswith(kind)]
        require(not bad, "; ".join(bad[:3]))
        _need(bool(seen.requests), "it asked for nothing")

    return check


def keeps_to_the_ring(seen: Seen) -> str:
    """Never more requests than slots."""
    _need(bool(seen.requests), "it asked for nothing")
    require(seen.most_in_flight <= RING_SLOTS, f"{seen.most_in_flight} requests were in flight")
    return f"{seen.most_in_flight} at most"


def builds_directories(seen: Seen) -> None:
    """A chain that names as many pages as the buffer has, each granted."""
    _need(any(isinstance(request, OpenRequest) for request in seen.requests), "it opened nothing")
    _faultless("open")(seen)


def moves_data(seen: Seen) -> None:
    """WRITE and READ name what is inside the buffer, after OPEN."""
    _need(any(isinstance(request, RangeRequest) for request in seen.requests), "it played and recorded nothing")
    _faultless("range")(seen)
    _faultless("order")(seen)


def starts_and_stops(seen: Seen) -> None:
    """A trigger for what it plays."""
    _need(any(isinstance(request, RangeRequest) for request in seen.requests), "it played and recorded nothing")
    require(any(isinstance(request, TriggerRequest) for request in seen.requests), "it never sent a trigger")


def bears_the_unknown(seen: Seen) -> None:
    """A later version may send events that it does not know."""
    transfers = sum(isinstance(request, RangeRequest) for request in seen.requests)
    _need(transfers >= ENOUGH_TRANSFERS // 2, "it did not play for long enough")
    require(seen.after_unknown > 0, "it asked for nothing after an event of an unknown type")


def comes_back(seen: Seen) -> None:
    """A backend that is restarted is met again."""
    _need(seen.returned is not None, "it was not connected when that was to be tried")
    require(bool(seen.returned), "it was not Initialised again in 10 s after its backend had come back")


RULES: tuple[Rule[Seen], ...] = (
    Rule("handshake.states", "The frontend goes from Initialised to Connected.", XENBUS, goes_the_usual_way),
    Rule(
        "handshake.transport", "Ring, event page and ports of all streams are published.", SNDIF, publishes_transports
    ),
    Rule("ring.initialised", "A new ring has counts 0 and events 1.", "Xen's ring.h", initialises_rings),
    Rule("ring.full", "No more requests are in flight than the ring has slots.", "Xen's ring.h", keeps_to_the_ring),
    Rule("ring.sound", "The counts in the ring are possible.", "Xen's ring.h", _faultless("ring")),
    Rule("request.form", "Requests are well formed, and 0 where reserved.", SNDIF, _faultless("request")),
    Rule(
        "open.directory",
        "The page directory names granted pages, as many as the buffer has.",
        SNDIF,
        builds_directories,
    ),
    Rule("data.bounds", "Transfers stay inside an open buffer.", SNDIF, moves_data),
    Rule("trigger.used", "What is played is started.", LINUX, starts_and_stops),
    Rule("event.unknown", "An event of an unknown type changes nothing.", SNDIF, bears_the_unknown),
    Rule("handshake.return", "It connects again to a backend that left and came back.", LINUX, comes_back),
)


def check_frontend(
    host: Host, domid: int, devid: int = 0, on_wait: Callable[[str], None] = lambda what: None
) -> Iterator[Line]:
    """Be the backend of domain `domid`'s card, from Dom0's host, while the guest plays; then judge.

    `on_wait(what)` says what is awaited.  No other backend may serve that card.  Raises HostError when there is none.
    """
    backend = RawBackend(host, domid, devid)
    loop, seen = host.loop, backend.seen
    try:
        backend.begin()
        on_wait("a frontend to connect")
        loop.run_until(lambda: backend.is_connected, loop.now_ns() + CONNECT_LIMIT_NS)
        on_wait("it to play")
        loop.run_until(lambda: _transfers(seen) >= ENOUGH_TRANSFERS, loop.now_ns() + PLAY_LIMIT_NS)
        if backend.is_connected:
            on_wait("it to come back")
            backend.leave_and_return(RETURN_LIMIT_NS)
    finally:
        backend.close()
    for rule in RULES:
        yield try_rule(rule, seen)


def _transfers(seen: Seen) -> int:
    return sum(isinstance(request, RangeRequest) for request in seen.requests)
