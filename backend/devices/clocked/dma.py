"""What the card does with a burst of frames: fetch and play them, or sample and store them.

Playback: a burst is fetched into the card's own FIFO at the instant it begins to be played, and is heard (handed to the
sink) when it is over.  Then its place in the ring is made silence, so a frame written too late is never heard, not
even a ring's length later.  Capture: a burst is sampled when it is over and stored in the ring.

Rule: frames leave for the sink, or come from the source, in order and once each.  Frame `n` of a WAV file is frame `n`
of the card, whatever starts, stops and delays there were.
"""

from collections.abc import Sequence
from typing import Protocol

from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Reg, Registers
from backend.devices.clocked.ring import FrameRing


class Sink(Protocol):
    """Where played frames go."""

    def play(self, first: int, octets: memoryview) -> None:
        """The card's frames from `first` on, whole."""

    def close(self) -> None:
        """No more."""


class Source(Protocol):
    """Where recorded frames come from."""

    def read(self, into: memoryview, first: int) -> None:
        """Fill `into` with the card's frames from `first` on."""

    def close(self) -> None:
        """No more."""


class Dma(Protocol):
    """One direction's way between the ring and the world."""

    def begin(self, frame: int, until: int, late_frames: int) -> int:
        """The burst from `frame` up to `until` begins; the card is there `late_frames` too late.

        Returns how many frames, the last ones, are silence since they are not there.
        """
        ...

    def end(self, until: int) -> None:
        """The burst is over at `until`, earlier than planned when the card was stopped."""

    def close(self) -> None:
        """Let go of the ring and of the file."""


class PlaybackDma:
    """From the ring to the sinks."""

    def __init__(
        self, options: ClockedOptions, registers: Registers, ring: FrameRing, sinks: Sequence[Sink] = ()
    ) -> None:
        self._words = registers.words
        self._ring = ring
        self._sinks = tuple(sinks)
        self._octets = ring.frame_octets
        self._slack_frames = options.ring_frames - options.buffer_frames
        self._fifo = memoryview(bytearray(options.burst * ring.frame_octets))
        self._silence = bytes(len(self._fifo))
        self._from = self._until = 0
        self._fetched = False

    def begin(self, frame: int, until: int, late_frames: int) -> int:
        """Fetch; silence instead when so late that the driver may have used the place again."""
        self._from = max(frame, self._from)  # a stop that was heard of late: what is past is past
        self._until = max(until, self._from)
        octets = (self._until - self._from) * self._octets
        self._fetched = late_frames < self._slack_frames
        if self._fetched:
            self._ring.get(self._from, self._fifo[:octets])
        else:
            self._fifo[:octets] = self._silence[:octets]
            self._words[Reg.LOST_FRAMES] += self._until - self._from
        self._words[Reg.DMA_FRAMES] = self._until
        written = self._words[Reg.WRITTEN_FRAMES]
        self._words[Reg.STARVED_BURSTS] += written < self._until
        there = max(self._from, written) if self._fetched else self._from
        return max(0, self._until - there)

    def end(self, until: int) -> None:
        """Let what was played be heard, and its place be silence."""
        frames = min(until, self._until) - self._from
        if frames <= 0:
            return
        for sink in self._sinks:
            sink.play(self._from, self._fifo[: frames * self._octets])
        if self._fetched:
            self._ring.clear(self._from, frames)
        self._from += frames

    def close(self) -> None:
        """Close the files."""
        for sink in self._sinks:
            sink.close()
        self._ring.release()


class CaptureDma:
    """From the source to the ring; silence without one."""

    def __init__(self, options: ClockedOptions, registers: Registers, ring: FrameRing, source: Source | None) -> None:
        self._words = registers.words
        self._ring = ring
        self._source = source
        self._octets = ring.frame_octets
        self._fifo = memoryview(bytearray(options.burst * ring.frame_octets))
        self._from = self._until = 0

    def begin(self, frame: int, until: int, late_frames: int) -> int:  # late data is still data
        """Remember what is being sampled."""
        self._from = max(frame, self._from)
        self._until = until
        return 0

    def end(self, until: int) -> None:
        """Store what was sampled."""
        frames = min(until, self._until) - self._from
        if frames <= 0:
            return
        if self._source is not None:
            block = self._fifo[: frames * self._octets]
            self._source.read(block, self._from)
            self._ring.put(self._from, block)
        self._from += frames
        self._words[Reg.DMA_FRAMES] = self._from

    def close(self) -> None:
        """Close the file."""
        if self._source is not None:
            self._source.close()
        self._ring.release()
