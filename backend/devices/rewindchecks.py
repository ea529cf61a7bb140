"""What the contract of a device says of `rewind`, rule by rule, as `checks` applies them.

A device takes back as much as it can, which may be nothing; what it says of that must be true.  On real time a device
may run dry in the very moment of a rewind: then nothing is left to take back, and the next write is in time as always.
"""

from backend.devices.bench import Bench, Rule


def rewind_of_a_stopped_device_is_exact(bench: Bench) -> None:
    """Nothing is fetched while it stands: all that was written can be taken back, and written anew; or nothing."""
    rewinds = bench.device.capabilities.rewinds
    bench.write(bench.buffer)
    assert bench.rewind(bench.buffer + 1) == bench.buffer, "nothing was written there"
    for frame in (bench.buffer - 1, bench.period, 0):
        left = bench.rewind(frame)
        assert left == (frame if rewinds else bench.buffer), f"{left} left of {bench.buffer}, from {frame} on"
    room = bench.buffer if rewinds else 0
    assert bench.write(2 * bench.buffer) == room
    assert bench.position() == 0


def rewind_takes_back_what_is_ahead(bench: Bench) -> None:
    """While it runs, never what was presented; the position goes on, and what was taken back can be written anew."""
    bench.write(bench.buffer)
    bench.start()
    for nth in range(16):
        bench.wait(0.25)
        before, end = bench.position(), bench.device.written_frames
        frame = before + (nth % 4 - 1) * bench.period // 2
        left = _taken_back(bench, frame, end)
        assert left >= before, f"frame {before} was presented, and {left} left"
        assert before <= bench.position() <= bench.device.written_frames
        bench.write(bench.buffer)
        assert bench.device.written_frames <= bench.position() + bench.buffer


def _taken_back(bench: Bench, frame: int, end: int) -> int:
    underruns = bench.device.underruns
    left = bench.rewind(frame)
    if bench.device.underruns != underruns:
        assert left > end, "an underrun that is none"
        return left
    assert min(frame, end) <= left <= end, f"{left} left of {end}, from {frame} on"
    assert bench.device.capabilities.rewinds or left == end, "a device without the capability took frames back"
    return left


def what_was_taken_back_is_not_presented(bench: Bench) -> None:
    """It runs dry where the rest ends, as if no more had ever been written, and not before."""
    bench.write(bench.buffer)
    bench.start()
    bench.wait(0.5)
    left = bench.rewind(0)
    underruns = bench.device.underruns
    for _ in range(8):
        if bench.position() > left:
            break
        assert bench.device.underruns == underruns, f"it ran dry before frame {left}"
        bench.wait(bench.buffer / bench.period / 4)
    assert bench.position() > left
    assert bench.device.underruns == 1, f"it did not run dry at frame {left}"


def rewind_of_recorded_frames_does_nothing(bench: Bench) -> None:
    """What was recorded stays as it is, and what was read is not read again."""
    assert not bench.device.capabilities.rewinds
    bench.start()
    bench.wait(1.5)
    bench.read(bench.period)
    before, overruns = bench.device.written_frames, bench.device.underruns
    assert bench.rewind(0) == before or bench.device.underruns > overruns


REWIND_PLAYBACK: tuple[Rule, ...] = (
    rewind_of_a_stopped_device_is_exact,
    rewind_takes_back_what_is_ahead,
    what_was_taken_back_is_not_presented,
)
REWIND_CAPTURE: tuple[Rule, ...] = (rewind_of_recorded_frames_does_nothing,)
