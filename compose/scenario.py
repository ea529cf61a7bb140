"""The scenario: one TOML file that names the devices, the guests and what they do, the pacing to compare, and how long.

Every field is documented in `docs/scenario.md`.  A scenario is checked as a whole before anything is started; what is
wrong is said in one line that names the file and the field.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from backend.config import Clock, ConfigError, check_device, read_toml
from backend.latency.truth.marker import MARKERS
from backend.pacing.choose import Pacing
from backend.realtime import Realtime
from compose.clients.spec import ClientSpec, check_clients
from compose.faults import Fault, check_faults, draw_faults
from compose.fleet.spec import HostSpec, check_hosts
from compose.load.spec import IDLE, Load, LoadName, find_load
from compose.loudness import check_count, levels_mdb
from compose.soundserver import SoundServer
from frontend.params import PcmParams
from ringproto.errors import ProtocolError
from ringproto.formats import Format

SCENARIOS = Path(__file__).parent / "scenarios"
RECORDINGS = Path(__file__).parent / "recordings"

OTHERWISE = "otherwise"
"""The key of a device's table with the device to use where that one is missing, see `compose.otherwise`."""

Domid = Annotated[int, Meta(ge=1, le=32751)]  # DOMID_FIRST_RESERVED of Xen is 0x7ff0
Frames = Annotated[int, Meta(ge=1, le=1 << 20)]
WARM_UP_S = 3.0
"""What audio benchmarks leave out at the beginning: caches, and clocks that are followed, settle in less."""
WARM_UP_SHARE = 0.25
"""Of a run, at most, unless the scenario says how much."""
MARGIN_US = 500
"""Sound takes as long for 17 cm: whoever turns his head changes more."""

VolumeDb = Annotated[float, Meta(le=20)]  # ringproto.volume.LOUDEST_MDB


class StreamSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stream of a guest."""

    device: str
    """Name of a device of the scenario."""
    plays: str | None = None
    """Playback: a sound file (beside the scenario, or one of vsnd's own recordings), or `markers`; over and over."""
    records: str | None = None
    """Capture: a WAV file in the output folder."""
    format: str = "s16_le"
    rate_hz: Annotated[int, Meta(ge=4000, le=192000)] = 48000
    channels: Annotated[int, Meta(ge=1, le=8)] = 2
    period_frames: Frames = 480
    buffer_frames: Frames = 1920
    begins_s: Annotated[float, Meta(ge=0)] = 0.0
    """So long after the start it begins; it is open, and ready, from the start."""
    volume_db: VolumeDb | Annotated[list[VolumeDb], Meta(min_length=1)] = 0.0
    """How loud, against the sound itself: one number, or one for each channel."""
    latency_ms: Annotated[float, Meta(ge=1, le=10_000)] | None = None
    """The operator's wish: be heard in so much.  Unless given, in what the buffer holds, which is the most."""
    clock: Clock = "card"
    """Which clock the guest goes by: the card's, or the system's, to which its sound is matched then."""

    @property
    def is_playback(self) -> bool:
        """Whether sound flows from the guest."""
        return self.plays is not None

    def pcm_params(self) -> PcmParams:
        """As the frontend wants it.  Raises ProtocolError(EINVAL) for an unknown format."""
        sample_format = Format.from_name(self.format)
        return PcmParams(self.rate_hz, self.channels, sample_format, self.period_frames, self.buffer_frames)


class GuestSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guest domain."""

    id: Domid
    streams: Annotated[list[StreamSpec], Meta(min_length=1, max_length=8)]
    name: str = ""
    cpu_limit: Annotated[float, Meta(ge=0.01, le=64)] | None = None
    """The share of a CPU that it may use, in the world docker; 1.5 is one and a half."""
    memory_mb: Annotated[int, Meta(ge=16, le=1 << 20)] | None = None
    """The memory that it may use, in the world docker."""
    realtime: Realtime = Realtime()
    """What its process asks of the kernel, as a hypervisor might give it to a domain."""

    @property
    def title(self) -> str:
        """Its name, or "guest N"."""
        return self.name or f"guest {self.id}"


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to run."""

    name: str
    devices: Annotated[dict[str, dict[str, Any]], Meta(min_length=1)]
    """By name; `kind` chooses the driver, the other keys are its options."""
    guests: Annotated[list[GuestSpec], Meta(min_length=1, max_length=1024)]
    clients: list[ClientSpec] = []
    """Local applications beside them, in the world processes."""
    duration_s: Annotated[float, Meta(gt=0, le=86400)] = 10.0
    pacing: Annotated[list[Pacing], Meta(min_length=1)] = msgspec.field(default_factory=lambda: list[Pacing](("irq",)))
    """One run for each, one after another."""
    load: Annotated[list[LoadName], Meta(min_length=1)] = msgspec.field(default_factory=lambda: [IDLE])
    """What else the machine is made to do meanwhile: each pacing is run under each."""
    loads: dict[LoadName, dict[str, Any]] = {}
    """The scenario's own, by name; `kind` is cpu or flood, the other keys are its options."""
    repeats: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How many rounds of all these runs."""
    warm_up_s: Annotated[float, Meta(ge=0)] | None = None
    """So much of each run's beginning is not measured; unless given, see `settling_s`."""
    margin_us: Annotated[int, Meta(ge=0, le=1_000_000)] = MARGIN_US
    """The difference between pacings that would not matter to anybody."""
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 1
    sound_server: SoundServer | None = None
    """One of its own, for devices of kind `pulse` that name none."""
    faults: list[Fault] = []
    """What is broken when."""
    random_faults: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """How many more are drawn from the seed."""
    realtime: Realtime = Realtime()
    """What the backend asks of the kernel so that it is not late."""
    hosts: list[HostSpec] = []
    """Which guests are on which machine, in the world docker; all are on one unless it is said."""

    @property
    def runs(self) -> int:
        """How many there are."""
        return len(self.pacing) * len(self.load) * self.repeats

    @property
    def settling_s(self) -> float:
        """How much of each run's beginning is not measured: nothing of a single run, unless the scenario says so."""
        if self.warm_up_s is not None:
            return self.warm_up_s
        return 0.0 if self.runs == 1 else min(WARM_UP_S, WARM_UP_SHARE * self.duration_s)

    def load_named(self, name: str) -> Load | None:
        """The load; None is nothing.  Raises ConfigError."""
        return find_load(name, self.loads)

    def all_faults(self, seed: int) -> list[Fault]:
        """Those that are named, and those that this seed draws."""
        drawn = draw_faults(self.random_faults, [guest.id for guest in self.guests], self.duration_s, seed)
        return sorted((*self.faults, *drawn), key=lambda fault: fault.at_s)


def read_scenario(path: Path) -> Scenario:
    """The checked scenario in a TOML file.  Raises ConfigError."""
    scenario = read_toml(path, Scenario)
    for name, options in scenario.devices.items():
        check_device(name, {key: value for key, value in options.items() if key != OTHERWISE}, str(path))
        if OTHERWISE in options:
            check_device(f"{name}.{OTHERWISE}", options[OTHERWISE], str(path))
    try:
        _check(scenario, path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return scenario


def find_recording(name: str, beside: Path) -> Path:
    """A sound file named in a scenario: beside it, or one of vsnd's own.  Raises ConfigError."""
    for folder in (beside, RECORDINGS):
        if (folder / name).is_file():
            return folder / name
    own = ", ".join(sorted(p.name for p in RECORDINGS.glob("*.flac")))
    raise ConfigError(f"no file {name!r} beside the scenario, nor among vsnd's own ({own})")


def _check(scenario: Scenario, beside: Path) -> None:
    domids = [guest.id for guest in scenario.guests]
    check_faults(scenario.faults, domids, scenario.duration_s, has_server=scenario.sound_server is not None)
    check_hosts(scenario.hosts, domids)
    _check_experiment(scenario)
    titles = [guest.title for guest in scenario.guests]
    check_clients(scenario.clients, scenario.devices, titles, lambda name: find_recording(name, beside))
    seen: set[int] = set()
    for g, guest in enumerate(scenario.guests):
        if guest.id in seen:
            raise ConfigError(f"guests[{g}].id: {guest.id} is taken; every guest needs its own")
        seen.add(guest.id)
        for s, stream in enumerate(guest.streams):
            try:
                _check_stream(stream, scenario, beside)
            except (ConfigError, ProtocolError) as error:
                raise ConfigError(f"guests[{g}].streams[{s}].{error}") from None


def _check_experiment(scenario: Scenario) -> None:
    for name in (*scenario.loads, *scenario.load):
        scenario.load_named(name)
    if scenario.settling_s >= scenario.duration_s:
        raise ConfigError(
            f"warm_up_s: {scenario.settling_s:g} leaves nothing to measure of duration_s, {scenario.duration_s:g}"
        )


def _check_stream(stream: StreamSpec, scenario: Scenario, beside: Path) -> None:
    if stream.device not in scenario.devices:
        raise ConfigError(f"device: {stream.device!r} is none of the scenario's: {', '.join(scenario.devices)}")
    if (stream.plays is None) == (stream.records is None):
        raise ConfigError("plays: want either `plays` or `records`")
    if stream.plays is not None and stream.plays != MARKERS:
        try:
            find_recording(stream.plays, beside)
        except ConfigError as error:
            raise ConfigError(f"plays: {error}") from None
    if stream.begins_s >= scenario.duration_s:
        raise ConfigError(f"begins_s: {stream.begins_s:g} is not before the end at {scenario.duration_s:g} s")
    if stream.records is not None and Path(stream.records).name != stream.records:
        raise ConfigError(f"records: {stream.records!r}: want a plain file name; it is put into the output folder")
    _check_sound(stream)


def _check_sound(stream: StreamSpec) -> None:
    if not Format.from_name(stream.format).linear:
        raise ConfigError(f"format: {stream.format} cannot be mixed; want a linear one, such as s16_le")
    check_count(len(levels_mdb(stream.volume_db)), stream.channels, "volume_db")
    if stream.buffer_frames < 2 * stream.period_frames:
        raise ConfigError(
            f"buffer_frames: {stream.buffer_frames}; want at least two periods ({2 * stream.period_frames})"
        )
