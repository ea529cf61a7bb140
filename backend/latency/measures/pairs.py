"""The time between two trace points, matched by what they have in common.

Points of two processes are matched by a value both write (a frame, a position), and by its occurrence where it comes
again: the first with the first, the second with the second.  Not by their order in time: two clocks read in two
processes a microsecond apart may well be stamped the other way round.
"""

import numpy as np

from backend.latency.records import NEVER_NS, Int64s, Records

OCCURRENCES_MAX = 1 << 16
"""How often one value can come again; with the values below 2**47, both fit one sortable number."""


def partner_ns(starts: Records, ends: Records, field: str) -> Int64s:
    """For each of `starts`, the time of the record in `ends` with the same `field`; NEVER_NS where there is none.

    Both in order of time.
    """
    if len(ends) == 0:
        return np.full(len(starts), NEVER_NS, dtype=np.int64)
    start_keys, end_keys = _keys(starts[field]), _keys(ends[field])
    order = np.argsort(end_keys)
    index = np.minimum(np.searchsorted(end_keys[order], start_keys), len(ends) - 1)
    partner = order[index]
    return np.where(end_keys[partner] == start_keys, ends["time_ns"][partner], NEVER_NS)


def _keys(values: Int64s) -> Int64s:
    """One number for each value and occurrence."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    occurrence = np.empty(len(values), dtype=np.int64)
    occurrence[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    return values * OCCURRENCES_MAX + np.minimum(occurrence, OCCURRENCES_MAX - 1)
