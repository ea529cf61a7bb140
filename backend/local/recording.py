"""The recording half of a local application: one line of an input, whose blocks go into its ring.

Block `n` holds what was sampled from device frame `d0 + n * period` on.  A block for which there is no room is dropped,
the newest first, and keeps its place: the next one that is written has its own number.
"""

from collections.abc import Sequence

from backend.counters import Counters
from backend.devices.api import DeviceError
from backend.input import Input
from backend.live.lateness import LatenessCounter
from backend.local.blame import Blame
from backend.local.config import LocalConfig
from backend.local.playing import Away, Cycle
from backend.local.voice import LocalCaptureVoice
from backend.mixing.convert import FloatArray
from backend.pacing.api import NEVER
from ringproto.local.region import CAPTURE_STREAM, SAMPLE_OCTETS, Shape
from ringproto.local.rings import InputWriter
from ringproto.rings import Fence
from ringproto.trace import Point


class RecordingLine:
    """Between START and the end; see `backend.input.RecordingLine`.  `rings`: it has no playing half that is rung."""

    def __init__(
        self, shape: Shape, ring: FloatArray, source: Input, cycle: Cycle, fence: Fence, config: LocalConfig
    ) -> None:
        self.due_frame = NEVER
        self._writer = InputWriter(cycle.words, shape, fence)
        self.voice = LocalCaptureVoice(ring, self._writer, source.spec, source.block_frames)
        self.blame = Blame(shape.period_frames * 1_000_000_000 // shape.rate_hz, shape.ring_periods, config)
        self._lateness = LatenessCounter(shape.rate_hz)
        self._rings = not shape.playback_channels
        self._config = config
        self._input = source
        self._cycle = cycle
        self._ring_periods = shape.ring_periods
        self._period = shape.period_frames
        self._frame_octets = shape.capture_channels * SAMPLE_OCTETS
        self._d0 = -1  # once time passes
        self._told = False
        self._gap_until = -1
        self.underruns = 0
        """Stretches of blocks that found no room."""

    def start(self, now_ns: int) -> None:
        """Be recorded for from now on.  Raises DeviceError."""
        self._input.join(self, now_ns)
        self._d0 = self._input.next_frame
        self.due_frame = self._d0 + self._period
        self._cycle.trace(Point.STARTED, CAPTURE_STREAM, 0, self._d0)

    def leave(self, now_ns: int) -> None:
        """Be recorded for no more.  Harmless twice."""
        if self._d0 >= 0:
            self._d0 = -1
            self._input.leave(self, now_ns)
            self._cycle.trace(Point.STOPPED, CAPTURE_STREAM, self._writer.frame, 0)

    @property
    def pacing(self) -> str:
        """What makes its device be looked at."""
        return self._input.pacing.name

    @property
    def running(self) -> bool:
        """Whether time passes for it."""
        return self._d0 >= 0

    @property
    def fill_frames(self) -> int:
        """Frames that wait to be taken."""
        return self._writer.waiting_blocks * self._period

    @property
    def position_frames(self) -> int:
        """Frames recorded since START, those without room included."""
        return self._writer.frame

    def delay_ns(self, now_ns: int) -> int | None:
        """So long ago the oldest block that waits was sampled.  Raises DeviceError."""
        if self._d0 < 0:
            return None
        frame = self._d0 + (self._writer.recorded_blocks - self._writer.waiting_blocks) * self._period
        return now_ns - self._input.device.frame_time_ns(frame, now_ns)

    def counters(self) -> Counters:
        """What was counted so far."""
        lost = self.blame.counted.missed * self._period
        return Counters(
            late_frames=lost, frames=self._writer.frame, underruns=self.underruns, lateness=self._lateness.lateness
        )

    def set_gains(self, gains: Sequence[float], now_ns: int) -> None:
        """Turn its channels up or down; without a click if they are recorded now."""
        self.voice.set_gains(gains, ramped=self.running)

    # -- what the input says (backend.input.RecordingLine) ------------------------------------------------------------

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        """A block of the device's was handed over: see which of ours are whole."""
        if self._d0 < 0:
            return
        self._writer.look()
        boundary = self._writer.recorded_blocks * self._period
        if self._d0 + boundary < self.due_frame:
            return
        for block in self._whole():
            self._cycle.trace(Point.COPIED, CAPTURE_STREAM, (block + 1) * self._period, self._period)
            self.blame.there()
        beyond = (self._d0 + boundary - self.due_frame) // self._period
        self._lateness.note(self._writer.frame - boundary + beyond * self._period, beyond, self._period)
        self.due_frame = self._d0 + boundary + self._period
        if self._writer.missed:
            self._blame(now_ns)
        self._told = True
        if self._rings:
            self._cycle.ring()

    def _whole(self) -> list[int]:
        """The blocks that were written since; the one under way is not among them."""
        found, recorded = self._writer.found, self._writer.recorded_blocks
        whole = [block for block in found if block < recorded]
        del found[: len(whole)]
        return whole

    def _blame(self, now_ns: int) -> None:
        """A block finds no room when the one that lies in its slot was not taken, though it was rung for that."""
        missed = self._writer.missed
        self._cycle.trace(Point.MISSED, CAPTURE_STREAM, (missed[-1] + 1) * self._period, len(missed) * self._period)
        awake = self._cycle.awake
        evict = [self.blame.missed(block - self._ring_periods, now_ns, awake=awake) for block in missed]
        self.underruns += missed[0] != self._gap_until
        self._gap_until = missed[-1] + 1
        missed.clear()
        if any(evict):
            raise Away(self._config)

    def overran(self, device_frames: int) -> None:
        """The card ran over: so many of its frames are gone, and what comes next stands for them."""
        if self._d0 >= 0:
            self._cycle.trace(Point.DRY, CAPTURE_STREAM, self._writer.frame + device_frames, device_frames)

    def skipped(self, device_frames: int) -> None:
        """So many of them are left out."""
        if self._d0 >= 0:
            self._writer.skip(device_frames)

    def posted(self, now_ns: int) -> None:
        """It has just been rung."""
        self.blame.posted(self._writer.recorded_blocks, now_ns)
        if self._told:
            self._told = False
            boundary = self._writer.recorded_blocks * self._period
            self._cycle.trace(Point.EVENT, CAPTURE_STREAM, boundary, boundary * self._frame_octets)

    def lost(self, error: DeviceError) -> None:
        """The device is gone."""
        self._cycle.lost(error)

    def fail(self, error: Exception) -> None:
        """Something of it is wrong."""
        self._cycle.fail(error)
