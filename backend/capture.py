"""One open capture stream: from an input, through a private queue, into the guest's shared buffer.

Theory.  The position counts the frames that lie in the queue or were taken from it, so a guest that reads what it was
told of is answered at once.  A READ of more waits until the frames are there.  A guest that does not read loses the
newest frames (counted as late) while its position goes on: it will find that it was overrun, as with a real card.

A guest that forwards leaves frames out.  One that rewinds wants frames again that an earlier READ has put where it
points to: they are still there, so they are left as they are.
"""

from backend.config import Plug
from backend.devices.api import DeviceError
from backend.input import Input
from backend.line import StreamLine, Wire
from backend.matching import Matching
from backend.mixing.capture import CaptureVoice
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.timeline import SystemTimeline
from ringproto.buffer import SharedBuffer
from ringproto.messages import OpenRequest, ReadRequest
from ringproto.trace import Point


class CaptureLine(StreamLine[CaptureVoice, ReadRequest]):
    """A capture stream between OPEN and CLOSE."""

    def __init__(self, opened: OpenRequest, buffer: SharedBuffer, source: Input, wire: Wire, plug: Plug) -> None:
        super().__init__(opened, buffer, source.device, wire, plug.clock)
        self._input = source
        guest = SampleSpec(opened.format, opened.channels, opened.rate_hz)
        self._queue = FrameQueue(opened.buffer_octets, self._frame_octets)
        is_steered = self._matching is not None
        self.voice = CaptureVoice(source.spec, guest, self._queue, source.block_frames, steered=is_steered)
        self._lag_frames = self.voice.latency_frames
        self._lag_ns = self._lag_frames * 1_000_000_000 // self._device_rate_hz
        self._recorded = 0  # guest frames since OPEN, lost ones included
        self._read = 0  # guest frames since OPEN that were asked for and answered
        self._again = 0  # of the next ones, those that the guest has already
        self._lost = 0  # of the voice's lost frames, those counted already
        self._lost_until: int = -1  # the guest's frame after the last that was lost

    @property
    def fill_frames(self) -> int:
        """Frames that wait to be taken."""
        return self._queue.fill_octets // self._frame_octets

    def delay_ns(self, now_ns: int) -> int | None:
        """So long ago the next frame that the guest takes was sampled; None while none are.  Raises DeviceError."""
        until_ns = self._until_ns(self._read, now_ns)
        return None if until_ns is None else -until_ns

    def transfer(self, request: ReadRequest, now_ns: int) -> None:
        """Fill the region now, or as soon as it is recorded.  Raises ProtocolError(EINVAL) for a bad region."""
        self.check_region(request)
        self._waiting.append(request)
        self._serve()

    def start(self, now_ns: int) -> None:
        """Be recorded for, from now on.  Raises DeviceError."""
        self._input.join(self, now_ns)
        try:
            self._lay(self._input.next_frame, now_ns)
        except DeviceError:
            self._input.leave(self, now_ns)
            raise
        if self._matching is not None:
            self.voice.steer(1 / self._matching.speed)

    def pause(self, now_ns: int) -> None:
        """Be recorded for no more; what was recorded stays."""
        self._input.leave(self, now_ns)
        self._lift()

    resume = start

    def stop(self, now_ns: int) -> None:
        """Be recorded for no more and forget what was not taken: the guest starts anew."""
        self._input.leave(self, now_ns)
        self._lift()
        self.voice.reset()
        self.answer_waiting()
        self._round_up()
        self._recorded = self._read = self._position
        self._again = 0

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The input handed over a block that made so many of our frames."""
        lost, self._lost = self.voice.lost_frames - self._lost, self.voice.lost_frames
        if lost:
            self.underruns += guest_frames > 0 or self._lost_until != self._recorded  # or the last one goes on
            self._lost_until = self._recorded + guest_frames + lost
        self._recorded += guest_frames + lost
        if lost:
            self._miss(lost)
        if self._matching is not None:
            self._match(self._matching, until_device_frame, now_ns)
        self._serve()
        self._tell(self._told_by(now_ns))

    def _told_by(self, now_ns: int) -> int:
        """The position: what was recorded, and not before its time by the clock that the guest goes by."""
        recorded = self._recorded + 1
        timeline = self._timeline
        if not isinstance(timeline, SystemTimeline):
            return recorded
        return min(recorded, timeline.begun(0, now_ns - self._lag_ns))

    def _match(self, matching: Matching, device_frame: int, now_ns: int) -> None:
        matching.observe(now_ns)
        self._expect(self._expected)
        rates = self.opened.rate_hz / self._device_rate_hz
        recorded_until = self._recorded + self.voice.withheld_frames * matching.speed * rates
        leap = matching.follow(device_frame, recorded_until)
        self.voice.leap(int(leap / rates))
        self.voice.steer(1 / matching.speed)
        self._trace_anew(int(recorded_until), device_frame)

    def _miss(self, frames: int) -> None:
        """So many of the newest frames that were recorded are none of the guest's."""
        self.late_frames += frames
        self._wire.trace(Point.MISSED, self._recorded, frames)

    def skipped(self, device_frames: int) -> None:
        """The card lost so many of its frames, and no silence stands for them."""
        frames = device_frames * self.opened.rate_hz // self._device_rate_hz
        self._recorded += frames
        self._miss(frames)

    def overran(self, device_frames: int) -> None:
        """The card lost so many of its frames: those that come next, left out or silence."""
        frames = device_frames * self.opened.rate_hz // self._device_rate_hz
        self._wire.trace(Point.DRY, self._recorded + frames, frames)

    def _serve(self) -> None:
        """Answer the requests whose frames are there."""
        while self._waiting:
            request = self._waiting[0]
            if request.offset != self._read % self._buffer_frames * self._frame_octets and not self._seek(request):
                return
            frames = request.length // self._frame_octets
            known = min(self._again, frames)
            if (frames - known) * self._frame_octets > self._queue.fill_octets:
                return
            self._waiting.popleft()
            self._fill(request.offset + known * self._frame_octets, frames - known)
            self._again -= known
            self._read += frames
            self._wire.answer(request, 0)
            self._wire.trace(Point.COPIED, self._read, frames)

    def _fill(self, offset: int, frames: int) -> None:
        first, second = self._queue.peek(frames)
        self.buffer.write_from(offset, first)
        self.buffer.write_from(offset + len(first), second)
        self._queue.drop(len(first) + len(second))

    def _seek(self, request: ReadRequest) -> bool:
        """The guest rewound or forwarded: follow it; False when it is ahead of what was recorded."""
        ahead = (request.offset // self._frame_octets - self._read) % self._buffer_frames
        if ahead > self._told - self._read:
            back = self._buffer_frames - ahead
            self._again += back
            self._read -= back
            return True
        known = min(self._again, ahead)
        if (ahead - known) * self._frame_octets > self._queue.fill_octets:
            return False
        self._queue.drop((ahead - known) * self._frame_octets)
        self._again -= known
        self._read += ahead
        return True

    def release(self, now_ns: int) -> None:
        """Leave the input and let go of the guest's buffer."""
        self._input.leave(self, now_ns)
        self.answer_waiting()
        super().release(now_ns)
