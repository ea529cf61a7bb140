"""A guest's domain in simulated time, served by the real backend: the peer is the oracle."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.byhand import default_card
from compose.toolstack import Attachment, attach
from frontend import Card, PcmParams, connect
from hosts.sim.machine import SimMachine
from hosts.tasks import run
from ringproto.formats import Format
from ringproto.trace import NoTrace

MS = 1_000_000
PARAMS = PcmParams(48000, 2, Format.S16_LE, 480, 1920)
T = TypeVar("T")


def noise(frames: int, seed: int = 1) -> NDArray[np.int16]:
    """Stereo noise that cannot be mistaken."""
    return np.random.default_rng(seed).integers(-32768, 32768, (frames, 2), dtype=np.int16)


class Served:
    """The machine, its backend with one card, and domain 1's host."""

    def __init__(self, folder: Path, machine: SimMachine | None = None, **options: object) -> None:
        self.wav = folder / "mix.wav"
        self.machine = machine or SimMachine()
        self.dom0 = self.machine.host(0)
        device = {"kind": "clocked", "play_to": str(self.wav), **options}
        self._config = BackendConfig({"speaker": device}, {"play": "speaker", "record": "speaker"})
        self.backend = self.new_backend()
        self.host = self.machine.host(1)
        attach(self.dom0.store, Attachment(1, default_card()))

    def new_backend(self) -> Backend:
        """A backend process; the one before must have been closed."""
        return Backend(
            self.dom0, self._config, open_wanted,
            NoTrace(),
        )  # fmt: skip

    def connect(self) -> Card:
        """The guest's card, connected."""
        return connect(self.host)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the guest's."""
        return run(self.host.loop, coroutine)

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def heard(self) -> NDArray[np.int16]:
        """What the card played; this ends the backend."""
        self.backend.close()
        samples, _ = soundfile.read(self.wav, dtype="int16", always_2d=True)
        return np.asarray(samples, np.int16)
