"""What an open playback and an open capture stream have in common: their place in time, and telling the guest of it.

Theory.  START lays the stream on the device's count of frames (a Timeline).  Whenever the device is looked at, the
stream tells its guest the position if a period's boundary has passed since it last did: one event with the newest
position, however many boundaries it covers.  Where the guest has no room for an event it is told at the next look.

The offset of a READ or WRITE says which frame the guest means: applications may rewind and forward within the buffer
(PulseAudio does, whenever a volume changes).  Offsets tell frames only modulo the buffer; but a guest can go back no
further than what it handed over and was not told to be played, and forward no further than the rest.

When the device is gone, the guest is told that a period has passed, so that it asks for something and gets the error.

After STOP the position goes on from the next multiple of the buffer.  Frontends keep their place in the buffer across
STOP and START, while ALSA expects to begin at its start: at a multiple both are right.

A guest that goes by the system's clock is told positions by that one, and its sound is matched to the card's: see
`backend.matching`.  The trace says anew every second which of its frames the card is at.
"""

from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from backend.config import Clock
from backend.counters import Counters
from backend.devices.api import AudioDevice, DeviceError
from backend.latency.facts import Matched
from backend.live.lateness import LatenessCounter
from backend.matching import Matching
from backend.pacing.api import NEVER
from backend.port import wire_errno
from backend.timeline import SystemTimeline, Timeline
from ringproto.buffer import SharedBuffer
from ringproto.errors import Errno, ProtocolError
from ringproto.messages import OpenRequest, RangeRequest, ReadRequest, WriteRequest
from ringproto.trace import Point
from ringproto.volume import ELEMENT_OCTETS

Transfer = ReadRequest | WriteRequest


class Wire(Protocol):
    """What a line needs of the stream's connection to its guest."""

    def answer(self, request: Transfer, status: int) -> None:
        """Respond to a request; `status` is 0 or a negated errno."""

    def send_position(self, octets: int, boundary: int) -> bool:
        """Send a position event, for the period that ends at frame `boundary`; False when there is no room for it."""
        ...

    def hush(self, period_ns: int) -> None:
        """The guest need not ring for its next request; see backend.gather."""

    def trace(self, point: Point, frame: int, value: int) -> None:
        """Write a trace record of this stream, as of this moment."""

    def limited(self) -> None:
        """The card is too far off the system's clock to be followed."""

    def fail(self, error: Exception) -> None:
        """End the connection: we cannot serve it any more."""


class Turnable(Protocol):
    """What a line needs of its voice."""

    def set_gains(self, gains: Sequence[float], *, ramped: bool) -> None:
        """Turn each of the guest's channels up or down."""


VoiceT = TypeVar("VoiceT", bound=Turnable)
TransferT = TypeVar("TransferT", ReadRequest, WriteRequest)


