"""Faults in the world docker, as a user has them: containers are paused, held back, killed and started again.

What each costs is told as between processes; how long it takes is measured elsewhere (`tests.bench.kills`).
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from backend.latency.build import TRACES
from backend.latency.records import load
from backend.latency.result import Fault, FaultCost, Result, read_result
from compose.lab.engine import connect
from compose.lab.image import ready_image
from compose.lab.labels import PART, RUN, sweep
from compose.lab.standing import LAB
from compose.worlds.docker import DockerWorld
from compose.worlds.invariants import heard_numbers
from compose.worlds.processes import ProcessesWorld
from tests.docker.engine import Engine
from tests.docker.vsnd import left, run, start, wait_for

pytestmark = pytest.mark.timeout(300)  # starting a dozen containers takes long where others want the machine, too

MS = 1_000_000
SECONDS = 9.8
"""Less than the numbers last: so none is heard twice."""
HOSTILE = 32750

# Buffers of half a second: what is tested is not how quick this machine is.
DEVICE = """
[devices.{name}]
kind = "clocked"
play_to = "{name}.wav"
period_frames = 2400
buffer_frames = 12000
"""
GUEST = """
[[guests]]
id = {id}
[[guests.streams]]
device = "{device}"
plays = "numbers.flac"
period_frames = {period}
buffer_frames = 24000
"""
GUESTS = ((1, "one", 2400), (2, "two", 2400), (3, "three", 480))
FAULTS = (
    'what = "pause", guest = 3, at_s = 0.8, for_s = 1',
    'what = "restart", guest = 1, at_s = 2, for_s = 0.3',
    'what = "throttle", guest = 3, at_s = 3, for_s = 1, share = 0.01',
    'what = "hostile", at_s = 4.5, for_s = 0.8',
    'what = "detach", guest = 3, at_s = 5.8, for_s = 0.2',
    'what = "backend", at_s = 8, for_s = 0.3',
)
"""Nobody does anything to guest 2 alone."""


def scenario(seconds: float, *faults: str, top: str = "") -> str:
    """Three guests, each alone on a card."""
    lines = "".join(f"[[faults]]\n{fault.replace(', ', chr(10))}\n" for fault in faults)
    devices = "".join(DEVICE.format(name=device) for _, device, _ in GUESTS)
    guests = "".join(GUEST.format(id=domid, device=device, period=period) for domid, device, period in GUESTS)
    return f'name = "faults"\nduration_s = {seconds}\n{top}\n{devices}{guests}{lines}'


def run_scenario(engine: Engine, folder: Path, text: str) -> Path:
    (folder / "faults.toml").write_text(text)
    done = run(engine, "run", str(folder / "faults.toml"), "--world", "docker", "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    assert left(engine) == []
    return folder / "out"


@pytest.fixture(scope="module", autouse=True)
def _built(engine: Engine) -> None:
    ready_image(connect(engine.environment["DOCKER_HOST"]), print)


@pytest.fixture(scope="module")
def out(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves in which all this goes wrong, one after another."""
    return run_scenario(engine, tmp_path_factory.mktemp("faults"), scenario(SECONDS, *FAULTS))


@pytest.fixture(scope="module")
def result(out: Path) -> Result:
    return read_result(out / "result.json")


def the(what: str, result: Result) -> Fault:
    (fault,) = [fault for fault in result.faults if fault.what == what]
    return fault


def cost(fault: Fault, domid: int) -> FaultCost:
    (found,) = [cost for cost in fault.costs if cost.domid == domid]
    return found


def exits(out: Path) -> dict[str, int]:
    ended = json.loads((out / "logs" / "containers.json").read_bytes())
    return {container["name"]: container["exit_code"] for container in ended}


def test_this_world_breaks_what_the_world_of_processes_does() -> None:
    assert DockerWorld.breaks == ProcessesWorld.breaks


def test_every_fault_is_told_with_what_it_cost(out: Path, result: Result) -> None:
    told = [(fault.what, fault.guest) for fault in result.faults]
    assert told == [
        ("pause", 3), ("restart", 1), ("throttle", 3), ("hostile", None), ("detach", 3), ("backend", None)
    ]  # fmt: skip
    for fault in result.faults:
        assert [found.domid for found in fault.costs] == [1, 2, 3]
        assert None not in [found.recovery_ns for found in fault.costs], fault.what
    assert "What was broken on purpose" in (out / "report.html").read_text()


