"""The contract of `backend.devices.api.AudioDevice`, rule by rule, for any device on any loop.

Each rule is a function that takes a `Bench` (a fresh, stopped device and a few ways to use it) and asserts one thing
about it.  No rule judges how quickly anything ran: all of them read the position and the time together, so they hold
on simulated time and on a busy machine alike.  `check_device` applies `PLAYBACK` or `CAPTURE`; a test runner may also
take the rules one by one.  Those of `rewind` are in `rewindchecks`.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from errno import ENOSYS

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.bench import NS_PER_S, Bench, Rule
from backend.devices.rewindchecks import REWIND_CAPTURE, REWIND_PLAYBACK
from hosts.api import Loop

__all__ = ["CAPTURE", "NS_PER_S", "PLAYBACK", "RATE_ERROR_PPM_MAX", "Bench", "Rule", "bench_for", "check_device"]

RATE_ERROR_PPM_MAX = 2000
"""How wrong a card's crystal may be; real ones are within 100 ppm."""

MakeDevice = Callable[[], AudioDevice]


def starts_at_zero_and_rests(bench: Bench) -> None:
    """Nothing moves before `start`."""
    bench.wait(2)
    assert bench.position() == 0
    assert bench.device.written_frames == 0
    assert bench.device.underruns == 0


def runs_at_its_rate(bench: Bench) -> None:
    """The position is the elapsed time at the rate, within the crystal's error, its grain and a period to start in."""
    started_ns = bench.start()
    for _ in range(8):
        bench.wait(1)
        now_ns = bench.loop.now_ns()
        position = bench.device.position(now_ns)
        nominal = (now_ns - started_ns) * bench.device.params.rate_hz // NS_PER_S
        error = nominal * RATE_ERROR_PPM_MAX // 1_000_000 + bench.grain + 1
        assert nominal - bench.period - error <= position <= nominal + error


def stop_freezes_the_position(bench: Bench) -> None:
    """After `stop` the position stays, and what was not presented (or read) is dropped."""
    bench.start()
    bench.wait(1.5)
    bench.stop()
    stood, underruns = bench.position(), bench.device.underruns
    bench.wait(3)
    assert bench.position() == stood
    assert stood <= bench.device.written_frames < stood + bench.grain
    assert bench.device.underruns == underruns


def restart_goes_on(bench: Bench) -> None:
    """After a second `start` the position moves on from where it stood."""
    bench.start()
    bench.wait(1.5)
    bench.stop()
    stood = bench.position()
    bench.start()
    assert stood <= bench.position()
    bench.wait(3)
    assert bench.position() > stood


def frame_time_fits_the_position(bench: Bench) -> None:
    """A frame two periods ahead begins when it was foretold to, within a frame, the grain and the crystal's error."""
    bench.start()
    bench.wait(1)
    now_ns = bench.loop.now_ns()
    frame = bench.device.position(now_ns) + 2 * bench.period
    due_ns = bench.device.frame_time_ns(frame, now_ns)
    assert due_ns > now_ns
    bench.wait_until(due_ns)
    late_ns = bench.loop.now_ns() - due_ns
    late_frames = late_ns * bench.device.params.rate_hz // NS_PER_S
    error = bench.grain + 1 + 2 * bench.period * RATE_ERROR_PPM_MAX // 1_000_000
    assert abs(bench.position() - late_frames - frame) <= error + late_frames * RATE_ERROR_PPM_MAX // 1_000_000


def interrupts_follow_the_periods(bench: Bench) -> None:
    """Never more interrupts than periods have passed, and most of them; or ENOSYS from a device that has none."""
    if not bench.device.capabilities.interrupts:
        _assert_no_interrupts(bench)
        return
    seen: list[int] = []
    line = bench.device.interrupts(bench.loop, lambda now_ns: seen.append(bench.device.position(now_ns)))
    bench.start()
    bench.wait(8.5)
    for nth, position in enumerate(seen, start=1):
        assert position > nth * bench.period - bench.grain, f"interrupt {nth} at frame {position}: early"
    assert len(seen) >= 4, f"{len(seen)} interrupts in 8 periods"
    line.cancel()
    line.cancel()
    heard = len(seen)
    bench.wait(2)
    assert len(seen) == heard, "an interrupt after cancel()"


