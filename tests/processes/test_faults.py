"""Faults in real time, as a user has them: real processes are stopped, killed and started again while guests play.

How long anything takes is measured elsewhere (`tests.bench.recovery`); here it happens, is mended, is told, and costs
nobody what it should not.
"""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from backend.latency.build import TRACES
from backend.latency.records import load
from backend.latency.result import Fault, FaultCost, Result, read_result
from compose.worlds.invariants import heard_numbers
from compose.worlds.processes import ProcessesWorld
from tests.processes.test_run import start, wait_for

MS = 1_000_000

# Periods of 50 ms, and buffers of half a second: what is tested is not how quick this machine is.
SCENARIO = """
name = "faults"
duration_s = {seconds}
{more}
[devices.one]
kind = "clocked"
play_to = "one.wav"
period_frames = 2400
buffer_frames = 12000
[devices.two]
kind = "clocked"
play_to = "two.wav"
period_frames = 2400
buffer_frames = 12000
[[guests]]
id = 1
[[guests.streams]]
device = "one"
plays = "numbers.flac"
period_frames = 2400
buffer_frames = 24000
[[guests]]
id = 2
[[guests.streams]]
device = "two"
plays = "numbers.flac"
period_frames = 2400
buffer_frames = 24000
{faults}
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[Path]:
    """Where the runs put their machines; nothing may be left there."""
    with tempfile.TemporaryDirectory(prefix="v") as folder:
        yield Path(folder)
        assert not list(Path(folder).iterdir()), "a machine's folder is left"


def faults(*lines: str) -> str:
    return "".join(f"[[faults]]\n{line.replace(', ', chr(10))}\n" for line in lines)


def run(folder: Path, machines: Path, text: str) -> Path:
    (folder / "scenario.toml").write_text(text)
    process = start(machines, "run", str(folder / "scenario.toml"), "--out", str(folder / "out"))
    _, errors = process.communicate(timeout=110)
    assert process.returncode == 0, errors
    return folder / "out"


def broken(folder: Path, machines: Path, *lines: str, seconds: int = 4) -> Result:
    out = run(folder, machines, SCENARIO.format(seconds=seconds, more="", faults=faults(*lines)))
    return read_result(out / "result.json")


def cost(fault: Fault, domid: int) -> FaultCost:
    (found,) = [cost for cost in fault.costs if cost.domid == domid]
    return found


def test_a_paused_guest_harms_itself_alone(tmp_path: Path, machines: Path) -> None:
    result = broken(tmp_path, machines, 'what = "pause", guest = 1, at_s = 1, for_s = 1')
    (fault,) = result.faults
    assert (fault.what, fault.guest) == ("pause", 1)
    assert fault.until_ns - fault.at_ns >= 1000 * MS
    victim, other = cost(fault, 1), cost(fault, 2)
    assert (victim.lateness_max_ns or 0) > 900 * MS
    assert victim.recovery_ns is not None
    assert other.recovery_ns is not None
    assert other.blame.keys() <= {"device"}, "a card may be late on its own; nobody else may have been"
    (neighbour,) = result.guests[1].streams
    assert (neighbour.underruns, neighbour.starved_frames, neighbour.periods_untold) == (0, 0, 0)
    numbers = heard_numbers([tmp_path / "out" / "two.wav"])
    assert set(np.diff(numbers).tolist()) == {1}, "every frame of the other is heard, in order"


def test_a_throttled_guest_is_slow_and_harms_nobody(tmp_path: Path, machines: Path) -> None:
    result = broken(tmp_path, machines, 'what = "throttle", guest = 1, at_s = 1, for_s = 1, share = 0.05')
    (fault,) = result.faults
    assert (fault.what, fault.guest, fault.share) == ("throttle", 1, 0.05)
    assert (cost(fault, 1).lateness_max_ns or 0) > MS, "it stands still for 9.5 ms of each 10"
    (neighbour,) = result.guests[1].streams
    assert (neighbour.underruns, neighbour.starved_frames) == (0, 0)


def test_a_guest_is_killed_and_comes_back_and_plays_what_is_left(tmp_path: Path, machines: Path) -> None:
    result = broken(tmp_path, machines, 'what = "restart", guest = 1, at_s = 1.5, for_s = 0.3')
    (fault,) = result.faults
    victim, other = cost(fault, 1), cost(fault, 2)
    assert victim.outage_ns > 250 * MS
    assert victim.recovery_ns is not None
    assert other.outage_ns == 0
    steps = np.diff(heard_numbers([tmp_path / "out" / "one.wav"]))
    assert (steps < 0).sum() == 1, "it begins anew, once"
    (again,), (neighbour,) = (guest.streams for guest in result.guests)
    assert neighbour.frames_played >= 4 * 48000
    assert 4 * 48000 > again.frames_played - 72_000 > 0, "what was left, after what was played before"
    assert (tmp_path / "out" / "trace" / "guest-1.1.vtrace").exists()


def test_a_card_is_taken_away_and_given_back(tmp_path: Path, machines: Path) -> None:
    once = 'what = "detach", guest = 1, at_s = 1, for_s = 0.2'
    result = broken(tmp_path, machines, once, 'what = "detach", guest = 1, at_s = 2.5, for_s = 0.01')
    assert [fault.what for fault in result.faults] == ["detach", "detach"]
    for fault in result.faults:
        recovery_ns = cost(fault, 1).recovery_ns
        assert recovery_ns is not None
        assert cost(fault, 2).outage_ns == 0
    log = (tmp_path / "out" / "logs" / "guest-1.log").read_text()
    assert log == "", "it needs no rest: a card that is taken away is no error"


def test_the_backend_is_killed_and_both_guests_play_on_with_the_next(tmp_path: Path, machines: Path) -> None:
    twice = ('what = "backend", at_s = 1', 'what = "backend", at_s = 3.5')
    result = broken(tmp_path, machines, *twice, seconds=5)
    assert [fault.guest for fault in result.faults] == [None, None]
    for fault in result.faults:
        for found in fault.costs:
            assert found.outage_ns > 200 * MS
            assert found.recovery_ns is not None
            assert found.recovery_ns < 10_000 * MS, "measured by the new card's clock, not by the old one's"
    out = tmp_path / "out"
    for name in ("one", "two"):
        numbers = heard_numbers([out / f"{name}.wav", out / f"{name}.1.wav", out / f"{name}.2.wav"])
        assert (np.diff(numbers) > 0).all(), "played on, not from the beginning"
    assert result.trace.damaged_files == []


def test_a_hostile_guest_comes_and_goes_and_is_not_in_the_results(tmp_path: Path, machines: Path) -> None:
    lines = ('what = "hostile", at_s = 1, for_s = 0.7', 'what = "hostile", at_s = 1.2, for_s = 0.7')
    result = broken(tmp_path, machines, *lines)
    assert [(fault.what, fault.guest) for fault in result.faults] == [("hostile", None)] * 2
    assert [guest.domid for guest in result.guests] == [1, 2]
    trace = load(sorted((tmp_path / "out").glob(TRACES)))
    for domid in (32749, 32750):
        assert trace.count_of((domid, 0)) > 50, "the backend woke to it again and again"
    for guest in result.guests:
        assert guest.streams[0].underruns == 0


def test_the_scenarios_own_sound_server_is_killed_and_used_again(tmp_path: Path, machines: Path) -> None:
    if shutil.which("pulseaudio") is None:
        pytest.skip("no PulseAudio: apt install pulseaudio")
    text = SCENARIO.format(seconds=5, more="[sound_server]", faults=faults('what = "sound_server", at_s = 1.5'))
    for name in ("one", "two"):
        text = text.replace(f'kind = "clocked"\nplay_to = "{name}.wav"', 'kind = "pulse"\ndevice = "speaker"')
    result = read_result(run(tmp_path, machines, text) / "result.json")
    (fault,) = result.faults
    assert [found.recovery_ns is None for found in fault.costs] == [False, False]
    assert [int(device.statistics["server_losses"]) >= 1 for device in result.devices] == [True, True]
    log = (tmp_path / "out" / "logs" / "backend.log").read_text()
    assert log.count("no sound server") == log.count("the sound server is back") == 2


def test_faults_may_overlap_and_whoever_is_in_the_way_of_none_plays_on(tmp_path: Path, machines: Path) -> None:
    result = broken(
        tmp_path,
        machines,
        'what = "pause", guest = 1, at_s = 1, for_s = 1.5',
        'what = "backend", at_s = 1.5, for_s = 0.3',
        'what = "restart", guest = 2, at_s = 1.6, for_s = 0.6',
        seconds=5,
    )
    assert [fault.what for fault in result.faults] == ["pause", "backend", "restart"]
    assert all(cost.recovery_ns is not None for fault in result.faults for cost in fault.costs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nobody_is_left_standing_when_a_run_ends_in_the_midst_of_a_pause(
    tmp_path: Path, machines: Path, number: int
) -> None:
    text = SCENARIO.format(seconds=60, more="", faults=faults('what = "pause", guest = 1, at_s = 0.5, for_s = 50'))
    (tmp_path / "scenario.toml").write_text(text)
    process = start(machines, "run", str(tmp_path / "scenario.toml"), "--out", str(tmp_path / "out"))
    children: list[psutil.Process] = []

    def is_paused() -> bool:
        children[:] = psutil.Process(process.pid).children(recursive=True)
        return any(child.is_running() and child.status() == psutil.STATUS_STOPPED for child in children)

    wait_for(is_paused, 60)
    process.send_signal(number)
    process.communicate(timeout=30)
    wait_for(lambda: not [child for child in children if child.is_running()])
    for left in machines.iterdir():  # of the run that was killed
        shutil.rmtree(left)


def test_a_flood_outlives_the_backend(tmp_path: Path, machines: Path) -> None:
    text = SCENARIO.format(seconds=4, more='load = ["flood"]', faults=faults('what = "backend", at_s = 1'))
    result = read_result(run(tmp_path, machines, text) / "result.json")
    assert result.run.load_requests


def test_this_world_breaks_all_there_is() -> None:
    assert len(ProcessesWorld.breaks) == 7
