"""Output: one playback device, everybody who plays on it, and the moments at which it is looked at.

A look does three things in one pass over all lines: report the position to every guest, let waiting frames in where
there is room, and mix ahead of the card.
What decides the moment of a look, and how far ahead to mix, is a PeriodSource; nothing else differs between pacings.

What was mixed far ahead is taken back when something changes (somebody joins, leaves or is turned down), and mixed
anew from the first frame that is safe to change.  Not more often than every `TAKE_BACK_NS`: a guest can ask for
changes as fast as it likes, and each costs everybody's sound once more.

The card runs while anybody plays.  When the last line leaves, mixing stops, and the card with it once it has played
what it had.
"""

from collections.abc import Generator
from contextlib import contextmanager
from errno import EIO
from typing import Protocol

from backend.dates import Dates
from backend.devices.api import AudioDevice, DeviceError
from backend.mixing.api import Sounding
from backend.mixing.mixer import Mixer
from backend.pacing.api import NEVER, Seen
from backend.pacing.choose import MakePacing
from backend.port import Port
from hosts.api import Loop

BLOCK_PERIODS = 2
"""Device periods mixed at once."""
SAFEGUARD_NS, SAFEGUARD_LINE_NS = 4_000_000, 20_000
"""What will be played so soon is not taken back: mixing anew takes time, and more with every line."""
TAKE_BACK_NS = 10_000_000
"""Changes closer to one another are heard with the frames that are mixed next."""


