"""Which records of a stream are measured together, and which are not measured at all.

A stream may be opened more than once in a run, and its frames are counted from OPEN: so its records are cut at every
OPENED, and each sitting is measured by itself.

While a run warms up (clocks are learnt, caches are cold) nothing is typical.  Whatever began before a stream's first
STARTED and the warm-up after it is left out, and counted nowhere; but it is still used to place what came later.
"""

import numpy as np

from backend.latency.records import Records, only
from ringproto.trace import Point


def sittings(records: Records) -> list[Records]:
    """The records from each OPENED to the next; what stands before the first belongs to it."""
    opened = np.flatnonzero(records["point"] == Point.OPENED)
    return np.split(records, opened[1:])


def has_started(records: Records) -> bool:
    """Whether its frames have a place on the card's clock."""
    return bool(np.any(records["point"] == Point.STARTED))


def opened_with(records: Records, field: str, otherwise: int) -> int:
    """What OPENED says in that field, else what was configured."""
    opened = only(records, Point.OPENED)
    return int(opened[field][0]) or otherwise if len(opened) else otherwise


def measured_since_ns(records: Records, warm_up_s: float) -> int:
    """What began before is not measured, of one stream, from all its records."""
    started = only(records, Point.STARTED)
    return int(started["time_ns"][0]) + round(warm_up_s * 1e9) if warm_up_s and len(started) else 0
