"""What is left when a fight is over: what the cards played, what the neighbours took, the logs, how late all was."""

import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from backend.latency.measures.lateness import period_lateness
from backend.latency.measures.timeline import CardClock, StreamTimeline
from backend.latency.records import Series, joined, load
from backend.report import BackendReport, read_report
from tests.hostile.arena import ALONE, SHARING, Arena, Footprint
from tests.hostile.cases import CASES, Record
from tests.hostile.neighbour import PERIOD_FRAMES, NeighbourReport

Sound = NDArray[np.int16]
RATE_HZ = 48000


@dataclass(frozen=True, slots=True)
class Lateness:
    """Period lateness of the neighbours, while the hostile guest kept quiet and while it did not, in the same run."""

    quiet_periods: int
    quiet_p99_ns: int
    attack_periods: int
    attack_p99_ns: int

    @property
    def ratio(self) -> float:
        """How much later it was under attack."""
        return self.attack_p99_ns / self.quiet_p99_ns


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, of one fight."""

    records: dict[str, Record]
    reports: list[NeighbourReport]
    backend: BackendReport
    faults: dict[str, str]
    """Where a neighbour's sound is not what it should be, by what it is: none, if all is well."""
    prints: list[Footprint]
    host_prints: list[Footprint]
    statuses: dict[str, int]
    logs: dict[str, str]
    quiet: Series
    attacked: Series

    @property
    def lateness(self) -> Lateness:
        """Of all neighbours' streams."""
        return lateness_of([self.quiet], [self.attacked])

    @property
    def survived(self) -> int:
        """Cases of which nothing came but what may."""
        return sum(CASES[name].allows(r.came) and r.answers_after for name, r in self.records.items())

    @property
    def minutes(self) -> int:
        """Whole minutes from the first case to the last: so often a log may say that a fault came again."""
        times = [(record.began_ns, record.ended_ns) for record in self.records.values()]
        return (times[-1][1] - times[0][0]) // 60_000_000_000

    def figures(self) -> dict[str, object]:
        """For people and programs."""
        grown = max(p.rss_octets for p in self.prints) - self.prints[0].rss_octets
        late = self.lateness
        return {"cases": len(self.records), "survived": self.survived, "backend_growth_octets": grown,
                **asdict(late), "ratio": round(late.ratio, 3)}  # fmt: skip


def gather(arena: Arena) -> Evidence:
    """Collect it, once the arena is settled."""
    reports = arena.reports()
    quiet, attacked = _lateness(arena, reports)
    return Evidence(
        records={record.case: record for record in arena.records},
        reports=reports,
        backend=read_report(arena.out / "backend.json"),
        faults=_faults(arena, reports),
        prints=arena.prints,
        host_prints=arena.host_prints,
        statuses=arena.statuses,
        logs={path.stem: path.read_text(errors="replace") for path in sorted((arena.out / "logs").iterdir())},
        quiet=quiet,
        attacked=attacked,
    )


# -- sound ------------------------------------------------------------------------------------------------------------


def _faults(arena: Arena, reports: list[NeighbourReport]) -> dict[str, str]:
    sound = np.frombuffer(arena.sound.read_bytes(), np.int16).reshape(-1, 2)
    by_domid = {report.domid: report for report in reports}
    found = {
        "alone": _played_otherwise(arena.wav("alone"), sound, by_domid[ALONE].played_frames),
        "shared": _played_otherwise(arena.wav("shared"), sound, by_domid[SHARING].played_frames),
        "take": _taken_otherwise(arena.out / f"take-{ALONE}.raw", sound),
    }
    return {name: fault for name, fault in found.items() if fault}


