"""One registered application: its region, its bell, its two lines, and what becomes of it.

It shares nothing but the region, and in that every word is checked.  Whatever goes wrong with it ends it, once, and as
soon as the pass that runs now is over: the others are in the midst of theirs.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from backend.counters import NOTHING, Counters
from backend.devices.api import DeviceError
from backend.facilities import Facilities
from backend.input import Input
from backend.jack import Jack
from backend.local.blame import Blamed
from backend.local.config import LocalConfig
from backend.local.playing import PlayingLine
from backend.local.recording import RecordingLine
from backend.mixing.convert import FloatArray
from backend.output import Output
from hosts.local.bell import Bell
from hosts.local.memory import make_region
from hosts.local.messages import Statistics
from ringproto.card import Direction
from ringproto.errors import Errno, ProtocolError
from ringproto.local.region import CAPTURE_STREAM, PLAYBACK_STREAM, SAMPLE_OCTETS, Shape, Word, words_of, write_header
from ringproto.trace import Point, Ration


def rings_of(region: memoryview, shape: Shape) -> tuple[FloatArray, FloatArray]:
    """The ring out and the ring in as float32, shape [blocks, frames, channels]; they are views of the region."""

    def ring(at: int, channels: int) -> FloatArray:
        samples = shape.ring_periods * shape.period_frames * channels
        part = region[at : at + samples * SAMPLE_OCTETS]
        return np.frombuffer(part, np.float32).reshape(shape.ring_periods, shape.period_frames, channels)

    return ring(shape.output_at, shape.playback_channels), ring(shape.input_at, shape.capture_channels)


class Application:
    """From REGISTER to its end.  `on_end(error)` is called once, when the pass in which it failed is over.

    Raises DeviceError, ProtocolError(EINVAL) for channels that cannot be remixed, OSError; then nothing is left of it.
    """

    def __init__(
        self, domid: int, name: str, shape: Shape, jacks: dict[Direction, Jack], facilities: Facilities,
        config: LocalConfig, on_end: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self.domid = domid
        self.name = name
        self.shape = shape
        self.jacks = jacks
        self._facilities = facilities
        self._loop = facilities.host.loop
        self._ration = Ration(facilities.tracer)
        self._on_end = on_end
        self._failure: Exception | None = None
        self._is_ringing = False
        self._posts = 0
        self.requests = 0
        """Commands that were seen to; its connection counts."""
        self._past: dict[int, Counters] = {}  # once it is closed
        self.playing: PlayingLine | None = None
        self.recording: RecordingLine | None = None
        with ExitStack() as made:
            for jack in jacks.values():
                made.callback(jack.close)
            ports = {direction: jack.hold() for direction, jack in jacks.items()}
            self.bell = Bell()
            made.callback(self.bell.close)
            self.fd, memory = make_region(shape.octets)
            made.callback(os.close, self.fd)
            made.callback(memory.close)
            write_header(shape, memory.view)
            self.words = words_of(memory.view)
            made.callback(self.words.release)
            self.words[Word.DEPTH] = shape.ring_periods
            self._lay_lines(memory.view, ports, config)
            self._made: ExitStack | None = made.pop_all()

    def _lay_lines(self, region: memoryview, ports: dict[Direction, Output | Input], config: LocalConfig) -> None:
        out, into = rings_of(region, self.shape)
        fence = self._facilities.host.fence
        port = ports.get(Direction.PLAYBACK)
        if isinstance(port, Output):
            self.playing = PlayingLine(self.shape, out, port, self, fence, config)
        port = ports.get(Direction.CAPTURE)
        if isinstance(port, Input):
            self.recording = RecordingLine(self.shape, into, port, self, fence, config)
        self.played = self.playing.blame.counted if self.playing is not None else Blamed()
        """Blocks that were not there to be played; it stays when the application is closed, as does the next."""
        self.taken = self.recording.blame.counted if self.recording is not None else Blamed()
        """Recorded blocks that found no room."""

    @property
    def lines(self) -> dict[int, PlayingLine | RecordingLine]:
        """Both halves, as far as there are, by their stream in traces."""
        both = {PLAYBACK_STREAM: self.playing, CAPTURE_STREAM: self.recording}
        return {stream: line for stream, line in both.items() if line is not None}

    def start(self, now_ns: int) -> None:
        """Be heard and recorded for, from now on.  Raises DeviceError, ProtocolError(EINVAL) the second time."""
        lines = self.lines
        if any(line.running for line in lines.values()):
            raise ProtocolError(Errno.EINVAL, "it has started already")
        for stream in reversed(lines):  # what is recorded first is there when it is rung for more to be played
            lines[stream].start(now_ns)

    def be_ahead(self, latency_ns: int) -> tuple[int, int]:
        """Keep so close to the card that it is heard within `latency_ns`, if that can be.

        How many blocks it is ahead from now on, and in how many ns it is heard then.  Raises ProtocolError(EINVAL) for
        one that does not play.
        """
        playing = self.playing
        if playing is None:
            raise ProtocolError(Errno.EINVAL, "way: it does not play")
        period_ns = self.shape.period_frames * 1_000_000_000 // self.shape.rate_hz
        lead_ns = playing.lead_frames * 1_000_000_000 // self.shape.rate_hz
        depth = min(max((latency_ns - lead_ns) // period_ns, 1), self.shape.ring_periods)
        playing.depth = depth
        self.words[Word.DEPTH] = depth
        return depth, lead_ns + depth * period_ns

    def statistics(self, now_ns: int) -> Statistics:
        """What was counted.  Raises DeviceError."""
        playing, recording = self.playing, self.recording
        first = playing or recording
        assert first is not None
        return Statistics(
            frames=first.position_frames,
            posts=self._posts,
            missed_blocks=self.played.missed,
            unposted_blocks=self.played.unposted,
            asleep_blocks=self.played.asleep,
            lost_blocks=self.taken.missed,
            delay_ns=playing.delay_ns(now_ns) if playing is not None else None,
        )

    def counters(self, stream: int) -> Counters:
        """What was counted of one of its streams."""
        own = Counters(requests=self.requests, events=self._posts, untraced=self._ration.left_out)
        return self.lines[stream].counters() + own

    def past(self, stream: int) -> Counters:
        """The same, once it is closed; nothing of a stream that there was not."""
        return self._past.get(stream, NOTHING)

    # -- the cycle (backend.local.playing.Cycle) ----------------------------------------------------------------------

    @property
    def awake(self) -> bool:
        """By its own word it has woken up since it was last rung.  Raises ProtocolError for a word that cannot be."""
        woken: int = self.words[Word.WOKEN]
        if woken > self._posts:
            raise ProtocolError(Errno.EINVAL, f"woken: {woken}, want {self._posts} at most")
        return woken == self._posts

    def ring(self) -> None:
        """Ring it when this pass is over."""
        if not self._is_ringing:
            self._is_ringing = True
            self._facilities.gather.ring(self)

    def notify(self) -> None:
        """Ring it now (see backend.gather)."""
        self._is_ringing = False
        if self._made is None:
            return
        self._posts += 1
        self.words[Word.POSTS] = self._posts
        now_ns = self._loop.now_ns()
        for line in self.lines.values():
            line.posted(now_ns)
        self.bell.ring()

    def trace(self, point: Point, stream: int, frame: int, value: int) -> None:
        """Write a trace record of its, as of this moment."""
        self._ration.put(self._loop.now_ns(), point, self.domid, stream, frame, value)

    def lost(self, error: DeviceError) -> None:
        """Its device is gone."""
        self.fail(error)

    def fail(self, error: Exception) -> None:
        """End it: by its fault, or by ours."""
        if self._failure is None:
            self._failure = error
            self._loop.call_soon(self._on_failed)

    def _on_failed(self, now_ns: int) -> None:
        failure = self._failure
        if failure is not None and self._made is not None:
            self._on_end(failure)

    def close(self, errno: int) -> None:
        """Let go of everything; it is told why by `errno`.  Harmless twice."""
        if self._made is None:
            return
        made, self._made = self._made, None
        for line in self.lines.values():
            line.leave(self._loop.now_ns())
            del line
        self.words[Word.ENDED] = errno
        self.bell.ring()
        self._past = {stream: self.counters(stream) for stream in self.lines}
        self.playing = self.recording = None  # no cycles: a backend runs without a garbage collector
        self._failure, self._on_end = None, _nobody
        made.close()


def _nobody(_error: Exception) -> None:
    """Hear of no end."""
