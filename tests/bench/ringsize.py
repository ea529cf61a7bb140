"""How large a ring?  Missed blocks and delay of local applications against the size of their ring, idle and loaded.

    python -m tests.bench.ringsize [PICTURE.svg]

One application for each size plays on the same card, all at once, so that each run is the same to all of them; they are
started in an order drawn anew for each run.  Idle and loaded runs take turns.  Loaded is `busy` of the scenarios: a
process on each processor that computes four fifths of the time, in bursts of up to 20 ms, at everybody's priority.

Missed blocks come in stretches, and more in one run than in another, so they are worth fewer independent events than
there are: as in `backend.latency.statistics.rates`, fewer by as much as runs differ more than Poisson's counts would.
Of those the interval is the exact one.  The delay is from the moment a block is written until the card plays its first
frame, by the traces of both sides.
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray

from backend.latency.facts import StreamFacts
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.measures.timeline import CardClock
from backend.latency.records import Trace, load
from backend.latency.statistics.estimate import LEVEL, NORMAL_ARM
from backend.latency.statistics.rates import Count, rate
from backend.latency.statistics.special import t_quantile
from tests.bench.localmachine import LocalMachine, Player, hold
from tests.bench.localplayer import CHANNELS, PERIOD_FRAMES, RATE_HZ
from tests.bench.ringplot import draw

SIZES = (1, 2, 3, 4, 6, 8)
ROUNDS = 6
SECONDS = 20.0
SETTLING_S = 2.0
MS = 1e6


class Counts(NamedTuple):
    """What the backend counted of one application."""

    domid: int
    blocks: int
    missed: int
    unposted: int
    """Of these: rung too late for it."""
    stretches: int


class Tally(NamedTuple):
    """Of one size in one run."""

    blocks: int
    missed: int
    unposted: int
    stretches: int
    delay_ns: NDArray[np.int64]


class Mood(NamedTuple):
    """Of the machine meanwhile: shares of all its processors."""

    working: float
    stolen: float
    load_average: float


def run(seed: int, *, loaded: bool) -> tuple[dict[int, Tally], Mood]:
    """Once."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        with ExitStack() as parts:
            machine = LocalMachine(Path(folder), 1, parts)
            order = list(SIZES)
            Random(seed).shuffle(order)
            players = dict(zip(order, machine.clients(order, traced=True), strict=True))
            if loaded:
                machine.load(seed)
            hold(SETTLING_S)
            before, times = counts(machine, players), psutil.cpu_times()
            hold(SECONDS)
            mood, after = mood_since(times), counts(machine, players)
        trace = load([*map(machine.trace_of, SIZES), *(machine.out / "trace").glob("*.vtrace")])
        clock = CardClock(trace.boundaries(0), RATE_HZ)
        return {
            size: tally(before[size], after[size], measured(trace, after[size], size, clock)) for size in SIZES
        }, mood


def tally(before: Counts, after: Counts, samples: StreamSamples) -> Tally:
    """What came between."""
    return Tally(
        after.blocks - before.blocks, after.missed - before.missed, after.unposted - before.unposted,
        after.stretches - before.stretches, samples.playback_delay.delay_ns,
    )  # fmt: skip


def counts(machine: LocalMachine, players: dict[int, Player]) -> dict[int, Counts]:
    """By size, so far."""
    asked = {size: player.ask() for size, player in players.items()}
    shown = {row.domid: row for row in machine.snapshot().streams}
    found: dict[int, Counts] = {}
    for size, (domid, one) in asked.items():
        blocks, stretches = one.frames // PERIOD_FRAMES, shown[domid].underruns
        found[size] = Counts(domid, blocks, one.missed_blocks, one.unposted_blocks, stretches)
    return found


def measured(trace: Trace, counted: Counts, size: int, clock: CardClock) -> StreamSamples:
    """What the traces of both sides say."""
    facts = StreamFacts(
        stream=0, direction="playback", recording="", format="float_le", rate_hz=RATE_HZ, channels=CHANNELS,
        period_frames=PERIOD_FRAMES, buffer_frames=size * PERIOD_FRAMES, device="speaker", underruns=0,
        starved_frames=0, frames_played=0,
    )  # fmt: skip
    return stream_samples(trace.of(counted.domid, 0), facts, clock, SETTLING_S)


def mood_since(before: "psutil._common.scputimes") -> Mood:
    """How busy all of the machine was, whoever kept it so."""
    now = psutil.cpu_times()
    spent = {name: getattr(now, name) - getattr(before, name) for name in now._fields}
    whole = sum(spent.values()) - spent["guest"] - spent["guest_nice"]  # those are in user and nice as well
    return Mood(1 - (spent["idle"] + spent["iowait"]) / whole, spent["steal"] / whole, os.getloadavg()[0])


def summed(tallies: Sequence[Tally]) -> dict[str, float]:
    """The figures of one size under one load."""
    missed, stretches = (sum(getattr(tally, name) for tally in tallies) for name in ("missed", "stretches"))
    blocks = sum(tally.blocks for tally in tallies)
    minutes = blocks * PERIOD_FRAMES / RATE_HZ / 60
    each = excess([tally.missed for tally in tallies])
    interval = rate(Count(missed / each, minutes))
    low, middle, high = np.percentile(np.concatenate([tally.delay_ns for tally in tallies]), (1, 50, 99)) / MS
    return {
        "blocks": blocks,
        "missed": missed,
        "unposted": sum(tally.unposted for tally in tallies),
        "stretches": stretches,
        "missed_per_min": missed / minutes,
        "missed_per_min_low": each * interval.low_hz,
        "missed_per_min_high": each * interval.high_hz,
        "delay_p1_ms": float(low),
        "delay_p50_ms": float(middle),
        "delay_p99_ms": float(high),
    }


def excess(counts: Sequence[int]) -> float:
    """How many of them are worth one independent event."""
    mean, freedom = float(np.mean(counts)), len(counts) - 1
    if not mean or not freedom:
        return 1.0
    phi = sum((count - mean) ** 2 for count in counts) / mean / freedom
    return phi * (t_quantile(LEVEL, freedom) / NORMAL_ARM) ** 2 if phi > 1 else 1.0


def measure() -> dict[str, dict[str, dict[str, float]]]:
    """For `idle` and `loaded`: the figures of each size, and `machine`: how busy it was in all."""
    runs: dict[str, list[tuple[dict[int, Tally], Mood]]] = {"idle": [], "loaded": []}
    for number in range(ROUNDS):
        for name in sorted(runs, reverse=bool(number % 2)):
            runs[name].append(run(number, loaded=name == "loaded"))
            tallies, mood = runs[name][-1]
            missed = {size: tally.missed for size, tally in tallies.items()}
            print(f"{name}: missed {missed}, {mood}", file=sys.stderr, flush=True)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, done in runs.items():
        found[name] = {str(size): summed([tallies[size] for tallies, _ in done]) for size in SIZES}
        found[name]["machine"] = {
            field: float(np.mean([getattr(mood, field) for _, mood in done])) for field in Mood._fields
        }
    return found


def main() -> None:
    """Print the figures; draw them, if told where to."""
    figures = measure()
    print(json.dumps(figures, indent=2))
    for picture in sys.argv[1:]:
        Path(picture).write_text(draw(figures))


if __name__ == "__main__":
    main()
