"""X: the store's side of a device.  States that flip, transports that lie, cards without end, ends at bad moments."""

import os
import signal
from itertools import cycle

from ringproto.abi import Trigger
from tests.hostile import bare
from tests.hostile.attacks_open import raw_open
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, entrance, fate, still
from tests.hostile.wire import MS, NoAnswer

FLIPS = 3000
FLOOD_NS = 700 * MS


@case("connected", "disconnected")
def x1_states_flip(hostile: Hostile) -> str:
    """It rewrites its state as fast as the store takes it, through all that mean something."""
    guest = hostile.connected()
    states = cycle("1345643116")
    for _ in range(FLIPS):
        guest.set_state(next(states))
    return "connected" if guest.backend_state == "4" else "disconnected"


@case("0")
def x1_connects_without_end(hostile: Hostile) -> str:
    """It connects and starts over, thirty times in a row, with streams that run."""
    for _ in range(30):
        guest = hostile.unconnected()
        guest.publish()
        if entrance(guest) != "0":
            return "refused"
        guest.set_state("4")
        raw_open(guest)
        guest.trigger(Trigger.START)
        guest.set_state("1")
    return "0"


def _illegal_state(name: str, did: str, text: str) -> None:
    def attack(hostile: Hostile) -> str:
        guest = hostile.connected()
        raw_open(guest)
        guest.trigger(Trigger.START)
        guest.set_state(text)
        return fate(guest, 300 * MS)

    attack.__name__, attack.__doc__ = f"x1_state_{name}", did
    case("connected", "disconnected")(attack)


_illegal_state("9", "It says that it is in state 9.", "9")
_illegal_state("minus_1", "It says that it is in state -1.", "-1")
_illegal_state("of_nothing", "Its state is no text at all.", "")
_illegal_state("of_2000_octets", "Its state is as long as a node may be.", "4" * 2000)
_illegal_state("not_a_number", "Its state is a word.", "connected\n\x1b[2J")
_illegal_state("not_utf8", "Its state is no text.", b"\xff\xfe4".decode("utf-8", "surrogateescape"))
_illegal_state("of_another_digit", "Its state is a digit that is not ASCII.", "\u0664")


@case("connected", "disconnected")
def x1_state_missing(hostile: Hostile) -> str:
    """It removes its state while it plays."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    hostile.store.remove(f"{guest.path}/state")
    return fate(guest, 300 * MS)


@case("disconnected")
def x1_directory_missing(hostile: Hostile) -> str:
    """It removes its whole directory while it plays; the operator attaches the card anew."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    hostile.store.remove(guest.path)
    came = fate(guest)
    hostile.ask_toolstack("attach", 0)
    return came


def _x7_flood(hostile: Hostile, on_state: int) -> str:
    """It rewrites nodes that the backend watches, or their neighbours, as fast as the store takes it."""
    guest = hostile.connected()
    node = f"{guest.path}/state" if on_state else f"{guest.path}/flood"
    bare.flood(hostile, hostile.store_socket(), node, "4", hostile.now_ns() + FLOOD_NS)
    return still(guest)


variants(_x7_flood, {"on_its_state": 1, "on_siblings": 0}, "connected")


@case("died")
def x8_destroyed_while_it_writes(hostile: Hostile) -> str:
    """Its domain is destroyed in the middle of a flood of WRITEs, from a buffer that then is nobody's."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    for _ in range(20):
        guest.send(*(guest.write(bytes(3840)) for _ in range(guest.ring.free)))
        guest.settle(MS)
    os.kill(os.getpid(), signal.SIGKILL)
    return "-1"


@case("0")
def x8_detached_while_it_plays(hostile: Hostile) -> str:
    """The operator takes its card away in the middle of a flood of WRITEs, and gives it back."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    guest.send(*(guest.write(bytes(3840)) for _ in range(guest.ring.free)))
    hostile.ask_toolstack("detach", 0)
    if not guest.wait(lambda: guest.backend_state == "6"):
        raise NoAnswer("the backend does not let go")
    hostile.ask_toolstack("attach", 0)
    return "0"
