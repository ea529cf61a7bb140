"""PlaybackPcm: frames in, sound out, on whatever card the operator gave this stream.

A frame handed over is copied into the shared buffer at once and announced by a WRITE request; the backend answers when
it has copied it.  Room for more appears when the card has played a period *and* the backend has answered for the region
that would be written again.
"""

from collections import deque
from errno import EINVAL

from frontend.link import TRIGGER_SLOTS, StreamLink
from frontend.params import Frames, PcmParams, octets_of
from frontend.pcm import Pcm
from frontend.state import PcmState
from hosts.api import HostError
from hosts.tasks import run
from ringproto.abi import RING_SLOTS
from ringproto.messages import HwParamResponse, Response, WriteRequest
from ringproto.trace import Point

WRITES_IN_FLIGHT_MAX = RING_SLOTS - TRIGGER_SLOTS


class PlaybackPcm(Pcm):
    """An open playback stream.

    It starts by itself once the buffer has been filled (ALSA's usual start threshold), or by `start()`.  After an
    underrun (`underruns` counts them) it stops, and the next frames start it again in the same way.
    """

    def __init__(self, link: StreamLink, params: PcmParams) -> None:
        super().__init__(link, params)
        self._unanswered: deque[int] = deque()
        self._unanswered_frames = 0

    async def aopen(self) -> None:
        """As any PCM; what an earlier opening left unanswered concerns this one no more."""
        self._unanswered.clear()
        self._unanswered_frames = 0
        await super().aopen()

    @property
    def underruns(self) -> int:
        """How often the card ran out of frames, as ALSA counts: the card passed the last frame handed over."""
        return self.xruns

    @property
    def room_frames(self) -> int:
        """How many frames `write_nowait` would take now."""
        if self._held or self.state not in (PcmState.PREPARED, PcmState.RUNNING):
            return 0
        if len(self._unanswered) >= WRITES_IN_FLIGHT_MAX:
            return 0
        fill = self._appl - self._hw
        return self._buffer_frames - (fill if fill > self._unanswered_frames else self._unanswered_frames)

    def write_nowait(self, frames: Frames) -> int:
        """Hand over as many interleaved frames as fit now; returns how many did.

        `frames` is bytes, or a C-contiguous array, in the stream's format and channels.  Raises HostError(EINVAL) for
        a part of a frame, EBADFD on a closed or lost stream.
        """
        self._check_alive()
        octets = octets_of(frames)
        if len(octets) % self._frame_octets:
            raise HostError(EINVAL, f"{len(octets)} octets are no whole frames of {self._frame_octets}")
        wanted = len(octets) // self._frame_octets
        taken = 0
        while taken < wanted:
            chunk = min(wanted - taken, self.room_frames, self._to_buffer_end())
            if chunk <= 0:
                break
            self._hand_over(octets, taken, chunk)
            taken += chunk
        if self.state is PcmState.PREPARED and self._appl >= self._buffer_frames:
            self._start_soon()
        return taken

    async def awrite(self, frames: Frames) -> None:
        """Hand over all frames, waiting for room as often as needed."""
        octets = octets_of(frames)
        done = 0
        while done < len(octets):
            done += self.write_nowait(octets[done:]) * self._frame_octets
            if done < len(octets):
                await self._until(lambda: self.room_frames > 0)

    async def aroom(self, frames: int) -> None:
        """Wait until there is room for so many frames, a buffer's at most.  Raises HostError once closed or lost."""
        await self._until(lambda: self.room_frames >= frames)

    async def adrain(self) -> None:
        """Wait until the card has played all that was handed over, then stop."""
        self._check_alive()
        if self.state is PcmState.PREPARED and self._appl:
            await self.astart()
        if self.state is PcmState.RUNNING:
            self.state = PcmState.DRAINING
            await self._until(lambda: self._hw >= self._appl)
            await self.astop()

    def write(self, frames: Frames) -> None:
        """Hand over all frames, blocking."""
        run(self._loop, self.awrite(frames))

    def drain(self) -> None:
        """Block until all is played."""
        run(self._loop, self.adrain())

    def _in_use(self) -> tuple[int, int]:
        """What no WRITE was answered for."""
        return self._appl - self._unanswered_frames, self._unanswered_frames

    def _released(self, now_ns: int) -> None:
        if self.state in (PcmState.PREPARED, PcmState.RUNNING):
            self._wake(now_ns)
        else:
            self._stir()

    def _to_buffer_end(self) -> int:
        return self._buffer_frames - self._appl % self._buffer_frames

    def _hand_over(self, octets: memoryview, first: int, frames: int) -> None:
        """Copy and announce `frames` frames that neither wrap nor exceed the room."""
        assert self._buffer is not None
        size = self._frame_octets
        offset = self._appl % self._buffer_frames * size
        now_ns = self._loop.now_ns()
        self._buffer.write_from(offset, octets[first * size : (first + frames) * size])
        self._appl += frames
        end = self._base + self._appl
        self._tracer.put(now_ns, Point.QUEUED, self._domid, self._link.stream, end, frames)
        self._unanswered.append(frames)
        self._unanswered_frames += frames
        # First: the backend may be quicker than we are.
        self._tracer.put(self._loop.now_ns(), Point.PUSHED, self._domid, self._link.stream, end, frames)
        self._link.send(WriteRequest(self._link.next_id(), offset, frames * size), self._on_written)

    def _on_written(self, response: Response | HwParamResponse) -> None:
        """The oldest WRITE is answered: the backend answers them in order."""
        self._unanswered_frames -= self._unanswered.popleft()
        self._check(response)
        if self.state is PcmState.PREPARED:
            self._wake(self._loop.now_ns())  # no period will tell that there is room again
        else:
            self._stir()

    def _progress(self, now_ns: int) -> None:
        if self.state is PcmState.RUNNING and self._hw > self._appl:
            self._recover(now_ns)
