"""The playing half of a local application: one line of an output, whose frames come from its ring.

Its time begins with START and goes on whatever it does: block `n` is heard from device frame `d0 + n * period` on, or
is silence.  With each block that is mixed, and each period that the card ends, it is rung, once for both.
"""

from collections.abc import Sequence
from typing import Protocol

from backend.counters import Counters
from backend.devices.api import DeviceError
from backend.live.lateness import LatenessCounter
from backend.local.blame import Blame
from backend.local.config import LocalConfig
from backend.local.voice import LocalVoice
from backend.mixing.convert import FloatArray
from backend.output import Output
from backend.pacing.api import NEVER
from hosts.api import HostError
from ringproto.errors import Errno
from ringproto.local.region import PLAYBACK_STREAM, SAMPLE_OCTETS, Shape, Word
from ringproto.local.rings import OutputReader
from ringproto.rings import Fence
from ringproto.trace import Point

LATENCY_NS = 20_000_000
"""What was mixed of a local application cannot be taken back, so it is not to be mixed further ahead."""


class Cycle(Protocol):
    """What a line needs of its application's connection."""

    @property
    def words(self) -> memoryview:
        """The region's."""
        ...

    @property
    def awake(self) -> bool:
        """By its own word it has woken up since it was last rung.  Raises ProtocolError for a word that cannot be."""
        ...

    def ring(self) -> None:
        """Ring it when this pass is over."""

    def trace(self, point: Point, stream: int, frame: int, value: int) -> None:
        """Write a trace record of its, as of this moment."""

    def lost(self, error: DeviceError) -> None:
        """Its device is gone."""

    def fail(self, error: Exception) -> None:
        """End it: by its fault, or by ours."""


class Away(HostError):  # noqa: N818  # it names what the application is
    """It is to be evicted for want of any sign of it."""

    def __init__(self, config: LocalConfig) -> None:
        super().__init__(int(Errno.ETIMEDOUT), f"not there for {config.absent_ms} ms and {config.absent_blocks} blocks")


