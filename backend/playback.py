"""One open playback stream: from the guest's shared buffer, through a private queue, into an output.

Theory.  A WRITE is answered as soon as its frames are copied; the queue holds a whole guest buffer, so filling the
buffer before START never waits.  When the queue is full the answer waits, and that is all the flow control there is.
Where the queue runs dry, silence is played; frames that come for a moment already past are dropped and counted as
late, so that a guest that catches up is in time again.
"""

from collections import deque

from backend.devices.api import DeviceError
from backend.line import StreamLine, Wire
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from backend.output import Output
from ringproto.buffer import SharedBuffer
from ringproto.messages import OpenRequest, WriteRequest
from ringproto.trace import Point


class PlaybackLine(StreamLine):
    """A playback stream between OPEN and CLOSE."""

    def __init__(self, opened: OpenRequest, buffer: SharedBuffer, output: Output, wire: Wire) -> None:
        super().__init__(opened, buffer, output.spec.rate_hz, wire)
        self._output = output
        self._period_ns = self._period_frames * 1_000_000_000 // opened.rate_hz
        self._queue = FrameQueue(opened.buffer_octets, self._frame_octets)
        guest = SampleSpec(opened.format, opened.channels, opened.rate_hz)
        self.voice = Voice(guest, output.spec, self._queue, output.lead_frames)
        self._waiting: deque[WriteRequest] = deque()
        self._taken_frames = 0  # of the guest's, since OPEN
        self._debt = 0  # device frames that were silence for want of the guest's, times the guest's rate

    def transfer(self, request: WriteRequest) -> None:
        """Copy the region now, or as soon as there is room.  Raises ProtocolError(EINVAL) for a bad region."""
        self.check_region(request)
        if self._waiting or not self._take(request):
            self._waiting.append(request)

    def admit(self, now_ns: int) -> None:
        """Take requests that waited for room."""
        while self._waiting and self._take(self._waiting[0]):
            self._waiting.popleft()

    def _take(self, request: WriteRequest) -> bool:
        """Copy the region into the queue, all but what is late, and answer; False when there is no room yet."""
        late = self._pay_debt(request.length) if self._debt else 0
        octets, offset = request.length - late, request.offset + late
        if octets > self._queue.room_octets:
            return False
        first, second = self._queue.reserve(octets)
        self._buffer.read_into(offset, first)
        if second:
            self._buffer.read_into(offset + len(first), second)
        self._queue.commit(octets)
        frames = request.length // self._frame_octets
        self._taken_frames += frames
        self._wire.answer(request, 0)
        self._wire.trace(Point.COPIED, self._taken_frames, frames)
        return True

    def _pay_debt(self, octets: int) -> int:
        """How many of so many octets belong to a moment that is past; they are counted, and owed no more."""
        late_frames = min(self._debt // self._device_rate_hz, octets // self._frame_octets)
        self._debt -= late_frames * self._device_rate_hz
        self.late_frames += late_frames
        return late_frames * self._frame_octets

    def start(self, now_ns: int) -> None:
        """Be mixed from the output's next frame on.  Raises DeviceError."""
        self._lay(self._output.next_frame)
        try:
            self._output.join(self, now_ns)
        except DeviceError:
            self._lift()
            raise

    def pause(self, now_ns: int) -> None:
        """Stop being mixed; frames not yet mixed stay, and those that were count as played."""
        assert self._timeline is not None
        self._output.leave(self)
        self._position = self._timeline.done(self._output.device.written_frames)
        self._lift()

    resume = start

    def stop(self, now_ns: int) -> None:
        """Stop being mixed and forget what was not: the guest starts anew."""
        self._output.leave(self)
        self._lift()
        self.voice.reset()
        self._debt = 0
        self._answer_waiting()
        self._round_up()
        self._taken_frames = self._position

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The output mixed up to `until_device_frame`; so many of its frames were silence for want of ours."""
        self._debt += missing_frames * self.opened.rate_hz
        assert self._timeline is not None
        self._wire.trace(Point.RENDERED, self._timeline.done(until_device_frame), until_device_frame)

    def on_position(self, device_frames: int, now_ns: int) -> None:
        """The card has presented so many frames."""
        timeline = self._timeline  # none when a fault of another of this guest's streams has ended us in this very look
        if timeline is not None and self._tell(timeline.begun(device_frames)):
            self._wire.hush(self._period_ns)

    def release(self, now_ns: int) -> None:
        """Leave the output and let go of the guest's buffer."""
        self._output.leave(self)
        self._answer_waiting()
        super().release(now_ns)

    def _answer_waiting(self) -> None:
        """What found no room is dropped with the rest; nothing stays unanswered."""
        while self._waiting:
            self._wire.answer(self._waiting.popleft(), 0)
