"""The two rings of blocks in a region, each end of each: who may write which block, and what is to be believed.

Theory.  A block has a number: how many blocks of time came before it since the start.  It lies in slot `number % ring`
and carries its number as a stamp.  So a block is played at its own time or never: whoever comes late finds that its
time is past, goes on with the block that is due, and nothing stale is ever heard.

    out   the application writes blocks from CONSUMED up to DEPTH ahead of it; the backend reads each when its time
          comes, and passes over one that is not there
    in    the backend writes each block when its time comes, and drops it where what lies in the slot has not been
          TAKEN; the application reads those that have their stamp

Rules:

1. Each end counts privately.  The word is written, never read back.
2. A word of the application's is read once, checked against what it could be, then used.
3. A block is written before its stamp is, and read after it; a slot is given back after it was read, and written after
   that was seen.  `fence`, the host's full barrier, keeps that order on processors that would not.
4. Nothing here touches samples: a `Part` says where they are, and whoever copies them sees to what they may be.
"""

from typing import NamedTuple

from ringproto.errors import Errno, ProtocolError
from ringproto.local.region import INPUT_STAMPS_AT, OUTPUT_STAMPS_AT, Shape, Word
from ringproto.rings import Fence


class Part(NamedTuple):
    """Some frames of one block."""

    slot: int | None
    """None for a block that is not there, or has no room: so many frames of silence, or to be dropped."""
    offset: int
    """In frames."""
    frames: int


class _BackendEnd:
    """What both of the backend's ends do: come past frames, block by block."""

    def __init__(self, words: memoryview, shape: Shape, fence: Fence) -> None:
        self._words = words
        self._ring = shape.ring_periods
        self._period = shape.period_frames
        self._fence = fence
        self.frame: int = 0
        """The next one, since the start."""
        self.found: list[int] = []
        """Blocks come to that were there, or had room; whoever looks at these lists clears them."""
        self.missed: list[int] = []
        """Blocks come to that were not, or had not."""
        self._block = -1  # the last that was come to
        self._is_there = False
        self._theirs = 0  # the application's word, as last checked

    def _come_to(self, block: int) -> bool:
        """Whether it is there, or has room.  Each ring's own."""
        raise AssertionError

    def next(self, frames_max: int) -> Part:
        """The next frames, of one block, `frames_max` at most; they count as passed."""
        block, offset = divmod(self.frame, self._period)
        if block != self._block:
            self._block = block
            self._is_there = self._come_to(block)
            (self.found if self._is_there else self.missed).append(block)
        frames = min(frames_max, self._period - offset)
        self.frame += frames
        return Part(block % self._ring if self._is_there else None, offset, frames)

    def _check(self, word: Word, most: int) -> None:
        theirs: int = self._words[word]
        if not self._theirs <= theirs <= most:
            raise ProtocolError(Errno.EINVAL, f"{word.name.lower()}: {theirs}, want {self._theirs} to {most}")
        self._theirs = theirs


class OutputReader(_BackendEnd):
    """The backend's end of the ring out."""

    def __init__(self, words: memoryview, shape: Shape, fence: Fence) -> None:
        super().__init__(words, shape, fence)
        self._consumed = 0

    def _come_to(self, block: int) -> bool:
        there = bool(self._words[OUTPUT_STAMPS_AT + block % self._ring] == block + 1)
        self._fence()
        return there

    def skip(self, frames: int) -> None:
        """The time of so many frames is past."""
        self.frame += frames

    def look(self) -> None:
        """See how far the application is.  Raises ProtocolError(EINVAL) when it cannot be there."""
        self._check(Word.PRODUCED, self._consumed + self._ring)

    @property
    def ready_frames(self) -> int:
        """Frames ahead that the application says it has written, as of the last `look`."""
        return max(0, self._theirs * self._period - self.frame)

    @property
    def consumed_blocks(self) -> int:
        """Blocks wholly passed, as last published."""
        return self._consumed

    def publish(self) -> bool:
        """Give back what was passed; False when there was nothing."""
        consumed = self.frame // self._period
        if consumed == self._consumed:
            return False
        self._consumed = consumed
        self._fence()
        self._words[Word.CONSUMED] = consumed
        return True


