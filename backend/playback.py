"""One open playback stream: from the guest's shared buffer, through a private queue, into an output.

Theory.  A WRITE is answered as soon as its frames are copied; the queue holds a whole guest buffer, so filling the
buffer before START never waits.  When the queue is full the answer waits, and that is all the flow control there is.
Where the queue, or the card, runs dry, silence is played; frames for a moment that is past, waiting or yet to come, are
dropped and counted as late, so that a guest that catches up is in time again.

A guest that rewinds takes back what lies in the queue, and what the output has mixed far ahead.  What will be played at
once it cannot take back: so many of the frames that it writes instead are late.  What a guest forwards over is played
as it lies in the buffer.

Where a stream is matched to the card (see `backend.matching`), the place of its sound is what was taken of the guest's
frames, less what waits in the queue and the resampler: a count, whatever the ratio was.
"""

from collections.abc import Sequence

from backend.config import Plug
from backend.devices.api import DeviceError
from backend.line import StreamLine, Wire
from backend.matching import Matching
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from backend.output import Output
from backend.timeline import Timeline
from ringproto.buffer import SharedBuffer
from ringproto.messages import OpenRequest, WriteRequest
from ringproto.trace import Point

RESAMPLER_HISTORY = 10
"""Such a part of a second more of a sound is kept where a resampler has to be fed with it before it gives the rest."""
MATCHED_LATENCY_NS = 20_000_000
"""A stream that is matched to the card cannot be taken back, so it is not to be mixed further ahead."""


