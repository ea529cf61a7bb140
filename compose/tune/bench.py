"""The bench: runs one trial in a world, and counts its underruns.

An underrun is whatever breaks a guest's sound.  The gaps that the trace tells of, with their causes, are just that.
Where it tells of none, what is counted is what the guest noticed, or what came too late, whichever is more, and each
time its device ran dry, of which a guest need not notice anything.  That is rather too many than too few.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from backend.latency.build import TRACES, build, summarise
from backend.latency.facts import Device
from backend.latency.result import Result, Stream
from compose.facts import Block
from compose.tune.ledger import Key, Seen, Trial
from compose.tune.sizes import Plan
from compose.worlds.api import OnProgress, UnfinishedError, World

TRIALS = "trials"
VERIFIED = "verified"
GRANTED_MAX = 1.25
"""A device that grants a period so many times as long as asked has not granted it."""


class Bench:
    """Runs trials of a plan.  Only the last verification is kept, with its report; it would be gigabytes otherwise."""

    def __init__(self, world: World, plan: Plan, beside: Path, out: Path) -> None:
        self._world = world
        self._plan = plan
        self._beside = beside
        self._out = out
        self._number = 0
        self.result: Result | None = None
        """Of the last verification."""

    def run(self, trial: Trial, on_progress: OnProgress) -> Seen:
        """Run it.  Raises what the world does; then the folder stays, for whoever wants to know why."""
        self._number += 1
        verifies = trial.purpose == "verification"
        folder = self._out / VERIFIED if verifies else self._out / TRIALS / f"{self._number:02}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        block = Block(
            scenario=self._plan.tuned(trial.setting, trial.seconds),
            beside=self._beside,
            pacing=self._plan.pacing,
            seed=self._plan.scenario.seed + self._number,
            out=folder,
            started_at=datetime.now(UTC),
            load=self._plan.scenario.load[0],
        )
        try:
            facts = self._world.run(block, on_progress)
        except UnfinishedError as slow:
            stuck = frozenset(key for key in self._plan.specs if key[0] in slow.domids)
            if not stuck:
                raise
            return Seen({}, {}, unfinished=stuck)
        result = build(folder, facts) if verifies else summarise(sorted(folder.glob(TRACES)), facts)
        if verifies:
            self.result = result
        else:
            shutil.rmtree(self._out / TRIALS)
        return self._seen(result, trial)

    def _seen(self, result: Result, trial: Trial) -> Seen:
        ports = {name: ports_of(name, result.devices) for name in self._plan.ladders}
        asked = {name: ladder.device_frames(trial.setting.periods[name]) for name, ladder in self._plan.ladders.items()}
        return Seen(
            devices={name: sum(port.underruns for port in its) for name, its in ports.items()},
            streams={
                key: underruns(stream, _dry(result.devices, key, stream))
                for key, stream in streams_of(result).items()
                if key in self._plan.specs
            },
            refused=frozenset(
                name
                for name, its in ports.items()
                if self._plan.ladders[name].changes
                and any(port.period_frames > GRANTED_MAX * asked[name] for port in its)
            ),
        )


def ports_of(name: str, devices: list[Device]) -> list[Device]:
    """What the backend opened of a scenario's device: each direction, and perhaps once for each guest, is one."""
    return [port for port in devices if port.name == name or port.name.startswith((f"{name} (", f"{name} of domain "))]


def streams_of(result: Result) -> dict[Key, Stream]:
    """By guest and which of its streams."""
    return {(guest.domid, number): stream for guest in result.guests for number, stream in enumerate(guest.streams)}


def underruns(stream: Stream, dry: int) -> int:
    """How often its sound was broken, its device having run dry (or over) so many times."""
    if stream.blame:
        return max(stream.underruns, dry, sum(blame.gaps for blame in stream.blame.values()))
    noticed = max(stream.underruns, stream.handovers_late or 0) + dry
    return noticed or int(stream.starved_frames > 0)


def _dry(devices: list[Device], key: Key, stream: Stream) -> int:
    names = (stream.device, f"{stream.device} of domain {key[0]}")
    return sum(port.underruns for port in devices if port.name in names)
