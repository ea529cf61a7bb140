"""A device that does what a test says: its position stands where it was put, and it fails when told to."""

from collections.abc import Mapping
from errno import ENODEV

from backend.devices.api import Capabilities, DeviceError, DeviceParams
from backend.pacing.api import Seen
from backend.pacing.choose import MakePacing
from backend.pacing.lead import PeriodLead
from hosts.api import Handle, Loop, OnTime
from ringproto.formats import Format

PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)


class FakeDevice:
    """Both directions in one; whoever sets `capabilities.rewinds` has it take frames back from `heard`."""

    params = PARAMS
    underruns = 0
    stood_still_frames = 0

    def __init__(self) -> None:
        self.capabilities = Capabilities(interrupts=False)
        self.at = 0
        self.written_frames = 0
        self.heard = b""
        self.recorded = b""
        self.running = False
        self.open = True
        self.failing = False

    def _check(self) -> None:
        if self.failing:
            raise DeviceError(ENODEV, "pulled out")

    def start(self, now_ns: int) -> None:
        self._check()
        self.running = True

    def stop(self, now_ns: int) -> None:
        self.running = False
        self.written_frames = self.at

    def position(self, now_ns: int) -> int:
        self._check()
        return self.at

    def write(self, frames: memoryview, now_ns: int) -> int:
        self._check()
        room = self.at + self.params.buffer_frames - self.written_frames
        count = min(len(frames) // self.params.frame_octets, room)
        self.heard += bytes(frames[: count * self.params.frame_octets])
        self.written_frames += count
        return count

    def rewind(self, frame: int, now_ns: int) -> int:
        self._check()
        taken = self.written_frames - max(frame, self.at)
        if self.capabilities.rewinds and taken > 0:
            self.heard = self.heard[: -taken * self.params.frame_octets]
            self.written_frames -= taken
        return self.written_frames

    def read(self, into: memoryview, now_ns: int) -> int:
        self._check()
        octets = min(len(into), len(self.recorded))
        into[:octets] = self.recorded[:octets]
        self.recorded = self.recorded[octets:]
        self.written_frames += octets // self.params.frame_octets
        return octets // self.params.frame_octets

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        raise AssertionError("it has none")

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        return now_ns + (frame - self.at) * 1_000_000_000 // self.params.rate_hz

    def statistics(self) -> Mapping[str, int | float | str]:
        return {}

    def close(self) -> None:
        self.open = False


class ByHand(PeriodLead):
    """A pacing that looks when the test does; `running` is whether it was asked to."""

    name = "by hand"

    def __init__(self) -> None:
        super().__init__(FakeDevice())
        self.looks = 0
        self.running = False
        self.seen: list[Seen] = []

    def start(self, now_ns: int) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def looked(self, seen: Seen, now_ns: int) -> None:
        self.seen.append(seen)

    def statistics(self) -> Mapping[str, int | float | str]:
        return {}


def paced_by(pacing: ByHand) -> MakePacing:
    """What makes this very pacing."""
    return lambda loop, look, device: pacing
