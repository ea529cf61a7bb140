"""The columns of the table of streams: what each shows, what it sorts by, and which of them fit.

Times are in milliseconds.  Where a terminal is narrow, names become shorter first; then the columns that matter least
are left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from backend.live.lateness import BOUNDS_NS
from backend.live.snapshot import State
from compose.top.figures import Row

NOTHING = "-"
CUT = "~"
"""Where a name was cut.  All that is ours is ASCII: it is read over whatever line, in whatever font."""
TIME_CELLS = 5
"""A column of times does not change its width with each of them."""
NAME_LEAST, NAME_GOOD, NAME_MOST = 6, 12, 24
"""Cells of a name."""
STATES = {
    State.AWAY: "away",
    State.CLOSED: "closed",
    State.PREPARED: "ready",
    State.RUNNING: "run",
    State.PAUSED: "pause",
    State.LOST: "lost",
}
Order = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One of them."""

    title: str
    key: str
    """The letter that sorts by it."""
    text: Callable[[Row], str]
    order: Callable[[Row], Order]
    about: str
    right: bool = True
    """Numbers stand to the right, names to the left."""
    name: bool = False
    """It may be cut."""


def milliseconds(ns: float | None) -> str:
    """Three figures of it, or a dash."""
    if ns is None:
        return NOTHING
    ms = ns / 1e6
    if abs(ms) < 9.995:
        return f"{ms:.2f}"
    return f"{ms:.1f}" if abs(ms) < 99.95 else f"{ms:.0f}"


def late(ns: int | None) -> str:
    """The same, of what is known up to a bound."""
    return f">{milliseconds(ns)}" if ns == BOUNDS_NS[-1] else milliseconds(ns)


def sample_format(row: Row) -> str:
    """In a few letters: s16le 48k 2."""
    stream = row.stream
    if stream.format is None:
        return NOTHING
    return f"{stream.format.xen_name.replace('_', '')} {stream.rate_hz / 1000:g}k {stream.channels}"


def _pcm(row: Row) -> str:
    stream = row.stream
    return f"{stream.number >> 4}.{stream.number & 15}{stream.direction.value}" if stream.is_stream else NOTHING


def _device(row: Row) -> str:
    """Which way is said by the PCM."""
    return row.stream.device.replace(" (capture)", "") or NOTHING


def _by(number: float | None) -> Order:
    return (-1e30 if number is None else number), ""


def _named(text: str) -> Order:
    return 0, text.casefold()


def _of_stream(row: Row, text: str) -> str:
    return text if row.stream.is_stream else NOTHING


ALL = (
    Column("ID", "n", lambda r: str(r.stream.domid), lambda r: _by(r.stream.domid), "the guest's domain"),
    Column("GUEST", "g", lambda r: r.stream.guest, lambda r: _named(r.stream.guest),
           "its name", right=False, name=True),
    Column("PCM", "p", _pcm, lambda r: _by(r.stream.number), "device.stream, p plays, c records", right=False),
    Column("STATE", "s", lambda r: STATES[r.stream.state], lambda r: _by(r.stream.state),
           "away: guest not connected; lost: no device", right=False),
    Column("FORMAT", "t", sample_format, lambda r: _named(sample_format(r)), "format, rate, channels", right=False),
    Column("DEVICE", "v", _device, lambda r: _named(r.stream.device),
           "what it plays on", right=False, name=True),
    Column("PACING", "w", lambda r: r.stream.pacing or NOTHING, lambda r: _named(r.stream.pacing),
           "what has the device looked at", right=False),
    Column("FILL", "f", lambda r: milliseconds(r.stream.fill_ns), lambda r: _by(r.stream.fill_ns),
           "ms that wait in the backend: to be mixed, or taken"),
    Column("DELAY", "d", lambda r: milliseconds(r.stream.delay_ns), lambda r: _by(r.stream.delay_ns),
           "ms until what comes now is heard; since what goes now was sampled"),
    Column("LATE", "l", lambda r: late(r.late_p50_ns), lambda r: _by(r.late_p50_ns),
           "ms past a period's end that it was told: median since last picture"),
    Column("MAX", "m", lambda r: late(r.late_max_ns), lambda r: _by(r.late_max_ns), "the worst of them"),
    Column("UNDER", "u", lambda r: _of_stream(r, str(r.underruns)), lambda r: _by(r.underruns), "underruns"),
    Column("DROP", "x", lambda r: _of_stream(r, str(r.late_frames)), lambda r: _by(r.late_frames),
           "frames that came too late and were dropped"),
    Column("REQ/S", "r", lambda r: _of_stream(r, f"{r.requests_hz:.0f}"), lambda r: _by(r.requests_hz),
           "requests of the guest in a second"),
    Column("EV/S", "e", lambda r: _of_stream(r, f"{r.events_hz:.0f}"), lambda r: _by(r.events_hz),
           "position events in a second"),
)  # fmt: skip
"""In the order in which they stand."""
LEFT_OUT = ("EV/S", "REQ/S", "DROP", "PACING", "FORMAT", "DEVICE", "MAX", "FILL", "PCM", "STATE", "UNDER", "LATE")
"""In the order in which they are left out for want of room."""
TIMES = ("FILL", "DELAY", "LATE", "MAX")
EXTRA = 3
"""So many of them are not worth a name's being cut below `NAME_GOOD`."""


class Fitted(NamedTuple):
    """A column and its width in cells."""

    column: Column
    width: int

    def cell(self, text: str) -> str:
        """The text, just as wide."""
        if cell_len(text) > self.width:
            text = set_cell_size(text, self.width - 1) + CUT
        gap = " " * (self.width - cell_len(text))
        return gap + text if self.column.right else text + gap


def fit(rows: Sequence[Row], width: int | None) -> list[Fitted]:
    """The columns that fit into a line of so many cells; all, for None."""
    columns = [Fitted(column, _natural(column, rows)) for column in ALL]
    if width is None:
        return columns
    for left_out in range(len(LEFT_OUT) + 1):
        missing = LEFT_OUT[:left_out]
        least = NAME_GOOD if left_out < EXTRA else NAME_LEAST
        fitted = _narrowed([fitted for fitted in columns if fitted.column.title not in missing], width, least)
        if fitted is not None:
            return fitted
    return columns[:1]


def _natural(column: Column, rows: Sequence[Row]) -> int:
    widest = max((cell_len(column.text(row)) for row in rows), default=0)
    least = TIME_CELLS if column.title in TIMES else len(column.title)
    return max(least, min(widest, NAME_MOST) if column.name else widest)


def _narrowed(columns: Sequence[Fitted], width: int, least: int) -> list[Fitted] | None:
    """The same, with names cut as far as need be; None if that is not enough."""
    widths = [fitted.width for fitted in columns]
    names = [at for at, fitted in enumerate(columns) if fitted.column.name]
    excess = sum(widths) + len(widths) - 1 - width
    while excess > 0:
        longest = max(names, key=lambda at: widths[at], default=None)
        if longest is None or widths[longest] <= least:
            return None
        widths[longest] -= 1
        excess -= 1
    return [Fitted(fitted.column, wide) for fitted, wide in zip(columns, widths, strict=True)]