class StreamLine(Generic[VoiceT, TransferT]):
    """A stream between OPEN and CLOSE.  Not used by itself: see PlaybackLine, CaptureLine."""

    voice: VoiceT
    """Where its frames are converted."""

    def __init__(
        self, opened: OpenRequest, buffer: SharedBuffer, device: AudioDevice, wire: Wire, clock: Clock
    ) -> None:
        self.opened = opened
        self.late_frames = 0
        """Frames whose moment passed before the guest handed them over (or took them)."""
        self.underruns = 0
        """How often that was: stretches of silence (or of a recording) between which it was in time."""
        self.lateness = LatenessCounter(opened.rate_hz)
        """Of the periods that its guest was told of."""
        self.due_frame = NEVER
        """The device's frame that ends the next period to be told of; NEVER while time does not pass, or without."""
        self.buffer = buffer
        self._wire = wire
        self._device = device
        self._device_rate_hz = device.params.rate_hz
        self._matching = Matching(device, opened.rate_hz, wire.limited) if clock == "system" else None
        self._lag_frames = 0  # of the device's: so much later than the device is all of the guest's
        self._frame_octets = opened.channels * opened.format.sample_octets
        self._buffer_frames = opened.buffer_octets // self._frame_octets
        self._period_frames = opened.period_octets // self._frame_octets
        self._timeline: Timeline | SystemTimeline | None = None
        self._laid_at = 0, 0  # the guest's frame and the device's that the trace was last told of
        self._position = 0  # frames since OPEN, as last computed
        self._told = 0  # frames since OPEN, as last told
        self._boundary = self._period_frames  # the next one to tell of
        self._expected = self._boundary  # the next one that there may be something to tell of
        self._waiting: deque[TransferT] = deque()
        self._lost_errno: Errno | None = None  # once the device is gone

    @property
    def position_frames(self) -> int:
        """Guest frames presented (or recorded) since OPEN, as of the last look."""
        return self._position

    @property
    def period_frames(self) -> int:
        """How often the guest is told; 0 for never."""
        return self._period_frames

    @property
    def buffer_frames(self) -> int:
        """How many the guest's buffer holds."""
        return self._buffer_frames

    @property
    def is_lost(self) -> bool:
        """Whether the device is gone."""
        return self._lost_errno is not None

    def _until_ns(self, guest_frame: int, now_ns: int) -> int | None:
        """In so long that frame is presented, or sampled; None while time does not pass.  Raises DeviceError."""
        if self._timeline is None:
            return None
        return self._device.frame_time_ns(self._timeline.device_frame(guest_frame), now_ns) - now_ns

    def counters(self) -> Counters:
        """What was counted since OPEN, but for what the wire counts."""
        return Counters(
            late_frames=self.late_frames,
            frames=self._position,
            matched=self.matched,
            underruns=self.underruns,
            lateness=self.lateness.lateness,
        )

    @property
    def matched(self) -> Matched | None:
        """How the system's clock and the card's were matched; None for a guest that goes by the card's."""
        return self._matching.matched if self._matching is not None else None

    def check_region(self, request: Transfer) -> None:
        """The request names whole frames inside the buffer, and there is a device.

        Raises ProtocolError: EINVAL for a bad region, ENODEV (or what the device said) when the device is gone.
        """
        if self._lost_errno is not None:
            raise ProtocolError(self._lost_errno, "the device is gone")
        offset, length, frame_octets = request.offset, request.length, self._frame_octets
        if not length or length % frame_octets or offset % frame_octets or offset + length > self.buffer.size_octets:
            raise ProtocolError(
                Errno.EINVAL,
                f"offset {offset}, length {length}: "
                f"want whole frames of {frame_octets} octets inside a buffer of {self.buffer.size_octets}",
            )

    def check_array(self, request: RangeRequest) -> None:
        """The request names an array with an element for each channel.  Raises ProtocolError(EINVAL)."""
        wanted = self.opened.channels * ELEMENT_OCTETS
        if request.length != wanted or request.offset + wanted > self.buffer.size_octets:
            raise ProtocolError(
                Errno.EINVAL,
                f"offset {request.offset}, length {request.length}: want {wanted} octets, four for each channel, "
                f"inside a buffer of {self.buffer.size_octets}",
            )

    def set_gains(self, gains: Sequence[float], now_ns: int) -> None:
        """Turn the guest's channels up or down: without a click if they are heard now."""
        self.voice.set_gains(gains, ramped=self._timeline is not None)

    def _expect(self, boundary: int) -> None:
        """The next period to be told of ends there."""
        self._expected = boundary
        timeline = self._timeline
        if timeline is not None and self._period_frames:
            self.due_frame = timeline.device_frame(boundary) + self._lag_frames

    def _lay(self, d0: int, now_ns: int) -> None:
        """From device frame `d0` on, time passes for this stream.  Raises DeviceError."""
        if self._matching is None:
            self._timeline = Timeline(self.opened.rate_hz, self._device_rate_hz, d0, self._position)
        else:
            self._timeline = self._matching.lay(self._position, d0, now_ns)
        self._expect(self._boundary)
        self._trace_place(self._position, d0)

    def _trace_place(self, guest_frame: int, device_frame: int) -> None:
        """Have the trace say where the stream lies on the card's count of frames."""
        self._laid_at = guest_frame, device_frame
        self._wire.trace(Point.STARTED, guest_frame, device_frame)

    def _trace_anew(self, guest_frame: int, device_frame: int) -> None:
        """The same, once a second."""
        if device_frame - self._laid_at[1] >= self._device_rate_hz and guest_frame > self._laid_at[0]:
            self._trace_place(guest_frame, device_frame)

    def _lift(self) -> None:
        """Time passes no more."""
        self._timeline = None
        self.due_frame = NEVER
        self._wire.trace(Point.STOPPED, self._position, 0)

    def _round_up(self) -> None:
        """After STOP: count on from the next multiple of the buffer, and tell the guest."""
        self._position = -(-self._position // self._buffer_frames) * self._buffer_frames
        if self._period_frames and self._position:
            self._wire.send_position(self._position * self._frame_octets, self._position)
            self._boundary = self._position + self._period_frames
        self._told = self._position

    def _tell(self, position_frames: int) -> bool:
        """The position is now so many frames: send an event if a boundary has passed; True when one was sent."""
        if position_frames <= self._position:
            return False
        self._position = position_frames
        if self._period_frames == 0 or position_frames <= self._boundary:
            return False
        late = position_frames - 1 - self._boundary
        beyond = late // self._period_frames
        newest = self._boundary + beyond * self._period_frames
        self._expect(newest + self._period_frames)
        if self._wire.send_position(position_frames * self._frame_octets, newest):
            if self._lost_errno is None:
                self.lateness.note(late, beyond, self._period_frames)
            self._boundary = newest + self._period_frames
            self._told = position_frames
            return True
        return False

    def lost(self, error: DeviceError) -> None:
        """The device is gone: nothing stays unanswered, and the guest will ask."""
        self._lost_errno = wire_errno(error)
        self.answer_waiting(-self._lost_errno)
        if self._timeline is not None and self._period_frames:
            self._tell(self._boundary + 1)

    def answer_waiting(self, status: int = 0) -> None:
        """Nothing stays unanswered when nothing more comes."""
        while self._waiting:
            self._wire.answer(self._waiting.popleft(), status)

    def fail(self, error: Exception) -> None:
        """A look went wrong in this line; that is to concern its guest alone."""
        self._wire.fail(error)

    def release(self, now_ns: int) -> None:
        """Let go of the guest's buffer."""
        if self._timeline is not None:
            self._lift()
        self.buffer.release()
