"""Sizes: what the rungs of the search mean for a scenario, so that nothing is tried that the backend would refuse.

A guest's buffer must hold, in its own frames,

    its period + what is mixed ahead of the card + what converting looks ahead + its room to be late.

* The period: no guest is told of progress more often than the backend looks at the card.  So under `irq` and the timers
  the card's period is the guests' too (a guest's is 1 ms at the least, see `backend.offers`).
* Mixed ahead: two of the card's periods (`backend.pacing.lead`); under `adaptive` pacing a fixed time; of a recording,
  what one look brings.
* Looked ahead: what the resampler withholds, as it says itself, and for a guest by the system's clock one more of the
  card's periods, into which looks fall anywhere (`docs/scenario.md`).

These three are the floor, and only the last part is searched for: from no period to as many as are 128 ms, the more the
wider the steps.  A buffer is whole periods, since applications write whole ones, and start when the buffer is full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import msgspec

from backend.config import ConfigError, check_device
from backend.mixing.resample import Resampler
from backend.mixing.steered import SteeredResampler
from backend.offers import PERIOD_NS_MIN
from backend.pacing.choose import Pacing, is_adaptive
from backend.pacing.lead import LEAD_PERIODS
from backend.pacing.watermark import MIN_LATENCY_NS
from compose.scenario import GuestSpec, Scenario, StreamSpec
from compose.tune.ledger import Key, Setting
from compose.worlds.invariants import NUMBERS

NS_PER_S = 1_000_000_000
PERIODS_NS = tuple(round(ms * 1e6) for ms in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128))
ROOMS = (*range(8), *(base << octave for octave in range(4) for base in (8, 10, 12, 14)), 128)
"""What a guest may be late by, in periods: a rung of its buffer each."""
ROOM_MAX_NS = 128_000_000
"""More room than anybody needs."""
CARD_PERIODS = 4
"""So many periods a device's buffer holds at least, if its period is changed: two are mixed ahead, rounded up."""
PERIOD_FRAMES, BUFFER_FRAMES, RATE_HZ = 480, 1920, 48000
"""What every driver of ours takes unless it is told."""


@dataclass(frozen=True, slots=True)
class Size:
    """In the stream's own frames."""

    period_frames: int
    buffer_frames: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """A device and the periods that it, or its guests on it, can be given."""

    rate_hz: int
    period_frames: int
    """As the scenario has it."""
    rungs_ns: tuple[int, ...]
    changes: bool
    """Whether the device's own period follows."""

    def device_frames(self, rung: int) -> int:
        """The device's period on this rung."""
        return round(self.rungs_ns[rung] * self.rate_hz / NS_PER_S) if self.changes else self.period_frames


