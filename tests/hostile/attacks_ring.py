"""R: the request ring.  Impossible indices, slots that change while they are read, a ring that is never emptied."""

from itertools import cycle

from ringproto.abi import (
    PAGE_HEADER_OCTETS,
    REQ_EVENT,
    REQ_PROD,
    RING_SLOTS,
    RSP_EVENT,
    RSP_PROD,
    SLOT_OCTETS,
    TRIGGER_REQUEST,
    Op,
)
from ringproto.formats import Format
from ringproto.messages import CloseRequest, OpenRequest, pack_request
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, Meddler, ask_slot, fate, peek, poke, query, still, words
from tests.hostile.wire import MS, RawGuest

FLIPS = 1_000_000
STORM_NS = 500 * MS
UNREAD_ROUNDS = 300


def _r1_producer(hostile: Hostile, ahead: int) -> str:
    """It claims more requests than there are slots, or fewer than it had."""
    guest = hostile.connected()
    page = guest.ring_page.pages[0]
    poke(page, REQ_PROD, peek(page, REQ_PROD) + ahead)
    return fate(guest)


variants(_r1_producer, {"33_ahead": 33, "2_to_the_31_ahead": 1 << 31, "backwards": -1}, "disconnected")


@case("connected")
def r2_producer_storm(hostile: Hostile) -> str:
    """It never stops pushing requests, rings for each, and takes answers as fast as they come."""
    guest = hostile.connected()
    until_ns = hostile.now_ns() + STORM_NS
    while hostile.now_ns() < until_ns:
        guest.send(*(query(guest) for _ in range(guest.ring.free)))
        guest.doorbell.notify()
        guest.read_responses()
    guest.wait(lambda: guest.ring.free == RING_SLOTS)
    return still(guest)


def _r3_rsp_event(hostile: Hostile, value: int) -> str:
    """It says garbage about when it wants to be told of answers; nobody but itself may miss them."""
    guest = hostile.connected()
    request = query(guest)
    guest.ring.push(pack_request(request))
    guest.ring.publish()
    poke(guest.ring_page.pages[0], RSP_EVENT, peek(guest.ring_page.pages[0], RSP_PROD) + value)
    guest.doorbell.notify()
    rsp_prod = len(guest.responses) + 1
    guest.wait(lambda: peek(guest.ring_page.pages[0], RSP_PROD) >= rsp_prod)
    guest.read_responses()
    return str(guest.responses[-1].status)


variants(_r3_rsp_event, {"behind": -5, "1000_ahead": 1000, "half_round": 1 << 31}, "0")


@case("0", "-22", "-38", "-14")
def r4_slot_rewritten_a_million_times(hostile: Hostile) -> str:
    """A thread rewrites op, offset, length and gref of every slot between its copying and its use."""
    guest = hostile.connected()
    guest.open()
    page = guest.ring_page.pages[0]
    ops = cycle((Op.WRITE, Op.HW_PARAM_QUERY, 200, Op.CLOSE, Op.WRITE, Op.OPEN, Op.TRIGGER))
    bodies = cycle(size.to_bytes(4, "little") * 10 for size in (0, 4, 1 << 31, 0xFFFF_FFFF))
    places = cycle(range(PAGE_HEADER_OCTETS, PAGE_HEADER_OCTETS + RING_SLOTS * SLOT_OCTETS, SLOT_OCTETS))

    def flip() -> None:
        at = next(places)
        page[at + 2] = next(ops)
        page[at + 8 : at + 48] = next(bodies)  # between them lies the answer's status, which we want to see

    outcomes: set[str] = set()
    with Meddler(flip, FLIPS) as meddler:
        while meddler.busy:
            request = guest.write(bytes(4))
            slot = pack_request(request)
            outcomes.add(ask_slot(guest, slot, request.id))
    return words(outcomes)


@case("connected")
def r5_backend_words_overwritten(hostile: Hostile) -> str:
    """It writes garbage into the words that are the backend's, rsp_prod and req_event."""
    guest = hostile.connected()
    page = guest.ring_page.pages[0]
    answered = peek(page, RSP_PROD)
    for garbage in (0xFFFF_FFFF, 1 << 31, answered + 40):
        poke(page, RSP_PROD, garbage)
        poke(page, REQ_EVENT, garbage)
        guest.ring.push(pack_request(query(guest)))
        guest.ring.publish()
        guest.doorbell.notify()
        answered += 1
        if not guest.wait(lambda wanted=answered: peek(page, RSP_PROD) == wanted):  # type: ignore[misc]
            return "nothing"
        guest.read_responses()
    return still(guest)


@case("-38")
def r6_unknown_ops(hostile: Hostile) -> str:
    """It asks for every op that there is not."""
    guest = hostile.connected()
    outcomes = set[str]()
    for op in range(len(Op), 256):
        request_id = guest.next_id()
        outcomes.add(ask_slot(guest, request_id.to_bytes(2, "little") + bytes((op,)) + bytes(61), request_id))
    return words(outcomes)


