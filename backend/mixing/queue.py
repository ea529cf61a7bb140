"""FrameQueue: the octets of one stream on their way, in private memory of a fixed size.

Rules:

1. It never grows and never allocates after construction: a writer reserves room, fills it (straight from memory shared
   with a guest: the one copy that is made), and commits; a reader peeks and drops.
2. Octets may come and go in any portion, since guests choose them.  Only `peek` knows frames, and shows whole ones.
3. The memory is whole frames.  So whoever reads (or writes) whole frames only never meets one torn by the wrap.
4. What was dropped may be kept as history, to be put back in front when it is to be read again.  It lies where it lay,
   in memory of its own beyond the capacity: a writer has the room that it would have without.

One thread, one writer, one reader.
"""


class FrameQueue:
    """A ring of octets holding at least `capacity_octets`, and the last `history_octets` that were dropped.

    Both are rounded up to whole frames of `frame_octets`.
    """

    __slots__ = (
        "_fill_octets",
        "_forgotten_octets",
        "_history_octets_max",
        "_memory",
        "_memory_octets",
        "capacity_octets",
        "dropped_octets",
        "frame_octets",
    )

    def __init__(self, capacity_octets: int, frame_octets: int, history_octets: int = 0) -> None:
        assert capacity_octets > 0
        assert frame_octets > 0
        assert history_octets >= 0
        self.frame_octets = frame_octets
        self.capacity_octets = -(-capacity_octets // frame_octets) * frame_octets
        self._history_octets_max = -(-history_octets // frame_octets) * frame_octets
        self._memory_octets = self.capacity_octets + self._history_octets_max
        self._memory = memoryview(bytearray(self._memory_octets))
        self.dropped_octets = 0
        """Octets dropped since construction, less those put back: the place in the sound that is read next."""
        self._forgotten_octets = 0  # of the dropped: those that are history no more, as far as anybody had to know
        self._fill_octets = 0

    @property
    def fill_octets(self) -> int:
        """Octets that can be read; more than the capacity when history was put back."""
        return self._fill_octets

    @property
    def room_octets(self) -> int:
        """Octets that can be written."""
        return max(self.capacity_octets - self._fill_octets, 0)

    @property
    def history_octets(self) -> int:
        """Octets that can be put back."""
        return min(self.dropped_octets - self._forgotten_octets, self._history_octets_max)

    def reserve(self, octets: int) -> tuple[memoryview, memoryview]:
        """Where the next `octets` go, in two parts, the second empty unless they wrap.  They count once committed."""
        assert 0 <= octets <= self.room_octets
        return self._parts(self.dropped_octets + self._fill_octets, octets)

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
        return self._parts(self.dropped_octets, whole_frames * self.frame_octets)

    def drop(self, octets: int) -> None:
        """The oldest `octets` were read: they are history."""
        assert 0 <= octets <= self._fill_octets
        self.dropped_octets += octets
        self._fill_octets -= octets

    def rewind(self, octets: int) -> None:
        """Put the newest `octets` of the history back in front: they are read again."""
        assert 0 <= octets <= self.history_octets
        self._forgotten_octets = self.dropped_octets - self.history_octets
        self.dropped_octets -= octets
        self._fill_octets += octets

    def forget(self) -> None:
        """Have no history: what was dropped is not to be put back."""
        self._forgotten_octets = self.dropped_octets

    def clear(self) -> None:
        """Forget everything, the history as well."""
        self.forget()
        self._fill_octets = 0

    def _parts(self, start: int, octets: int) -> tuple[memoryview, memoryview]:
        size = self._memory_octets
        start %= size
        end = start + octets
        return self._memory[start : min(end, size)], self._memory[: max(end - size, 0)]
