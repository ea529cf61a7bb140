"""One side of a pair of rings: messages in and out, and when to sleep.

Both kinds of news go through one semaphore each way: octets were written, and a ring that was full has room again.
So whoever wakes up does both: reads, and writes what had to wait.
"""

from typing import NamedTuple

from ringproto.channel.bytering import RingReader, RingWriter
from ringproto.channel.frames import LENGTH_OCTETS, MARK, Deframer, Elsewhere, frame
from ringproto.channel.layout import Side
from ringproto.channel.packets import MESSAGE_OCTETS_MAX
from ringproto.channel.semaphore import Poster, Sleeper
from ringproto.channel.words import Bell, Words
from ringproto.errors import Errno, ProtocolError

WAITING_OCTETS_MAX = 4 * (MESSAGE_OCTETS_MAX + LENGTH_OCTETS)
"""That the other side has no room for."""


class Counts(NamedTuple):
    """What the semaphores cost."""

    posts: int
    """News for the other side."""
    rings: int
    """Of these, how many took a system call."""
    sleeps: int
    """How often this side may have slept."""
    empty_wakeups: int
    """Of these, after how many there was no news."""


class RingEnd:
    """One side of a block; `bell` rings for the other side, and forgets what was rung for this one."""

    def __init__(self, block: memoryview, words: Words, side: Side, bell: Bell) -> None:
        self._reader = RingReader(block, words, side.hears)
        self._writer = RingWriter(block, words, side.says)
        self._poster = Poster(words, side.wakes, bell)
        self._sleeper = Sleeper(words, side.sleeps_on, bell)
        self._deframer = Deframer()
        self._waiting = bytearray()

    def send(self, octets: bytes) -> None:
        """Send a message of 1 to MESSAGE_OCTETS_MAX octets, or keep it until there is room.

        Raises ProtocolError: EINVAL when the other side broke the ring, ENOSPC when it leaves too much waiting.
        """
        self._write(frame(octets))

    def send_mark(self) -> None:
        """Say that the next message comes over the socket.  Raises ProtocolError as `send` does."""
        self._write(MARK)

    def take(self) -> bytes | Elsewhere | None:
        """The next message; None when there is none now.  Raises ProtocolError(EINVAL)."""
        message = self._deframer.take()
        if message is not None:
            return message
        octets, was_full = self._reader.read()
        if not octets:
            return None
        if was_full:
            self._poster.post()
        self._deframer.feed(octets)
        return self._deframer.take()

    def before_poll(self) -> bool:
        """Send what waits; then ask to be woken.  True when there is news already: do not sleep, `take`."""
        if self._waiting:
            self._write_waiting()
        return self._sleeper.before_poll()

    def after_poll(self) -> None:
        """Awake again; must follow a `before_poll` that returned False, before anything else."""
        self._sleeper.after_poll()

    @property
    def unsent_octets(self) -> int:
        """How much waits for room."""
        return len(self._waiting)

    def counts(self) -> Counts:
        """What it cost until now."""
        return Counts(self._poster.posts, self._poster.rings, self._sleeper.sleeps, self._sleeper.empty_wakeups)

    def release(self) -> None:
        """Let go of the block."""
        self._reader.release()
        self._writer.release()

    def _write(self, octets: bytes) -> None:
        if not self._waiting:
            written = self._writer.write(octets)
            if written:
                self._poster.post()
            if written == len(octets):
                return
            octets = octets[written:]
        self._waiting += octets
        self._write_waiting()
        if len(self._waiting) > WAITING_OCTETS_MAX:
            raise ProtocolError(Errno.ENOSPC, f"{len(self._waiting)} octets wait, want at most {WAITING_OCTETS_MAX}")

    def _write_waiting(self) -> None:
        """Until all is written or the ring was seen full: then its reader will wake us."""
        while self._waiting:
            written = self._writer.write(self._waiting)
            if written == 0:
                return
            del self._waiting[:written]
            self._poster.post()
