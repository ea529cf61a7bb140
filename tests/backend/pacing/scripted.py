"""A card that does what a test says, interrupts included, on simulated time."""

from backend.devices.api import AudioDevice, Capabilities
from backend.devices.registry import open_device
from backend.pacing.api import NEVER, PeriodSource, Seen
from hosts.api import Handle, Loop, OnTime
from hosts.sim.delays import Delays
from hosts.sim.loop import SimLoop
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from tests.backend.fakedevice import FakeDevice

MS = 1_000_000
PERIOD, PERIOD_NS = 480, 10 * MS
IN_NO_TIME = Delays(wake_ns=lambda random: 0)
"""No delay, from a domain that could have one: only such a one can be paused."""


class Line:
    """A listener's place on the interrupt line."""

    def __init__(self, device: "ScriptedDevice") -> None:
        self._device = device

    def cancel(self) -> None:
        self._device.listener = None


class ScriptedDevice(FakeDevice):
    """Its position stands where it was put, and it interrupts when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(interrupts=True)
        self.listener: OnTime | None = None

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        self.listener = callback
        return Line(self)

    def interrupt(self, now_ns: int) -> None:
        assert self.listener is not None
        self.listener(now_ns)


class Watcher:
    """Where a pacing looks: notes when, and tells it what was seen."""

    def __init__(self, device: AudioDevice) -> None:
        self.device = device
        self.pacing: PeriodSource | None = None
        self.looks: list[int] = []
        self.passed = 0
        """Periods that have ended, by the position seen last."""

    def look(self, now_ns: int) -> None:
        self.looks.append(now_ns)
        self.tell(now_ns)

    def tell(self, now_ns: int) -> None:
        assert self.pacing is not None
        position = self.device.position(now_ns)
        self.passed = position // self.device.params.period_frames
        self.pacing.looked(Seen(position, 0, position, NEVER), now_ns)


def sim_loop(delays: Delays = IN_NO_TIME) -> SimLoop:
    """The loop of the only domain of a machine."""
    return SimMachine(1, delays).host(0).loop


def pass_ns(loop: Loop, ns: int) -> None:
    """Let so much time pass."""
    loop.run_until(lambda: False, loop.now_ns() + ns)


def card(loop: Loop, options: dict[str, object] | None = None) -> AudioDevice:
    """A virtual card that plays, periods of 10 ms."""
    return open_device("clocked", options or {}, Direction.PLAYBACK, loop)
