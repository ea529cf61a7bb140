"""CapturePcm: sound in, frames out.

The position says how many frames the card has recorded; a READ request has the backend copy a region of them into the
shared buffer, and its answer makes them ours.  Reading ahead, as soon as a period is announced, keeps the frames here
when the application asks for them.
"""

from collections.abc import Callable

from frontend.link import StreamLink
from frontend.params import PcmParams
from frontend.pcm import Pcm
from frontend.state import PcmState
from hosts.tasks import run
from ringproto.messages import HwParamResponse, ReadRequest, Response
from ringproto.trace import Point


class CapturePcm(Pcm):
    """An open capture stream.  It starts with `start()`, or with the first blocking read."""

    def __init__(self, link: StreamLink, params: PcmParams) -> None:
        super().__init__(link, params)
        self._asked = 0  # frames asked for by READ since START
        self._filled = 0  # frames the backend has answered for

    @property
    def overruns(self) -> int:
        """How often the card recorded more than the buffer holds before the application took it."""
        return self.xruns

    @property
    def ready_frames(self) -> int:
        """How many frames `read_nowait` would give now."""
        return self._filled - self._appl

    def read_nowait(self, frames: int) -> bytes:
        """Take up to `frames` interleaved frames, in the stream's format; empty when none are ready."""
        taken = bytearray(max(min(frames, self.ready_frames), 0) * self.params.frame_octets)
        self.read_into(memoryview(taken))
        return bytes(taken)

    def read_into(self, taken: memoryview) -> int:
        """Take as many frames as are ready and fit into `taken`, octets in the stream's format; how many those were.

        Raises HostError(EBADFD) on a closed or lost stream.
        """
        self._check_alive()
        assert self._buffer is not None
        size, buffer_frames = self.params.frame_octets, self.params.buffer_frames
        count = max(min(len(taken) // size, self.ready_frames), 0)
        done = 0
        while done < count:
            offset = self._appl % buffer_frames
            chunk = min(count - done, buffer_frames - offset)
            self._buffer.read_into(offset * size, taken[done * size : (done + chunk) * size])
            self._appl += chunk
            done += chunk
        if count:
            self._trace(Point.TAKEN, self._appl, count)
        return count

    async def aread(self, frames: int) -> bytes:
        """Take exactly `frames` frames, waiting for them."""
        parts: list[bytes] = []
        missing = frames
        while missing:
            await self.astart()  # anew, too, after an overrun
            await self._until(self._any_ready)
            part = self.read_nowait(missing)
            parts.append(part)
            missing -= len(part) // self.params.frame_octets
        return b"".join(parts)

    async def aready(self, frames: int) -> None:
        """Wait until so many frames are ready, at most a whole buffer's; started if need be, also after an overrun.

        Raises HostError once closed or lost.
        """
        while self.ready_frames < frames:
            await self.astart()
            await self._until(lambda: self.ready_frames >= frames or self.state is PcmState.PREPARED)

    def read(self, frames: int) -> bytes:
        """Take exactly `frames` frames, blocking."""
        return run(self._loop, self.aread(frames))

    def _any_ready(self) -> bool:
        """Whether there is something to read, or to be started."""
        return self.ready_frames > 0 or self.state is PcmState.PREPARED

    def _rewind(self) -> None:
        super()._rewind()
        self._asked = self._filled = 0

    def _progress(self, now_ns: int) -> None:
        if self._hw - self._appl > self.params.buffer_frames:
            self._recover(now_ns)
            return
        period, buffer_frames = self.params.period_frames, self.params.buffer_frames
        recorded = self._hw // period * period
        while self._asked < recorded and self._link.room > 0 and not self._held:
            offset = self._asked % buffer_frames
            chunk = min(recorded - self._asked, buffer_frames - offset)
            self._ask(offset, chunk)

    def _in_use(self) -> tuple[int, int]:
        """What was asked for, and what of it the application has not taken."""
        return self._appl, self._asked - self._appl

    def _released(self, now_ns: int) -> None:
        self._stir()
        if self.state is PcmState.RUNNING:
            self._progress(now_ns)

    def _ask(self, offset: int, frames: int) -> None:
        size = self.params.frame_octets
        self._asked += frames
        request = ReadRequest(self._link.next_id(), offset * size, frames * size)
        self._trace(Point.PUSHED, self._asked, frames)  # first: the backend may be quicker than we are
        self._link.send(request, self._on_filled(frames))

    def _trace(self, point: Point, frame: int, frames: int) -> None:
        """Write that so many frames, up to `frame` since START, got there just now."""
        self._tracer.put(self._loop.now_ns(), point, self._domid, self._link.stream, self._base + frame, frames)

    def _on_filled(self, frames: int) -> Callable[[Response | HwParamResponse], None]:
        def filled(response: Response | HwParamResponse) -> None:
            self._check(response)
            if self.state in (PcmState.RUNNING, PcmState.DRAINING):
                self._filled += frames
                self._wake(self._loop.now_ns())

        return filled
