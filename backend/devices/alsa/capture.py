"""A recording ALSA PCM as an AudioDevice.

Theory, as in `playback`: the PCM counts from its own start and stops when it is full; the device's frames count from
its opening.  `_origin` is the device's frame that the PCM's first frame since its start is.  After an overrun the PCM
is started anew at once, so that the newest sound is recorded; what lies between is lost, and `written_frames` jumps.
Some plugins do not stop when full: what they count beyond the buffer is an overrun all the same, and so is a count
that stands at full a step past its time.
"""

from collections.abc import Mapping
from contextlib import suppress
from errno import ENODEV

from backend.devices.alsa.interrupts import PeriodInterrupts
from backend.devices.alsa.pcm import HELD_BACK_FRAMES, Pcm, Xrun, no_clock
from backend.devices.api import Capabilities, DeviceError
from backend.devices.crystal import Crystal
from backend.devices.oneway import RecordsOnly
from hosts.api import Loop, OnTime


class AlsaCapture(RecordsOnly):
    """An open PCM that records."""

    def __init__(self, pcm: Pcm, granularity_frames: int) -> None:
        self.params = pcm.params
        self.capabilities = Capabilities(pcm.period_wakeups, max(granularity_frames, pcm.granularity_frames))
        self.underruns = 0
        self.written_frames = 0
        self._pcm = pcm
        self._octets = pcm.params.frame_octets
        self._clock = Crystal(pcm.params.rate_hz)
        self._running = self._flowing = self._full = self._overrun = False
        self._origin = self._taken = 0
        self._rest = b""  # of the last piece the PCM gave, not yet read
        self._position = 0
        self._open = True

    def start(self, now_ns: int) -> None:
        """Record from now on.  Raises DeviceError."""
        if not self._running:
            self._running = True
            self._begin(now_ns)

    def _begin(self, now_ns: int) -> None:
        self._origin = self.written_frames = self._position
        self._taken, self._rest = 0, b""
        self._clock.set(True, self._position, now_ns)
        self._flowing = self._full = False
        with suppress(Xrun):  # it does not start now: the next look tries again
            self._keep(self._pcm.read())
            self._flowing = True
            if self._pcm.avail() >= self.params.buffer_frames:
                raise no_clock(self._pcm)

    def _keep(self, octets: bytes) -> None:
        self._rest = octets
        self._taken += len(octets) // self._octets

    def stop(self, now_ns: int) -> None:
        """Stand; what was recorded and not read is dropped."""
        position = self.position(now_ns)
        if self._running:
            self._pcm.drop()
        self._running = False
        self._rest = b""
        self._clock.set(False, position, now_ns)
        self.written_frames = position

    def position(self, now_ns: int) -> int:
        """Frames sampled.  Raises DeviceError(ENODEV) when the card is gone."""
        if not self._open:
            raise DeviceError(ENODEV, "the PCM is closed")
        if self._running:
            self._position = max(self._position, self._measure(now_ns))
            if self._full:
                self._start_anew(now_ns)
        return self._position

    def _measure(self, now_ns: int) -> int:
        try:
            avail = self._pcm.avail() if self._flowing else None
        except Xrun:
            avail = None
        if avail is None:
            self._full = True
            return self._clock.frames_at(now_ns)
        position = self._origin + self._taken + avail
        if position != self._clock.base_frames:
            self._clock.set(True, position, now_ns)
        self._full = position - self.written_frames > self.params.buffer_frames or self._stands_full(avail, now_ns)
        return self._clock.frames_at(now_ns) if self._full else position

    def _stands_full(self, avail: int, now_ns: int) -> bool:
        late = self._clock.frames_at(now_ns) - self._clock.base_frames
        full = avail >= self.params.buffer_frames - HELD_BACK_FRAMES
        return full and late > self.capabilities.position_granularity_frames

    def _start_anew(self, now_ns: int) -> None:
        """Frames were lost: one event until the next read, however often it happens."""
        self.underruns += not self._overrun
        self._overrun = True
        self._pcm.drop()
        self._begin(now_ns)

    def read(self, into: memoryview, now_ns: int) -> int:
        """Copy recorded frames out; how many.  Raises DeviceError."""
        self.position(now_ns)
        wanted = len(into) // self._octets * self._octets
        filled = 0
        while filled < wanted and self._running:
            if not self._rest:
                try:
                    self._keep(self._pcm.read())
                except Xrun:  # the next look starts it anew
                    self._flowing = False
                    break
            piece = self._rest[: wanted - filled]
            if not piece:
                break
            into[filled : filled + len(piece)] = piece
            self._rest = self._rest[len(piece) :]
            filled += len(piece)
        frames = filled // self._octets
        self.written_frames += frames
        self._overrun = self._overrun and not frames
        return frames

    def interrupts(self, loop: Loop, callback: OnTime) -> PeriodInterrupts:
        """Call `callback(now_ns)` when the PCM has passed a period's boundary.  Raises DeviceError(ENOSYS)."""
        return PeriodInterrupts(loop, self, self._pcm, callback)

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` is sampled, from where the PCM was last seen."""
        self.position(now_ns)
        return self._clock.time_of(frame)

    def statistics(self) -> Mapping[str, int | float | str]:
        """What was counted."""
        return {"overruns": self.underruns, "binding": self._pcm.binding}

    def close(self) -> None:
        """Give the PCM back.  Harmless twice."""
        if self._open:
            self._open = False
            self._pcm.close()
