"""What playing and recording have in common: a shared buffer, a state, and how far the card is.

Theory, in ALSA's words.  `appl` counts frames the application handed over (or took), `hw` frames the card has played
(or recorded), both since OPEN; their distance is the fill of the buffer.  `hw` moves only by the backend's position
events.  After STOP the backend counts on from the next multiple of the buffer, and so do we: `base`.

Every verb comes as a coroutine (`aopen`, `astart`, ...) for programs made of callbacks and for simulated time; the
blocking ones run the domain's loop meanwhile.
"""

from collections.abc import Callable
from errno import EBADFD, EINVAL, ENODEV
from typing import Self

from frontend.link import StreamLink
from frontend.params import PcmParams
from frontend.sharedsound import SharedSound, spare_place
from frontend.state import PcmState
from frontend.volume import Volume
from frontend.watch import Watch
from hosts.api import HostError, Loop, OnTime
from hosts.tasks import Future, run
from ringproto.abi import Trigger
from ringproto.messages import (
    CloseRequest,
    HwParamRequest,
    HwParamResponse,
    OpenRequest,
    RangeRequest,
    Response,
    TriggerRequest,
)
from ringproto.trace import Point


class Pcm:
    """A stream opened with parameters.  Not used by itself: see PlaybackPcm, CapturePcm."""

    def __init__(self, link: StreamLink, params: PcmParams) -> None:
        self.params = params
        self.state = PcmState.CLOSED
        self.xruns = 0
        """Underruns (playback) or overruns (capture), counted as ALSA would: fill beyond what the buffer can be."""
        self.on_period: OnTime | None = None
        """Called with the loop's time when the card passed a period.

        While the stream is prepared no card runs; then it is called when there is room: after an xrun, and when the
        backend has taken frames.
        """
        self._frame_octets = params.frame_octets
        self._buffer_frames = params.buffer_frames
        self._link = link
        self._loop = link.loop
        self._tracer = link.tracer
        self._domid = link.host.domid
        self._buffer: SharedSound | None = None
        self._appl = self._hw = self._base = 0
        self._moved: Future[None] | None = None
        self._failure: HostError | None = None
        self.unanswered = 0  # requests, when it was closed
        self._held = False  # by a volume that is under way
        self._watch = Watch(link, params.period_frames * 1_000_000_000 // params.rate_hz)
        self.volume = Volume(self)

    # -- opening and closing ------------------------------------------------------------------------------------------

    async def aopen(self) -> None:
        """Agree on the parameters and have the backend map the buffer.

        Raises HostError(EINVAL) when the backend does not offer these parameters, and what `StreamLink.call` raises.
        """
        if self.params.buffer_frames < 2 * self.params.period_frames:
            raise HostError(EINVAL, f"buffer_frames: {self.params.buffer_frames}, want at least two periods")
        self._link.attach(self._on_position, self._on_lost)
        self._base = 0
        self._rewind()
        try:
            await self._link.call(HwParamRequest(self._link.next_id(), self.params.as_query()))
            await self._link.call(self._share_buffer())
        except BaseException:
            self._release()
            raise
        rate_hz, period_frames = self.params.rate_hz, self.params.period_frames
        self._tracer.put(self._loop.now_ns(), Point.OPENED, self._domid, self._link.stream, rate_hz, period_frames)
        self.state = PcmState.PREPARED

    def _share_buffer(self) -> OpenRequest:
        self._buffer = SharedSound(self._link.host, self._link.backend_domid, self.params.buffer_octets)
        return self.params.as_open(self._link.next_id(), self._buffer.gref_directory)

    async def aclose(self) -> None:
        """CLOSE, then take the buffer back: the backend has unmapped it before it answers."""
        if self.state is PcmState.CLOSED:
            return
        self.state = PcmState.CLOSED
        try:
            if not self._link.lost:  # a refusal ended the PCM, but the backend still has the buffer
                await self._link.call(CloseRequest(self._link.next_id()))
        finally:
            self._release()

    def _release(self) -> None:
        self._watch.end()
        if not self._link.lost:
            self.unanswered += self._link.detach()
        if self._buffer is not None:
            self._buffer.end()
            self._buffer = None

    @property
    def is_lost(self) -> bool:
        """The backend has left; see frontend.recovery for how to go on."""
        return self._link.lost

    async def areconnect(self) -> None:
        """Close, and wait until a backend serves the stream again, 10 s at most.  Raises HostError."""
        await self.aclose()
        self._link, self._failure = await self._link.renewed(), None

    # -- triggers -----------------------------------------------------------------------------------------------------

    async def astart(self) -> None:
        """START; a no-op when running."""
        self._check_alive()
        if self.state is PcmState.PREPARED:
            self.state = PcmState.RUNNING
            self._watch.heard(self._loop.now_ns())
            await self._link.call(TriggerRequest(self._link.next_id(), Trigger.START))

    def _start_soon(self) -> None:
        """START without waiting for the answer."""
        self.state = PcmState.RUNNING
        self._watch.heard(self._loop.now_ns())
        self._link.send(TriggerRequest(self._link.next_id(), Trigger.START), self._check)

    async def astop(self) -> None:
        """STOP at once; what was not played is dropped.  Afterwards the stream is prepared."""
        if self.state not in (PcmState.RUNNING, PcmState.DRAINING):
            return
        self.state = PcmState.STOPPING
        await self._link.call(TriggerRequest(self._link.next_id(), Trigger.STOP))
        self._prepare()

    def _prepare(self) -> None:
        if self.state is not PcmState.STOPPING:
            return
        self._base = -(-(self._base + self._hw) // self._buffer_frames) * self._buffer_frames
        self._rewind()
        self.state = PcmState.PREPARED

    def _rewind(self) -> None:
        """The buffer is empty, and the next frame is its first."""
        self._appl = self._hw = 0

    def _recover(self, now_ns: int) -> None:
        """Count the xrun and stop; the application hears of it when the stream can go on."""
        self.xruns += 1
        self._tracer.put(now_ns, Point.UNDERRUN, self._domid, self._link.stream, self._base + self._appl, 0)
        self.state = PcmState.STOPPING

        def stopped(response: Response | HwParamResponse) -> None:
            self._check(response)
            if self.state is PcmState.STOPPING:  # not closed or lost meanwhile
                self._prepare()
                self._wake(self._loop.now_ns())

        self._link.send(TriggerRequest(self._link.next_id(), Trigger.STOP), stopped)

    # -- volume -------------------------------------------------------------------------------------------------------

    @property
    def loop(self) -> Loop:
        """The domain's loop."""
        return self._loop

    async def aexchange(self, kind: type[RangeRequest], array: bytes) -> bytes:
        """Show the backend an array, where no sound is; what it is once answered.  Meanwhile no sound is moved."""
        if len(array) > self.params.buffer_octets:
            raise HostError(EINVAL, f"a buffer of {self.params.buffer_octets} octets has no room for a volume")
        await self._until(lambda: not self._held and self._spare(len(array)) is not None)
        self._check_alive()
        offset = self._spare(len(array))
        assert offset is not None
        assert self._buffer is not None
        self._held = True
        try:
            self._buffer.write_from(offset, memoryview(array))
            await self._link.call(kind(self._link.next_id(), offset, len(array)))
            self._check_alive()
            answered = bytearray(len(array))
            self._buffer.read_into(offset, memoryview(answered))
        finally:
            self._held = False
            self._released(self._loop.now_ns())
        return bytes(answered)

    def _spare(self, octets: int) -> int | None:
        """Where so many octets hold no sound that the backend may still want; None while there is no such place."""
        frame = spare_place(*self._in_use(), -(-octets // self._frame_octets), self._buffer_frames)
        return None if frame is None else frame * self._frame_octets

    def _in_use(self) -> tuple[int, int]:
        """The first frame, and how many, that the backend may read or write.  Each direction's own."""
        raise AssertionError

    def _released(self, now_ns: int) -> None:
        """Sound may be moved again.  Each direction's own."""

    # -- progress -----------------------------------------------------------------------------------------------------

    @property
    def stream(self) -> int:
        """The stream's number in traces: 16 for each PCM device before its own, and its index there."""
        return self._link.stream

    @property
    def hw_frames(self) -> int:
        """Frames played (or recorded) since OPEN, as of the last position event."""
        return self._base + self._hw

    def _on_position(self, position_octets: int, now_ns: int) -> None:
        frames = position_octets // self._frame_octets - self._base
        if frames <= self._hw:
            return
        if self.state is PcmState.STOPPING:
            self._hw = frames  # the rounded position with which the backend ends
        if self.state not in (PcmState.RUNNING, PcmState.DRAINING):
            self._watch.end()
            return
        self._watch.heard(now_ns)
        period = self.params.period_frames
        told_before, self._hw = (self._hw - 1) // period, frames
        told = (frames - 1) // period  # the frame being presented counts in a position, but has not passed
        if told == told_before:
            return
        boundary = self._base + told * period
        self._progress(now_ns)
        self._tracer.put(self._loop.now_ns(), Point.TOLD, self._domid, self._link.stream, boundary, position_octets)
        self._wake(now_ns)

    def _progress(self, now_ns: int) -> None:
        """The card passed a period: see to xruns.  Each direction's own."""
        raise AssertionError

    def _stir(self) -> None:
        """Let whoever waits look again."""
        moved, self._moved = self._moved, None
        if moved is not None:
            moved.set(None)

    def _wake(self, now_ns: int) -> None:
        """A period has passed, or the stream can go on: tell the application."""
        self._stir()
        if self.on_period is not None:
            self.on_period(now_ns)

    def _on_lost(self) -> None:
        self._failure = self._failure or HostError(ENODEV, "the backend is gone")
        self.state = PcmState.LOST
        self._wake(self._loop.now_ns())

    def _check_alive(self) -> None:
        if self.state in (PcmState.LOST, PcmState.CLOSED):
            raise self._failure or HostError(EBADFD, f"the PCM is {self.state.value}")

    def _check(self, response: Response | HwParamResponse) -> None:
        """A request nobody waits for was answered: a refusal ends the PCM, and the next call says why."""
        if response.status != 0 and self.state not in (PcmState.CLOSED, PcmState.LOST):
            why = "the backend is gone" if self._link.lost else "the backend refused a request of a running stream"
            self._failure = HostError(-response.status, why)
            self._on_lost()

    async def _until(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready()`, looking whenever the card or the stream has moved."""
        while not ready():
            self._check_alive()
            self._moved = self._moved or Future()
            await self._moved

    # -- blocking forms -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """START, blocking until the backend has."""
        run(self._loop, self.astart())

    def stop(self) -> None:
        """STOP, blocking until the backend has."""
        run(self._loop, self.astop())

    def close(self) -> None:
        """Close the stream; harmless twice."""
        run(self._loop, self.aclose())

    def __enter__(self) -> Self:
        if self.state is PcmState.CLOSED:
            run(self._loop, self.aopen())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
