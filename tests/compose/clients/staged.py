"""As much of a library as a style looks at: a client whose callbacks a test's thread makes, and a take that it sees."""

from pathlib import Path
from threading import Thread
from typing import cast

import numpy as np
import soundfile

from compose.clients.sound import Sound, Take
from compose.clients.spec import ClientSpec
from frontend.local import FloatArray, LocalClient, Process
from hosts.api import HostError
from ringproto.local.region import Shape

PERIOD = 48
RATE_HZ = 48000
LIMIT_S = 30.0


class StagedClient:
    """Plays `blocks` blocks, as quickly as they are given, and records numbers: frame `n` is `n` in 16 bits."""

    def __init__(self, blocks: int, playback: int, capture: int, failure: HostError | None = None) -> None:
        self.shape = Shape(RATE_HZ, PERIOD, 3, playback, capture)
        self.frame = 0
        self.played: list[FloatArray] = []
        self.is_closed = False
        self._blocks = blocks
        self._failure = failure
        self._thread: Thread | None = None

    @property
    def client(self) -> LocalClient:
        """As the styles' type."""
        return cast("LocalClient", self)

    @property
    def passed_frames(self) -> int:
        """Frames that were played."""
        return self.frame

    def start(self, process: Process) -> None:
        """Begin to call back."""
        self._thread = Thread(target=self._run, args=(process,))
        self._thread.start()

    def _run(self, process: Process) -> None:
        while self.frame < self._blocks * PERIOD or not (self._failure or self.is_closed):
            output = np.zeros((PERIOD, self.shape.playback_channels), np.float32)
            numbers = (self.frame + np.arange(PERIOD, dtype=np.float32)) / 32768
            process(np.repeat(numbers[:, np.newaxis], self.shape.capture_channels, axis=1), output, PERIOD)
            self.played.append(output)
            self.frame += PERIOD

    def join(self) -> None:
        """Wait until all was played, of one that fails."""
        assert self._thread is not None
        self._thread.join(LIMIT_S)

    def wait(self, _limit_s: float) -> bool:
        """Raise what ended it."""
        self.check()
        return False

    def check(self) -> None:
        """Raise what ended it."""
        if self._failure is not None and self.frame >= self._blocks * PERIOD:
            raise self._failure

    def close(self) -> None:
        """Call back no more."""
        self.is_closed = True
        if self._thread is not None:
            self._thread.join(LIMIT_S)


class SeenTake(Take):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__(None)
        self.blocks: list[FloatArray] = []

    def append(self, block: FloatArray) -> None:
        """Keep it."""
        self.blocks.append(block.copy())

    @property
    def numbers(self) -> list[int]:
        """What was recorded, in 16 bits."""
        return [round(float(sample) * 32768) for block in self.blocks for sample in block[:, 0]]


def ramp(folder: Path, channels: int) -> Sound:
    """Plays 0, 1, ... 999 in 16 bits, over and over; nothing without channels."""
    soundfile.write(folder / "ramp.wav", np.arange(1000, dtype=np.int16), RATE_HZ, "PCM_16")
    plays = "ramp.wav" if channels else None
    spec = ClientSpec("ramp", "speaker", plays, None if channels else "take.wav", channels=channels or 1)
    return Sound(spec, Shape(RATE_HZ, PERIOD, 3, channels, 0 if channels else 1), folder)


def numbers_of(played: list[FloatArray]) -> list[int]:
    """What was played on the first channel, in 16 bits."""
    return [round(float(sample) * 32768) for block in played for sample in block[:, 0]]
