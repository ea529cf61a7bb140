"""E: the event page.  Impossible counts, a page that is never read, doorbells taken away, one page in three roles."""

from itertools import count
from random import Random

from ringproto.abi import EVENT_SLOTS, IN_CONS, IN_PROD, Trigger
from ringproto.pagedir import build_directory
from tests.hostile.attacks_open import BUFFER_OCTETS, raw_open
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, Meddler, entrance, fate, peek, poke, query, still
from tests.hostile.wire import MS, RawGuest


def _playing(hostile: Hostile) -> RawGuest:
    """A connection whose stream runs (starved: silence is what it may play here)."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    return guest


def _e1_in_cons(hostile: Hostile, ahead: int) -> str:
    """It claims to have read events that were never sent."""
    guest = _playing(hostile)
    guest.event_doorbell.close()
    page = guest.event_page.pages[0]
    poke(page, IN_CONS, peek(page, IN_PROD) + ahead)
    return fate(guest)


variants(_e1_in_cons, {"just_ahead": 3, "half_round_ahead": 1 << 31, "64_behind": -64}, "disconnected")


@case("disconnected", "connected")
def e1_in_cons_random_without_end(hostile: Hostile) -> str:
    """A thread writes random numbers into in_cons as fast as it can."""
    guest = _playing(hostile)
    page, random = guest.event_page.pages[0], Random(1)
    with Meddler(lambda: poke(page, IN_CONS, random.getrandbits(32))):
        return fate(guest, 500 * MS)


@case("connected")
def e1_in_cons_flips_within_bounds(hostile: Hostile) -> str:
    """A thread has in_cons run back and forth among what it could be."""
    guest = _playing(hostile)
    guest.event_doorbell.close()
    page, counts = guest.event_page.pages[0], count()
    with Meddler(lambda: poke(page, IN_CONS, peek(page, IN_PROD) - next(counts) % 2)):
        came = fate(guest, 300 * MS)
    return still(guest) if came == "connected" else came


@case("connected")
def e1_in_prod_overwritten(hostile: Hostile) -> str:
    """It overwrites the backend's own count, which must come back."""
    guest = _playing(hostile)
    guest.event_doorbell.close()
    page = guest.event_page.pages[0]
    produced = peek(page, IN_PROD)
    poke(page, IN_PROD, 0xDEAD_BEEF)
    if not guest.wait(lambda: produced <= peek(page, IN_PROD) <= produced + EVENT_SLOTS):
        return "nothing"
    return still(guest)


@case("connected")
def e2_never_read_then_read(hostile: Hostile) -> str:
    """It lets events pile up until there is no room, then reads on: ids and positions must go on, or "-1"."""
    guest = _playing(hostile)
    guest.event_doorbell.close()
    page = guest.event_page.pages[0]
    guest.wait(lambda: peek(page, IN_PROD) - peek(page, IN_CONS) >= EVENT_SLOTS - 1, 5_000 * MS)
    guest.settle(200 * MS)
    full = peek(page, IN_PROD)
    if full - peek(page, IN_CONS) > EVENT_SLOTS:
        return "-1"
    guest.read_events()
    if not guest.wait(lambda: peek(page, IN_PROD) > full):
        return "nothing"
    guest.read_events()
    in_order = guest.positions == sorted(guest.positions)
    return still(guest) if in_order else "-1"


@case("connected")
def e3_event_port_closed(hostile: Hostile) -> str:
    """It closes its end of the event doorbell while events come."""
    guest = _playing(hostile)
    guest.event_doorbell.close()
    guest.settle(100 * MS)
    return still(guest)


@case("connected")
def e3_ring_port_closed(hostile: Hostile) -> str:
    """It closes its end of the ring's doorbell: it cannot be heard any more, and that is its own affair."""
    guest = _playing(hostile)
    guest.doorbell.close()
    guest.settle(100 * MS)
    return "connected" if guest.backend_state == "4" else "disconnected"


@case("0", "refused", "disconnected", "-22", "-14", "nothing")
def e4_one_page_for_everything(hostile: Hostile) -> str:
    """Its ring, its event page and its buffer are one and the same page."""
    guest = hostile.unconnected()
    guest.publish(**{"evt-ring-ref": str(_next_ref(guest))})
    came = entrance(guest)
    if came != "0":
        return came
    guest.set_state("4")
    data, directory = guest.share_buffer(BUFFER_OCTETS)
    build_directory((guest.ring_page.refs[0], *data.refs[1:]), directory.refs, directory.pages)
    came = raw_open(guest, directory=directory.refs[0])
    guest.send(query(guest))
    return came


def _next_ref(guest: RawGuest) -> int:
    """The reference that the next page we grant will have."""
    probe = guest.host.share(0, 1)
    ref = probe.refs[0] + 1
    probe.end()
    return ref
