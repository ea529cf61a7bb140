"""A sink of a sound server as an AudioDevice.

Theory.  With `prebuf` 0 the server's stream is a tape that runs, whether we write on it or not: each frame is placed at
an index of its own, gaps are silence and late frames are dropped.  That is the contract of a device, so all there is to
do is to know which frame of ours lies at which index (`_offset`), and what the server has taken of it.  It takes
frames in pieces, so many ahead of what is heard as fit into its sink: the position is what is heard plus that, which
runs as smoothly as sound does and is never behind the pieces.

* What is written before `start` is kept here, and put on the tape right before it runs.  The tape runs on after a stop
  wherever it stood; where that is has to be asked for, so after `start` time stands still until the answer is there.
* While there is no server (or it has no tape for us yet) the device's time is the system's, and frames are silence.
* A server that stood still is behind: then what we write goes onto the tape that much earlier.
* What was written and is taken back is overwritten by silence, but for what the server has taken (which the position is
  never behind) and may take before it hears of that.
"""

from collections.abc import Mapping
from errno import ENODEV

from backend.devices.api import Capabilities, DeviceError
from backend.devices.crystal import Crystal
from backend.devices.cursor import PlaybackCursor
from backend.devices.oneway import PlaysOnly
from backend.devices.pulse.boundaries import Boundaries
from backend.devices.pulse.options import PulseOptions
from backend.devices.pulse.stream import PATIENCE_NS, PulseStream
from backend.devices.pulse.tape import Tape
from hosts.api import Handle, Loop, OnTime
from ringproto.card import Direction

GRAIN_MS = 2
"""How well a server's clock is known."""
SAFEGUARD_MS = 4
"""So long it takes a server to hear of something, at most as a rule."""
UNHEARD_S = 4
"""What a server that hangs is sent before it is sent no more."""


