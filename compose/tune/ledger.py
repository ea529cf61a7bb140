"""The ledger: what was run, what came of it, and what that counts together for.

Only verifications of the same sizes are counted together: trials were chosen by how they came out, and their luck with
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from backend.latency.statistics.rates import Count, total

#: A stream: its guest's id, and which of its streams.
Key = tuple[int, int]
Purpose = Literal["periods", "buffers", "verification"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Rungs: of periods by device, of buffers by stream."""

    periods: Mapping[str, int]
    buffers: Mapping[Key, int]

    def with_buffer(self, key: Key, rung: int) -> "Setting":
        """The same, but for one buffer."""
        return Setting(self.periods, {**self.buffers, key: rung})


@dataclass(frozen=True, slots=True)
class Trial:
    """What to run."""

    purpose: Purpose
    setting: Setting
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Underruns in a trial."""

    devices: Mapping[str, int]
    streams: Mapping[Key, int]
    """Those that its device caused are among them."""
    refused: frozenset[str] = frozenset()
    """Devices that did not grant the period."""
    unfinished: frozenset[Key] = frozenset()
    """Streams that hardly got on, and had to be ended.  Then nothing is known of devices, or of the other streams."""


class Ledger:
    """All trials, in their order."""

    def __init__(self) -> None:
        self.entries: list[tuple[Trial, Seen]] = []

    def device(self, name: str, period: int) -> Count | None:
        """A device's underruns in verifications with this period; None without any."""
        return _together(
            Count(seen.devices[name], trial.seconds)
            for trial, seen in self.entries
            if trial.purpose == "verification" and trial.setting.periods[name] == period and name in seen.devices
        )

    def stream(self, key: Key, device: str, period: int, buffer: int) -> Count | None:
        """A stream's underruns in verifications with this period and buffer; None without any."""
        return _together(
            count
            for trial, tried, count in self._of(key, device, period)
            if trial.purpose == "verification" and tried == buffer
        )

    def smaller(self, key: Key, device: str, period: int, buffer: int) -> tuple[int, Count] | None:
        """The next smaller buffer that had underruns with this period: its rung, and its underruns in all trials."""
        counts: dict[int, list[Count]] = {}
        for _, tried, count in self._of(key, device, period):
            if tried < buffer:
                counts.setdefault(tried, []).append(count)
        failed = [(tried, total(same)) for tried, same in counts.items() if any(count.events for count in same)]
        return max(failed, key=lambda pair: pair[0], default=None)

    def _of(self, key: Key, device: str, period: int) -> Iterable[tuple[Trial, int, Count]]:
        return (
            (trial, trial.setting.buffers[key], Count(seen.streams[key], trial.seconds))
            for trial, seen in self.entries
            if trial.setting.periods[device] == period and key in seen.streams
        )


def _together(counts: Iterable[Count]) -> Count | None:
    listed = list(counts)
    return total(listed) if listed else None
