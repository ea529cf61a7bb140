"""The hostile guest itself: its domain, its connections, and the words for what came of a misdeed."""

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event, Thread

from hosts.emu.client import EmuHost
from hosts.emu.messages import broker_path, store_path
from hosts.emu.storeclient import EmuStore
from hosts.loop import RealLoop
from ringproto.card import CardConfig, format_card
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import HwParamRequest, Request, pack_request
from tests.hostile.wire import MS, NoAnswer, RawGuest

ANSWER_LIMIT_NS = 5_000 * MS
"""For a well-behaved connection after a misdeed: the backend may rest a second before."""
ATTEMPTS = 3
TOOLSTACKS = ("backend", "backend-id", "state")
"""Nodes that stay when the card's configuration is written anew."""

SHARED, MICROPHONE, CELL = 0, 1, 2
"""Device ids of its cards."""

_U32 = struct.Struct("<I")

ANYTHING = HwParams(
    (1 << 64) - 1, Interval(0, 2**32 - 1), Interval(0, 2**32 - 1), Interval(0, 2**32 - 1), Interval(0, 2**32 - 1)
)


class Hostile:
    """Domain `domid`; every case starts with fresh connections."""

    def __init__(
        self,
        machine: Path,
        domid: int,
        accomplice: int,
        cards: Sequence[CardConfig],
        ask_toolstack: Callable[[str, int], None],
    ) -> None:
        self.host = EmuHost(machine, domid, RealLoop())
        self.accomplice = accomplice
        self.ask_toolstack = ask_toolstack
        """What an operator may do at any moment: ("detach" or "attach", device id)."""
        self._machine = machine
        self._cards = dict(enumerate(cards))
        self._fresh: dict[int, RawGuest] = {}
        self._used: list[RawGuest] = []
        self._sockets: list[socket.socket] = []

    @property
    def store(self) -> EmuStore:
        """The guest's own xenstore connection."""
        return self.host.store

    def now_ns(self) -> int:
        """The time."""
        return self.host.loop.now_ns()

    # -- connections --------------------------------------------------------------------------------------------------

    def connected(self, devid: int = SHARED) -> RawGuest:
        """A fresh connection of one card, for a case to spoil.  Raises NoAnswer when the backend gives none."""
        guest = self._fresh.pop(devid, None) or self._connect(devid)
        self._used.append(guest)
        return guest

    def unconnected(self, devid: int = SHARED) -> RawGuest:
        """One that has not published anything yet, with the backend waiting for it.  Raises NoAnswer."""
        fresh = self._fresh.pop(devid, None)
        if fresh is not None:
            fresh.set_state("1")
            fresh.close()
        guest = RawGuest(self.host, devid)
        self._used.append(guest)
        if not guest.wait(lambda: guest.backend_state == "2", ANSWER_LIMIT_NS):
            raise NoAnswer(f"card {devid}: the backend is in state {guest.backend_state}")
        return guest

    def recover(self) -> None:
        """Have fresh connections of all cards again, as any guest that started over would.  Raises NoAnswer."""
        while self._sockets:
            self._sockets.pop().close()
        spoilt = {devid for devid in self._cards if devid not in self._fresh}
        while self._used:
            self._used.pop().close()
        for devid in spoilt:
            RawGuest(self.host, devid).set_state("1")
        for devid in spoilt:
            self._fresh[devid] = self._connect(devid)

    def leave(self) -> None:
        """Give everything back, and be a domain no more."""
        for guest in self._fresh.values():
            guest.close()
        self.host.close()

    def _connect(self, devid: int) -> RawGuest:
        failure = NoAnswer()
        for _ in range(ATTEMPTS):  # an earlier misdeed may yet be on its way to the backend
            guest = RawGuest(self.host, devid)
            self._repair(devid)
            guest.set_state("1")
            try:
                guest.connect(ANSWER_LIMIT_NS)
                if guest.call(query(guest)) == 0:
                    return guest
            except NoAnswer as error:
                failure = error
            guest.set_state("1")
            guest.close()
        raise failure

    def _repair(self, devid: int) -> None:
        """Write the card's configuration as the toolstack did."""
        path = f"/local/domain/{self.host.domid}/device/vsnd/{devid}"
        for name in self.store.list(path):
            if name not in TOOLSTACKS:
                self.store.remove(f"{path}/{name}")
        for key, value in format_card(self._cards[devid]).items():
            self.store.write(f"{path}/{key}", value)

    # -- sockets of its own -------------------------------------------------------------------------------------------

    def store_socket(self, domid: int | None = None) -> socket.socket:
        """A bare connection to the xenstore, of this domain or the accomplice's; closed after the case."""
        return self._socket(store_path(self._machine, domid or self.host.domid), socket.SOCK_STREAM)

    def broker_socket(self) -> socket.socket:
        """A bare connection to the machine, as the accomplice; closed after the case."""
        return self._socket(broker_path(self._machine, self.accomplice), socket.SOCK_SEQPACKET)

    def accomplice_host(self) -> EmuHost:
        """The accomplice's domain, come to life; the case's to close."""
        return EmuHost(self._machine, self.accomplice, self.host.loop)

    def _socket(self, path: Path, kind: socket.SocketKind) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, kind)
        self._sockets.append(connection)
        connection.settimeout(ANSWER_LIMIT_NS / 1e9)
        connection.connect(str(path))
        return connection