def _played_otherwise(wav: Path, sound: Sound, frames: int) -> str:
    """Where the card played anything but `frames` frames of the sound, over and over, and then silence; "" if not."""
    played, _ = soundfile.read(wav, dtype="int16", always_2d=True)
    wanted = np.zeros_like(played)
    wanted[:frames] = np.resize(sound, (min(frames, len(played)), 2))
    wrong = np.flatnonzero((played != wanted).any(axis=1))
    if len(played) < frames:
        return f"{len(played)} of {frames} frames"
    return f"{len(wrong)} frames of {frames}, from {wrong[0]} to {wrong[-1]}" if len(wrong) else ""


def _taken_otherwise(take: Path, sound: Sound) -> str:
    """Where the take is anything but the sound, over and over, from somewhere on; "" if nowhere."""
    taken = np.frombuffer(take.read_bytes(), np.int16).reshape(-1, 2)
    starts = np.flatnonzero((sound == taken[0]).all(axis=1))
    if len(starts) != 1:
        return "begins with nothing that was recorded"
    wanted = np.resize(np.roll(sound, -int(starts[0]), axis=0), taken.shape)
    wrong = np.flatnonzero((taken != wanted).any(axis=1))
    return f"{len(wrong)} frames of {len(taken)}, from {wrong[0]} to {wrong[-1]}" if len(wrong) else ""


# -- logs -------------------------------------------------------------------------------------------------------------

_PARTICULARS = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_STAMP = re.compile(r"^\S+ \S+ (?:domain (\d+): )?")


def repeated_lines(log: str, times_max: int = 1) -> dict[str, int]:
    """Lines that a log holds more often for the same guest, their particulars left out, and how often."""
    kinds: Counter[str] = Counter()
    for line in log.splitlines():
        if line.endswith((": here", ": gone")):  # a domain began or ended, which on Xen is its operator's doing
            continue
        stamp = _STAMP.match(line)
        guest = stamp.group(1) if stamp else None
        kinds[f"{guest}: {_PARTICULARS.sub('#', line[stamp.end() :] if stamp else line)}"] += 1
    return {kind: times for kind, times in kinds.items() if times > times_max}


# -- lateness ---------------------------------------------------------------------------------------------------------


def lateness_of(quiet: list[Series], attacked: list[Series]) -> Lateness:
    """The figures of some fights together."""
    before, during = joined(quiet).delay_ns, joined(attacked).delay_ns
    return Lateness(
        len(before), int(np.quantile(before, 0.99)) if len(before) else 0,
        len(during), int(np.quantile(during, 0.99)) if len(during) else 0,
    )  # fmt: skip


def _lateness(arena: Arena, reports: list[NeighbourReport]) -> tuple[Series, Series]:
    """Every period of every neighbour's stream: those in quiet, and those under attack."""
    trace = load(sorted((arena.out / "trace").glob("*.vtrace")))
    numbers = {d.name: d.number for d in read_report(arena.out / "backend.json").devices}
    streams = ((ALONE, 0, "alone"), (ALONE, 1, "microphone (capture)"), (SHARING, 0, "shared"))
    parts: list[Series] = []
    for domid, stream, device in streams:
        records = trace.of(domid, stream)
        timeline = StreamTimeline(records, RATE_HZ, CardClock(trace.boundaries(numbers[device]), RATE_HZ))
        parts.append(period_lateness(records, timeline, RATE_HZ, PERIOD_FRAMES)[0])
    series = joined(parts)
    under_attack = np.zeros(len(series.at_ns), np.bool_)
    for record in arena.records:
        under_attack |= (series.at_ns >= record.began_ns) & (series.at_ns <= record.ended_ns)
    first, last = arena.records[0].began_ns, arena.records[-1].ended_ns
    counted = (series.at_ns > first - QUIET_AROUND_NS) & (series.at_ns < last + QUIET_AROUND_NS)
    quiet = counted & ~under_attack
    return (Series(series.at_ns[quiet], series.delay_ns[quiet]),
            Series(series.at_ns[under_attack], series.delay_ns[under_attack]))  # fmt: skip


QUIET_AROUND_NS = 1_400_000_000
"""Of the attacker's silence before and after: starting and ending is nobody's steady state."""