class PulsePlayback(PlaysOnly):
    """An open stream that plays."""

    def __init__(self, options: PulseOptions, loop: Loop, user: str) -> None:
        self.params = options.params
        rate_hz, self._octets = self.params.rate_hz, self.params.frame_octets
        self._safeguard_frames = SAFEGUARD_MS * rate_hz // 1000
        self._cursor = PlaybackCursor(self.params.period_frames)
        self._clock = Crystal(rate_hz)
        self._staged = memoryview(bytearray(self.params.buffer_frames * self._octets))
        self._silence = memoryview(bytearray(options.silent_octet * len(self._staged)))
        self._staged_frames = 0
        self._running = self._flowing = self._asked = False
        self._position = self._offset = self._patient_until_ns = 0
        self._taken_frames = 0
        self._tape = Tape(rate_hz)
        self._open = True
        self._stream = PulseStream(options, Direction.PLAYBACK, loop, user, self._on_event)
        self._stream.settle()
        self.capabilities = Capabilities(True, self._grain_frames(), rewinds=True)

    def _grain_frames(self) -> int:
        """It takes frames in pieces: of half a period when it does as it was asked, of its own when it does not.

        The position is one of them ahead of what is heard, and a server may tell of whole ones only (PipeWire does).
        """
        report = self._stream.report()
        sink_us = 0 if report is None else report.sink_us_max
        frames = max(self.params.period_frames // 2, sink_us * self.params.rate_hz // 1_000_000)
        return 2 * frames + self.params.rate_hz * GRAIN_MS // 1000

    @property
    def underruns(self) -> int:
        """How often it ran out of frames."""
        return self._cursor.underruns

    @property
    def written_frames(self) -> int:
        """The frame that the next write begins with."""
        return self._cursor.frame

    # -- starting and stopping ----------------------------------------------------------------------------------------

    def start(self, now_ns: int) -> None:
        """Present what was written, as soon as the server says where its tape stands."""
        if not self._running:
            self._running, self._asked = True, False
            self._patient_until_ns = now_ns + PATIENCE_NS
            self._on_event(now_ns)

    def _on_event(self, now_ns: int) -> None:
        if self._flowing and not self._stream.is_ready:
            self._flowing = self._asked = False
        elif self._running and not self._flowing and self._stream.is_ready:
            if not self._asked:
                self._asked = True
                self._stream.ask_timing()
            elif self._stream.timing_is_new:
                self._begin(now_ns)

    def _begin(self, now_ns: int) -> None:
        """The tape stands where its report says: there lies the frame that is due now."""
        report = self._stream.report()
        if report is None:
            return
        position = self.position(now_ns)
        self._offset = position - report.taken_frames
        staged, self._staged_frames = self._staged_frames, 0
        if staged and not self._clock.running:
            self._stream.write(self._staged[: staged * self._octets], report.taken_frames * self._octets)
        piece_us = self.params.period_frames * 500_000 // self.params.rate_hz
        self._tape.start(report, piece_us, now_ns)
        self._flowing = True
        self._stream.cork(False)

    def stop(self, now_ns: int) -> None:
        """Stand; what was written and not presented is dropped."""
        position = self.position(now_ns)
        if self._flowing:
            self._stream.cork(True)
            self._stream.flush()
        self._running = self._flowing = False
        self._staged_frames = 0
        self._clock.set(False, position, now_ns)
        self._cursor.rest_at(position)

    # -- time ---------------------------------------------------------------------------------------------------------

    def position(self, now_ns: int) -> int:
        """Frames presented.  Raises DeviceError(ENODEV) when it is closed."""
        if not self._open:
            raise DeviceError(ENODEV, "the stream is closed")
        if self._running:
            self._position = max(self._position, self._measure(now_ns))
            self._cursor.follow(self._position)
        return self._position

    def _measure(self, now_ns: int) -> int:
        report = self._stream.report() if self._flowing else None
        if report is not None:
            self._taken_frames = report.taken_frames
            behind = self._tape.report(report)
            self._offset += behind
            self.stood_still_frames += max(0, behind)
            position = self._tape.frames_at(now_ns) + self._offset
            self._clock.set(True, position, now_ns)
            return position
        if not self._clock.running and now_ns > self._patient_until_ns:
            self._clock.set(True, self._position, self._patient_until_ns)
        return self._clock.frames_at(now_ns)

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` begins, from where the server was last seen."""
        self.position(now_ns)
        return self._clock.time_of(frame)

    # -- frames -------------------------------------------------------------------------------------------------------

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Place frames on the tape; how many fitted."""
        position = self.position(now_ns)
        count = min(len(frames) // self._octets, position + self.params.buffer_frames - self._cursor.frame)
        if count <= 0:
            return 0
        octets = frames[: count * self._octets]
        if self._flowing:
            self._place(self._cursor.frame, octets)
        elif not self._clock.running:
            self._stage(octets)
        self._cursor.advance(count)
        return count

    def _place(self, frame: int, octets: memoryview) -> None:
        index_frames = frame - self._offset
        if index_frames - self._taken_frames < UNHEARD_S * self.params.rate_hz:
            self._stream.write(octets, index_frames * self._octets)

    def _stage(self, octets: memoryview) -> None:
        at = self._staged_frames * self._octets
        self._staged[at : at + len(octets)] = octets
        self._staged_frames += len(octets) // self._octets

    def rewind(self, frame: int, now_ns: int) -> int:
        """Take back what was written from `frame` on, but for the safeguard.  Raises DeviceError(ENODEV)."""
        kept = self.position(now_ns) + (self._safeguard_frames if self._flowing else 0)
        end = max(frame, kept)
        count = self._cursor.rewind(end)
        if count > 0:
            if self._flowing:
                self._place(end, self._silence[: count * self._octets])
            elif not self._clock.running:
                self._staged_frames -= count
        return self._cursor.frame

    # -- the rest -----------------------------------------------------------------------------------------------------

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` when the server has passed a period's boundary."""
        return Boundaries(loop, self, callback)

    def statistics(self) -> Mapping[str, int | float | str]:
        """What was counted, and what the server makes of it."""
        stream = self._stream
        return {
            "underruns": self.underruns,
            "server_losses": stream.losses,
            "server_latency_ms": self._tape.ahead_us / 1000,
            "server_stood_still": self._tape.stood_still,
            "sink": stream.listing.device,
            "muted": int(stream.listing.muted),
            "volume_percent": stream.listing.volume_percent,
        }

    def close(self) -> None:
        """Leave the server, without draining.  Harmless twice."""
        if self._open:
            self._open = False
            self._stream.close()
