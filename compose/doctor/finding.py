"""What a look at a machine brought: one thing, whether it is as it should be, and what mends it."""

from enum import Enum

import msgspec


class Answer(Enum):
    """Whether a thing is as it should be.  Unknown is also what cannot be mended and is no fault: it is no failure."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing; the fields are those of `--json`."""

    area: str
    name: str
    ok: Answer
    text: str
    """What was seen."""
    needed_for: str
    """What does not work without: a purpose, as the summary names it."""
    mend: str = ""
    """A command, where there is one."""


class Area:
    """Makes the findings of one area and purpose: `area.good("socket", "it answers")`."""

    def __init__(self, area: str, needed_for: str) -> None:
        self._area = area
        self._needed_for = needed_for

    def good(self, name: str, text: str) -> Finding:
        """All is well."""
        return self._finding(name, Answer.YES, text, "")

    def bad(self, name: str, text: str, mend: str = "") -> Finding:
        """Something is missing."""
        return self._finding(name, Answer.NO, text, mend)

    def note(self, name: str, text: str, mend: str = "") -> Finding:
        """It cannot be told, or is to be known and no fault."""
        return self._finding(name, Answer.UNKNOWN, text, mend)

    def _finding(self, name: str, ok: Answer, text: str, mend: str) -> Finding:
        return Finding(area=self._area, name=name, ok=ok, text=text, needed_for=self._needed_for, mend=mend)