class PlayingLine:
    """Between START and the end; see `backend.output.Line`."""

    def __init__(
        self, shape: Shape, ring: FloatArray, output: Output, cycle: Cycle, fence: Fence, config: LocalConfig
    ) -> None:
        self.due_frame = NEVER
        self.latency_frames = min(shape.ring_periods * shape.period_frames, LATENCY_NS * shape.rate_hz // 1_000_000_000)
        self._reader = OutputReader(cycle.words, shape, fence)
        self.voice = LocalVoice(ring, self._reader, output.spec, output.block_frames)
        self.blame = Blame(shape.period_frames * 1_000_000_000 // shape.rate_hz, shape.ring_periods, config)
        self.depth = shape.ring_periods
        """So many blocks it is to be ahead."""
        self._lateness = LatenessCounter(shape.rate_hz)
        self._config = config
        self._output = output
        self._cycle = cycle
        self._period = shape.period_frames
        self._frame_octets = shape.playback_channels * SAMPLE_OCTETS
        self._d0 = -1  # once time passes
        self._position = 0
        self._boundary = 0  # the last that was told of
        self._told = False  # since it was last rung
        self._silent_frames = 0  # of the voice's, those accounted for
        self._gap_until = -1
        self.underruns = 0
        """Stretches of missing blocks."""

    def start(self, now_ns: int) -> None:
        """Be heard from the output's next frame on.  Raises DeviceError."""
        self.blame.posted(self.depth, 0)
        with self._output.changing(now_ns):
            self._d0 = self._output.next_frame
            self.due_frame = self._d0 + self._period
            self._cycle.trace(Point.STARTED, PLAYBACK_STREAM, 0, self._d0)
            self._reader.look()
            self._output.join(self, now_ns)

    def leave(self, now_ns: int) -> None:
        """Be heard no more.  Harmless twice."""
        if self._d0 >= 0:
            self._d0 = -1
            with self._output.changing(now_ns):
                self._output.leave(self)
            self._cycle.trace(Point.STOPPED, PLAYBACK_STREAM, self._position, 0)

    @property
    def pacing(self) -> str:
        """What makes its device be looked at."""
        return self._output.pacing.name

    @property
    def lead_frames(self) -> int:
        """So far ahead of the card it is mixed at least."""
        return self._output.lead_frames

    @property
    def running(self) -> bool:
        """Whether time passes for it."""
        return self._d0 >= 0

    @property
    def fill_frames(self) -> int:
        """Frames that wait to be mixed, by its own word."""
        return self._reader.ready_frames

    @property
    def position_frames(self) -> int:
        """Its frames that the card has presented, as of the last look."""
        return self._position

    def delay_ns(self, now_ns: int) -> int | None:
        """In so long the block that is to be written next is heard.  Raises DeviceError."""
        if self._d0 < 0:
            return None
        frame = self._d0 + (self._reader.consumed_blocks + self.depth) * self._period
        return self._output.device.frame_time_ns(frame, now_ns) - now_ns

    def counters(self) -> Counters:
        """What was counted so far."""
        missed = self.blame.counted.missed * self._period
        return Counters(
            late_frames=missed, frames=self._position, underruns=self.underruns, lateness=self._lateness.lateness
        )

    def set_gains(self, gains: Sequence[float], now_ns: int) -> None:
        """Turn its channels up or down; without a click if they are heard now."""
        with self._output.changing(now_ns):
            self.voice.set_gains(gains, ramped=self.running)

    # -- what the output says (backend.output.Line) -------------------------------------------------------------------

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """It was mixed up to there: see which blocks were there, and give them back."""
        if self._d0 < 0:
            return
        self._reader.look()
        until = self._reader.frame
        for block in self._reader.found:
            self._cycle.trace(Point.COPIED, PLAYBACK_STREAM, (block + 1) * self._period, self._period)
            self.blame.there()
        self._reader.found.clear()
        silent = self.voice.silent_frames - self._silent_frames
        if silent:
            self._silent_frames += silent
            self._cycle.trace(Point.MISSED, PLAYBACK_STREAM, until, silent)
            self._blame(now_ns)
        self._cycle.trace(Point.RENDERED, PLAYBACK_STREAM, until, until_device_frame)
        if self._reader.publish():
            self._cycle.ring()

    def _blame(self, now_ns: int) -> None:
        missed = self._reader.missed
        awake = self._cycle.awake
        evict = [self.blame.missed(block, now_ns, awake=awake) for block in missed]
        if missed:
            self.underruns += missed[0] != self._gap_until
            self._gap_until = missed[-1] + 1
            missed.clear()
        if any(evict):
            raise Away(self._config)

    def skipped(self, device_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The card had run dry: that time is past."""
        ours = min(device_frames, until_device_frame - self._d0) if self._d0 >= 0 else 0
        if ours > 0:
            self._reader.skip(ours)
            self._cycle.trace(Point.DRY, PLAYBACK_STREAM, self._reader.frame, ours)
            if self._reader.publish():
                self._cycle.ring()

    def admit(self, now_ns: int) -> None:
        """Nothing waits but in its own ring."""

    def on_position(self, device_frames: int, now_ns: int) -> None:
        """The card has presented so many frames."""
        if self._d0 < 0:
            return
        self._cycle.trace(Point.WOKE_BACKEND, PLAYBACK_STREAM, 0, 0)
        self._position = max(self._position, device_frames - self._d0)
        late = self._position - self._boundary - self._period
        if late >= 0:
            beyond = late // self._period
            self._lateness.note(late, beyond, self._period)
            self._boundary += (1 + beyond) * self._period
            self.due_frame = self._d0 + self._boundary + self._period
            self._told = True
            self._cycle.words[Word.POSITION] = self._position
            self._cycle.ring()

    def posted(self, now_ns: int) -> None:
        """It has just been rung."""
        self.blame.posted(self._reader.consumed_blocks + self.depth, now_ns)
        if self._told:
            self._told = False
            octets = self._position * self._frame_octets
            self._cycle.trace(Point.EVENT, PLAYBACK_STREAM, self._boundary, octets)

    def lost(self, error: DeviceError) -> None:
        """The device is gone."""
        self._cycle.lost(error)

    def fail(self, error: Exception) -> None:
        """Something of it is wrong."""
        self._cycle.fail(error)
