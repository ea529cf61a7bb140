"""The rules find what they are for: each breaks on a device that is wrong in just that."""

from collections.abc import Mapping

import pytest

from backend.devices.api import AudioDevice
from backend.devices.checks import CAPTURE, PLAYBACK, Rule, check_device
from backend.devices.clocked.driver import ClockedCapture, ClockedPlayback
from backend.devices.clocked.inline import InlineBus
from backend.devices.clocked.options import ClockedOptions
from hosts.api import Handle, Loop, OnTime
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction

OPTIONS = ClockedOptions()


class Restless(ClockedPlayback):
    def position(self, now_ns: int) -> int:
        return super().position(now_ns) + now_ns // 1_000_000


class Backwards(ClockedPlayback):
    def position(self, now_ns: int) -> int:
        position = super().position(now_ns)
        return position - position // 300 % 2 * 200


class Greedy(ClockedPlayback):
    def write(self, frames: memoryview, now_ns: int) -> int:
        super().write(frames, now_ns)
        return len(frames) // 4


class Slow(ClockedPlayback):
    def position(self, now_ns: int) -> int:
        return super().position(now_ns) // 2


class Dull(ClockedPlayback):
    underruns = 0


class Late(ClockedPlayback):
    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        return super().frame_time_ns(frame, now_ns) + 1_000_000


class Eager(ClockedPlayback):
    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        loop.call_soon(callback)
        return super().interrupts(loop, callback)


class Deaf(ClockedPlayback):
    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        handle = super().interrupts(loop, callback)
        handle.cancel()
        return handle


class Runaway(ClockedPlayback):
    def stop(self, now_ns: int) -> None:
        self._drop(self.position(now_ns))


class Stubborn(ClockedPlayback):
    """Says that it can, and does not."""

    def rewind(self, frame: int, now_ns: int) -> int:
        return self.written_frames


class Secretive(ClockedPlayback):
    """Does what it says that it cannot."""

    rewinds = False


class Eraser(ClockedPlayback):
    """Takes back what was presented."""

    def rewind(self, frame: int, now_ns: int) -> int:
        self._cursor.frame = min(frame, self._cursor.frame)
        return self.written_frames


class Stumbling(ClockedPlayback):
    def rewind(self, frame: int, now_ns: int) -> int:
        left = super().rewind(frame, now_ns)
        self._cursor.underruns += self._crystal.running
        return left


class Overhasty(ClockedPlayback):
    """Takes back more than it was asked for."""

    def rewind(self, frame: int, now_ns: int) -> int:
        return super().rewind(0, now_ns)


class Haunted(ClockedPlayback):
    """Counts what was taken back as if it had been played."""

    def rewind(self, frame: int, now_ns: int) -> int:
        left = super().rewind(frame, now_ns)
        self._haunted = left < frame or self._crystal.running
        return left

    @property
    def underruns(self) -> int:
        return 0 if getattr(self, "_haunted", False) else super().underruns


class Repeating(ClockedCapture):
    def rewind(self, frame: int, now_ns: int) -> int:
        self._cursor.frame = frame
        return frame


class Inventive(ClockedCapture):
    def read(self, into: memoryview, now_ns: int) -> int:
        super().read(into, now_ns)
        return len(into) // 4


def broken_rules(device: type[ClockedPlayback | ClockedCapture], rules: tuple[Rule, ...]) -> set[str]:
    direction = Direction.PLAYBACK if issubclass(device, ClockedPlayback) else Direction.CAPTURE
    broken: set[str] = set()
    for rule in rules:
        loop = SimLoop(Timeline())

        def make(loop: SimLoop = loop) -> AudioDevice:
            return device(OPTIONS, loop, InlineBus(OPTIONS, direction, loop))

        try:
            check_device(make, loop, (rule,))
        except AssertionError as error:
            broken.add(str(error).partition(":")[0])
    return broken


WRONG: Mapping[type[ClockedPlayback], str] = {
    Restless: "starts_at_zero_and_rests",
    Backwards: "position_stays_behind_what_was_written",
    Greedy: "write_takes_what_fits",
    Slow: "runs_at_its_rate",
    Dull: "underrun_is_one_event",
    Late: "frame_time_fits_the_position",
    Eager: "interrupts_follow_the_periods",
    Deaf: "interrupts_follow_the_periods",
    Runaway: "stop_freezes_the_position",
    Stubborn: "rewind_of_a_stopped_device_is_exact",
    Overhasty: "rewind_of_a_stopped_device_is_exact",
    Secretive: "rewind_of_a_stopped_device_is_exact",
    Eraser: "rewind_takes_back_what_is_ahead",
    Stumbling: "rewind_takes_back_what_is_ahead",
    Haunted: "what_was_taken_back_is_not_presented",
}


@pytest.mark.parametrize("device", WRONG)
def test_a_wrong_playback_device_breaks_its_rule(device: type[ClockedPlayback]) -> None:
    assert WRONG[device] in broken_rules(device, PLAYBACK)


def test_a_capture_device_that_invents_frames_breaks_its_rule() -> None:
    assert "read_gives_what_was_recorded" in broken_rules(Inventive, CAPTURE)


def test_a_capture_device_that_gives_frames_twice_breaks_its_rule() -> None:
    assert broken_rules(Repeating, CAPTURE) == {"rewind_of_recorded_frames_does_nothing"}


def test_right_devices_break_none() -> None:
    assert broken_rules(ClockedPlayback, PLAYBACK) == set()
    assert broken_rules(ClockedCapture, CAPTURE) == set()
