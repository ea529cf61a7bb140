"""A semaphore that costs a system call only when somebody really sleeps (PulseAudio's fdsem).

Theory.  Three shared words.  `signalled` is 1 from when there is news until the sleeper has heard of it, so any number
of posts while it looks elsewhere are one.  `waiting` is not 0 while the sleeper may be asleep; only then is the bell
rung.  `in_pipe` counts the rings of which the sleeper has not heard, so that it can flush the bell without asking the
kernel whether there is anything to flush.

Why no wake-up is lost: the poster sets `signalled` and then looks at `waiting`; the sleeper sets `waiting` and then
looks at `signalled`.  All four are atomic in one order, so one of the two sees what the other did.  With plain stores
neither might (`tests/ringproto/channel/test_semaphore.py` tries every interleaving of both).

The other side may write any value into any of the three words.  That costs it its own wake-ups, or us one for nothing;
nothing here repeats until a word has some value.
"""

from ringproto.channel.words import Bell, Words

WAITING, SIGNALLED, IN_PIPE = 0, 1, 2
"""Offsets of the words."""


class Poster:
    """The side that brings news."""

    __slots__ = ("_bell", "_in_pipe", "_signalled", "_waiting", "_words", "posts", "rings")

    def __init__(self, words: Words, first_word: int, bell: Bell) -> None:
        self._words = words
        self._bell = bell
        self._waiting, self._signalled, self._in_pipe = (first_word + n for n in (WAITING, SIGNALLED, IN_PIPE))
        self.posts = 0
        """How often there was news."""
        self.rings = 0
        """How often that took a system call."""

    def post(self) -> None:
        """There is news.  It must be in shared memory by now."""
        self.posts += 1
        if self._words.swap(self._signalled, 0, 1) and self._words.load(self._waiting):
            self._words.add(self._in_pipe, 1)
            self.rings += 1
            self._bell.ring()


class Sleeper:
    """The side that waits for news."""

    __slots__ = ("_bell", "_in_pipe", "_signalled", "_waiting", "_words", "empty_wakeups", "sleeps")

    def __init__(self, words: Words, first_word: int, bell: Bell) -> None:
        self._words = words
        self._bell = bell
        self._waiting, self._signalled, self._in_pipe = (first_word + n for n in (WAITING, SIGNALLED, IN_PIPE))
        self.sleeps = 0
        """How often it may have slept."""
        self.empty_wakeups = 0
        """How often there was no news afterwards."""

    def before_poll(self) -> bool:
        """Ask to be woken.  True when there was news already: do not sleep, look.

        After False the bell will be rung for the next news; `after_poll` must follow before anything else.
        """
        rung = self._words.load(self._in_pipe)
        if rung:
            self._flush(rung)
        if self._words.swap(self._signalled, 1, 0):
            return True
        self._words.add(self._waiting, 1)
        if self._words.swap(self._signalled, 1, 0):
            self._words.add(self._waiting, -1)
            return True
        self.sleeps += 1
        return False

    def after_poll(self) -> bool:
        """Awake, for whatever reason.  Whether there is news."""
        self._words.add(self._waiting, -1)
        rung = self._words.load(self._in_pipe)
        self._flush(rung)
        news = self._words.swap(self._signalled, 1, 0)
        self.empty_wakeups += not news
        return news

    def _flush(self, rung: int) -> None:
        """Once: what is counted already but rung only after this wakes us for nothing, and no more."""
        self._bell.flush()
        self._words.add(self._in_pipe, -rung)