def _assert_no_interrupts(bench: Bench) -> None:
    refused = None
    try:
        bench.device.interrupts(bench.loop, _ignore)
    except DeviceError as error:
        refused = error.errno
    assert refused == ENOSYS, "interrupts() without the capability must raise DeviceError(ENOSYS)"


def _ignore(_now_ns: int) -> None:
    """Nothing is to be heard."""


def closes_twice(bench: Bench) -> None:
    """`close` is harmless while running, and again."""
    bench.start()
    bench.wait(1)
    bench.device.close()
    bench.device.close()


def write_takes_what_fits(bench: Bench) -> None:
    """A stopped device takes exactly its buffer, at once, and no more."""
    assert bench.write(2 * bench.buffer) == bench.buffer
    assert bench.device.written_frames == bench.buffer
    assert bench.write(1) == 0
    bench.stop()
    assert bench.device.written_frames == 0
    assert bench.write(bench.period) == bench.period


def position_stays_behind_what_was_written(bench: Bench) -> None:
    """While it is fed, the position never goes back and never passes `written_frames`."""
    bench.write(bench.buffer)
    bench.start()
    before = 0
    for _ in range(16):
        bench.wait(0.25)
        position = bench.position()
        assert before <= position <= bench.device.written_frames <= position + bench.buffer
        bench.write(bench.buffer)
        assert bench.device.written_frames <= bench.position() + bench.buffer
        before = position


def underrun_is_one_event(bench: Bench) -> None:
    """Frames that do not come are one underrun until the next write, which is in time again."""
    bench.write(bench.period)
    bench.start()
    for _ in range(8):
        bench.wait(0.5)
        position = bench.position()
        assert bench.device.written_frames >= position
    assert bench.device.underruns == 1
    before = bench.device.written_frames
    written = bench.write(bench.period)
    assert bench.device.written_frames >= before + written
    assert written > 0
    assert bench.device.underruns == 1
    bench.wait(4)
    bench.position()
    assert bench.device.underruns == 2


def read_gives_what_was_recorded(bench: Bench) -> None:
    """No more is read than was sampled, every frame once, and nothing before `start`."""
    assert bench.read(bench.buffer) == 0
    bench.start()
    total = 0
    for _ in range(16):
        bench.wait(0.25)
        first = bench.device.written_frames
        frames = bench.read(bench.buffer)
        total += frames
        assert bench.device.written_frames >= first + frames
        assert bench.device.written_frames <= bench.position()
    assert 0 < total <= bench.position()


def overrun_is_one_event(bench: Bench) -> None:
    """Frames that nobody reads are one overrun until the next read, which gets frames that are still there."""
    bench.start()
    for _ in range(8):
        bench.wait(0.25 + bench.buffer / bench.period / 4)
        assert bench.position() - bench.device.written_frames <= bench.buffer
    assert bench.device.underruns == 1
    while not bench.read(bench.buffer):  # the newest frames may still be on their way into memory
        bench.wait(0.25)
    assert bench.device.underruns == 1


BOTH: tuple[Rule, ...] = (
    starts_at_zero_and_rests,
    runs_at_its_rate,
    stop_freezes_the_position,
    restart_goes_on,
    frame_time_fits_the_position,
    interrupts_follow_the_periods,
    closes_twice,
)
PLAYBACK: tuple[Rule, ...] = (
    *BOTH,
    write_takes_what_fits,
    position_stays_behind_what_was_written,
    underrun_is_one_event,
    *REWIND_PLAYBACK,
)
CAPTURE: tuple[Rule, ...] = (*BOTH, read_gives_what_was_recorded, overrun_is_one_event, *REWIND_CAPTURE)


@contextmanager
def bench_for(make_device: MakeDevice, loop: Loop) -> Generator[Bench, None, None]:
    """A bench with a fresh device, closed in the end."""
    device = make_device()
    try:
        yield Bench(device, loop)
    finally:
        device.close()


def check_device(make_device: MakeDevice, loop: Loop, rules: tuple[Rule, ...]) -> None:
    """Apply `PLAYBACK` or `CAPTURE` rules, each to a fresh device; AssertionError naming the rule that is broken."""
    for rule in rules:
        with bench_for(make_device, loop) as bench:
            try:
                rule(bench)
            except AssertionError as error:
                raise AssertionError(f"{rule.__name__}: {error}") from error