@case("0")
def r6_reserved_octets_set(hostile: Hostile) -> str:
    """It sets every reserved octet of a request."""
    guest = hostile.connected()
    request = query(guest)
    slot = bytearray(pack_request(request))
    slot[3:8] = b"\xff" * 5
    slot[48:] = b"\xff" * 16
    return ask_slot(guest, bytes(slot), request.id)


@case("0")
def r6_answers_carry_nothing_else(hostile: Hostile) -> str:
    """It looks for octets of the backend's in what it was not answered: -1 if there are any (XSA-216)."""
    guest = hostile.connected()
    request = CloseRequest(guest.next_id())
    slot = bytearray(b"\xee" * SLOT_OCTETS)
    slot[:3] = pack_request(request)[:3]
    at = PAGE_HEADER_OCTETS + peek(guest.ring_page.pages[0], REQ_PROD) % RING_SLOTS * SLOT_OCTETS
    if ask_slot(guest, bytes(slot), request.id) != "0":
        return "nothing"
    answer = bytes(guest.ring_page.pages[0][at : at + SLOT_OCTETS])
    return "0" if answer == pack_request(request) else "-1"


@case("0")
def r7_one_id_for_all(hostile: Hostile) -> str:
    """It gives eight requests the same id; each is answered."""
    guest = hostile.connected()
    before = len(guest.responses)
    guest.send(*[query(guest)] * 8)
    guest.wait(lambda: len(guest.responses) == before + 8)
    return words(str(response.status) for response in guest.responses[before:])


@case("0")
def r8_32_requests_at_once(hostile: Hostile) -> str:
    """It fills the whole ring, which it may."""
    guest = hostile.connected()
    before = len(guest.responses)
    guest.send(*(query(guest) for _ in range(RING_SLOTS)))
    guest.wait(lambda: len(guest.responses) == before + RING_SLOTS)
    return words(str(response.status) for response in guest.responses[before:])


@case("disconnected")
def r8_33_requests_at_once(hostile: Hostile) -> str:
    """It writes one request more than there are slots, over the first of them."""
    guest = hostile.connected()
    _push_unchecked(guest, RING_SLOTS + 1)
    return fate(guest)


@case("0")
def r9_answers_never_taken(hostile: Hostile) -> str:
    """It never takes an answer and goes on asking, into the very slots that hold them."""
    guest = hostile.connected()
    page = guest.ring_page.pages[0]
    for _ in range(UNREAD_ROUNDS):
        wanted = (peek(page, REQ_PROD) + RING_SLOTS) & 0xFFFF_FFFF
        _push_unchecked(guest, RING_SLOTS)
        if not guest.wait(lambda wanted=wanted: peek(page, RSP_PROD) == wanted):  # type: ignore[misc]
            return "nothing"
    return "0"


@case("0", "-22", "-12", "-28")
def r9_opens_never_taken(hostile: Hostile) -> str:
    """It has the stream opened anew 300 times without a look at the answers."""
    guest = hostile.connected()
    guest.open()
    page = guest.ring_page.pages[0]
    request = OpenRequest(guest.next_id(), 48000, Format.S16_LE, 2, 7680, guest.directory.refs[0], 3840)
    for _ in range(10):
        wanted = (peek(page, REQ_PROD) + 30) & 0xFFFF_FFFF
        _push_unchecked(guest, 30, pack_request(request))
        if not guest.wait(lambda wanted=wanted: peek(page, RSP_PROD) == wanted):  # type: ignore[misc]
            return "nothing"
    return "0"


@case("-22")
def r9_triggers_unknown(hostile: Hostile) -> str:
    """It fills the ring with triggers that there are not."""
    guest = hostile.connected()
    before = len(guest.responses)
    guest.send_slots(*(TRIGGER_REQUEST.pack(n, Op.TRIGGER, 4 + n) for n in range(RING_SLOTS)))
    guest.wait(lambda: len(guest.responses) == before + RING_SLOTS)
    return words(str(response.status) for response in guest.responses[before:])


def _push_unchecked(guest: RawGuest, count: int, slot: bytes | None = None) -> None:
    """Write requests after the last, whether there is room or not, and ring."""
    guest.doorbell.on_notify(lambda _now_ns: None)  # our own end of the ring would not have it
    page = guest.ring_page.pages[0]
    produced = peek(page, REQ_PROD)
    for number in range(count):
        at = PAGE_HEADER_OCTETS + (produced + number) % RING_SLOTS * SLOT_OCTETS
        page[at : at + SLOT_OCTETS] = slot or pack_request(query(guest))
    guest.host.fence()
    poke(page, REQ_PROD, produced + count)
    guest.doorbell.notify()
