"""What is said of guests in the log: each thing once, then how often.

A guest decides how often it connects, fails and starts over, and it can do so as fast as this machine lets it.  So
whatever a guest can bring about is said through here.  The first of a kind is said at once, its repeats are only
counted, and once a minute the last of them is said with their number.  A kind that was quiet for a minute is forgotten.

Two texts are of one kind when they differ in nothing but numbers and quoted words, which may be the guest's own.  A
guest has so many kinds and no more, and what is beyond counts as one: so memory and log are bounded, whatever it says.
"""

import logging
import re
from collections import Counter
from dataclasses import dataclass

from hosts.api import Loop

QUIET_NS = 60_000_000_000
"""A repeat is said no more often than this."""

KINDS_MAX = 16
"""Of one guest at a time."""

_PARTICULARS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+")


@dataclass(slots=True)
class _Said:
    """One kind of one guest's."""

    level: int
    due_ns: int
    text: str
    repeats: int = 0


class Complaints:
    """One for all guests of a backend, or of a machine; `log` is where it is said, and `who` what each is called."""

    def __init__(self, loop: Loop, log: logging.Logger, who: str = "domain") -> None:
        self._log = log
        self._who = who
        self._loop = loop
        self._timer = loop.timer(self._on_quiet)
        self._said: dict[tuple[int, str], _Said] = {}  # in the order in which they are due
        self._kinds: Counter[int] = Counter()

    def note(self, domid: int, text: str) -> None:
        """Say what is as it should be."""
        self._say(logging.INFO, domid, text)

    def warn(self, domid: int, text: str) -> None:
        """Say what the guest did wrong, or what it cannot have."""
        self._say(logging.WARNING, domid, text)

    def bug(self, domid: int, text: str, error: Exception) -> None:
        """Say that we failed the guest, and the first time also where."""
        self._say(logging.ERROR, domid, f"{text}: {type(error).__name__}: {error}", error)

    def close(self) -> None:
        """Say what was only counted so far."""
        self._timer.disarm()
        for (domid, _), said in self._said.items():
            self._tell_repeats(domid, said)
        self._said.clear()
        self._kinds.clear()

    def _say(self, level: int, domid: int, text: str, error: Exception | None = None) -> None:
        kind = _PARTICULARS.sub("#", text)
        if (domid, kind) not in self._said and self._kinds[domid] >= KINDS_MAX - 1:
            kind = "anything else"
        said = self._said.get((domid, kind))
        if said is not None:
            said.text = text
            said.repeats += 1
            return
        self._log.log(level, "%s %d: %s", self._who, domid, text, exc_info=error)
        self._kinds[domid] += 1
        self._remember(domid, kind, _Said(level, self._loop.now_ns() + QUIET_NS, text))

    def _remember(self, domid: int, kind: str, said: _Said) -> None:
        if not self._said:
            self._timer.arm(said.due_ns)
        self._said[domid, kind] = said

    def _on_quiet(self, now_ns: int) -> None:
        """A minute has passed since the first that is remembered was said."""
        while self._said:
            (domid, kind), said = next(iter(self._said.items()))
            if said.due_ns > now_ns:
                self._timer.arm(said.due_ns)
                return
            del self._said[domid, kind]
            if said.repeats:
                self._tell_repeats(domid, said)
                self._remember(domid, kind, _Said(said.level, now_ns + QUIET_NS, said.text))
            else:
                self._kinds -= Counter((domid,))

    def _tell_repeats(self, domid: int, said: _Said) -> None:
        if said.repeats:
            text = f"{said.text} (and the like, {said.repeats} times more)"
            self._log.log(said.level, "%s %d: %s", self._who, domid, text)
