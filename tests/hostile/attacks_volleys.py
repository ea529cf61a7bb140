"""V: volleys.  Doorbells rung without end, doorbells that mean nothing, and everything at once."""

from itertools import cycle

from ringproto.abi import RING_SLOTS, Trigger
from tests.hostile import bare
from tests.hostile.attacks_open import raw_open
from tests.hostile.cases import case
from tests.hostile.guest import CELL, MICROPHONE, SHARED, Hostile, Meddler, query, still
from tests.hostile.wire import MS, RawGuest

RINGS = 1_000_000
VOLLEY_NS = 1_500 * MS


@case("connected")
def v1_a_million_rings_for_nothing(hostile: Hostile) -> str:
    """It rings the backend's doorbell a million times, with nothing in the ring."""
    guest = hostile.connected()
    for _ in range(RINGS):
        guest.doorbell.notify()
    return still(guest)


@case("connected")
def v2_rings_of_the_event_channel(hostile: Hostile) -> str:
    """It rings the event channel, which is for it to hear, not to ring."""
    guest = hostile.connected()
    for _ in range(RINGS // 10):
        guest.event_doorbell.notify()
    return still(guest)


@case("0")
def v2_rings_of_a_port_let_go(hostile: Hostile) -> str:
    """It rings doorbells whose other end the backend has let go."""
    guest = hostile.connected()
    guest.set_state("1")
    guest.wait(lambda: guest.backend_state == "2")
    for _ in range(RINGS // 10):
        guest.doorbell.notify()
        guest.event_doorbell.notify()
    return "0"


@case("connected")
def v3_everything_at_once(hostile: Hostile) -> str:
    """Three cards' rings always full and their doorbells always ringing, while the store is flooded with its state."""
    guests = [hostile.connected(devid) for devid in (SHARED, MICROPHONE, CELL)]
    for guest in guests:
        raw_open(guest)
        guest.trigger(Trigger.START)
    until_ns = hostile.now_ns() + VOLLEY_NS
    connection = hostile.store_socket()
    node = f"{guests[0].path}/state"
    bells = cycle(guest.doorbell for guest in guests)
    with Meddler(lambda: next(bells).notify()):
        while hostile.now_ns() < until_ns:
            for guest in guests:
                _fill(guest)
            bare.write(connection, node, "4")
            hostile.host.loop.run_until(lambda: False, hostile.now_ns())
    for guest in guests:
        guest.wait(lambda guest=guest: guest.ring.free == RING_SLOTS)  # type: ignore[misc]
    return " ".join({still(guest) for guest in guests})


def _fill(guest: RawGuest) -> None:
    free = guest.ring.free
    requests = [query(guest) if number % 2 else guest.write(bytes(4)) for number in range(free - 1)]
    guest.send(*requests)
    guest.read_responses()
    guest.read_events()
    del guest.responses[:], guest.events[:]