class PlaybackLine(StreamLine[Voice, WriteRequest]):
    """A playback stream between OPEN and CLOSE."""

    def __init__(self, opened: OpenRequest, buffer: SharedBuffer, output: Output, wire: Wire, plug: Plug) -> None:
        super().__init__(opened, buffer, output.device, wire, plug.clock)
        self._output = output
        self._period_ns = self._period_frames * 1_000_000_000 // opened.rate_hz
        guest = SampleSpec(opened.format, opened.channels, opened.rate_hz)
        self._queue = FrameQueue(opened.buffer_octets, self._frame_octets, self._history_octets(output))
        is_steered = self._matching is not None
        self.voice = Voice(guest, output.spec, self._queue, output.block_frames, steered=is_steered)
        self.latency_frames = self._latency_frames(plug.latency_ns)
        self._taken_frames = 0  # of the guest's, since OPEN
        self._debt = 0  # device frames that were silence for want of the guest's, times the guest's rate
        self._mixed = 0  # of the guest's, since OPEN, as last traced
        self._gaps = 0  # stretches of silence that are underruns if frames still come for them
        self._gap_until = -1  # the device's frame up to which the last one was mixed

    def _history_octets(self, output: Output) -> int:
        """A guest is never further ahead than its buffer, so no more is ever taken back."""
        if self._matching is not None:
            return 0
        frames = min(output.history_frames * self.opened.rate_hz // self._device_rate_hz, self._buffer_frames)
        if frames and self.opened.rate_hz != self._device_rate_hz:
            frames += self.opened.rate_hz // RESAMPLER_HISTORY
        return frames * self._frame_octets

    def _latency_frames(self, latency_ns: int | None) -> int:
        """What the guest asks for by its buffer, or the operator for it, in the device's frames."""
        frames = self._buffer_frames * self._device_rate_hz // self.opened.rate_hz
        if self._matching is not None:
            latency_ns = min(latency_ns or MATCHED_LATENCY_NS, MATCHED_LATENCY_NS)
        return frames if latency_ns is None else min(frames, latency_ns * self._device_rate_hz // 1_000_000_000)

    @property
    def fill_frames(self) -> int:
        """Frames that wait to be mixed."""
        return self._queue.fill_octets // self._frame_octets

    def delay_ns(self, now_ns: int) -> int | None:
        """In so long the next frame that the guest hands over is heard; None while none are.  Raises DeviceError."""
        return self._until_ns(self._taken_frames, now_ns)

    def transfer(self, request: WriteRequest, now_ns: int) -> None:
        """Copy the region now, or as soon as there is room.  Raises ProtocolError(EINVAL) for a bad region."""
        self.check_region(request)
        if self._waiting:
            self._waiting.append(request)
        elif self._timeline is not None and self._back(request) * self._frame_octets > self._queue.fill_octets:
            with self._output.changing(now_ns):
                self._accept(request)
        else:
            self._accept(request)
            self._output.supplied()

    def _accept(self, request: WriteRequest) -> None:
        if not self._take(request):
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

    def _back(self, request: WriteRequest) -> int:
        """How many frames the guest rewinds before this request; 0 if it forwards or just goes on."""
        back = (self._taken_frames - request.offset // self._frame_octets) % self._buffer_frames
        return back if back <= self._taken_frames - self._told else 0

    def _seek(self, request: WriteRequest) -> bool:
        """The guest rewound or forwarded: follow it; False when there is no room for the silence yet."""
        back = self._back(request)
        if not back:
            return self._forward((request.offset // self._frame_octets - self._taken_frames) % self._buffer_frames)
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
        if owed:
            self.underruns += self._gaps
            self._gaps = 0
        self.late_frames += owed // self._frame_octets
        self._debt -= owed // self._frame_octets * self._device_rate_hz
        return owed

    def _forgo(self) -> None:
        """What waits in the queue for a moment that is past is not played."""
        owed = self._pay_debt(self._queue.fill_octets)
        if owed:
            self._queue.drop(owed)
            self.voice.forget()

    def start(self, now_ns: int) -> None:
        """Be mixed from the output's next frame on.  Raises DeviceError."""
        self.voice.forget()  # what was mixed before a pause is not taken back
        with self._output.changing(now_ns):
            self._lay(self._output.next_frame, now_ns)
            self._mixed = self._position
            if self._matching is not None:
                self.voice.steer(self._matching.speed)
            try:
                self._output.join(self, now_ns)
            except DeviceError:
                self._lift()
                raise

    def pause(self, now_ns: int) -> None:
        """Stop being mixed; frames not yet mixed stay, and those that were count as played."""
        with self._output.changing(now_ns):
            assert self._timeline is not None
            self._output.leave(self)
            self._position = self._mixed_until(self._output.device.written_frames)
            self._lift()

    resume = start

    def stop(self, now_ns: int) -> None:
        """Stop being mixed and forget what was not: the guest starts anew."""
        with self._output.changing(now_ns):
            self._output.leave(self)
        self._lift()
        self.voice.reset()
        self._debt = self._gaps = 0
        self._gap_until = -1
        self.answer_waiting()
        self._round_up()
        self._taken_frames = self._position

    def set_gains(self, gains: Sequence[float], now_ns: int) -> None:
        """Turn the guest's channels up or down: without a click if they are heard now."""
        if self._timeline is None:
            super().set_gains(gains, now_ns)
            return
        with self._output.changing(now_ns):
            super().set_gains(gains, now_ns)

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The output mixed up to `until_device_frame`; so many of its frames were silence for want of ours."""
        if self._timeline is None:  # a fault of another of this guest's streams has ended us in this very look
            return
        if missing_frames:
            self._owe(Point.MISSED, missing_frames, until_device_frame)
        self._come_to(until_device_frame)

    def skipped(self, device_frames: int, until_device_frame: int, now_ns: int) -> None:
        """The card ran dry, and so many frames up to there were silence; some of them perhaps before our time."""
        timeline = self._timeline
        if timeline is None:  # as above
            return
        ours = min(device_frames, until_device_frame - timeline.d0)
        if ours > 0:
            self._owe(Point.DRY, ours, until_device_frame)
            self._come_to(until_device_frame)

    def _owe(self, point: Point, silent_frames: int, until_device_frame: int) -> None:
        """So many of the device's frames up to there were silence: what is handed over for them is late."""
        speed = 1 if self._matching is None else self._matching.speed
        owed = round(silent_frames * self.opened.rate_hz * speed)
        self._debt += owed
        self._gaps += silent_frames != until_device_frame - self._gap_until  # or the last one goes on
        self._gap_until = until_device_frame
        self._forgo()
        mixed = self._mixed_until(until_device_frame)
        if isinstance(self._timeline, Timeline):
            frames = mixed - self._timeline.done(until_device_frame - silent_frames)
        else:
            frames = owed // self._device_rate_hz
        self._wire.trace(point, mixed, frames)

    def _come_to(self, until_device_frame: int) -> None:
        mixed = self._mixed_until(until_device_frame)
        self._wire.trace(Point.RENDERED, mixed, until_device_frame)
        if self._matching is not None:
            self._trace_anew(mixed, until_device_frame)
            self._match(self._matching, until_device_frame)

    def _mixed_until(self, device_frame: int) -> int:
        """How many of the guest's frames lie before `device_frame`, up to which was mixed."""
        if isinstance(self._timeline, Timeline):
            return self._timeline.done(device_frame)
        self._mixed = max(self._mixed, self._position, int(self._next_frame))
        return self._mixed

    @property
    def _next_frame(self) -> float:
        """The guest's frame that is mixed next, once what is owed has been paid."""
        queued = self._queue.fill_octets / self._frame_octets + self.voice.withheld_frames
        return self._taken_frames - queued + self._debt / self._device_rate_hz

    def _match(self, matching: Matching, device_frame: int) -> None:
        leap = matching.follow(device_frame, self._next_frame)
        if leap > 0:
            self._debt += leap * self._device_rate_hz
        else:
            self.voice.wait(-leap * self._device_rate_hz // self.opened.rate_hz)
        self.voice.steer(matching.speed)

    def on_position(self, device_frames: int, now_ns: int) -> None:
        """The card has presented so many frames."""
        timeline = self._timeline  # none when a fault of another of this guest's streams has ended us in this very look
        if timeline is None:
            return
        if self._matching is not None:
            self._matching.observe(now_ns, device_frames)
            self._expect(self._expected)
        if self._tell(timeline.begun(device_frames, now_ns)):
            self._wire.hush(self._period_ns)

    def release(self, now_ns: int) -> None:
        """Leave the output and let go of the guest's buffer."""
        with self._output.changing(now_ns):
            self._output.leave(self)
        self.answer_waiting()
        super().release(now_ns)
