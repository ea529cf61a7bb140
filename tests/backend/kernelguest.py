"""A guest that handles xenbus as the kernel's frontend (snd_xen_front) does, at a guest's own, changing pace.

What matters is that its xenbus thread reads the backend's state anew for every event that a write of ours made, one
after the other, maybe long after the write: InitWait may be read twice and is then answered twice.
"""

from collections import deque
from random import Random

from hosts.api import Grant, Handle, HostError
from hosts.sim.machine import SimMachine
from hosts.tasks import Future, sleep_until, spawn
from ringproto.card import Transport, format_transport
from ringproto.messages import CloseRequest, pack_request, parse_response
from ringproto.rings import FrontRing

MS = 1_000_000
ANSWER_LIMIT_NS = 3000 * MS


class KernelGuest:
    """Domain `domid` and its driver for device 0, which has one stream."""

    def __init__(self, machine: SimMachine, domid: int, random: Random, slow_ns: int = 2 * MS) -> None:
        self.machine = machine
        self.host = machine.host(domid)
        self.path = f"/local/domain/{domid}/device/vsnd/0"
        self.backend_path = f"/local/domain/0/backend/vsnd/{domid}/0"
        self.slow_ns = slow_ns
        self.publications = 0
        self._random = random
        self._events: deque[None] = deque()
        self._busy = self._gone = False
        self._watch: Handle | None = None
        self._grants: list[Grant] = []
        self._ring: FrontRing | None = None
        self._next_id = 0

    # -- the module ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Probe: say Initialising, watch the backend."""
        self._gone = False
        self._say("1")
        self._watch = self.host.store.watch(f"{self.backend_path}/state", lambda path: self.on_event())

    async def unload(self) -> bool:
        """Hear no more events, say Closing, wait a second for the backend to be in InitWait; whether it was."""
        self._stop_watching()
        while self._busy:
            await sleep_until(self.host.loop, self.host.loop.now_ns() + MS)
        self._say("5")
        there = False
        for _ in range(100):
            there = there or self.read_backend() == "2"
            if there:
                break
            await sleep_until(self.host.loop, self.host.loop.now_ns() + 10 * MS)
        self.vanish()
        self._say("6")
        return there

    def vanish(self) -> None:
        """The device is gone, in the midst of whatever it did."""
        self._stop_watching()
        self._gone = True
        self._tear_down()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._events.clear()

    # -- the xenbus thread --------------------------------------------------------------------------------------------

    def on_event(self) -> None:
        """Something was written at the backend's state."""
        if self._watch is not None:
            self._events.append(None)
            if not self._busy:
                self._busy = True
                spawn(self._work()).on_done(self._rest)

    def _rest(self) -> None:
        self._busy = False

    async def _work(self) -> None:
        while self._events:
            self._events.popleft()
            await self._dawdle()
            await self._react(self.read_backend())

    async def _react(self, backend: str | None) -> None:
        if backend in ("0", "1", "2", "6", None):
            self._tear_down()
            self._say("1")
        if backend == "2":
            await self._publish()
        if backend == "4" and self._state == "3":
            self._say("4")

    async def _publish(self) -> None:
        await self._dawdle()
        if self._gone:
            return
        self.publications += 1
        ring_page, event_page = self._grants = [self.host.share(0, 1), self.host.share(0, 1)]
        self._ring = FrontRing(ring_page.pages[0], self.host.fence)
        doorbell, event_doorbell = self.host.offer_channel(0), self.host.offer_channel(0)
        self._doorbell = doorbell
        self._ports = [doorbell, event_doorbell]
        transport = Transport(ring_page.refs[0], doorbell.port, event_page.refs[0], event_doorbell.port)
        await self._dawdle()
        if self._gone:
            return
        for key, value in format_transport(transport).items():
            self.host.store.write(f"{self.path}/0/0/{key}", value)
        await self._dawdle()
        if not self._gone:
            self._say("3")

    def _tear_down(self) -> None:
        if self._ring is not None:
            self._ring.release()
            self._ring = None
            for port in self._ports:
                port.close()
            for grant in self._grants:
                grant.end()

    async def _dawdle(self) -> None:
        await sleep_until(self.host.loop, self.host.loop.now_ns() + self._random.randrange(1, self.slow_ns))

    # -- what can be seen ---------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the card is registered with ALSA, and nothing is about to change that."""
        return self._state == "4" and self.read_backend() == "4" and not self._busy

    def is_answered(self) -> bool:
        """Whether a request on the ring that the driver has now is answered in time."""
        assert self._ring is not None
        self._next_id += 1
        self._ring.push(pack_request(CloseRequest(self._next_id)))
        if self._ring.publish():
            self._doorbell.notify()
        answered: Future[None] = Future()
        ring = self._ring

        def look(now_ns: int) -> None:
            if (slot := ring.take()) is not None and parse_response(slot).id == self._next_id:
                answered.set(None)

        self._doorbell.on_notify(look)
        return self.machine.run_until(lambda: answered.done, self.machine.timeline.now_ns + ANSWER_LIMIT_NS)

    @property
    def _state(self) -> str | None:
        return self.host.store.read(f"{self.path}/state")

    def read_backend(self) -> str | None:
        """The backend's state; None when there is no such device."""
        try:
            return self.host.store.read(f"{self.backend_path}/state")
        except HostError:  # its directory was never ours to read
            return None

    def _say(self, state: str) -> None:
        if self.host.store.read(f"{self.path}/backend") is not None and self._state != state:
            self.host.store.write(f"{self.path}/state", state)
