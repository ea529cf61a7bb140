"""What a run must tell the measurement, because no trace knows it: names, configuration, end-of-run counters.

Whoever composes a run fills in `Facts` once, at its end.  These structs are also parts of the result file, as they
are: a field added here is a field added there (see `docs/result.md`).
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from backend.latency.clientfacts import ClientFacts, Kind, titled
from backend.latency.files import replace_file

FACTS: Final = "facts.json"
"""The file of a run's folder they are kept in: with it and the traces, all else can be made anew."""

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Statistics = dict[str, int | float | str]
Direction = Literal["playback", "capture"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Which run this was; scenario, world and seed make it again."""

    scenario: str
    world: str
    seed: int
    started_at: str
    """ISO 8601, UTC."""
    duration_s: Annotated[float, Meta(ge=0)]
    vsnd_version: str
    pacing: str = ""
    """As the scenario named it; what really paced each device, the device says."""
    load: str = "idle"
    """What else the machine was made to do meanwhile."""
    warm_up_s: Annotated[float, Meta(ge=0)] = 0.0
    """So much of its beginning is not measured."""
    margin_us: Annotated[int, Meta(ge=0)] = 0
    """The difference between pacings that would not matter to anybody, said beforehand."""
    load_cpu_s: Annotated[float, Meta(ge=0)] | None = None
    """CPU time that the load got, which may be less than it asked for; None without any, and in simulated time."""
    load_requests: Count | None = None
    """Requests that a flooding guest had answered; None where none floods, and in simulated time."""


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
    played_to: str | None = None
    """The file in the run's folder that holds what it played, its frame `n` being the device's."""
    loops_back_ns: Count | None = None
    """So much later it records what it plays; None for one that does not."""


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


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a process took of the machine, from when it was ready until its end."""

    seconds: Annotated[float, Meta(ge=0)]
    """How long that was."""
    cpu_s: Annotated[float, Meta(ge=0)]
    wakeups: Count
    """How often its loop woke up."""
    switches_voluntary: Count
    """Context switches since it waited."""
    switches_involuntary: Count
    """Context switches since somebody else was to run."""
    run_queue_delay_ns: Count | None
    """How long it was ready to run and did not; None where the kernel does not count it."""
    rss_octets: Count
    """Peak resident memory."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What measuring itself takes, by the backend's own word: measured at its end, in its process."""

    record_ns: Annotated[float, Meta(ge=0)]
    """Writing one trace record."""
    clock_ns: Annotated[float, Meta(ge=0)]
    """Reading the clock for it."""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """The container that a domain was, in the world docker: what it was allowed, took, and was denied."""

    image: str
    """The image's id."""
    cpu_limit: Annotated[float, Meta(gt=0)] | None = None
    """The share of a CPU that it might use; None for as much as there was."""
    cpus: list[int] | None = None
    """The processors that it might run on; None for all."""
    memory_limit_octets: Count | None = None
    cpu_ns: Count | None = None
    """CPU time of all its processes, from its start; None, here and below, where the kernel did not say."""
    throttled_ns: Count | None = None
    """How long it was not let run, having used up its share."""
    throttled_periods: Count | None = None
    """In how many periods of 100 ms that happened."""
    memory_peak_octets: Count | None = None


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
    usage: Usage | None = None
    """None in simulated time."""
    instrument: Instrument | None = None
    """None in simulated time."""
    container: Container | None = None
    """Dom0's; None in other worlds than docker."""


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
    direction: Direction
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
    untraced_records: Count = 0
    """Trace records that the backend left out since the guest caused too many; see `ringproto.trace.Ration`."""


class GuestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One guest, or local application, and its streams."""

    domid: Count
    name: str
    streams: list[StreamFacts]
    realtime: RealtimeHelp | None = None
    """None where nothing is said of it."""
    usage: Usage | None = None
    """None in simulated time."""
    container: Container | None = None
    """None in other worlds than docker."""
    kind: Kind = "guest"
    client: ClientFacts | None = None
    """None for a guest."""

    @property
    def title(self) -> str:
        """Its name, and what it is."""
        return titled(self.name, self.kind)


class FaultFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was broken on purpose, and mended."""

    what: Annotated[str, Meta(min_length=1)]
    """As the scenario calls it: `restart`, `pause`, `throttle`, `detach`, `backend`, `sound_server`, `hostile`, ..."""
    at_ns: int
    """When it was broken, on the trace's clock."""
    until_ns: int
    """When it was mended: started, attached or let go again, though not yet ready."""
    guest: Count | None = None
    """To whom; None for what happened to everybody."""
    share: float | None = None
    """Of a processor, that a throttled guest was left."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that `backend.latency` is told; the rest it reads from the trace."""

    run: Run
    machine: Machine
    devices: list[Device]
    guests: list[GuestFacts]
    backend: Backend
    faults: list[FaultFacts] = []
    """In the order in which they were mended."""


def write_facts(facts: Facts, path: Path) -> None:
    """Write `facts.json`; whoever looks sees the whole file or none.  Raises OSError."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def read_facts(path: Path) -> Facts:
    """Read them back.  Raises msgspec.DecodeError, saying which field is wrong where one is, and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Facts)
