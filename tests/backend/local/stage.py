"""A card that stands still until a test moves it, and local applications on it whose every step is the test's own.

Both ends of an application are in this process: the backend's, and the cycle that its thread would run.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.config import BackendConfig
from backend.facilities import Facilities
from backend.gather import Gather
from backend.input import Input
from backend.jack import Jack, Place
from backend.local.application import Application
from backend.local.config import LocalConfig
from backend.output import Output
from backend.patchbay import Patchbay, Wanted
from frontend.local.cycle import Cycle, Trace
from frontend.process import Process
from hosts.api import Host, Loop
from hosts.complaints import Complaints
from hosts.local.memory import map_region
from hosts.loop import RealLoop
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from ringproto.eventids import EventIdRule
from ringproto.local.region import LOCAL_DOMID_FIRST, Shape, read_header, words_of
from ringproto.trace import Point
from tests.backend.fakedevice import PARAMS, ByHand, FakeDevice, paced_by

log = logging.getLogger("vsnd.backend")

PERIOD, LEAD = PARAMS.period_frames, 2 * PARAMS.period_frames
Samples = NDArray[np.int16]
Records = list[tuple[Point, int, int, int]]
"""(point, stream, frame, value) of each."""


class Notes:
    """A tracer that keeps what it is given."""

    def __init__(self) -> None:
        self.records: Records = []

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        assert domid >= LOCAL_DOMID_FIRST
        self.records.append((Point(point), stream, frame, value))

    def of(self, *points: Point) -> Records:
        """Those of these points."""
        return [record for record in self.records if record[0] in points]


class OnLoop:
    """As much of a host as local applications need, on a loop that knows descriptors."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.domid = 0
        self._host: Host = SimMachine().host(0)
        self.store, self.fence = self._host.store, self._host.fence
        self.share, self.map, self.close = self._host.share, self._host.map, self._host.close
        self.offer_channel, self.bind_channel = self._host.offer_channel, self._host.bind_channel


class Stage:
    """A card both ways, called "speaker"."""

    def __init__(self, socket: Path = Path("nowhere"), **options: int) -> None:
        self.loop = RealLoop()
        self.notes = Notes()
        self.config = msgspec.convert({"socket": str(socket), "devices": ["speaker"], **options}, LocalConfig)
        self.backend_config = BackendConfig({"speaker": {"kind": "clocked"}}, {}, local=self.config)
        self.played, self.recorded = FakeDevice(), FakeDevice()
        self.output = Output("speaker", self.played, self.loop, paced_by(ByHand()))
        self.input = Input("speaker (capture)", self.recorded, self.loop, paced_by(ByHand()))
        host = OnLoop(self.loop)
        complaints = Complaints(self.loop, log)
        self.patchbay = Patchbay(self.backend_config, self.loop, refuse, complaints, str, self.notes)
        self.patchbay.ports[Place("speaker", Direction.PLAYBACK)] = self.output
        self.patchbay.ports[Place("speaker", Direction.CAPTURE)] = self.input
        self.facilities = Facilities(host, self.patchbay, Gather(self.loop), complaints, self.notes, EventIdRule.AUTO)
        self.ends: list[Exception] = []
        self._entered: list[Both] = []

    def jacks(self, *directions: Direction) -> dict[Direction, Jack]:
        """On the card."""
        return {way: self.patchbay.jack_on("speaker", way, LOCAL_DOMID_FIRST) for way in directions}

    def enter(self, playback: int = 2, capture: int = 0, ring: int = 3) -> "Both":
        """A registered application."""
        ways = [way for way, channels in zip(Direction, (playback, capture), strict=True) if channels]
        shape = Shape(PARAMS.rate_hz, PERIOD, ring, playback, capture)
        jacks = self.jacks(*ways)
        number = LOCAL_DOMID_FIRST
        both = Both(self, Application(number, "tone", shape, jacks, self.facilities, self.config, self.ends.append))
        self._entered.append(both)
        return both

    def pass_once(self) -> None:
        """Let the loop do what is due now."""
        passed: list[int] = []
        self.loop.call_soon(passed.append)
        self.loop.run_until(lambda: bool(passed))

    def look(self, frame: int, later_ns: int = 0) -> None:
        """The card has played so far, and is looked at; it may be later than it is."""
        self.played.at = frame
        self.output.look(self.loop.now_ns() + later_ns)
        self.pass_once()

    def hear(self, sound: Samples) -> None:
        """The card has recorded this, and is looked at."""
        self.recorded.recorded += sound.tobytes()
        self.recorded.at += len(sound)
        self.input.look(self.loop.now_ns())
        self.pass_once()

    @property
    def heard(self) -> Samples:
        """What the card was given to play."""
        return np.frombuffer(self.played.heard, np.int16).reshape(-1, PARAMS.channels)

    def close(self) -> None:
        """End it."""
        for both in self._entered:
            both.application.close(0)
        self._entered.clear()
        self.loop.close()


class Both:
    """Both ends of one application."""

    def __init__(self, stage: Stage, application: Application) -> None:
        self._stage = stage
        self.application = application
        self._memory = map_region(application.fd)
        self.words = words_of(self._memory.view)
        shape = read_header(self._memory.view)
        self.cycle = Cycle(self._memory.view, self.words, shape, lambda: None)
        self._trace = Trace(stage.notes, application.domid, stage.loop.now_ns)

    def start(self, process: Process) -> None:
        """Fill the ring, and begin."""
        self.wake(process)
        self.application.start(self._stage.loop.now_ns())
        self._stage.pass_once()

    def wake(self, process: Process) -> None:
        """One cycle."""
        self.cycle.run(process, self._trace)


def level_of(both_cycle: Callable[[], int], level: int = 0) -> Process:
    """Plays the number of each block, plus `level`, as 16-bit samples."""

    def process(_input: NDArray[np.float32], output: NDArray[np.float32], frames: int) -> None:
        output[:] = (both_cycle() // frames + 1 + level) / 32768

    return process


def refuse(wanted: Wanted, loop: Loop) -> FakeDevice:
    """No other device can be opened."""
    raise AssertionError(wanted)
