"""Where sound waits when calls and callbacks are of different sizes: a short queue of frames, and its two users.

Both users work on what may turn out not to count, as the callback may give up meanwhile.  So each step can be undone,
or is done only once it is certain.
"""

import numpy as np

from frontend.process import FloatArray


class Overflow:
    """A queue of up to `frames_max` frames."""

    def __init__(self, frames_max: int, channels: int) -> None:
        self._memory: FloatArray = np.zeros((frames_max, channels), np.float32)
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    def put(self, frames: FloatArray) -> None:
        """Add at the end; there must be room."""
        if self._end + len(frames) > len(self._memory):
            self._memory[: len(self)] = self._memory[self._first : self._end].copy()
            self._first, self._end = 0, len(self)
        self._memory[self._end : self._end + len(frames)] = frames
        self._end += len(frames)

    def cut(self, frames: int) -> None:
        """Take the last so many away again."""
        self._end -= frames

    def copy_to(self, into: FloatArray) -> int:
        """Copy the first frames, as many as there are, and leave them here; how many those were."""
        count = min(len(self), len(into))
        into[:count] = self._memory[self._first : self._first + count]
        return count

    def drop(self, frames: int) -> None:
        """Take the first so many away."""
        self._first += frames


class Incoming:
    """Frames from callbacks into a call's array; what is more than that waits for the next call."""

    def __init__(self, frames_max: int, channels: int) -> None:
        self._more = Overflow(frames_max, channels)
        self._into: FloatArray = np.zeros((0, channels), np.float32)
        self._channels = channels
        self.done = 0

    @property
    def missing(self) -> int:
        """Frames that the call still wants."""
        return len(self._into) - self.done

    def begin(self, into: FloatArray) -> None:
        """A call wants as many frames as `into` has."""
        self._into = into
        self.done = self._more.copy_to(into)
        self._more.drop(self.done)

    def add(self, frames: FloatArray) -> tuple[int, int]:
        """Take all these; what to hand to `undo` if they do not count."""
        if not self._channels:
            return 0, 0
        direct = min(self.missing, len(frames))
        self._into[self.done : self.done + direct] = frames[:direct]
        self._more.put(frames[direct:])
        self.done += direct
        return direct, len(frames) - direct

    def undo(self, added: tuple[int, int]) -> None:
        """They do not count."""
        self.done -= added[0]
        self._more.cut(added[1])


class Outgoing:
    """Frames from a call's array into callbacks; what is less than a callback wants waits for the next call."""

    def __init__(self, frames_max: int, channels: int) -> None:
        self._kept = Overflow(frames_max, channels)
        self._frames: FloatArray = np.zeros((0, channels), np.float32)
        self._at = 0
        self._late = 0

    def __len__(self) -> int:
        return len(self._kept) + self.rest

    @property
    def rest(self) -> int:
        """Of the call's own frames."""
        return len(self._frames) - self._at

    def begin(self, frames: FloatArray) -> None:
        """A call has these."""
        self._frames, self._at = frames, 0
        self._drop_late()

    def keep(self) -> None:
        """The call is over: all that is left waits."""
        self._kept.put(self._frames[self._at :])
        self._at = len(self._frames)

    def copy_to(self, into: FloatArray) -> None:
        """Fill `into`, with silence once there is no more; nothing is taken away."""
        done = self._kept.copy_to(into)
        direct = min(self.rest, len(into) - done)
        into[done : done + direct] = self._frames[self._at : self._at + direct]
        into[done + direct :] = 0.0

    def drop(self, frames: int) -> None:
        """Take so many away, or all."""
        kept = min(frames, len(self._kept))
        self._kept.drop(kept)
        self._at += min(frames - kept, self.rest)

    def drop_later(self, frames: int) -> None:
        """So many are too late, whether they are here already or come with the next calls."""
        self._late += frames
        self._drop_late()

    def _drop_late(self) -> None:
        dropped = min(self._late, len(self))
        self._late -= dropped
        self.drop(dropped)
