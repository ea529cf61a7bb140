"""Thirty-two local applications beside eight guests, on one virtual card of 5 ms periods: who is late, at what cost?

All of them are processes, and play the same sound by the same callback, to be heard equally late: guests do so through
`CallbackStream`.  The backend has real-time priority, if it is given that, and nobody else.

First one application plays alone, then the guests come, then the other applications.  So what one more guest, and one
more application, costs the backend is told from the difference.  The ratio compares the whole cost of an application's
block, its own and the backend's, with the whole cost of a guest's.
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from backend.live.snapshot import Snapshot
from frontend.local.params import RING_PERIODS
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.bench.localmachine import PERIOD_S, LocalMachine, Player, hold
from tests.bench.localplayer import PERIOD_FRAMES

CLIENTS, GUESTS = 32, 8
SETTLING_S, SECONDS = 2.0, 10.0
REPEATS = 3


class Seen(NamedTuple):
    """Between two moments."""

    blocks: float
    """That the card played."""
    backend_s: float
    """CPU time, likewise the next."""
    players_s: dict[str, float]
    missed: dict[str, int]
    """Blocks of guests and of clients."""


def watch(machine: LocalMachine, players: dict[str, Sequence[Player]]) -> Seen:
    """Let all play for a while."""
    hold(SETTLING_S)
    before, used_s = machine.snapshot(), _used_s(players)
    hold(SECONDS)
    after, now_s = machine.snapshot(), _used_s(players)
    took_s = (after.backend.sampled_ns - before.backend.sampled_ns) / 1e9
    missed, had = _missed(after), _missed(before)
    return Seen(
        blocks=took_s / PERIOD_S,
        backend_s=(after.backend.cpu_ns - before.backend.cpu_ns) / 1e9,
        players_s={name: now_s[name] - used_s[name] for name in players},
        missed={name: missed[name] - had[name] for name in missed},
    )


def _used_s(players: dict[str, Sequence[Player]]) -> dict[str, float]:
    return {name: sum(player.cpu_s for player in some) for name, some in players.items()}


def _missed(snapshot: Snapshot) -> dict[str, int]:
    late = {"guests": 0, "clients": 0}
    for row in snapshot.streams:
        if row.is_stream:
            late["clients" if row.domid >= LOCAL_DOMID_FIRST else "guests"] += row.late_frames
    return {name: frames // PERIOD_FRAMES for name, frames in late.items()}


def once() -> dict[str, float]:
    """One run; times are of processors, per block of one guest or client."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder, ExitStack() as parts:
        machine = LocalMachine(Path(folder), GUESTS, parts)
        clients = machine.clients([RING_PERIODS])
        alone = watch(machine, {})
        guests = machine.guests(GUESTS)
        beside = watch(machine, {"guests": guests})
        clients += machine.clients([RING_PERIODS] * (CLIENTS - 1))
        full = watch(machine, {"guests": guests, "clients": clients})
    figures = {
        "guest_own_us": full.players_s["guests"] * 1e6 / (GUESTS * full.blocks),
        "guest_backend_us": (_per_block(beside) - _per_block(alone)) / GUESTS,
        "client_own_us": full.players_s["clients"] * 1e6 / (CLIENTS * full.blocks),
        "client_backend_us": (_per_block(full) - _per_block(beside)) / (CLIENTS - 1),
    }
    client_us = figures["client_own_us"] + figures["client_backend_us"]
    return figures | {
        "ratio": client_us / (figures["guest_own_us"] + figures["guest_backend_us"]),
        "backend_share": full.backend_s / (full.blocks * PERIOD_S),
        "guests_missed_per_1000": full.missed["guests"] * 1000 / (GUESTS * full.blocks),
        "clients_missed_per_1000": full.missed["clients"] * 1000 / (CLIENTS * full.blocks),
        "guests_alone_missed_per_1000": beside.missed["guests"] * 1000 / (GUESTS * beside.blocks),
        "load_average": os.getloadavg()[0],
    }


def _per_block(seen: Seen) -> float:
    return seen.backend_s * 1e6 / seen.blocks


def measure() -> dict[str, float]:
    """The median of each figure."""
    runs: list[dict[str, float]] = []
    for _ in range(REPEATS):
        runs.append(once())
        print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return {name: median(run[name] for run in runs) for name in runs[0]}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
