"""One open capture stream: from an input, through a private queue, into the guest's shared buffer.

Theory.  The position counts the frames that lie in the queue or were taken from it, so a guest that reads what it was
told of is answered at once.  A READ of more waits until the frames are there.  A guest that does not read loses the
newest frames (counted as late) while its position goes on: it will find that it was overrun, as with a real card.
"""

from collections import deque

from backend.input import Input
from backend.line import StreamLine, Wire
from backend.mixing.capture import CaptureVoice
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from ringproto.buffer import SharedBuffer
from ringproto.messages import OpenRequest, ReadRequest


class CaptureLine(StreamLine):
    """A capture stream between OPEN and CLOSE."""

    def __init__(self, opened: OpenRequest, buffer: SharedBuffer, source: Input, wire: Wire) -> None:
        super().__init__(opened, buffer, source.spec.rate_hz, wire)
        self._input = source
        guest = SampleSpec(opened.format, opened.channels, opened.rate_hz)
        self._queue = FrameQueue(opened.buffer_octets, self._frame_octets)
        self.voice = CaptureVoice(source.spec, guest, self._queue, source.block_frames)
        self._waiting: deque[ReadRequest] = deque()
        self._recorded = 0  # guest frames since OPEN, lost ones included
        self._lost = 0  # of the voice's lost frames, those counted already

    def transfer(self, request: ReadRequest) -> None:
        """Fill the region now, or as soon as it is recorded.  Raises ProtocolError(EINVAL) for a bad region."""
        self.check_region(request)
        self._waiting.append(request)
        self._serve()

    def start(self, now_ns: int) -> None:
        """Be recorded for, from now on.  Raises DeviceError."""
        self._input.join(self, now_ns)
        self._lay(self._input.next_frame)

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
        self._answer_waiting()
        self._round_up()
        self._recorded = self._position

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The input handed over a block that made so many of our frames."""
        lost, self._lost = self.voice.lost_frames - self._lost, self.voice.lost_frames
        self._recorded += guest_frames + lost
        self.late_frames += lost
        self._serve()
        self._tell(self._recorded + 1)

    def _serve(self) -> None:
        """Answer the requests whose frames are there."""
        while self._waiting and self._waiting[0].length <= self._queue.fill_octets:
            request = self._waiting.popleft()
            first, second = self._queue.peek(request.length // self._frame_octets)
            self._buffer.write_from(request.offset, first)
            self._buffer.write_from(request.offset + len(first), second)
            self._queue.drop(request.length)
            self._wire.answer(request, 0)

    def release(self, now_ns: int) -> None:
        """Leave the input and let go of the guest's buffer."""
        self._input.leave(self, now_ns)
        self._answer_waiting()
        super().release(now_ns)

    def _answer_waiting(self) -> None:
        """With what the region holds: nobody will look at it."""
        while self._waiting:
            self._wire.answer(self._waiting.popleft(), 0)