def test_a_paused_guest_harms_itself_alone(out: Path, result: Result) -> None:
    fault = the("pause", result)
    assert fault.until_ns - fault.at_ns >= 1000 * MS
    assert (cost(fault, 3).lateness_max_ns or 0) > 900 * MS
    for other in (1, 2):
        assert cost(fault, other).outage_ns == 0
        assert cost(fault, other).blame.keys() <= {"device"}, "a card may be late on its own; nobody else may have been"
    meanwhile = set(range(24_000, 120_000))  # from half a second to two and a half: what is heard is a buffer behind
    assert meanwhile <= set(heard_numbers([out / "two.wav"]).tolist()), "every frame of the others is heard"


def test_a_throttled_guest_is_denied_processors_and_no_other(result: Result) -> None:
    assert the("throttle", result).share == 0.01
    denied = [guest.container.throttled_ns for guest in result.guests if guest.container is not None]
    assert len(denied) == 3
    assert denied[2]
    assert not any(denied[:2])


def test_a_card_is_taken_away_and_given_back(out: Path, result: Result) -> None:
    fault = the("detach", result)
    assert cost(fault, 3).outage_ns > 0
    assert cost(fault, 2).outage_ns == 0
    assert "domain 3: device 0 removed" in (out / "logs" / "backend.log").read_text()


def test_a_hostile_guest_comes_and_goes_and_is_not_in_the_results(out: Path, result: Result) -> None:
    assert [guest.domid for guest in result.guests] == [1, 2, 3]
    assert load(sorted(out.glob(TRACES))).count_of((HOSTILE, 0)), "the backend woke to it"
    assert exits(out)["hostile-0"] == 128 + signal.SIGKILL


def test_a_guest_is_killed_and_comes_back_and_plays_what_is_left(out: Path, result: Result) -> None:
    fault = the("restart", result)
    assert cost(fault, 1).outage_ns > 250 * MS
    assert cost(fault, 2).outage_ns == 0
    assert (np.diff(heard_numbers([out / "one.wav", out / "one.1.wav"])) < 0).sum() == 1, "it begins anew, once"
    assert {name: exits(out)[name] for name in ("guest-1", "guest-1.1", "guest-2", "dom0")} == {
        "guest-1": 128 + signal.SIGKILL, "guest-1.1": 0, "guest-2": 0, "dom0": 0
    }  # fmt: skip


def test_whoever_was_killed_leaves_trace_and_log(out: Path) -> None:
    names = {path.name for path in out.rglob("*") if path.is_file()}
    assert names >= {
        "guest-1.vtrace", "guest-1.1.vtrace", "guest-1.log", "guest-1.1.log", "backend.vtrace", "backend.1.vtrace",
        "one-playback.1.vtrace", "two.1.wav", "backend.1.log", "hostile-0.log",
    }  # fmt: skip


def test_the_backend_is_killed_and_all_play_on_with_the_next(out: Path, result: Result) -> None:
    for found in the("backend", result).costs:
        assert found.outage_ns > 200 * MS
    for name in ("two", "three"):
        numbers = heard_numbers([out / f"{name}.wav", out / f"{name}.1.wav"])
        assert (np.diff(numbers) > 0).all(), "played on, not from the beginning"
    assert result.trace.damaged_files == []


def test_the_scenarios_own_sound_server_is_killed_and_used_again(engine: Engine, tmp_path: Path) -> None:
    if shutil.which("pulseaudio") is None:
        pytest.skip("no PulseAudio: apt install pulseaudio")
    text = scenario(5, 'what = "sound_server", at_s = 1.5', top="[sound_server]")
    for _, name, _ in GUESTS:
        text = text.replace(f'kind = "clocked"\nplay_to = "{name}.wav"', 'kind = "pulse"\ndevice = "speaker"')
    out = run_scenario(engine, tmp_path, text)
    result = read_result(out / "result.json")
    assert [fault.what for fault in result.faults] == ["sound_server"]
    assert [int(device.statistics["server_losses"]) >= 1 for device in result.devices] == [True] * 3
    log = (out / "logs" / "backend.log").read_text()
    assert log.count("no sound server") == log.count("the sound server is back") == 3


