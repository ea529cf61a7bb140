"""What a run must tell the measurement, because no trace knows it: names, configuration, end-of-run counters.

Whoever composes a run fills in `Facts` once, at its end.  These structs are also parts of the result file, as they
are: a field added here is a field added there (see `docs/result.md`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Statistics = dict[str, int | float | str]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Which run this was; scenario, world and seed make it again."""

    scenario: str
    world: str
    seed: int
    started_at: str
    """ISO 8601, UTC."""
    duration_s: Annotated[float, Meta(ge=0)]
    vsnd_version: str


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the run ran on, as far as it matters to lateness."""

    kernel: str
    python: str
    cpu_model: str
    cpu_count: Positive
    clocksource: str
    scheduling: str
    """Scheduling class and priority of the backend, such as `SCHED_OTHER` or `SCHED_FIFO 50`."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A sound device, and what it counted."""

    name: str
    number: Count
    """The `stream` of its records in the trace (whose `domid` is 0)."""
    kind: str
    """Which driver: `clocked`, `wav`, ..."""
    pacing: str
    """What really paced it."""
    rate_hz: Positive
    period_frames: Positive
    underruns: Count
    interrupts: Count | None = None
    """None for a device without any."""
    statistics: Statistics = {}
    """The driver's own figures: names with units."""
    looks: Count = 0
    """How often the pacing had it looked at."""
    pacing_statistics: Statistics = {}
    """The pacing's own figures: names with units."""


class Help(msgspec.Struct, frozen=True, kw_only=True):
    """One thing asked of the kernel against lateness, and what came of it."""

    state: Literal["granted", "refused", "given up", "not asked for", "not applicable"]
    detail: str = ""
    """What was granted, or why it was not."""


class RealtimeHelp(msgspec.Struct, frozen=True, kw_only=True):
    """All that a process may ask for, see `backend.realtime`."""

    priority: Help
    lock_memory: Help
    cpus: Help
    timer_slack_ns: Help
    silence_collector: Help


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """What serving everybody cost."""

    cpu_s: Annotated[float, Meta(ge=0)]
    looks: Count
    """How often the pacing had a device looked at."""
    requests: Count
    events: Count
    """Position events sent."""
    rss_octets: Count
    realtime: RealtimeHelp | None = None
    """None where nothing is said of it."""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """How the sound of a guest that goes by the system's clock was matched to the card's, see `backend.matching`."""

    rate_ratio_ppm: float
    """How much more of the card's frames than nominal went to one of the guest's at the end: its clock is so fast."""
    phase_error_max_ns: Count
    """The most that the sound was away from where the guest was told it was."""
    limited: Count
    """How often the card's clock was too far off to be followed."""
    leaps: Count
    """How often frames were dropped, or silence put in, to be in phase again."""


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a guest: how it was configured, and what both ends counted."""

    stream: Count
    """Its number in the trace, `pcm * 16 + stream`."""
    direction: Literal["playback", "capture"]
    recording: str
    """What it played, or what it recorded into."""
    format: str
    rate_hz: Positive
    channels: Positive
    period_frames: Positive
    buffer_frames: Positive
    device: str
    """`Device.name`."""
    underruns: Count
    """As the guest counts them, the way ALSA does (overruns, for capture)."""
    starved_frames: Count
    """Frames of silence that the backend played for want of the guest's (or could not deliver, for capture)."""
    frames_played: Count
    """Frames the card presented (or recorded) for this stream."""
    clock: Literal["card", "system"] = "card"
    """Which clock the guest goes by."""
    matched: Matched | None = None
    """How both clocks were matched; None for a guest that goes by the card's."""


class GuestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One guest and its streams."""

    domid: Count
    name: str
    streams: list[StreamFacts]
    realtime: RealtimeHelp | None = None
    """None where nothing is said of it."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that `backend.latency` is told; the rest it reads from the trace."""

    run: Run
    machine: Machine
    devices: list[Device]
    guests: list[GuestFacts]
    backend: Backend
