"""AudioDevice: what plays or records sound, as the backend sees it.

The verbs are few and none blocks; what can only block keeps its thread inside its own file.  Frames are counted from
the opening of the device and never go back: frame `n` is presented (or was sampled) when `position` passes `n`.

Rules:

1. `position(now_ns)` is the only truth about progress.  Nobody counts interrupts or writes to learn where the card is.
2. An underrun does not stop the device.  Frames nobody wrote in time are presented as silence (or stale data, if the
   hardware does so), `underruns` counts the event, and `written_frames` jumps ahead so that the next write is in time.
3. What only some devices can do is said as data, in `capabilities`.

`backend.devices.checks.check_device` states the contract as a runnable check.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hosts.api import Handle, Loop, OnTime
from ringproto.formats import Format


class DeviceError(OSError):
    """The device failed or is gone; `errno` as the guest will be told (ENODEV gone, EBUSY taken, EIO broken)."""


@dataclass(frozen=True, slots=True)
class DeviceParams:
    """What was asked of, or granted by, a device."""

    rate_hz: int
    channels: int
    format: Format
    period_frames: int
    """Interval of the device's interrupts."""
    buffer_frames: int
    """How far ahead of the position can be written (or behind it read)."""

    @property
    def frame_octets(self) -> int:
        """Octets of one frame."""
        return self.channels * self.format.sample_octets


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this device can do beyond the contract."""

    interrupts: bool
    """It tells of its own periods; without, only timers serve."""
    position_granularity_frames: int = 1
    """Steps in which the position moves; as much as a period: it is known at interrupts only."""
    rewinds: bool = False
    """Frames that were written can be taken back before they are presented, see `AudioDevice.rewind`."""


class AudioDevice(Protocol):
    """One open device, one direction."""

    @property
    def params(self) -> DeviceParams:
        """What the device granted."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def underruns(self) -> int:
        """How often it ran out of frames (playback) or of room (capture) since it was opened."""
        ...

    @property
    def stood_still_frames(self) -> int:
        """Frames since it was opened in whose time what is behind it, a sound server, stood still: silence."""
        ...

    def start(self, now_ns: int) -> None:
        """Begin to present what was written, or to record.  The position moves from where it stood."""

    def stop(self, now_ns: int) -> None:
        """Stop at once; what was written and not presented is dropped.  The position stays."""

    def position(self, now_ns: int) -> int:
        """Frames presented (or sampled) since opening.  Raises DeviceError when the device is gone."""
        ...

    @property
    def written_frames(self) -> int:
        """The frame that the next `write` begins with (playback), or the next `read` (capture)."""
        ...

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Copy interleaved frames (octets in the device's format) into the device; how many frames fitted.

        Raises DeviceError when the device is gone.
        """
        ...

    def rewind(self, frame: int, now_ns: int) -> int:
        """Take back what was written from `frame` on, as far as that can still be done; `written_frames` from now on.

        What the hardware may have fetched already stays: how near to the position that is, is the device's to know.
        A device without `rewinds` takes nothing back.  Raises DeviceError when the device is gone.
        """
        ...

    def read(self, into: memoryview, now_ns: int) -> int:
        """Copy recorded frames out; how many there were.  Raises DeviceError when the device is gone."""
        ...

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` at every interrupt of the device's own.  Raises DeviceError(ENOSYS) without any."""
        ...

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` begins to be presented or sampled, by the best knowledge at `now_ns`, on the loop's clock."""
        ...

    def statistics(self) -> Mapping[str, int | float | str]:
        """Facts for the result file: names with units."""
        ...

    def close(self) -> None:
        """Give the device back, without draining.  Harmless twice."""
