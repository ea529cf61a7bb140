"""A PCM that behaves as alsa-lib's do, on any loop's time, and fails when told to."""

import os
from collections.abc import Sequence
from enum import Enum
from errno import ENODEV

from backend.devices.alsa.abilities import PcmAbilities
from backend.devices.alsa.pcm import Xrun
from backend.devices.api import DeviceError, DeviceParams
from hosts.api import Loop
from ringproto.formats import Format

NS_PER_S = 1_000_000_000
PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)


class End(Enum):
    """What it does when it is dry, or full."""

    STOPS = "says Xrun, as cards do"
    COUNTS_ON = "as a card that was told not to stop"
    HOLDS = "holds its count one frame short of it, as PulseAudio's plugin does"
    NEVER = "takes and gives at once whatever there is, as `null` does"


class FakePcm:
    """Starts with its first frames.  Recorded frame n is n, in both channels."""

    def __init__(self, loop: Loop, *, capture: bool = False, end: End = End.STOPS, rewinds: bool = False) -> None:
        self.name = "fake"
        self.binding = "fake"
        self.abilities = PcmAbilities(rewind=rewinds)
        self.period_wakeups = True
        self.granularity_frames = 1
        self.params = PARAMS
        self.descriptors: Sequence[int] = ()
        self.heard = b""
        """What was given to it, all together."""
        self.pieces: list[int] = []
        """The frames of each write."""
        self.starts = 0
        self.xrun_next = False
        """It has one in the next write, read or rewind."""
        self.gone = False
        self.suspended = False
        self.open = True
        self._loop = loop
        self._capture = capture
        self._end = end
        self._started_ns: int | None = None
        self._moved = 0  # frames given or taken since the start
        self._xrun = False

    def _passed(self) -> int:
        if self._started_ns is None:
            return 0
        return (self._loop.now_ns() - self._started_ns) * self.params.rate_hz // NS_PER_S

    def _check(self) -> None:
        if self.gone:
            raise DeviceError(ENODEV, os.strerror(ENODEV))
        if self.suspended:
            self._xrun = True
            raise Xrun

    def acknowledge(self, descriptor: int) -> None:
        """There is nothing to empty."""

    def _counted(self) -> int:
        passed = self._passed()
        return passed - passed % self.granularity_frames

    def avail(self) -> int:
        self._check()
        distance = self._counted() - self._moved
        dry = distance >= self.params.buffer_frames if self._capture else distance > 0 or self._xrun
        if self._started_ns is not None and dry and self._end is End.STOPS:
            self._xrun = True
            raise Xrun
        avail = distance if self._capture else self.params.buffer_frames + distance
        if self._end is End.NEVER:
            avail = self.params.buffer_frames
        return min(avail, self.params.buffer_frames - 1) if self._end is End.HOLDS else avail

    def write(self, frames: memoryview) -> int:
        self._check()
        self._xrun_if_told()
        if self._started_ns is None or self._xrun:
            self._begin()
        count = min(len(frames) // 4, self.params.buffer_frames + self._passed() - self._moved)
        self.pieces.append(count)
        self.heard += bytes(frames[: count * 4])
        self._moved += count
        return count

    def rewind(self, frames: int) -> int:
        self._check()
        assert self.abilities.rewind
        self._xrun_if_told()
        taken = min(frames, self._moved - self._passed())
        self.heard = self.heard[: len(self.heard) - taken * 4]
        self._moved -= taken
        return taken

    def _xrun_if_told(self) -> None:
        told, self.xrun_next = self.xrun_next, False
        if told:
            self.drop()
            raise Xrun

    def read(self) -> bytes:
        self._check()
        self._xrun_if_told()
        if self._started_ns is None:
            self._begin()
            return b""
        if self._xrun:
            self._started_ns = None
            self._xrun = False
            raise Xrun
        count = min(self.params.period_frames, self.avail())
        first, self._moved = self._moved, self._moved + count
        return b"".join(n.to_bytes(2, "little") * 2 for n in range(first, first + count))

    def _begin(self) -> None:
        self._started_ns, self._moved, self._xrun = self._loop.now_ns(), 0, False
        self.starts += 1

    def drop(self) -> None:
        self._started_ns, self._moved, self._xrun = None, 0, False

    def close(self) -> None:
        self.open = False
