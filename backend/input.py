"""Input: one capture device and everybody who records from it.

A look takes what the card has recorded since the last one, hands it to every line in the line's own format, and lets
each tell its guest.  The card runs while anybody records.

What the card lost (nobody looked for longer than its buffer) is silence in every recording, so that a frame's place in
a recording stays its place in time.
"""

from typing import Protocol

from backend.dates import Dates
from backend.devices.api import AudioDevice, DeviceError
from backend.mixing.api import Recording
from backend.mixing.capture import Splitter
from backend.pacing.api import Seen
from backend.pacing.choose import MakePacing
from backend.port import Port
from hosts.api import Loop

SILENCE_S = 2
"""So much of a gap is silence; of a longer one the rest is only counted, since every guest has been overrun anyway."""


class RecordingLine(Protocol):
    """What an input needs of a recording stream."""

    @property
    def voice(self) -> Recording:
        """Where recorded blocks go."""
        ...

    @property
    def due_frame(self) -> int:
        """The device's frame that ends the next of its periods to be told of; NEVER without any."""
        ...

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        """A block up to `until_device_frame` was handed over and made so many of the guest's frames."""

    def overran(self, device_frames: int) -> None:
        """The card ran over: so many of its frames are gone, and what comes next stands for them."""

    def skipped(self, device_frames: int) -> None:
        """So many of them are left out, the others are silence."""

    def lost(self, error: DeviceError) -> None:
        """The card is gone."""

    def fail(self, error: Exception) -> None:
        """One of these went wrong."""


class Input(Port[RecordingLine]):
    """One capture device and its lines."""

    def __init__(
        self, name: str, device: AudioDevice, loop: Loop, make_pacing: MakePacing, dates: Dates | None = None
    ) -> None:
        super().__init__(name, device, loop, make_pacing, dates)
        self.lead_frames = min(device.params.period_frames, self._pacing.least_frames)
        """How far behind the card a guest hears at least: what one look brings."""
        self.block_frames = device.params.buffer_frames
        self._splitter = Splitter(self.spec, self.block_frames)
        self._block = memoryview(bytearray(self.block_frames * self.spec.frame_octets))
        self._voices: list[Recording] = []
        self._taken_until = 0
        self._discard = 0  # frames that come before the first whole period

    @property
    def next_frame(self) -> int:
        """The device's frame that a line which joins now begins with: the first of a period when the card starts."""
        return self.device.written_frames + self._discard

    def join(self, line: RecordingLine, now_ns: int) -> None:
        """Record for this line from `next_frame` on.  Raises DeviceError(ENODEV) when the device is gone."""
        self._check_alive()
        if not self._lines:
            self.device.start(now_ns)
            self._pacing.start(now_ns)
            self._taken_until = self.device.written_frames
            self._discard = -self._taken_until % self.device.params.period_frames
        self._pacing.changed(now_ns)
        self._lines.append(line)
        self._voices.append(line.voice)

    def leave(self, line: RecordingLine, now_ns: int) -> None:
        """Record for this line no more; harmless when it has not joined."""
        if line not in self._lines:
            return
        self._lines.remove(line)
        self._voices.remove(line.voice)
        if not self._lines:
            self._pacing.stop()
            self.device.stop(now_ns)

    def _look(self, now_ns: int) -> None:
        position = self._ask_position(now_ns)
        left = self.device.written_frames + self.device.params.buffer_frames - position
        self._take_all(now_ns)
        if self._lines:
            edge = self.device.written_frames + self.device.params.buffer_frames
            due = min(line.due_frame for line in self._lines)
            self._pacing.looked(Seen(position, left, edge, due), now_ns)

    def _take_all(self, now_ns: int) -> None:
        while (frames := self.device.read(self._block, now_ns)) > 0:
            until = self.device.written_frames
            gap = until - frames - self._taken_until
            if gap > 0:
                self._bridge(gap, until - frames, now_ns)
            unwanted = min(self._discard, frames)
            self._discard -= unwanted
            octets = self.spec.frame_octets
            self._hand_out(self._block[unwanted * octets : frames * octets], until, now_ns)

    def _hand_out(self, block: memoryview, until: int, now_ns: int) -> None:
        self._taken_until = until
        made = self._splitter.split(block, self._voices)
        for line, guest_frames in zip(tuple(self._lines), made, strict=True):
            self._let(line, line.recorded, guest_frames, until, now_ns)

    def _bridge(self, gap: int, until: int, now_ns: int) -> None:
        """Silence for frames that the card lost."""
        for line in tuple(self._lines):
            self._let(line, line.overran, gap)
        silent = min(gap, SILENCE_S * self.spec.rate_hz)
        if silent < gap:
            for line in tuple(self._lines):
                self._let(line, line.skipped, gap - silent)
        silence = memoryview(self._splitter.silence)
        at = until - silent
        while at < until:
            frames = min(self.block_frames, until - at)
            at += frames
            self._hand_out(silence[: frames * self.spec.frame_octets], at, now_ns)

    def _forget_all(self) -> None:
        super()._forget_all()
        self._voices.clear()
