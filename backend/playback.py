"""One open playback stream: from the guest's shared buffer, through a private queue, into an output.

Theory.  A WRITE is answered as soon as its frames are copied; the queue holds a whole guest buffer, so filling the
buffer before START never waits.  When the queue is full the answer waits, and that is all the flow control there is.
Where the queue runs dry, silence is played; frames that come for a moment already past are dropped and counted as
late, so that a guest that catches up is in time again.

A guest that rewinds takes back what lies in the queue.  What was mixed already it cannot take back: so many of the
frames that it writes instead are late.  What a guest forwards over is played as it lies in the buffer.
"""

from backend.devices.api import DeviceError
from backend.line import StreamLine, Wire
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from backend.output import Output
from ringproto.buffer import SharedBuffer
from ringproto.messages import OpenRequest, WriteRequest
from ringproto.trace import Point


class PlaybackLine(StreamLine[Voice, WriteRequest]):
    """A playback stream between OPEN and CLOSE."""

    def __init__(self, opened: OpenRequest, buffer: SharedBuffer, output: Output, wire: Wire) -> None:
        super().__init__(opened, buffer, output.spec.rate_hz, wire)
        self._output = output
        self._period_ns = self._period_frames * 1_000_000_000 // opened.rate_hz
        self._queue = FrameQueue(opened.buffer_octets, self._frame_octets)
        guest = SampleSpec(opened.format, opened.channels, opened.rate_hz)
        self.voice = Voice(guest, output.spec, self._queue, output.lead_frames)
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
        if request.offset != self._taken_frames % self._buffer_frames * self._frame_octets and not self._seek(request):
            return False
        if request.length - self._owed_octets(request.length) > self._queue.room_octets:
            return False
        self._copy(request.offset, request.length)
        frames = request.length // self._frame_octets
        self._taken_frames += frames
        self._wire.answer(request, 0)
        self._wire.trace(Point.COPIED, self._taken_frames, frames)
        return True

    def _seek(self, request: WriteRequest) -> bool:
        """The guest rewound or forwarded: follow it; False when there is no room for the silence yet."""
        ahead = (request.offset // self._frame_octets - self._taken_frames) % self._buffer_frames
        back = self._buffer_frames - ahead
        if back > self._taken_frames - self._told:
            return self._forward(ahead)
        queued = self._queue.fill_octets // self._frame_octets
        self._queue.take_back(min(back, queued) * self._frame_octets)
        self._debt += max(0, back - queued) * self._device_rate_hz
        self._taken_frames -= back
        return True

    def _forward(self, frames: int) -> bool:
        """What the guest went over is played as it lies in the buffer, which is what a card would do."""
        if frames * self._frame_octets > self._queue.room_octets:
            return False
        while frames:
            first = self._taken_frames % self._buffer_frames
            count = min(frames, self._buffer_frames - first)
            self._copy(first * self._frame_octets, count * self._frame_octets)
            self._taken_frames += count
            frames -= count
        return True

    def _copy(self, offset: int, length: int) -> None:
        """Copy the region into the queue, all but what is late."""
        late = self._pay_debt(length) if self._debt else 0
        first, second = self._queue.reserve(length - late)
        self.buffer.read_into(offset + late, first)
        if second:
            self.buffer.read_into(offset + late + len(first), second)
        self._queue.commit(length - late)

    def _owed_octets(self, octets: int) -> int:
        """How many of so many octets belong to a moment that is past."""
        return min(self._debt // self._device_rate_hz, octets // self._frame_octets) * self._frame_octets

    def _pay_debt(self, octets: int) -> int:
        """The same; they are counted, and owed no more."""
        owed = self._owed_octets(octets)
        self.late_frames += owed // self._frame_octets
        self._debt -= owed // self._frame_octets * self._device_rate_hz
        return owed

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
        self.answer_waiting()
        self._round_up()
        self._taken_frames = self._position

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The output mixed up to `until_device_frame`; so many of its frames were silence for want of ours."""
        if self._timeline is None:  # a fault of another of this guest's streams has ended us in this very look
            return
        self._debt += missing_frames * self.opened.rate_hz
        self._wire.trace(Point.RENDERED, self._timeline.done(until_device_frame), until_device_frame)

    def on_position(self, device_frames: int, now_ns: int) -> None:
        """The card has presented so many frames."""
        timeline = self._timeline  # none when a fault of another of this guest's streams has ended us in this very look
        if timeline is not None and self._tell(timeline.begun(device_frames)):
            self._wire.hush(self._period_ns)

    def release(self, now_ns: int) -> None:
        """Leave the output and let go of the guest's buffer."""
        self._output.leave(self)
        self.answer_waiting()
        super().release(now_ns)
