"""Which record of one point belongs to which of another: by number, as `measures.pairs` does by time.

Frames are counted from OPEN, so records are paired within each sitting: from one OPENED to the next.
"""

from collections.abc import Sequence

import numpy as np

from backend.latency.measures.pairs import partner_ns
from backend.latency.records import NEVER_NS, Int64s, Records

NONE = -1


def partners(starts: Sequence[Records], ends: Sequence[Records], field: str) -> Int64s:
    """For each start, in order of time, the number of its end among all of them; NONE where there is none.

    Both are given sitting by sitting.
    """
    found = [np.zeros(0, dtype=np.int64)]
    before = 0
    for these, those in zip(starts, ends, strict=True):
        numbered = those.copy()
        numbered["time_ns"] = np.arange(before, before + len(those))  # so that the time of a partner is its number
        number = partner_ns(these, numbered, field)
        found.append(np.where(number == NEVER_NS, NONE, number))
        before += len(those)
    return np.concatenate(found)


def followed(first: Int64s, second: Int64s) -> Int64s:
    """Where each number of `first` leads to by `second`; NONE stays NONE."""
    if not len(second):
        return np.full(len(first), NONE)
    return np.where(first == NONE, NONE, second[first])


def sampled(sample_ns: Int64s, record_ns: Int64s) -> Int64s:
    """For each sample, taken of a record at its time, the number of that record; both in order of time.

    Records of one nanosecond cannot be told apart by it.  If all of them were sampled, they were so in their order; if
    not, the samples get NONE.
    """
    first = np.searchsorted(record_ns, sample_ns, side="left")
    there = np.searchsorted(record_ns, sample_ns, side="right") - first
    first_sample = np.searchsorted(sample_ns, sample_ns, side="left")
    samples = np.searchsorted(sample_ns, sample_ns, side="right") - first_sample
    return np.where(there == samples, first + np.arange(len(sample_ns)) - first_sample, NONE)