@contextmanager
def in_the_midst_of_a_pause(engine: Engine, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run whose guest 1 is paused just now."""
    (folder / "long.toml").write_text(scenario(60, 'what = "pause", guest = 1, at_s = 0.3, for_s = 50'))
    with start(engine, "run", str(folder / "long.toml"), "--world", "docker", "--out", str(folder / "out")) as one:
        wait_for(lambda: bool(engine.docker("ps", "-q", "--filter", "status=paused")) or one.poll() is not None)
        assert one.poll() is None, one.communicate()[1]
        yield one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_a_run_ends_in_the_midst_of_a_pause(engine: Engine, tmp_path: Path, number: int) -> None:
    with in_the_midst_of_a_pause(engine, tmp_path) as one:
        one.send_signal(number)
        _, errors = one.communicate(timeout=60)
    assert "Traceback" not in errors
    if number == signal.SIGKILL:
        assert left(engine), "a paused container cannot end by itself"
        sweep(connect(engine.environment["DOCKER_HOST"]).client)
    assert left(engine) == []


def test_a_run_whose_dom0_is_killed_ends_with_that_line(engine: Engine, tmp_path: Path) -> None:
    with in_the_midst_of_a_pause(engine, tmp_path) as one:
        engine.docker("kill", engine.docker("ps", "-q", "--filter", f"label={PART}=dom0"))
        _, errors = one.communicate(timeout=60)
    assert one.returncode == 1
    assert errors == "vsnd: dom0 ended early: no word (status 137)\n"
    assert left(engine) == []


class Standing:
    """A lab that is up, in which guest 1 plays."""

    dom0 = f"vsnd-{LAB}-dom0"

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        (folder / "long.toml").write_text(scenario(60))
        done = run(engine, "lab", "up", str(folder / "long.toml"), "--out", str(folder), "--playing")
        assert done.returncode == 0, done.stderr
        self.wait_connected(0)

    def connected(self, life: int) -> int:
        """How many guests the backend of Dom0's life of that number has met."""
        log = "backend.log" if life == 0 else f"backend.{life}.log"
        return self.engine.run("docker", "exec", self.dom0, "cat", f"/out/logs/{log}").stdout.count(
            "connected, 1 streams"
        )

    def wait_connected(self, life: int) -> None:
        wait_for(lambda: self.connected(life) == len(GUESTS), 120)


@pytest.fixture
def standing(engine: Engine, tmp_path: Path) -> Iterator[Standing]:
    if engine.docker("ps", "-aq", "--filter", f"label={RUN}={LAB}"):
        pytest.skip("a lab is up: vsnd lab down")
    try:
        yield Standing(engine, tmp_path)
    finally:
        run(engine, "lab", "down", "--out", str(tmp_path / "down"))
        assert left(engine) == []


def test_guests_wait_for_a_dom0_that_was_killed_and_started_again(standing: Standing, tmp_path: Path) -> None:
    standing.engine.docker("kill", standing.dom0)
    standing.engine.docker("start", standing.dom0)
    standing.wait_connected(1)
    done = run(standing.engine, "lab", "down", "--out", str(tmp_path / "down"))
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "down").rglob("*")}
    assert names >= {"one.wav", "one.1.wav", "backend.vtrace", "backend.1.vtrace", "host.log", "host.1.log"}


def test_a_dom0_that_ends_by_itself_is_started_again(standing: Standing) -> None:
    if os.geteuid():
        pytest.skip("only root may signal a container's processes past the engine")
    os.kill(standing.engine.inspect(standing.dom0)["State"]["Pid"], signal.SIGKILL)
    standing.wait_connected(1)
    assert standing.engine.inspect(standing.dom0)["RestartCount"] == 1


def test_a_lab_that_stays_has_no_sound_server_of_its_own(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(scenario(5, top="[sound_server]"))
    done = run(engine, "lab", "up", str(tmp_path / "own.toml"))
    assert done.returncode == 2
    assert "sound_server: it ends with the command that starts it" in done.stderr