# -- what came --------------------------------------------------------------------------------------------------------


def query(guest: RawGuest) -> HwParamRequest:
    """A harmless request."""
    return HwParamRequest(guest.next_id(), ANYTHING)


def ask(guest: RawGuest, request: Request) -> str:
    """The status of a request, or what became of us instead."""
    return ask_slot(guest, pack_request(request), request.id)


def ask_slot(guest: RawGuest, slot: bytes, request_id: int) -> str:
    """As `ask`, with raw octets."""
    before = len(guest.responses)
    guest.send_slots(slot)

    def answered() -> list[int]:
        return [response.status for response in guest.responses[before:] if response.id == request_id]

    guest.wait(lambda: bool(answered()) or guest.backend_state != "4")
    if answered():
        return str(answered()[0])
    return "nothing" if guest.backend_state == "4" else "disconnected"


def still(guest: RawGuest) -> str:
    """Whether we are still served: "connected", "disconnected" or "nothing"."""
    came = ask(guest, query(guest))
    return "connected" if came == "0" else came


def fate(guest: RawGuest, limit_ns: int = ANSWER_LIMIT_NS) -> str:
    """What the backend makes of us, given that much time for it."""
    guest.doorbell.notify()
    gone = guest.wait(lambda: guest.backend_state != "4", limit_ns)
    return "disconnected" if gone else "connected"


def entrance(guest: RawGuest) -> str:
    """Whether what was just published lets us in: "0", or "refused"."""
    guest.wait(lambda: guest.backend_state in ("4", "5", "6"), ANSWER_LIMIT_NS)
    return "0" if guest.backend_state == "4" else "refused"


def poke(page: memoryview, word: int, value: int) -> None:
    """Write a u32 into a shared page, whoever's it is."""
    _U32.pack_into(page, 4 * word, value & 0xFFFF_FFFF)


def peek(page: memoryview, word: int) -> int:
    """The u32 in a shared page."""
    return int(_U32.unpack_from(page, 4 * word)[0])


def words(outcomes: Iterable[str]) -> str:
    """All that came, each once."""
    return " ".join(sorted(set(outcomes)))


class Meddler:
    """`with Meddler(deed):` a thread that does it again and again, as fast as it can, at least `times`."""

    def __init__(self, deed: Callable[[], None], times: int = 0) -> None:
        self._deed = deed
        self._times = times
        self._enough = Event()
        self._thread = Thread(target=self._run)

    @property
    def busy(self) -> bool:
        """Whether it has yet to do it so many times."""
        return self._times > 0

    def _run(self) -> None:
        while not self._enough.is_set() or self._times > 0:
            self._deed()
            self._times -= 1

    def __enter__(self) -> "Meddler":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._enough.set()
        self._thread.join()
