"""Output: one playback device, everybody who plays on it, and the moments at which it is looked at.

A look does three things in one pass over all lines: report the position to every guest, let waiting frames in where
there is room, and mix ahead until the card has `lead_frames`.
What decides the moment of a look is a PeriodSource; nothing else differs between pacings.

The card runs while anybody plays.  When the last line leaves, mixing stops, and the card with it once it has played
what it had.
"""

from errno import EIO
from typing import Protocol

from backend.devices.api import AudioDevice, DeviceError
from backend.mixing.mixer import Mixer
from backend.mixing.voice import Voice
from backend.port import MakePacing, Port
from hosts.api import Loop

LEAD_PERIODS = 2
"""Device periods mixed ahead: one being played, one to be late in."""


class Line(Protocol):
    """What an output needs of a playing stream."""

    @property
    def voice(self) -> Voice:
        """Where the mixer takes its frames from."""
        ...

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """It was mixed up to `until_device_frame`; so many of those frames were silence for want of its own."""

    def admit(self, now_ns: int) -> None:
        """There may be room again for frames that wait."""

    def on_position(self, device_frames: int, now_ns: int) -> None:
        """The card has presented so many frames."""

    def lost(self, error: DeviceError) -> None:
        """The card is gone."""

    def fail(self, error: Exception) -> None:
        """One of these went wrong."""


class Output(Port[Line]):
    """One playback device and its lines."""

    def __init__(self, name: str, device: AudioDevice, loop: Loop, make_pacing: MakePacing) -> None:
        super().__init__(name, device, loop, make_pacing)
        self.lead_frames = LEAD_PERIODS * device.params.period_frames
        self._mixer = Mixer(self.spec, self.lead_frames)
        self._block = memoryview(bytearray(self.lead_frames * self.spec.frame_octets))
        self._voices: list[Voice] = []
        self._running = False
        self._mixed_until = 0
        self._rest_at = 0  # once nobody plays: the frame at which the last sound has been heard

    @property
    def clipped_samples(self) -> int:
        """Samples of the mix that had to be saturated."""
        return self._mixer.clipped

    @property
    def next_frame(self) -> int:
        """The device's frame that a line which joins now begins with: always the first of a period.

        So a guest is told of its own periods by the very interrupts that end the device's.
        """
        written = self.device.written_frames
        return written if self._running else written + self._to_edge(written)

    def _to_edge(self, frame: int) -> int:
        return -frame % self.device.params.period_frames

    def join(self, line: Line, now_ns: int) -> None:
        """Mix this line from `next_frame` on.  Raises DeviceError(ENODEV) when the device is gone."""
        self._check_alive()
        self._lines.append(line)
        self._voices.append(line.voice)
        if not self._running:
            try:
                self._begin(now_ns)
            except DeviceError as error:
                self.leave(line)
                self._give_up(error)
                raise

    def _begin(self, now_ns: int) -> None:
        self._running = True
        self._write_silence(self._to_edge(self.device.written_frames), now_ns)
        self._mixed_until = self.device.written_frames
        self._fill(self.device.position(now_ns), now_ns)
        self.device.start(now_ns)
        self._pacing.start(now_ns)

    def _write_silence(self, frames: int, now_ns: int) -> None:
        block = self._block[: frames * self.spec.frame_octets]
        self._mixer.mix((), frames, block)
        self.device.write(block, now_ns)

    def leave(self, line: Line) -> None:
        """Mix this line no more; harmless when it has not joined."""
        if line in self._lines:
            self._lines.remove(line)
            self._voices.remove(line.voice)
            self._rest_at = self._mixed_until

    def _look(self, now_ns: int) -> None:
        position = self.device.position(now_ns)
        for line in tuple(self._lines):
            self._let(line, line.on_position, position, now_ns)
        if self._lines or position < self._rest_at:
            self._fill(position, now_ns)
        else:
            self._rest(now_ns)

    def _rest(self, now_ns: int) -> None:
        self._running = False
        self._pacing.stop()
        self.device.stop(now_ns)

    def _fill(self, position: int, now_ns: int) -> None:
        device, octets = self.device, self.spec.frame_octets
        skipped = device.written_frames - self._mixed_until
        if skipped:  # the device ran dry: what we would have mixed for that time is past
            self._tell_rendered([0] * len(self._lines), skipped, now_ns)
        while (missing := self._mix_until(position) - device.written_frames) > 0:
            frames = min(missing, self.lead_frames)
            block = self._block[: frames * octets]
            real = self._mixer.mix(self._voices, frames, block)
            if device.write(block, now_ns) < frames:
                raise DeviceError(EIO, f"{self.name}: less room than its buffer")
            self._tell_rendered(real, frames, now_ns)

    def _mix_until(self, position: int) -> int:
        """The lead ahead of the position, to the nearest whole period.

        So lines join at a period's edge, and a guest whose period is a multiple of the device's is told at the very
        interrupt that ends it.
        """
        period = self.device.params.period_frames
        return (position + self.lead_frames + period // 2) // period * period

    def _tell_rendered(self, real: list[int], frames: int, now_ns: int) -> None:
        self._mixed_until = until = self.device.written_frames
        for line, real_frames in zip(tuple(self._lines), real, strict=True):
            self._let(line, line.rendered, frames - real_frames, until, now_ns)
            self._let(line, line.admit, now_ns)

    def _forget_all(self) -> None:
        super()._forget_all()
        self._voices.clear()
