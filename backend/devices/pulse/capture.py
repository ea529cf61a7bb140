"""A source of a sound server as an AudioDevice.

Theory.  The server sends what it records in pieces of half a period.  A frame counts as sampled once it is here, so the
position moves in those pieces, and a clock that follows it slowly says when a frame will be here.  What nobody reads
for longer than the buffer is thrown away, oldest first, and `written_frames` jumps.

While there is no server, or it sends nothing, the device's time is the system's, and what it would have recorded is
lost.  A server that stood still may send what it owes in one go later (a null sink renders all that it missed): then
its time has passed, and it is dropped.
"""

from collections.abc import Mapping
from errno import ENODEV

from backend.devices.api import Capabilities, DeviceError
from backend.devices.crystal import Crystal
from backend.devices.oneway import RecordsOnly
from backend.devices.pulse.boundaries import Boundaries
from backend.devices.pulse.options import PulseOptions
from backend.devices.pulse.stream import PulseStream
from hosts.api import Handle, Loop, OnTime
from ringproto.card import Direction

SILENT_MS = 100
"""When pieces are overdue for so long the server is taken to have stopped sending, and time goes on without it."""
YOUNG_NS = 500_000_000
SLOWNESS = 16
"""Once it is not young, the clock makes up for such a part of its error with each look."""


class PulseCapture(RecordsOnly):
    """An open stream that records."""

    def __init__(self, options: PulseOptions, loop: Loop, user: str) -> None:
        self.params = options.params
        self.underruns = 0
        self.written_frames = 0
        self._octets = self.params.frame_octets
        self._patience_frames = SILENT_MS * self.params.rate_hz // 1000
        self._clock = Crystal(self.params.rate_hz)
        self._ring = memoryview(bytearray(self.params.buffer_frames * self._octets))
        self._running = self._flowing = self._overrun = self._silent = False
        self._position = self._flowing_since_ns = self._owed_frames = 0
        self._open = True
        self._stream = PulseStream(options, Direction.CAPTURE, loop, user, self._on_event)
        self._stream.settle()
        granted_frames = self._stream.piece_octets() // self._octets
        self.capabilities = Capabilities(True, max(self.params.period_frames, 2 * granted_frames))

    # -- starting and stopping ----------------------------------------------------------------------------------------

    def start(self, now_ns: int) -> None:
        """Record from now on."""
        if not self._running:
            self._running = True
            self._clock.set(True, self._position, now_ns)
            self._on_event(now_ns)

    def _on_event(self, now_ns: int) -> None:
        if self._flowing and not self._stream.is_ready:
            self._flowing = False
        elif self._running and not self._flowing and self._stream.is_ready:
            self._flowing, self._silent = True, False
            self._flowing_since_ns, self._owed_frames = now_ns, 0
            self._stream.cork(False)

    def stop(self, now_ns: int) -> None:
        """Stand; what was recorded and not read is dropped."""
        position = self.position(now_ns)
        if self._flowing:
            self._stream.cork(True)
            self._stream.flush()
        self._running = self._flowing = False
        self._clock.set(False, position, now_ns)
        self.written_frames = position

    # -- time ---------------------------------------------------------------------------------------------------------

    def position(self, now_ns: int) -> int:
        """Frames recorded.  Raises DeviceError(ENODEV) when it is closed."""
        if not self._open:
            raise DeviceError(ENODEV, "the stream is closed")
        if self._running:
            self._collect(now_ns)
        return self._position

    def _collect(self, now_ns: int) -> None:
        """Take all that came into the ring."""
        due = self._clock.frames_at(now_ns)
        came = self._flowing and self._take_all(due)
        error = self._position - due
        self._silent = not came and (self._silent or -error > self._patience_frames)
        if not self._flowing or self._silent or -error > self._patience_frames:
            self._lose(-error)
        elif came:
            is_young = now_ns - self._flowing_since_ns < YOUNG_NS
            self._clock.set(True, due + (error if is_young else error // SLOWNESS), now_ns)
        behind = self._position - self.written_frames - self.params.buffer_frames
        if behind > 0:
            self._be_overrun(self.written_frames + behind)

    def _take_all(self, due: int) -> bool:
        """Whether anything came."""
        came = False
        while (piece := self._stream.peek()) is not None:
            came = True
            if self._is_owed(due):
                self._owed_frames -= len(piece) // self._octets
            else:
                self._keep(piece)
            self._stream.drop()
        return came

    def _is_owed(self, due: int) -> bool:
        """Whether the oldest piece is of the time that was lost: then more came than is due."""
        if self._owed_frames <= 0:
            return False
        early = self._position + self._stream.waiting_octets() // self._octets - due
        return early > self.capabilities.position_granularity_frames

    def _keep(self, piece: bytes) -> None:
        """Into the ring, where frame `n` has place `n` modulo its size; of a longer piece the end is kept."""
        frames, size = len(piece) // self._octets, self.params.buffer_frames
        skipped = max(0, frames - size)
        at = (self._position + skipped) % size
        first = min(frames - skipped, size - at)
        octets = self._octets
        self._ring[at * octets : (at + first) * octets] = piece[skipped * octets : (skipped + first) * octets]
        rest = piece[(skipped + first) * octets :]
        self._ring[: len(rest)] = rest
        self._position += frames

    def _lose(self, frames: int) -> None:
        """Nothing came for that long: nothing was recorded."""
        if frames > 0:
            self._position += frames
            self._owed_frames += frames
            self._be_overrun(self._position)

    def _be_overrun(self, first_kept: int) -> None:
        """One event until the next read, however often it is looked at."""
        self.underruns += not self._overrun
        self._overrun = True
        self.written_frames = first_kept

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` is here, from when the last piece came."""
        self.position(now_ns)
        return self._clock.time_of(frame)

    # -- frames -------------------------------------------------------------------------------------------------------

    def read(self, into: memoryview, now_ns: int) -> int:
        """Copy recorded frames out; how many."""
        position = self.position(now_ns)
        size, octets = self.params.buffer_frames, self._octets
        count = min(len(into) // octets, position - self.written_frames)
        at = self.written_frames % size
        first = min(count, size - at)
        into[: first * octets] = self._ring[at * octets : (at + first) * octets]
        into[first * octets : count * octets] = self._ring[: (count - first) * octets]
        self.written_frames += count
        self._overrun = self._overrun and not count
        return count

    # -- the rest -----------------------------------------------------------------------------------------------------

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` when a period's worth has come."""
        return Boundaries(loop, self, callback)

    def statistics(self) -> Mapping[str, int | float | str]:
        """What was counted."""
        stream = self._stream
        return {
            "overruns": self.underruns,
            "server_losses": stream.losses,
            "source": stream.listing.device,
            "muted": int(stream.listing.muted),
            "volume_percent": stream.listing.volume_percent,
        }

    def close(self) -> None:
        """Leave the server.  Harmless twice."""
        if self._open:
            self._open = False
            self._stream.close()