class Plan:
    """A scenario, and what of it is to be tuned: all guests with their devices, or one guest alone."""

    def __init__(self, scenario: Scenario, guest: str | None) -> None:
        """Raises ConfigError naming what cannot be tuned."""
        _check(scenario)
        self.scenario = scenario
        self.pacing: Pacing = scenario.pacing[0]
        self.specs = {
            (domain.id, number): stream
            for domain in _chosen(scenario, guest)
            for number, stream in enumerate(domain.streams)
        }
        alone = guest is not None or is_adaptive(self.pacing)
        self.ladders = {
            name: _ladder(name, scenario.devices[name], alone=alone, adaptive=is_adaptive(self.pacing))
            for name in scenario.devices
            if any(spec.device == name for spec in self.specs.values())
        }
        self._ahead = {key: _look_ahead(spec, self.ladders[spec.device]) for key, spec in self.specs.items()}

    @property
    def streams(self) -> dict[Key, str]:
        """On which device each is."""
        return {key: spec.device for key, spec in self.specs.items()}

    def title(self, key: Key) -> str:
        """A stream, for people."""
        guest = next(guest for guest in self.scenario.guests if guest.id == key[0])
        return guest.title if len(guest.streams) == 1 else f"{guest.title}/{key[1]}"

    @property
    def devices(self) -> dict[str, list[int]]:
        """For each rung of its periods, how many rungs the buffers on it have."""
        return {name: [_rooms(period_ns) for period_ns in ladder.rungs_ns] for name, ladder in self.ladders.items()}

    def size(self, key: Key, setting: Setting) -> Size:
        """A stream's period and buffer."""
        spec, ladder = self.specs[key], self.ladders[self.specs[key].device]
        rung = setting.periods[spec.device]
        period = max(
            round(ladder.rungs_ns[rung] * spec.rate_hz / NS_PER_S), -(-PERIOD_NS_MIN * spec.rate_hz // NS_PER_S)
        )
        lead = -(-self._lead_frames(spec, ladder, rung) * spec.rate_hz // ladder.rate_hz)
        periods = 1 + -(-(lead + self._ahead[key]) // period) + ROOMS[setting.buffers[key]]
        return Size(period, max(periods, 2) * period)

    def _lead_frames(self, spec: StreamSpec, ladder: Ladder, rung: int) -> int:
        """Of the device's: what is mixed ahead of it, or comes with one look."""
        adaptive, device_period = is_adaptive(self.pacing), ladder.device_frames(rung)
        lead = MIN_LATENCY_NS * ladder.rate_hz // NS_PER_S if adaptive else LEAD_PERIODS * device_period
        if not spec.is_playback:
            lead = min(lead, device_period)
        return lead + device_period if spec.clock == "system" and not adaptive else lead

    def device(self, name: str, setting: Setting) -> dict[str, Any]:
        """A device's options."""
        ladder, options = self.ladders[name], self.scenario.devices[name]
        if not ladder.changes:
            return options
        return _with_period(options, ladder.device_frames(setting.periods[name]))

    def tuned(self, setting: Setting, seconds: float) -> Scenario:
        """The scenario with these sizes, for one run in which every stream plays so long."""
        devices = {name: self.device(name, setting) for name in self.ladders}
        return msgspec.structs.replace(
            self.scenario,
            devices={**self.scenario.devices, **devices},
            guests=[self._guest(guest, setting) for guest in self.scenario.guests],
            pacing=[self.pacing],
            repeats=1,
            load=self.scenario.load[:1],
            warm_up_s=None,
            duration_s=seconds + max(spec.begins_s for spec in self.specs.values()),
        )

    def _guest(self, guest: GuestSpec, setting: Setting) -> GuestSpec:
        return msgspec.structs.replace(guest, streams=[
            self._stream((guest.id, number), stream, setting) for number, stream in enumerate(guest.streams)
        ])  # fmt: skip

    def _stream(self, key: Key, stream: StreamSpec, setting: Setting) -> StreamSpec:
        if key not in self.specs:
            return stream
        size = self.size(key, setting)
        return msgspec.structs.replace(stream, period_frames=size.period_frames, buffer_frames=size.buffer_frames)


def _rooms(period_ns: int) -> int:
    """How many rungs buffers have with this period."""
    return next(index for index, periods in enumerate(ROOMS) if periods * period_ns >= ROOM_MAX_NS) + 1


def _check(scenario: Scenario) -> None:
    if scenario.faults or scenario.random_faults:
        raise ConfigError("faults: what is broken on purpose has no smallest size; leave them out")
    if any(stream.plays == NUMBERS for guest in scenario.guests for stream in guest.streams):
        raise ConfigError(f"plays: {NUMBERS} is for runs without a gap, and trials make gaps; play something else")


def _chosen(scenario: Scenario, guest: str | None) -> list[GuestSpec]:
    chosen = [domain for domain in scenario.guests if guest in (None, domain.title, str(domain.id))]
    if not chosen:
        raise ConfigError(f"--guest: {guest!r} is none of: {', '.join(domain.title for domain in scenario.guests)}")
    return chosen


def _ladder(name: str, options: Mapping[str, Any], *, alone: bool, adaptive: bool) -> Ladder:
    """Raises ConfigError for a device of which no period is possible."""
    rate_hz, period_frames = int(options.get("rate_hz", RATE_HZ)), int(options.get("period_frames", PERIOD_FRAMES))
    if alone:
        own_ns = 0 if adaptive else period_frames * NS_PER_S // rate_hz
        longer = tuple(period_ns for period_ns in PERIODS_NS if period_ns > own_ns)
        return Ladder(rate_hz, period_frames, longer if adaptive else (own_ns, *longer), changes=False)
    possible = tuple(ns for ns in PERIODS_NS if _refusal(name, options, round(ns * rate_hz / NS_PER_S)) is None)
    if not possible:
        refusal = _refusal(name, options, round(PERIODS_NS[-1] * rate_hz / NS_PER_S))
        assert refusal is not None
        raise refusal
    return Ladder(rate_hz, period_frames, possible, changes=True)


def _refusal(name: str, options: Mapping[str, Any], period_frames: int) -> ConfigError | None:
    """What the driver has against this period."""
    try:
        check_device(name, _with_period(options, period_frames), "tune")
    except ConfigError as refusal:
        return refusal
    return None


def _with_period(options: Mapping[str, Any], period_frames: int) -> dict[str, Any]:
    buffer_frames = max(int(options.get("buffer_frames", BUFFER_FRAMES)), CARD_PERIODS * period_frames)
    return {**options, "period_frames": period_frames, "buffer_frames": buffer_frames}


def _look_ahead(spec: StreamSpec, ladder: Ladder) -> int:
    """Frames of the guest's that converting withholds."""
    if spec.rate_hz == ladder.rate_hz and spec.clock == "card":
        return 0
    kind = SteeredResampler if spec.clock == "system" else Resampler
    if spec.is_playback:
        return kind(spec.rate_hz, ladder.rate_hz, 1).look_ahead_frames
    return ceil(kind(ladder.rate_hz, spec.rate_hz, 1).look_ahead_frames * spec.rate_hz / ladder.rate_hz)
