"""The contract of `backend.pacing.api.PeriodSource`, rule by rule, for any pacing of any playback device on any loop.

Each rule is a function that takes a `Bench`: a fresh device and its pacing, and a `Reader` that does what an output
does at a look.  It keeps the device filled as the pacing says, counts the ends of periods that the position has passed,
and tells the pacing what it saw.

`RULES` judge no time, so they hold on a busy machine as well.  `PROMPT_RULES` want a loop that is never late by more
than a fraction of a period: simulated time.  A pacing is to be checked with each weakness that devices have (clocks
that drift, positions that move in steps, interrupts that are lost), and with guests that ask for little and for much.
"""

from collections.abc import Callable

from backend.devices.api import AudioDevice
from backend.pacing.api import NEVER, Seen
from backend.pacing.choose import MakePacing
from hosts.api import Loop, OnTime

NS_PER_S = 1_000_000_000
PATIENCE_PERIODS = 200
"""For so long a loop that is busy with other things may put off what should have happened."""
LOOKS_PER_PERIOD_MAX = 4
"""Whoever looks more often than that does not wait but ask."""

MakeDevice = Callable[[], AudioDevice]
#: Keeps a loop from running for so many ns.
Stall = Callable[[int], None]


class Reader:
    """What an output is to a pacing, whose most demanding guest asks for `latency_frames`."""

    def __init__(self, device: AudioDevice, loop: Loop, make_pacing: MakePacing, latency_frames: int) -> None:
        self.device = device
        self._loop = loop
        self._latency_frames = latency_frames
        self.pacing = make_pacing(loop, self.on_look, device)
        self.period = device.params.period_frames
        self.calls = 0
        """Looks that the pacing made."""
        self.found: list[int] = []
        """How many ends of periods each look found."""
        self.late_frames: list[int] = []
        """How far each end lay back when it was found."""
        self.at_end: OnTime | None = None
        """Called from within each look that found an end."""
        self._passed = 0
        self._silence = memoryview(bytes(device.params.buffer_frames * device.params.frame_octets))

    @property
    def ends(self) -> int:
        """Ends of periods that were found, since the device was opened."""
        return self._passed

    def on_look(self, now_ns: int) -> None:
        """The pacing thinks it time, and says what time it is."""
        assert now_ns <= self._loop.now_ns(), f"a look at {now_ns}, which is yet to come"
        self.calls += 1
        self.look(now_ns)

    def look(self, now_ns: int) -> None:
        """Find the ends that have passed, fill the device, and tell the pacing."""
        position = self.device.position(now_ns)
        left = self.device.written_frames - position
        self._find(position)
        self.fill(position, now_ns)
        due = (self._passed + 1) * self.period
        self.pacing.looked(Seen(position, left, self.device.written_frames, due), now_ns)
        if self.found and self.found[-1] and self.at_end is not None:
            self.at_end(now_ns)

    def _find(self, position: int) -> None:
        passed = position // self.period
        assert passed >= self._passed, f"position {position} is before period {self._passed}'s end, which was found"
        self.late_frames += [position - end * self.period for end in range(self._passed + 1, passed + 1)]
        self.found.append(passed - self._passed)
        self._passed = passed

    def fill(self, position: int, now_ns: int) -> None:
        """Write silence as far as the pacing says, which is no further than the buffer reaches."""
        edge = self.device.written_frames
        until = self.pacing.fill_until(position, self._latency_frames)
        must = self.pacing.must_until(position, edge)
        most = position + self.device.params.buffer_frames
        assert max(until, must) <= most, f"to fill until {until} and {must}, and the buffer ends at {most}"
        octets = max(0, max(until, must) - edge) * self.device.params.frame_octets
        self.device.write(self._silence[:octets], now_ns)


class Bench:
    """A pacing under test."""

    def __init__(self, reader: Reader, loop: Loop, stall: Stall) -> None:
        self.reader = reader
        self.device = device = reader.device
        self.pacing = reader.pacing
        self.loop = loop
        self.stall = stall
        self.period_ns = device.params.period_frames * NS_PER_S // device.params.rate_hz

    def start(self, now_ns: int) -> None:
        """Fill the device and start it and its pacing, as an output does."""
        position = self.device.position(now_ns)
        self.reader.fill(position, now_ns)
        self.device.start(now_ns)
        self.pacing.start(now_ns)
        self.reader.look(now_ns)

    def stop(self, now_ns: int) -> None:
        """Stop both."""
        self.pacing.stop()
        self.device.stop(now_ns)

    def run(self, periods: int) -> None:
        """Start, and let so many more periods' ends be found."""
        self.start(self.loop.now_ns())
        self.find(periods)

    def find(self, periods: int) -> None:
        """Let so many more periods' ends be found."""
        wanted = self.reader.ends + periods
        deadline_ns = self.loop.now_ns() + (periods + PATIENCE_PERIODS) * self.period_ns
        found = self.loop.run_until(lambda: self.reader.ends >= wanted, deadline_ns)
        assert found, f"{self.reader.ends} ends of periods found of {wanted}, after {self.reader.calls} looks"

    def wait(self, periods: float) -> None:
        """Let about so many periods pass."""
        self.loop.run_until(lambda: False, self.loop.now_ns() + int(periods * self.period_ns))


def nothing_before_start(bench: Bench) -> None:
    """No look before `start`; a guest that asks for too little is served the least that there is."""
    bench.wait(4)
    assert bench.reader.calls == 0
    assert 0 < bench.pacing.least_frames <= bench.pacing.fill_until(0, 1) <= bench.device.params.buffer_frames


