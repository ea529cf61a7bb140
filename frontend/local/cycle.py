"""The cycle of a local application: sleep until the bell rings, read, process, write.

One thread does nothing else.  A cycle is one system call, the sleep itself; `process` is given views of the shared
memory, made once, so nothing is copied or allocated here.  `output` is silence unless it is written.

An application that was late goes on with the block that is due now, not with the one that it missed.

One that both plays and records is woken by what it plays, and given an input block with each block.  The card that
records tells of its periods by itself, a little earlier or later each time; so one input block is kept back.  When none
is left, silence is given until there is one to keep back again; when the ring is full, the oldest are left out.
"""

from collections.abc import Callable, Sequence

import numpy as np

from frontend.process import FloatArray, Process
from ringproto.local.region import CAPTURE_STREAM, PLAYBACK_STREAM, SAMPLE_OCTETS, Shape, Word
from ringproto.local.rings import InputReader, OutputWriter
from ringproto.rings import Fence
from ringproto.trace import Point, Tracer

KEPT_BLOCKS = 1
"""Of the input, where it is given with each block that is played."""


class Cycle:
    """All that is done at one ring of the bell."""

    def __init__(self, region: memoryview, words: memoryview, shape: Shape, fence: Fence) -> None:
        self._words = words
        self._shape = shape
        self._writer = OutputWriter(words, shape, fence)
        self._reader = InputReader(words, shape, fence)
        self._outputs = _views(region, shape.output_at, shape, shape.playback_channels)
        self._inputs = _views(region, shape.input_at, shape, shape.capture_channels)
        self._silence = np.zeros((shape.period_frames, shape.capture_channels), np.float32)
        for view in (*self._inputs, self._silence):
            view.flags.writeable = False
        self._has_kept = False
        self._position = self._recorded = 0
        self.missing_inputs = 0
        """Blocks that were played without an input block at hand, those of the beginning among them."""

    @property
    def frame(self) -> int:
        """The first frame of the block that is processed now, or next: its place since the start."""
        plays = self._shape.playback_channels
        return (self._writer.block if plays else self._reader.block) * self._shape.period_frames

    @property
    def late_blocks(self) -> int:
        """Blocks whose time to be played had passed before they were begun."""
        return self._writer.late_blocks

    @property
    def lost_blocks(self) -> int:
        """Input blocks that were dropped for want of room, or left out."""
        return self._reader.lost_blocks

    @property
    def played_frames(self) -> int:
        """Frames that the card has presented since the start."""
        return int(self._words[Word.POSITION])

    @property
    def passed_frames(self) -> int:
        """The same; or, of one who only records, frames recorded."""
        if self._shape.playback_channels:
            return self.played_frames
        return int(self._words[Word.RECORDED]) * self._shape.period_frames

    @property
    def ended_errno(self) -> int:
        """Not 0 once the backend serves us no more."""
        return int(self._words[Word.ENDED])

    def run(self, process: Process, trace: "Trace") -> None:
        """Do what there is to do now; whatever `process` raises goes through."""
        self._words[Word.WOKEN] = self._words[Word.POSTS]
        self._tell(trace)
        if self._shape.playback_channels:
            due = self._writer.due_blocks()
            self._leave_out(due)
            for _ in range(due):
                self._process(process, trace, has_input=self._has_input())
        else:
            while self._reader.there_blocks():
                self._process(process, trace, has_input=True)

    def _leave_out(self, due: int) -> None:
        there = self._reader.there_blocks()
        if there == self._shape.ring_periods:
            for _ in range(there - due - KEPT_BLOCKS):
                self._reader.leave_out()

    def _has_input(self) -> bool:
        there = self._reader.there_blocks()
        enough = min(1 + KEPT_BLOCKS, self._shape.ring_periods)
        self._has_kept = there >= enough or (self._has_kept and there > 0)
        return self._has_kept

    def _process(self, process: Process, trace: "Trace", *, has_input: bool) -> None:
        shape, frames = self._shape, self._shape.period_frames
        plays = bool(shape.playback_channels)
        output = self._outputs[self._writer.slot]
        output[:] = 0.0
        if has_input:
            trace(Point.TAKEN, CAPTURE_STREAM, (self._reader.block + 1) * frames, frames)
        elif shape.capture_channels:
            self.missing_inputs += 1
        process(self._inputs[self._reader.slot] if has_input else self._silence, output, frames)
        if has_input:
            self._reader.release()
        if plays:
            end = (self._writer.block + 1) * frames
            trace(Point.QUEUED, PLAYBACK_STREAM, end, frames)
            trace(Point.PUSHED, PLAYBACK_STREAM, end, frames)  # first: the backend may be quicker than we are
            self._writer.commit()

    def _tell(self, trace: "Trace") -> None:
        """Leave in the trace what this ring told us of."""
        shape, period = self._shape, self._shape.period_frames
        position = self.played_frames
        if position > self._position:
            self._position = position
            octets = position * shape.playback_channels * SAMPLE_OCTETS
            trace(Point.WOKE_GUEST, PLAYBACK_STREAM, 0, octets)
            trace(Point.TOLD, PLAYBACK_STREAM, position // period * period, octets)
        recorded = int(self._words[Word.RECORDED]) * period
        if recorded > self._recorded:
            self._recorded = recorded
            octets = recorded * shape.capture_channels * SAMPLE_OCTETS
            trace(Point.WOKE_GUEST, CAPTURE_STREAM, 0, octets)
            trace(Point.TOLD, CAPTURE_STREAM, recorded, octets)


class Trace:
    """Writes records of one application, as of the moment."""

    def __init__(self, tracer: Tracer, domid: int, now_ns: Callable[[], int]) -> None:
        self._put = tracer.put
        self._domid = domid
        self._now_ns = now_ns

    def __call__(self, point: Point, stream: int, frame: int, value: int) -> None:
        """Write one."""
        self._put(self._now_ns(), point, self._domid, stream, frame, value)


def _views(region: memoryview, at: int, shape: Shape, channels: int) -> Sequence[FloatArray]:
    """Each block as an array."""
    samples = shape.period_frames * channels
    size = samples * SAMPLE_OCTETS
    blocks = [region[at + block * size : at + (block + 1) * size] for block in range(shape.ring_periods)]
    return [np.frombuffer(block, np.float32).reshape(shape.period_frames, channels) for block in blocks]
