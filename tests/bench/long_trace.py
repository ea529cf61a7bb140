"""How long a long run takes to be measured, and in how much memory: ten minutes of sixteen guests, 10 ms periods.

The trace is synthetic and written at once, with delays that look like a busy machine's.  What is measured is a process
of its own that does what `vsnd run` does at its end: `backend.latency.build`, with result, histograms and page.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.latency.build import build
from backend.latency.facts import Facts, GuestFacts
from backend.latency.records import TRACE_DTYPE, Int64s, Records
from ringproto.trace import HEADER_OCTETS, MAGIC, Point
from tests.backend.latency.synthetic import FACTS, STREAM

GUESTS = 16
SECONDS = 600
PERIOD_NS = 10_000_000
PERIOD = 480
AHEAD = 4
"""Periods in a guest's buffer."""
LOOKS = 4
"""Each period is mixed in so many pieces."""

Rows = list[Records]


def rows(point: Point, domid: int, time_ns: Int64s, frame: Int64s, value: Int64s | int) -> Records:
    """Records of one point."""
    made = np.zeros(len(time_ns), TRACE_DTYPE)
    made["point"], made["domid"] = point, domid
    made["time_ns"], made["frame"], made["value"] = time_ns, frame, value
    return made


def write(path: Path, parts: Rows) -> int:
    """A trace file of these, in order of time; how many."""
    records = np.concatenate(parts)
    records = records[np.argsort(records["time_ns"], kind="stable")]
    header = np.zeros(HEADER_OCTETS, np.uint8)
    header[:8] = np.frombuffer(MAGIC, np.uint8)
    header[8:32] = np.array([len(records), len(records), 0], "<u8").view(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        header.tofile(file)
        records.tofile(file)
    return len(records)


class Guest:
    """One guest's records, and those that the backend has of it."""

    def __init__(self, domid: int, periods: int) -> None:
        self._random = np.random.default_rng(domid)
        self._domid = domid
        k = np.arange(1, periods + 1)
        self._start_ns = AHEAD * PERIOD_NS
        boundary_ns = self._start_ns + k * PERIOD_NS
        event_ns = boundary_ns + self._delays(k)
        woke_ns = event_ns + self._delays(k)
        told_ns = woke_ns + 5_000
        ends = np.concatenate([np.arange(1, AHEAD + 1), AHEAD + k]) * PERIOD
        queued_ns = np.concatenate([np.arange(AHEAD) * 1000, told_ns + 2_000])
        pushed_ns = queued_ns + 8_000
        served_ns = pushed_ns + self._delays(pushed_ns)
        position = (k * PERIOD + 1) * 4
        self.own: Rows = [
            self._rows(Point.WOKE_GUEST, woke_ns, 0 * k, position),
            self._rows(Point.TOLD, told_ns, k * PERIOD, position),
            self._rows(Point.QUEUED, queued_ns, ends, PERIOD),
            self._rows(Point.PUSHED, pushed_ns, ends, PERIOD),
        ]
        pieces = np.arange(1, (periods + AHEAD) * LOOKS + 1) * (PERIOD // LOOKS)
        mixed_ns = self._start_ns + (pieces - PERIOD // LOOKS) * PERIOD_NS // PERIOD - PERIOD_NS
        self.backends: Rows = [
            self._rows(Point.STARTED, np.array([self._start_ns - PERIOD_NS]), np.array([0]), AHEAD * PERIOD),
            self._rows(Point.EVENT, event_ns, k * PERIOD, position),
            self._rows(Point.WOKE_BACKEND, served_ns, 0 * ends, 0),
            self._rows(Point.COPIED, served_ns + 20_000, ends, PERIOD),
            self._rows(Point.RENDERED, mixed_ns, pieces, pieces + AHEAD * PERIOD),
        ]

    def _rows(self, point: Point, time_ns: Int64s, frame: Int64s, value: Int64s | int) -> Records:
        return rows(point, self._domid, time_ns, frame, value)

    def _delays(self, like: NDArray[np.int64]) -> Int64s:
        """Mostly 60 us, rarely a millisecond."""
        return (60_000 * np.exp(self._random.normal(0, 0.8, len(like)))).astype(np.int64)


def write_run(folder: Path) -> int:
    """The trace of such a run; how many records."""
    periods = SECONDS * 1_000_000_000 // PERIOD_NS
    k = np.arange(1, periods + AHEAD + 2)
    count = write(folder / "trace" / "card.vtrace", [rows(Point.BOUNDARY, 0, k * PERIOD_NS, k * PERIOD, 0)])
    backends: Rows = []
    for domid in range(1, GUESTS + 1):
        guest = Guest(domid, periods)
        count += write(folder / "trace" / f"guest-{domid}.vtrace", guest.own)
        backends += guest.backends
    return count + write(folder / "trace" / "backend.vtrace", backends)


def facts() -> Facts:
    """What is known of it."""
    run = msgspec.structs.replace(FACTS.run, duration_s=float(SECONDS))
    guests = [GuestFacts(domid=domid, name=f"guest {domid}", streams=[STREAM]) for domid in range(1, GUESTS + 1)]
    return msgspec.structs.replace(FACTS, run=run, guests=guests)


def measure(folder: Path) -> dict[str, float]:
    """In this process: seconds, and the most that was ever resident."""
    began_s = time.perf_counter()
    result = build(folder, facts())
    took_s = time.perf_counter() - began_s
    delays = [guest.streams[0].playback_delay_ns for guest in result.guests]
    assert all(delay is not None and delay.n == SECONDS * 100 + AHEAD for delay in delays), delays
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(took_s, 2), "peak_mib": round(mib, 1)}


STEPS = {"write": lambda folder: {"records": write_run(folder)}, "measure": measure}


def main() -> None:
    """Both steps in processes of their own: the peak of the one that starts a process counts as that one's too."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            command = [sys.executable, "-m", "tests.bench.long_trace", step, folder]
            figures |= json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
    else:
        main()
