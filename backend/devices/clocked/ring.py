"""Frames in circular memory, addressed by their absolute number.

Frame `n` lies at slot `n mod frames`.  Nobody keeps an index: writer and reader both know which frames they mean, as a
DMA engine and its driver do.
"""


class FrameRing:
    """`frames` slots of `frame_octets` in `memory`."""

    __slots__ = ("_memory", "_octets", "frame_octets", "frames")

    def __init__(self, memory: memoryview, frame_octets: int) -> None:
        self.frame_octets = frame_octets
        self.frames = len(memory) // frame_octets
        self._octets = self.frames * frame_octets
        self._memory = memory[: self._octets]

    def put(self, frame: int, octets: memoryview) -> None:
        """Store whole frames from `frame` on; at most as many as there are slots."""
        at = frame % self.frames * self.frame_octets
        end = at + len(octets)
        if end <= self._octets:
            self._memory[at:end] = octets
        else:
            first = self._octets - at
            self._memory[at:] = octets[:first]
            self._memory[: end - self._octets] = octets[first:]

    def get(self, frame: int, into: memoryview) -> None:
        """Copy whole frames from `frame` on, as many as `into` holds."""
        at = frame % self.frames * self.frame_octets
        end = at + len(into)
        if end <= self._octets:
            into[:] = self._memory[at:end]
        else:
            first = self._octets - at
            into[:first] = self._memory[at:]
            into[first:] = self._memory[: end - self._octets]

    def clear(self, frame: int, count: int) -> None:
        """Make `count` frames from `frame` on silence (zero, in every format a card has)."""
        if count > 0:
            self.put(frame, memoryview(bytes(min(count, self.frames) * self.frame_octets)))

    def release(self) -> None:
        """Let go of the memory."""
        self._memory.release()
