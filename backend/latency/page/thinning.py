"""Long series made short for a plot, and no worst case lost.

A plot is some hundred pixels wide.  So time is cut into columns, and of each the least and the greatest value are kept,
each at its own instant: what is drawn looks the same as all of it would.
"""

import numpy as np

from backend.latency.records import Int64s, Levels

COLUMNS = 500
REST_FACTOR = 20
"""A line breaks where nothing came for so many times the usual."""


def thinned(at_ns: Int64s, values: Int64s, columns: int = COLUMNS) -> Int64s:
    """Indices, in order of time, of what to draw: all of it where that is not more than two in each column."""
    n = len(at_ns)
    if n <= 2 * columns:
        return np.argsort(at_ns, kind="stable")
    column = _columns(at_ns, columns)
    by_value = np.lexsort((values, column))
    first = _firsts(column[by_value])
    last = np.append(first[1:], n) - 1
    kept = np.unique(np.concatenate([by_value[first], by_value[last]]))
    return kept[np.argsort(at_ns[kept], kind="stable")]


def ribbon(fill: Levels, columns: int = COLUMNS) -> tuple[Int64s, Int64s, Int64s]:
    """(instants, least before a hand-over, most after one): of each column, or of each hand-over where they are few."""
    at_ns, before, after = fill.at_ns[::2], fill.before, fill.frames[1::2]
    if len(at_ns) <= columns:
        return at_ns, before, after
    order = np.argsort(at_ns, kind="stable")
    at_ns, before, after = at_ns[order], before[order], after[order]
    first = _firsts(_columns(at_ns, columns))
    return at_ns[first], np.minimum.reduceat(before, first), np.maximum.reduceat(after, first)


def breaks(at_ns: Int64s) -> Int64s:
    """Indices before which a line is to break, since nothing came for long."""
    steps = np.diff(at_ns)
    return np.flatnonzero(steps > REST_FACTOR * np.median(steps)) + 1 if len(steps) else steps


def _columns(at_ns: Int64s, columns: int) -> Int64s:
    """In which column each instant is."""
    since: Int64s = at_ns - at_ns.min()
    return since * columns // (int(since.max()) + 1)


def _firsts(columns: Int64s) -> Int64s:
    """Where each column begins; they are in order."""
    return np.flatnonzero(np.diff(columns, prepend=-1))