def every_end_is_found(bench: Bench) -> None:
    """The ends of all periods are found, one after another, until it is stopped."""
    bench.run(32)


def looks_are_counted(bench: Bench) -> None:
    """`looks` counts the calls and nothing else; nobody looks without end."""
    bench.run(16)
    bench.reader.look(bench.loop.now_ns())
    assert bench.pacing.looks == bench.reader.calls
    assert bench.pacing.looks <= LOOKS_PER_PERIOD_MAX * (bench.reader.ends + 1)


def stop_ends_looks(bench: Bench) -> None:
    """No look after `stop`, which is harmless twice; nor does being told of another's look begin them again."""
    bench.run(3)
    bench.pacing.stop()
    bench.pacing.stop()
    bench.reader.look(bench.loop.now_ns())
    calls = bench.reader.calls
    bench.wait(6)
    assert (bench.reader.calls, bench.pacing.looks) == (calls, calls)


def a_look_may_stop_it(bench: Bench) -> None:
    """Stopped from within a look, it does not look again."""
    bench.reader.at_end = bench.stop
    bench.run(1)
    calls = bench.reader.calls
    bench.wait(6)
    assert bench.reader.calls == calls


def it_can_be_started_again(bench: Bench) -> None:
    """Started again it finds ends again, wherever in a period it was stopped."""
    for eighths in (0, 3, 6):
        bench.run(3)
        bench.wait(eighths / 8)
        bench.stop(bench.loop.now_ns())
        bench.wait(2.5)
    bench.run(8)


def a_look_may_start_it_again(bench: Bench) -> None:
    """Stopped and started again from within a look, it goes on."""

    def again(now_ns: int) -> None:
        bench.reader.at_end = None
        bench.stop(now_ns)
        bench.start(now_ns)

    bench.reader.at_end = again
    bench.run(8)
    calls, ends = bench.reader.calls, bench.reader.ends
    bench.find(16)
    assert bench.reader.calls - calls <= LOOKS_PER_PERIOD_MAX * (bench.reader.ends - ends + 1)


def others_may_look(bench: Bench) -> None:
    """Looks of others in between, which may find an end first, do not keep it from finding the next."""
    bench.run(1)
    for eighths in range(1, 32):
        bench.wait(eighths / 8)
        bench.reader.look(bench.loop.now_ns())
    bench.pacing.changed(bench.loop.now_ns())
    bench.find(8)


def what_was_missed_is_caught_up(bench: Bench) -> None:
    """After a stall of several periods one look finds all their ends, and it goes on as before, with no burst."""
    bench.run(3)
    before = len(bench.reader.found)
    bench.stall(8 * bench.period_ns)
    bench.find(8)
    bench.wait(0.5)
    found = bench.reader.found[before:]
    assert max(found) >= 7
    assert found.count(0) <= LOOKS_PER_PERIOD_MAX, f"{found.count(0)} looks found nothing after a stall"
    calls, ends = bench.reader.calls, bench.reader.ends
    bench.find(16)
    assert bench.reader.calls - calls <= LOOKS_PER_PERIOD_MAX * (bench.reader.ends - ends + 1)


def it_tells_what_it_did(bench: Bench) -> None:
    """It has a name, and `statistics` can be asked at any time."""
    before = dict(bench.pacing.statistics())
    bench.run(4)
    assert bench.pacing.statistics().keys() == before.keys()
    bench.stop(bench.loop.now_ns())
    assert bench.pacing.statistics().keys() == before.keys()
    assert bench.pacing.name


def ends_are_found_in_time(bench: Bench) -> None:
    """Each end is found within two periods of its passing, half of them within one."""
    bench.run(200)
    late_frames = sorted(bench.reader.late_frames)
    assert late_frames[-1] < 2 * bench.reader.period, f"an end was found {late_frames[-1]} frames late"
    assert late_frames[len(late_frames) // 2] <= bench.reader.period


def nothing_runs_dry(bench: Bench) -> None:
    """A device that is filled as the pacing says does not run dry; nor after others looked, or it was started again."""
    bench.run(200)
    bench.stop(bench.loop.now_ns())
    bench.run(8)
    others_may_look(bench)
    assert bench.device.underruns == 0


Rule = Callable[[Bench], None]

RULES: tuple[Rule, ...] = (
    nothing_before_start,
    every_end_is_found,
    looks_are_counted,
    stop_ends_looks,
    a_look_may_stop_it,
    it_can_be_started_again,
    a_look_may_start_it_again,
    others_may_look,
    what_was_missed_is_caught_up,
    it_tells_what_it_did,
)
PROMPT_RULES: tuple[Rule, ...] = (*RULES, ends_are_found_in_time, nothing_runs_dry)


def check_pacing(
    make_pacing: MakePacing,
    make_device: MakeDevice,
    loop: Loop,
    stall: Stall,
    rules: tuple[Rule, ...] = RULES,
    latency_frames: int = NEVER,
) -> None:
    """Apply the rules, each to a fresh device and pacing; AssertionError naming the rule that is broken.

    `stall(ns)` keeps `loop` from running for so long: it may sleep, or have simulated time pass.
    """
    for rule in rules:
        device = make_device()
        bench = Bench(Reader(device, loop, make_pacing, latency_frames), loop, stall)
        try:
            rule(bench)
        except AssertionError as error:
            raise AssertionError(f"{rule.__name__}: {error}") from error
        finally:
            bench.pacing.stop()
            device.close()
