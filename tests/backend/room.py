"""A simulated machine with one virtual card and guests that come when a test lets them, to hear what a pacing does."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from backend.config import BackendConfig, Plug
from backend.daemon import Backend
from backend.input import Input
from backend.jack import Place
from backend.output import Output
from backend.pacing.choose import Pacing
from backend.patchbay import open_wanted
from compose.byhand import default_card
from compose.guest import Player
from compose.toolstack import Attachment, attach
from frontend import CapturePcm, Card, PcmParams, PlaybackPcm
from hosts.sim.delays import Delays, uniform_ns
from hosts.sim.machine import SimMachine
from hosts.tasks import Future, spawn
from ringproto.card import Direction
from ringproto.formats import Format
from ringproto.trace import NoTrace

RATE_HZ = 48000
MS = 1_000_000
SECOND_NS = 1_000_000_000
Samples = NDArray[np.int16]


def tone(frames: int, level: int = 1000) -> Samples:
    """Stereo that never changes: whatever is done to it is seen at once."""
    return np.full((frames, 2), level, np.int16)


class Room:
    """The machine and its backend."""

    def __init__(
        self,
        folder: Path,
        pacing: Pacing,
        latency_ms: float | None = None,
        wake_ns_max: int = 0,
        **options: object,
    ) -> None:
        self.wav = folder / "mix.wav"
        self.machine = SimMachine(1, Delays(wake_ns=uniform_ns(0, wake_ns_max)))
        self.dom0 = self.machine.host(0)
        device = {"kind": "clocked", "buffer_frames": 2 * RATE_HZ, "play_to": str(self.wav), **options}
        config = BackendConfig({"speaker": device}, {"play": Plug("speaker", latency_ms), "record": "speaker"}, pacing)
        self.backend = Backend(self.dom0, config, open_wanted, NoTrace())

    def port(self, direction: Direction = Direction.PLAYBACK) -> Output | Input:
        """The card's, one way."""
        return self.backend.patchbay.ports[Place("speaker", direction)]

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        return self.machine.timeline.now_ns

    def pass_ns(self, ns: int) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.now_ns + ns)

    def stall(self, ns: int) -> None:
        """Nothing of Dom0 runs for so long."""
        self.dom0.loop.pause(self.now_ns + ns)

    def record(self, frames: int, period_frames: int, buffer_frames: int) -> "tuple[CapturePcm, list[bytes]]":
        """A guest that records so much; its stream, and what it has so far."""
        domid = len(self.machine.hosts)
        host = self.machine.host(domid)
        attach(self.dom0.store, Attachment(domid, default_card()))
        card = Card(host, 0, NoTrace())
        self.wait_for(card.connected())
        pcm = CapturePcm(
            card.link(Direction.CAPTURE, 0)[0], PcmParams(RATE_HZ, 2, Format.S16_LE, period_frames, buffer_frames)
        )
        self.wait_for(pcm.aopen())
        took: list[bytes] = []

        async def take() -> None:
            while len(took) < frames // period_frames:
                took.append(await pcm.aread(period_frames))
            await pcm.astop()

        spawn(take())
        return pcm, took

    def wait_for(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let time pass until it is over."""
        task = spawn(coroutine)
        assert self.machine.run_until(lambda: task.done, self.now_ns + SECOND_NS)
        task.result()

    def enter(self, period_frames: int, buffer_frames: int, rate_hz: int = RATE_HZ) -> "Listener":
        """A guest with an open stream."""
        return Listener(self, PcmParams(rate_hz, 2, Format.S16_LE, period_frames, buffer_frames))

    def heard(self) -> Samples:
        """What the card played; this ends the backend."""
        self.backend.close()
        samples, _ = soundfile.read(self.wav, dtype="int16", always_2d=True)
        return np.asarray(samples, np.int16)


class Listener:
    """One guest, who plays."""

    def __init__(self, room: Room, params: PcmParams) -> None:
        self.room = room
        domid = len(room.machine.hosts)
        self._host = room.machine.host(domid)
        attach(room.dom0.store, Attachment(domid, default_card()))
        self.card = Card(self._host, 0, NoTrace())
        room.wait_for(self.card.connected())
        self.pcm = PlaybackPcm(self.card.link(Direction.PLAYBACK, 0)[0], params)
        room.wait_for(self.pcm.aopen())
        self.played: Future[None] = Future()
        self.told: list[tuple[int, int]] = []
        """When it was told of a period, and how many frames had been played by then."""

    def play(self, sound: Samples, frames: int | None = None) -> None:
        """Begin to play it, over and over."""
        self.played = spawn(Player(self.pcm, sound.tobytes(), frames or len(sound)).run())
        player, self.pcm.on_period = self.pcm.on_period, self._on_period
        assert player is not None
        self._player = player
        self.room.pass_ns(MS)

    def _on_period(self, now_ns: int) -> None:
        self.told.append((now_ns, self.pcm.hw_frames))
        self._player(now_ns)

    def lateness_ms(self, drift_ppm: float) -> NDArray[np.float64]:
        """Of each telling, against the period's end by the card's crystal; the earliest of all counts as in time."""
        told = np.array(self.told, float)
        ends = told[:, 1] // self.pcm.params.period_frames * self.pcm.params.period_frames
        late_ns = told[:, 0] - ends * SECOND_NS / (self.pcm.params.rate_hz * (1 + drift_ppm / 1e6))
        late_ms: NDArray[np.float64] = (late_ns - late_ns.min()) / MS
        return late_ms

    def turn(self, level_mdb: int) -> None:
        """Turn both channels."""
        spawn(self.pcm.volume.aset([level_mdb, level_mdb]))

    def stop(self) -> None:
        """Stop at once."""
        spawn(self.pcm.astop())