class InputWriter(_BackendEnd):
    """The backend's end of the ring in."""

    def __init__(self, words: memoryview, shape: Shape, fence: Fence) -> None:
        super().__init__(words, shape, fence)
        self._recorded = 0
        self._written = [-1] * shape.ring_periods  # the block that lies in each slot

    def _come_to(self, block: int) -> bool:
        """There is room once what lies in its slot was taken.  Whether the word can be believed, `look` will see."""
        theirs: int = self._words[Word.TAKEN]
        self._fence()
        slot = block % self._ring
        if self._written[slot] >= theirs:
            return False
        self._written[slot] = block
        return True

    def look(self) -> None:
        """See how far the application is.  Raises ProtocolError(EINVAL) when it cannot be there."""
        self._check(Word.TAKEN, self._recorded)

    def skip(self, frames: int) -> None:
        """So many frames are left out, with all of the blocks that they are in."""
        if self._is_there and self.frame % self._period:
            self._written[self._block % self._ring] = -1
        self.frame += frames
        self._block = (self.frame - 1) // self._period
        self._is_there = False

    @property
    def recorded_blocks(self) -> int:
        """Blocks wholly passed, as last published."""
        return self._recorded

    @property
    def waiting_blocks(self) -> int:
        """Blocks that the application has not taken, as far as is known."""
        return sum(self._theirs <= block < self._recorded for block in self._written)

    def publish(self) -> bool:
        """Show the block if it is whole; False while it is not.  To be called after each part."""
        recorded = self.frame // self._period
        if recorded == self._recorded:
            return False
        self._recorded = recorded
        self._fence()
        if self._is_there:
            self._words[INPUT_STAMPS_AT + self._block % self._ring] = self._block + 1
        self._words[Word.RECORDED] = recorded
        return True


class OutputWriter:
    """The application's end of the ring out."""

    def __init__(self, words: memoryview, shape: Shape, fence: Fence) -> None:
        self._words = words
        self._ring = shape.ring_periods
        self._fence = fence
        self.block = 0
        """The next one to be written."""
        self.late_blocks = 0
        """Blocks whose time had passed before they were begun."""

    def due_blocks(self) -> int:
        """How many may be written now, from `block` on; those whose time is past are left out."""
        consumed = self._words[Word.CONSUMED]
        self._fence()
        if consumed > self.block:
            self.late_blocks += consumed - self.block
            self.block = consumed
        return max(0, consumed + min(self._words[Word.DEPTH], self._ring) - self.block)

    @property
    def slot(self) -> int:
        """Where it goes."""
        return self.block % self._ring

    def commit(self) -> None:
        """It is written."""
        self._fence()
        self._words[OUTPUT_STAMPS_AT + self.slot] = self.block + 1
        self.block += 1
        self._words[Word.PRODUCED] = self.block


class InputReader:
    """The application's end of the ring in."""

    def __init__(self, words: memoryview, shape: Shape, fence: Fence) -> None:
        self._words = words
        self._stamps = words[INPUT_STAMPS_AT : INPUT_STAMPS_AT + shape.ring_periods]
        self._ring = shape.ring_periods
        self._fence = fence
        self.block = 0
        """The next one to be read, or a later one where that was dropped."""
        self.lost_blocks = 0
        """Blocks that were dropped for want of room, or left out."""

    def there_blocks(self) -> int:
        """How many there are to be read now.  `block` is the first of them, if there are any."""
        recorded = self._words[Word.RECORDED]
        self._fence()
        newer = [stamp - 1 for stamp in self._stamps if self.block < stamp <= recorded]
        if newer:
            self._go_to(min(newer))
        return len(newer)

    def leave_out(self) -> None:
        """Do not read `block`."""
        self.lost_blocks += 1
        self.release()

    def _go_to(self, block: int) -> None:
        self.lost_blocks += block - self.block
        self.block = block

    @property
    def slot(self) -> int:
        """Where it lies."""
        return self.block % self._ring

    def release(self) -> None:
        """It was read."""
        self._fence()
        self.block += 1
        self._words[Word.TAKEN] = self.block
