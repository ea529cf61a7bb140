"""The driver with its card on simulated time: what is written is what the card plays, and when."""

from collections.abc import Callable
from errno import EINVAL, ENODEV
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.checks import CAPTURE, PLAYBACK, Rule, check_device
from backend.devices.clocked.opening import open_clocked
from backend.devices.clocked.options import ClockedOptions
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction
from ringproto.trace import Point, TraceRecord, read_trace

MS = 1_000_000
P, C = Direction.PLAYBACK, Direction.CAPTURE

CARDS = {
    "true": ClockedOptions(),
    "drifting": ClockedOptions(drift_ppm=150.5, rate_hz=44100, period_frames=441, buffer_frames=1323),
    "jittery": ClockedOptions(interrupt_jitter_ns=3 * MS),
    "coarse": ClockedOptions(position_granularity_frames=48),
    "one burst": ClockedOptions(burst_frames=480),
    "by the period": ClockedOptions(position_granularity_frames=480),
    "trembling": ClockedOptions(crystal_jitter_ns=10_000, seed=5),
    "losing interrupts": ClockedOptions(interrupt_latency_ns=2 * MS, lost_interrupts_ppm=200_000),
    "long": ClockedOptions(buffer_frames=96_000, burst_frames=64),
}


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


def ramp(first: int, count: int) -> memoryview:
    return memoryview(np.repeat(np.arange(first, first + count, dtype="<i2"), 2).tobytes())


def left(octets: bytes | bytearray) -> list[int]:
    return list(np.frombuffer(octets, "<i2")[::2])


def kept(path: Path) -> list[int]:
    samples, _ = soundfile.read(path, dtype="int16")
    return list(samples[:, 0])


def pass_to(loop: SimLoop, ms: float) -> int:
    loop.run_until(lambda: False, int(ms * MS))
    return loop.now_ns()


def boundaries(path: Path) -> list[TraceRecord]:
    """Of a card's trace; nobody writes to these cards, so they say how they starve as well."""
    return [record for record in read_trace(path.read_bytes()) if record.point == Point.BOUNDARY]


@pytest.mark.parametrize("rule", PLAYBACK)
@pytest.mark.parametrize("card", CARDS)
def test_playback_keeps_the_contract(card: str, rule: Rule, loop: SimLoop) -> None:
    check_device(lambda: open_clocked(CARDS[card], P, loop), loop, (rule,))


@pytest.mark.parametrize("rule", CAPTURE)
@pytest.mark.parametrize("card", CARDS)
def test_capture_keeps_the_contract(card: str, rule: Rule, loop: SimLoop) -> None:
    check_device(lambda: open_clocked(CARDS[card], C, loop), loop, (rule,))


@pytest.mark.parametrize("wake_ns", [0, 200_000, 30 * MS])
def test_what_is_written_in_time_is_played_at_its_frame(tmp_path: Path, wake_ns: int) -> None:
    loop = SimLoop(Timeline(), (lambda: wake_ns) if wake_ns else None)  # a card that wakes late plays the same
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    assert device.write(ramp(1, 2000), 0) == 1920
    device.start(0)
    for period in range(1, 20):
        now_ns = pass_to(loop, 10 * period)
        device.write(ramp(1921 + 480 * (period - 1), 480), now_ns)
    pass_to(loop, 200)
    device.close()
    assert kept(tmp_path / "x.wav") == list(range(1, 9601))
    assert device.underruns == 0


