"""What came of a tuning, as it is written to `tune.json`: see `docs/tune.md` for each field.

As in `result.json`: names carry their units, what is not known is null, and never 0.
"""

from typing import Final, Literal

import msgspec

from backend.latency.facts import Count as Natural
from backend.latency.facts import Machine
from backend.latency.result import Summary
from compose.tune.ledger import Purpose

SCHEMA_VERSION: Final = 1

State = Literal["shown", "not shown", "not verified", "nothing holds"]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Underruns in a time, and the rate that this says, at `level`."""

    underruns: Natural
    seconds: float
    low_hz: float
    high_hz: float


class Smaller(msgspec.Struct, frozen=True, kw_only=True):
    """The next smaller buffer that was tried, and what came of it."""

    buffer_frames: Natural
    counted: Counted


class TunedStream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream's sizes, and how sure they are."""

    domid: Natural
    guest: str
    stream: Natural
    direction: Literal["playback", "capture"]
    device: str
    rate_hz: Natural
    period_frames: Natural
    buffer_frames: Natural
    period_ms: float
    buffer_ms: float
    scenario_period_frames: Natural
    """What the scenario says."""
    scenario_buffer_frames: Natural
    smallest_possible: bool
    """Whether no smaller buffer is possible with this period: there is no room to be late in."""
    state: State
    verified: Counted | None
    smaller: Smaller | None
    playback_delay_ns: Summary | None
    """In the last verification."""
    capture_delay_ns: Summary | None

    @property
    def title(self) -> str:
        """For people."""
        return self.guest if self.direction == "playback" else f"{self.guest} (capture)"


class TunedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One device's period, and what looking at it so often costs."""

    name: str
    period_frames: Natural
    buffer_frames: Natural | None
    """None where it is left as it was."""
    period_ms: float
    scenario_period_frames: Natural
    granted_period_frames: Natural | None
    changes: bool
    """Whether its period was to be tuned."""
    looks_hz: float | None


class TrialLine(msgspec.Struct, frozen=True, kw_only=True):
    """One trial: sizes and underruns, by device, and by guest's id and stream."""

    purpose: Purpose
    seconds: float
    period_frames: dict[str, int]
    device_underruns: dict[str, int]
    buffer_frames: dict[str, int]
    underruns: dict[str, int]
    unfinished: list[str]
    """Those who hardly got on, and had to be ended: then nothing else is known of this trial."""


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    schema_version: Literal[1]
    scenario: str
    world: str
    pacing: str
    seed: Natural
    vsnd_version: str
    machine: Machine | None
    target_hz: float
    level: float
    finished: bool
    """False when it was interrupted: what is here then is the best so far."""
    devices: list[TunedDevice]
    streams: list[TunedStream]
    backend_cpu_share: float | None
    """CPU time per time, in the last verification; null in simulated time."""
    trials: list[TrialLine]

    @property
    def all_shown(self) -> bool:
        """Whether every stream is shown to be below the target."""
        return all(stream.state == "shown" for stream in self.streams)
