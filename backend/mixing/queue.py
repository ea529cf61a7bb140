"""FrameQueue: the octets of one stream on their way, in private memory of a fixed size.

Rules:

1. It never grows and never allocates after construction: a writer reserves room, fills it (straight from memory shared
   with a guest: the one copy that is made), and commits; a reader peeks and drops.
2. Octets may come and go in any portion, since guests choose them.  Only `peek` knows frames, and shows whole ones.
3. The capacity is whole frames.  So whoever reads (or writes) whole frames only never meets one torn by the wrap.

One thread, one writer, one reader.
"""


class FrameQueue:
    """A ring of octets holding at least `capacity_octets`, rounded up to whole frames of `frame_octets`."""

    __slots__ = ("_fill_octets", "_memory", "_read_at", "capacity_octets", "frame_octets")

    def __init__(self, capacity_octets: int, frame_octets: int) -> None:
        assert capacity_octets > 0
        assert frame_octets > 0
        self.frame_octets = frame_octets
        self.capacity_octets = -(-capacity_octets // frame_octets) * frame_octets
        self._memory = memoryview(bytearray(self.capacity_octets))
        self._read_at = 0
        self._fill_octets = 0

    @property
    def fill_octets(self) -> int:
        """Octets that can be read."""
        return self._fill_octets

    @property
    def room_octets(self) -> int:
        """Octets that can be written."""
        return self.capacity_octets - self._fill_octets

    def reserve(self, octets: int) -> tuple[memoryview, memoryview]:
        """Where the next `octets` go, in two parts, the second empty unless they wrap.  They count once committed."""
        assert 0 <= octets <= self.room_octets
        return self._parts(self._read_at + self._fill_octets, octets)

    def commit(self, octets: int) -> None:
        """The first `octets` of what was reserved are written."""
        assert 0 <= octets <= self.room_octets
        self._fill_octets += octets

    def take_back(self, octets: int) -> None:
        """The newest `octets` were never written."""
        assert 0 <= octets <= self._fill_octets
        self._fill_octets -= octets

    def peek(self, frames: int) -> tuple[memoryview, memoryview]:
        """The oldest `frames` whole frames, or as many as there are, in two parts; nothing is taken away."""
        whole_frames = min(frames, self._fill_octets // self.frame_octets)
        return self._parts(self._read_at, whole_frames * self.frame_octets)

    def drop(self, octets: int) -> None:
        """Forget the oldest `octets`."""
        assert 0 <= octets <= self._fill_octets
        self._read_at = (self._read_at + octets) % self.capacity_octets
        self._fill_octets -= octets

    def clear(self) -> None:
        """Forget everything."""
        self._read_at = self._fill_octets = 0

    def _parts(self, start: int, octets: int) -> tuple[memoryview, memoryview]:
        start %= self.capacity_octets
        end = start + octets
        return self._memory[start : min(end, self.capacity_octets)], self._memory[: max(end - self.capacity_octets, 0)]