class Line(Protocol):
    """What an output needs of a playing stream."""

    @property
    def voice(self) -> Sounding:
        """Where the mixer takes its frames from."""
        ...

    @property
    def due_frame(self) -> int:
        """The device's frame that ends the next of its periods to be told of; NEVER without any."""
        ...

    @property
    def latency_frames(self) -> int:
        """It wants to be heard in so many of the device's frames."""
        ...

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """It was mixed up to `until_device_frame`; so many of those frames were silence for want of its own."""

    def skipped(self, device_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The card had run dry: the frames up to `until_device_frame` were silence whatever there was to mix."""

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

    def __init__(
        self, name: str, device: AudioDevice, loop: Loop, make_pacing: MakePacing, dates: Dates | None = None
    ) -> None:
        super().__init__(name, device, loop, make_pacing, dates)
        self.block_frames = BLOCK_PERIODS * device.params.period_frames
        self._mixer = Mixer(self.spec, self.block_frames)
        self._block = memoryview(bytearray(self.block_frames * self.spec.frame_octets))
        self._voices: list[Sounding] = []
        self._latency_frames = NEVER
        self._running = False
        self._supplied = False
        self._taken_back_ns = -TAKE_BACK_NS
        self._mixed_until = 0
        self._rest_at = 0  # once nobody plays: the frame at which the last sound has been heard

    @property
    def lead_frames(self) -> int:
        """How far ahead is mixed at least."""
        return self._pacing.least_frames

    @property
    def history_frames(self) -> int:
        """So many mixed frames may be taken back."""
        return self.device.params.buffer_frames if self.device.capabilities.rewinds else 0

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
        self._latency_frames = min(self._latency_frames, line.latency_frames)
        if self._running:
            self._pacing.changed(now_ns)
        else:
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
        position = self.device.position(now_ns)
        self._fill(position, now_ns)
        self.device.start(now_ns)
        self._pacing.start(now_ns)
        self._pacing.looked(self._seen(position, self.device.written_frames - position), now_ns)

    def _write_silence(self, frames: int, now_ns: int) -> None:
        block = self._block[: frames * self.spec.frame_octets]
        self._mixer.mix((), frames, block)
        self.device.write(block, now_ns)

    def leave(self, line: Line) -> None:
        """Mix this line no more; harmless when it has not joined."""
        if line in self._lines:
            self._lines.remove(line)
            self._voices.remove(line.voice)
            self._latency_frames = min((other.latency_frames for other in self._lines), default=NEVER)
            self._rest_at = self._mixed_until

    def _look(self, now_ns: int) -> None:
        position = self._ask_position(now_ns)
        for line in tuple(self._lines):
            self._let(line, line.on_position, position, now_ns)
        if self._lines or position < self._rest_at:
            left = self.device.written_frames - position
            self._fill(position, now_ns)
            self._pacing.looked(self._seen(position, left), now_ns)
        else:
            self._rest(now_ns)

    def _seen(self, position: int, left: int) -> Seen:
        due = min((line.due_frame for line in self._lines), default=self._rest_at)
        return Seen(position, left, self.device.written_frames, due)

    def _rest(self, now_ns: int) -> None:
        self._running = False
        self._pacing.stop()
        self.device.stop(now_ns)

    def _fill(self, position: int, now_ns: int) -> None:
        device, octets = self.device, self.spec.frame_octets
        skipped = device.written_frames - self._mixed_until
        if skipped:  # the device ran dry: what we would have mixed for that time is past
            self._tell_skipped(skipped, now_ns)
        until = self._until(position)
        while (missing := until - device.written_frames) > 0:
            frames = min(missing, self.block_frames)
            block = self._block[: frames * octets]
            real = self._mixer.mix(self._voices, frames, block)
            if device.write(block, now_ns) < frames:
                raise DeviceError(EIO, f"{self.name}: less room than its buffer")
            self._tell_rendered(real, frames, now_ns)

    def _until(self, position: int) -> int:
        """As far as the pacing wants to, and all guests have frames for; in any case as far as it must."""
        edge = self.device.written_frames
        until = self._pacing.fill_until(position, self._latency_frames)
        must = self._pacing.must_until(position, edge)
        if until > must:
            supply = min((voice.ready_frames for voice in self._voices), default=0)
            until = max(must, min(until, edge + supply))
        return until

    def _tell_skipped(self, frames: int, now_ns: int) -> None:
        self._mixed_until = until = self.device.written_frames
        for line in tuple(self._lines):
            self._let(line, line.skipped, frames, until, now_ns)
            self._let(line, line.admit, now_ns)

    def _tell_rendered(self, real: list[int], frames: int, now_ns: int) -> None:
        self._mixed_until = until = self.device.written_frames
        for line, real_frames in zip(tuple(self._lines), real, strict=True):
            self._let(line, line.rendered, frames - real_frames, until, now_ns)
            self._let(line, line.admit, now_ns)

    # -- what changes before it is heard ------------------------------------------------------------------------------

    def supplied(self) -> None:
        """Frames came in: mix them as soon as this pass is over, if that saves a look."""
        if self._pacing.hungry and not self._supplied:
            self._supplied = True
            self._loop.call_soon(self._on_supply)

    def _on_supply(self, now_ns: int) -> None:
        self._supplied = False
        if self._running:
            self.look(now_ns)

    @contextmanager
    def changing(self, now_ns: int) -> Generator[None, None, None]:
        """What is changed meanwhile is heard as soon as can be."""
        taken_back = self._running and self._take_back(now_ns)
        yield
        if taken_back and self._running:
            self.look(now_ns)

    def _take_back(self, now_ns: int) -> bool:
        """Have the voices, and the device, where they were before what is not to be played yet was mixed."""
        if not self.device.capabilities.rewinds or now_ns - self._taken_back_ns < TAKE_BACK_NS:
            return False
        try:
            back = self._changeable(self.device.position(now_ns))
            if back <= self.block_frames:  # not worth it
                return False
            kept = self.device.rewind(self._mixed_until - back, now_ns)
        except DeviceError as error:
            self._give_up(error)
            return False
        for voice in self._voices:
            voice.rewind(self._mixed_until - kept)
        self._mixed_until = kept
        self._taken_back_ns = now_ns
        self._pacing.rewound()
        return True

    def _changeable(self, position: int) -> int:
        """How many of the mixed frames are not to be played yet, and still known to all voices."""
        if self._mixed_until != self.device.written_frames:  # it ran dry
            return 0
        safeguard_ns = SAFEGUARD_NS + SAFEGUARD_LINE_NS * len(self._lines)
        safe = position + safeguard_ns * self.spec.rate_hz // 1_000_000_000
        return min((self._mixed_until - safe, *(voice.history_frames for voice in self._voices)))

    def _forget_all(self) -> None:
        super()._forget_all()
        self._voices.clear()
        self._latency_frames = NEVER
        self._running = False
