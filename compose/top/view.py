"""View: what the user chose to see of the table, and what each key changes about it."""

from collections.abc import Callable, Sequence

from compose.top.columns import ALL, STATES, sample_format
from compose.top.figures import Row

FILTER_MAX = 40
"""Letters."""
SORT_BY_KEY = {column.key: place for place, column in enumerate(ALL)}


class View:
    """Sorting, filter, and how far it is scrolled."""

    def __init__(self) -> None:
        self.sort = 0
        """Which column."""
        self.inverted = False
        self.filter = ""
        self.filtering = False
        """Keys go into the filter."""
        self.help = False
        self.first = 0
        """The row at the top."""
        self.done = False
        self.clear = False
        """The counters are to be cleared."""
        self.rows_shown = 1
        """What there is room for; this and the next are the screen's to say."""
        self.columns_shown = list(range(len(ALL)))

    def press(self, key: str) -> None:
        """A key, as `compose.top.keys` names it."""
        if self.filtering:
            self._type(key)
        elif self.help:
            self.help = False
            self.done = key in {"q", "f10"}
        else:
            self._command(key)

    def _type(self, key: str) -> None:
        if key == "enter":
            self.filtering = False
        elif key == "esc":
            self.filtering, self.filter = False, ""
        elif key == "backspace":
            self.filter = self.filter[:-1]
        elif len(key) == 1 and key.isprintable():
            self.filter = (self.filter + key)[:FILTER_MAX]
        self.first = 0

    def _command(self, key: str) -> None:
        if key in SCROLLS:
            self.first = max(0, self.first + SCROLLS[key](self.rows_shown))
        elif key in SORT_BY_KEY:
            self._sort_by(SORT_BY_KEY[key])
        elif key in {"f6", ">", ".", "right"}:
            self._sort_by(self._beside(1))
        elif key in {"<", ",", "left"}:
            self._sort_by(self._beside(-1))
        elif key == "I":
            self.inverted = not self.inverted
        elif key in {"/", "f4", "\\"}:
            self.filtering = True
        else:
            self._other(key)

    def _other(self, key: str) -> None:
        if key == "esc":
            self.filter = ""
        elif key in {"h", "?", "f1"}:
            self.help = True
        elif key == "c":
            self.clear = True
        elif key in {"q", "f10"}:
            self.done = True

    def _sort_by(self, column: int) -> None:
        """Numbers begin with the greatest: that is what one looks for.  Names, and the domain, with the first."""
        self.sort = column
        self.inverted = ALL[column].right and column > 0

    def _beside(self, step: int) -> int:
        """The next column that is shown, or the one before."""
        shown = self.columns_shown
        return shown[(shown.index(self.sort) + step) % len(shown)] if self.sort in shown else shown[0]

    def chosen(self, rows: Sequence[Row]) -> list[Row]:
        """Those that pass the filter, in order."""
        wanted = self.filter.casefold()
        passing = [row for row in rows if wanted in _searched(row)]
        passing.sort(key=lambda row: row.stream.key)
        passing.sort(key=ALL[self.sort].order, reverse=self.inverted)
        return passing

    def page(self, rows: Sequence[Row]) -> Sequence[Row]:
        """As many as there is room for, from where it is scrolled to."""
        self.first = max(0, min(self.first, len(rows) - self.rows_shown))
        return rows[self.first : self.first + self.rows_shown]


SCROLLS: dict[str, Callable[[int], int]] = {
    "up": lambda page: -1,
    "down": lambda page: 1,
    "pgup": lambda page: -page,
    "pgdn": lambda page: page,
    "home": lambda page: -1 << 30,
    "end": lambda page: 1 << 30,
}


def _searched(row: Row) -> str:
    stream = row.stream
    parts = (str(stream.domid), stream.guest, STATES[stream.state], sample_format(row), stream.device, stream.pacing)
    return " ".join(parts).casefold()