def test_frames_written_too_late_are_silence_and_the_next_are_in_time(tmp_path: Path, loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    device.write(ramp(1, 480), 0)
    device.start(0)
    now_ns = pass_to(loop, 15)
    assert device.position(now_ns) == 720
    assert device.written_frames == 720 + 480
    device.write(ramp(5001, 480), now_ns)
    pass_to(loop, 40)
    device.close()
    assert kept(tmp_path / "x.wav") == [*range(1, 481), *[0] * 720, *range(5001, 5481), *[0] * 240]


def test_stop_drops_what_was_ahead_and_a_new_start_goes_on_there(tmp_path: Path, loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    device.write(ramp(1, 1920), 0)
    device.start(0)
    device.stop(pass_to(loop, 11))
    assert device.written_frames == 528
    device.write(ramp(7001, 100), loop.now_ns())
    pass_to(loop, 60)
    device.start(loop.now_ns())
    pass_to(loop, 70)
    device.close()
    assert kept(tmp_path / "x.wav") == [*range(1, 529), *range(7001, 7101), *[0] * 380]


def test_interrupts_come_at_each_period_of_the_cards_own_clock(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(drift_ppm=1000.0), P, loop)
    seen: list[tuple[int, int]] = []
    device.interrupts(loop, lambda now_ns: seen.append((now_ns, device.position(now_ns))))
    device.start(0)
    pass_to(loop, 1000)
    assert [position for _, position in seen] == [480 * k for k in range(1, 101)]
    assert seen[-1][0] == 100 * 10 * MS * 1000 // 1001 + 1
    device.close()


@pytest.mark.parametrize("late_ns", [0, 3 * MS])
def test_a_position_by_the_period_is_new_when_its_interrupt_is_heard(late_ns: int, loop: SimLoop) -> None:
    options = ClockedOptions(position_granularity_frames=480, interrupt_latency_ns=late_ns, drift_ppm=77.7)
    device = open_clocked(options, P, loop)
    assert device.capabilities.position_granularity_frames == device.params.period_frames
    seen: list[int] = []
    device.interrupts(loop, lambda now_ns: seen.append(device.position(now_ns)))
    device.start(0)
    pass_to(loop, 1000)
    assert seen == [480 * k for k in range(1, len(seen) + 1)]
    assert device.position(pass_to(loop, 1007)) == 48_000
    device.close()


def test_a_position_by_the_burst_moves_when_a_burst_is_over(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(burst_frames=96, position_granularity_frames=96), P, loop)
    device.start(0)
    assert [device.position(pass_to(loop, ms)) for ms in (1.9, 2, 3.9, 4, 10)] == [0, 96, 96, 192, 480]
    device.close()


def test_lost_interrupts_are_counted_and_change_nothing_else(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(lost_interrupts_ppm=250_000), P, loop)
    heard: list[int] = []
    device.interrupts(loop, heard.append)
    device.start(0)
    assert device.position(pass_to(loop, 10_000)) == 480_000
    facts = device.statistics()
    device.close()
    assert facts["interrupts"] == len(heard)
    assert facts["lost_interrupts"] == 1000 - len(heard)
    assert 200 < 1000 - len(heard) < 300


def test_a_trembling_card_and_its_driver_agree_about_every_boundary(tmp_path: Path, loop: SimLoop) -> None:
    options = ClockedOptions(crystal_jitter_ns=4 * MS, seed=9, trace_to=str(tmp_path / "card.trace"))
    device = open_clocked(options, P, loop)
    seen: list[int] = []
    device.interrupts(loop, lambda now_ns: seen.append(device.position(now_ns)))
    device.start(0)
    pass_to(loop, 2000)
    device.close()
    records = boundaries(tmp_path / "card.trace")
    late_ns = [record.time_ns - record.frame // 480 * 10 * MS for record in records]
    assert seen == [480 * k for k in range(1, len(seen) + 1)]
    assert len(seen) == len(records) >= 199
    assert min(late_ns) < 1 * MS < 3 * MS < max(late_ns) <= 4 * MS


def test_a_card_that_is_a_little_fast_shows_it(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(drift_ppm=100.0), P, loop)
    device.start(0)
    assert device.position(1000 * 1000 * MS) == 48_000_000 + 4800
    device.close()


def test_recording_gives_the_file_over_and_over(tmp_path: Path, loop: SimLoop) -> None:
    soundfile.write(tmp_path / "x.wav", np.repeat(np.arange(1, 701, dtype="int16"), 2).reshape(-1, 2), 48000)
    device = open_clocked(ClockedOptions(record_from=str(tmp_path / "x.wav")), C, loop)
    device.start(0)
    recorded: list[int] = []
    into = bytearray(1920 * 4)
    for ms in range(7, 60, 7):
        frames = device.read(memoryview(into), pass_to(loop, ms))
        recorded += left(into)[:frames]
    device.close()
    assert len(recorded) >= 56 * 48 - 120
    assert recorded == [1 + n % 700 for n in range(len(recorded))]


def test_an_overrun_keeps_the_newest_period(tmp_path: Path, loop: SimLoop) -> None:
    ramp_wav = np.repeat(np.arange(1, 9601, dtype="int16"), 2).reshape(-1, 2)
    soundfile.write(tmp_path / "x.wav", ramp_wav, 48000)
    device = open_clocked(ClockedOptions(record_from=str(tmp_path / "x.wav")), C, loop)
    device.start(0)
    into = bytearray(1920 * 4)
    assert device.read(memoryview(into), pass_to(loop, 100)) == 480
    assert device.underruns == 1
    assert left(into)[:480] == list(range(4321, 4801))
    device.close()


def test_silence_is_recorded_without_a_file(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(), C, loop)
    device.start(0)
    into = bytearray(b"\xff" * 480 * 4)
    assert device.read(memoryview(into), pass_to(loop, 10)) == 480
    assert into == bytes(480 * 4)
    device.close()


@pytest.mark.parametrize(
    ("direction", "use"),
    [
        (P, lambda device: device.read(memoryview(bytearray(4)), 0)),
        (C, lambda device: device.write(memoryview(bytes(4)), 0)),
    ],
)
def test_the_other_direction_is_refused(direction: Direction, use: Callable[[AudioDevice], int], loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(), direction, loop)
    with pytest.raises(DeviceError) as refused:
        use(device)
    assert refused.value.errno == EINVAL
    device.close()


def test_a_closed_device_is_gone_and_its_facts_stay(loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(drift_ppm=5.0), P, loop)
    device.start(0)
    pass_to(loop, 25)
    device.close()
    pass_to(loop, 50)
    with pytest.raises(DeviceError) as gone:
        device.position(loop.now_ns())
    assert gone.value.errno == ENODEV
    facts = device.statistics()
    assert (facts["card"], facts["drift_ppm"], facts["interrupts"]) == ("inline", 5.0, 2)


def test_the_cards_boundaries_are_in_its_trace(tmp_path: Path, loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(trace_to=str(tmp_path / "card.trace"), trace_card=3), P, loop)
    device.start(0)
    pass_to(loop, 35)
    device.close()
    records = boundaries(tmp_path / "card.trace")
    assert [(r.point, r.domid, r.stream, r.frame, r.time_ns) for r in records] == [
        (Point.BOUNDARY, 0, 3, 480 * k, 10 * MS * k) for k in (1, 2, 3)
    ]


def test_a_file_that_cannot_be_opened_is_an_error_at_open(loop: SimLoop) -> None:
    with pytest.raises(DeviceError, match=r"missing\.wav"):
        open_clocked(ClockedOptions(record_from="missing.wav"), C, loop)
    with pytest.raises(DeviceError, match=r"/dev/null/x"):
        open_clocked(ClockedOptions(trace_to="/dev/null/x"), P, loop)
