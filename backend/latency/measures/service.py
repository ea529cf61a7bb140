"""Service time: how long a READ or WRITE was in the backend's hands, from its waking up to the copy and the answer.

A request may come while the backend is awake and busy with another: then its own time begins with its push.  Without
that (a guest that leaves no trace) it begins with the waking.
"""

import numpy as np

from backend.latency.measures.pairs import partner_ns
from backend.latency.records import NEVER_NS, Int64s, Records, Series, only
from ringproto.trace import Point


def awake_ns(records: Records, pushed_ns: Int64s, copied_ns: Int64s) -> Int64s:
    """When the backend was awake with each of these requests at hand; NEVER_NS where the trace does not say.

    Never after it copied, whatever the guest says of its push.
    """
    woke_ns = only(records, Point.WOKE_BACKEND)["time_ns"]
    if len(woke_ns) == 0:
        return np.full(len(copied_ns), NEVER_NS, dtype=np.int64)
    index = np.searchsorted(woke_ns, copied_ns, side="right") - 1
    begun_ns = np.maximum(woke_ns[index], np.where(pushed_ns < NEVER_NS, pushed_ns, woke_ns[index]))
    return np.where(index >= 0, np.minimum(begun_ns, copied_ns), NEVER_NS)


def service_time(records: Records) -> Series:
    """Of all requests of one stream between two OPENs, each at its beginning."""
    copied = only(records, Point.COPIED)
    begun_ns = awake_ns(records, partner_ns(copied, only(records, Point.PUSHED), "frame"), copied["time_ns"])
    known = begun_ns < NEVER_NS
    return Series(begun_ns[known], copied["time_ns"][known] - begun_ns[known])
