"""Regions in ordinary memory, and both ends of their rings."""

from ringproto.local.region import Shape, Word, words_of, write_header
from ringproto.local.rings import InputReader, InputWriter, OutputReader, OutputWriter

PERIOD = 4


def nothing() -> None:
    """A fence for one thread."""


class Region:
    """One of `ring` blocks of four mono frames each way."""

    def __init__(self, ring: int = 3, depth: int | None = None) -> None:
        self.shape = Shape(48000, PERIOD, ring, 1, 1)
        self.memory = memoryview(bytearray(self.shape.octets))
        write_header(self.shape, self.memory)
        self.words = words_of(self.memory)
        self.words[Word.DEPTH] = ring if depth is None else depth
        self.reader = OutputReader(self.words, self.shape, nothing)
        self.writer = OutputWriter(self.words, self.shape, nothing)
        self.recorder = InputWriter(self.words, self.shape, nothing)
        self.listener = InputReader(self.words, self.shape, nothing)

    def write(self, blocks: int = 64) -> list[int]:
        """The application writes what it may, so many at most; which."""
        written: list[int] = []
        for _ in range(min(blocks, self.writer.due_blocks())):
            written.append(self.writer.block)
            self.writer.commit()
        return written

    def mix(self, frames: int = PERIOD) -> list[int | None]:
        """The backend mixes so many frames, and gives back what it can; from which slots they came."""
        slots: list[int | None] = []
        while frames:
            part = self.reader.next(frames)
            slots.append(part.slot)
            frames -= part.frames
        self.reader.look()
        self.reader.publish()
        return slots

    def record(self, frames: int = PERIOD) -> list[int | None]:
        """The backend records so many frames; into which slots."""
        slots: list[int | None] = []
        while frames:
            part = self.recorder.next(frames)
            slots.append(part.slot)
            frames -= part.frames
            self.recorder.publish()
        self.recorder.look()
        return slots

    def take(self) -> list[int]:
        """The application reads all that is there; which blocks."""
        taken: list[int] = []
        while self.listener.there_blocks():
            taken.append(self.listener.block)
            self.listener.release()
        return taken
