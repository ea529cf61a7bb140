"""Rules for frontends, judged by what was seen of one that connected and played."""

from compose.check.rule import LINUX, RING, SNDIF, XENBUS, Book, need, require
from compose.check.seen import Seen
from ringproto.abi import RING_SLOTS, XenbusState
from ringproto.messages import RangeRequest, TriggerRequest

BOOK = Book[Seen]()
EVENTS_ENOUGH = 20


def _faultless(seen: Seen, *kinds: str) -> None:
    bad = [what for kind in kinds for what in seen.faults_of(kind)]
    require(not bad, "; ".join(bad[:3]))


def _asked(seen: Seen) -> None:
    need(bool(seen.requests), "it asked for nothing")


def _came_through(seen: Seen, trial: str, otherwise: str) -> None:
    need(trial in seen.came_through, "it did not play for long enough")
    require(seen.came_through[trial], otherwise)


@BOOK.rule("handshake.states", XENBUS)
def goes_the_usual_way(seen: Seen) -> None:
    """The frontend goes from Initialised to Connected."""
    order = [state for state in seen.states if state in ("3", "4")]
    require(order[:2] == ["3", "4"], f"its states are {seen.states}")
    known = {str(int(state)) for state in XenbusState}
    require(set(seen.states) <= known, f"its states are {seen.states}")


@BOOK.rule("handshake.transport", SNDIF)
def publishes_transports(seen: Seen) -> None:
    """Ring, event page and ports of all streams are published, granted and offered."""
    _faultless(seen, "transport")
    require(bool(seen.transports), "it published none")


@BOOK.rule("handshake.transaction", LINUX)
def publishes_at_once(seen: Seen) -> None:
    """All of them are published in one transaction, before the frontend is Initialised."""
    need(seen.published_at_once is not None, "nodes of an earlier connection were there")
    require(bool(seen.published_at_once), "some nodes were there while others were not")


@BOOK.rule("handshake.return", LINUX)
def comes_back(seen: Seen) -> None:
    """It connects again to a backend that left and came back."""
    _came_through(seen, "return", "it was not Initialised again in 10 s after its backend had come back")


@BOOK.rule("handshake.lets-go", LINUX)
def takes_back(seen: Seen) -> None:
    """When it connects again, nothing of the connection before is granted any more."""
    need(seen.came_through.get("return", False), "it did not connect again")
    _faultless(seen, "left")


@BOOK.rule("ring.initialised", RING)
def initialises_rings(seen: Seen) -> None:
    """A new ring has counts 0 and events 1."""
    need(bool(seen.headers), "there was no ring")
    for header in seen.headers:
        require(header[1:] == (1, 0, 1), f"req_event, rsp_prod, rsp_event are {header[1:]} in a new ring")


@BOOK.rule("ring.full", RING)
def keeps_to_the_ring(seen: Seen) -> str:
    """No more requests are in flight than the ring has slots."""
    _asked(seen)
    require(seen.most_in_flight <= RING_SLOTS, f"{seen.most_in_flight} requests were in flight")
    return f"{seen.most_in_flight} at most"


@BOOK.rule("ring.sound", RING)
def counts_right(seen: Seen) -> None:
    """The counts in ring and event page are possible."""
    _faultless(seen, "ring")
    _asked(seen)


@BOOK.rule("request.form", SNDIF)
def speaks_the_language(seen: Seen) -> None:
    """Requests are well formed: a known op, format and trigger, ranges the right way round."""
    _faultless(seen, "request")
    _asked(seen)


@BOOK.rule("request.reserved", f"{SNDIF}: all reserved fields must be 0; {LINUX} leaves there what was in the slot")
def clears_what_is_reserved(seen: Seen) -> None:
    """What is reserved in a request's header is 0."""
    _faultless(seen, "reserved")
    _asked(seen)


@BOOK.rule("request.ids", SNDIF)
def tells_requests_apart(seen: Seen) -> None:
    """No two requests in flight have the same id."""
    _faultless(seen, "ids")
    _asked(seen)


@BOOK.rule("open.negotiated", f"{SNDIF}; ALSA's hw_params")
def keeps_to_what_was_offered(seen: Seen) -> None:
    """OPEN keeps to what HW_PARAM_QUERY was answered with last."""
    need(seen.negotiated > 0, "it opened nothing after a query")
    _faultless(seen, "offered")


@BOOK.rule("open.directory", SNDIF)
def builds_directories(seen: Seen) -> None:
    """OPEN is as the card is configured, and its page directory names granted pages, as many as the buffer has."""
    need(seen.buffers > 0 or bool(seen.faults_of("open")), "it opened nothing")
    _faultless(seen, "open")


@BOOK.rule("data.bounds", SNDIF)
def moves_data(seen: Seen) -> None:
    """Transfers stay inside the buffer."""
    need(seen.transfers > 0, "it played and recorded nothing")
    _faultless(seen, "range")


@BOOK.rule("data.order", SNDIF)
def keeps_the_order(seen: Seen) -> None:
    """Transfers and triggers come after OPEN, and before CLOSE."""
    need(seen.transfers > 0, "it played and recorded nothing")
    _faultless(seen, "order")


@BOOK.rule("trigger.used", LINUX)
def starts_and_stops(seen: Seen) -> None:
    """What is played is started."""
    need(any(isinstance(request, RangeRequest) for request in seen.requests), "it played and recorded nothing")
    require(any(isinstance(request, TriggerRequest) for request in seen.requests), "it never sent a trigger")


@BOOK.rule("close.grants", LINUX)
def grants_until_the_end(seen: Seen) -> None:
    """The buffer's pages are granted until CLOSE is answered."""
    need(seen.closed > 0, "it closed nothing")
    _faultless(seen, "close")


@BOOK.rule("event.taken", SNDIF)
def takes_events(seen: Seen) -> str:
    """Position events are taken: in_cons follows in_prod."""
    need(seen.events_sent >= EVENTS_ENOUGH, f"it let {seen.events_sent} events come")
    require(seen.events_taken > 0, f"it never had taken all of {seen.events_sent} events")
    return f"{seen.events_sent} events"


@BOOK.rule("event.unknown", SNDIF)
def bears_the_unknown(seen: Seen) -> None:
    """An event of an unknown type changes nothing."""
    _came_through(seen, "unknown event", "it did not play on after an event of an unknown type")


@BOOK.rule("answer.late", f"{LINUX}: VSND_WAIT_BACK_MS")
def bears_late_answers(seen: Seen) -> None:
    """The answer to a request that was given up after 3 s is passed over."""
    _came_through(seen, "late answer", "it asked for nothing, and did not leave, after an answer that was late")


@BOOK.rule("answer.error", SNDIF)
def bears_errors(seen: Seen) -> None:
    """A transfer that failed is the application's to know: the frontend goes on, closes or leaves."""
    _came_through(seen, "failed transfer", "it asked for nothing, and did not leave, after an error")


@BOOK.rule("answer.none", f"{LINUX}: VSND_WAIT_BACK_MS")
def does_not_hang(seen: Seen) -> str:
    """When nothing is answered any more it gives up, or else is there again as soon as the backend has started over."""
    _came_through(seen, "silence", "it hangs, also when the backend has started over")
    return "it gave up by itself" if seen.gave_up else "it waited until the backend started over"
