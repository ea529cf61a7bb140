"""Real-time help in a whole run: asked for in the scenario, answered in its result."""

from pathlib import Path

import pytest

from backend.config import ConfigError
from backend.latency.result import Result, read_result
from compose.doctor.probes import RealProbes
from compose.run import run_file

SCENARIO = """
name = "helped"
duration_s = 0.3
[realtime]
priority = 5
cpus = [0, 8191]
[devices.speaker]
kind = "clocked"
[[guests]]
id = 1
[guests.realtime]
cpus = [8191]
silence_collector = false
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
"""


def run(folder: Path, world: str) -> Result:
    (folder / "scenario.toml").write_text(SCENARIO)
    run_file(folder / "scenario.toml", world, folder / "out", None)
    return read_result(folder / "out" / "result.json")


def test_what_came_of_it_is_in_the_result(tmp_path: Path) -> None:
    denied = RealProbes().fifo_error()
    result = run(tmp_path, "processes")
    backend, guest = result.backend.realtime, result.guests[0].realtime
    assert backend is not None
    assert guest is not None
    assert backend.priority.state == ("refused" if denied else "granted")
    assert result.machine.scheduling == ("SCHED_OTHER" if denied else "SCHED_FIFO 5")
    assert (backend.cpus.state, backend.cpus.detail) == ("granted", "0")
    assert backend.silence_collector.state == "granted"
    assert backend.lock_memory.state == backend.timer_slack_ns.state == "not asked for"
    assert (guest.cpus.state, guest.cpus.detail) == ("refused", "Invalid argument")
    assert guest.priority.state == guest.silence_collector.state == "not asked for"
    log = (tmp_path / "out" / "logs" / "guest-1.log").read_text()
    assert log.count("realtime.cpus: refused: Invalid argument") == len(log.splitlines()) == 1


def test_simulated_time_has_nobody_to_ask(tmp_path: Path) -> None:
    result = run(tmp_path, "sim")
    for given in (result.backend.realtime, *(guest.realtime for guest in result.guests)):
        assert given is not None
        assert {getattr(given, field).state for field in given.__struct_fields__} == {"not applicable"}


def test_a_bad_value_of_a_guest_is_named(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO.replace("cpus = [8191]", "cpus = []"))
    with pytest.raises(ConfigError, match=r"guests\[0\]\.realtime\.cpus"):
        run_file(tmp_path / "scenario.toml", "sim", tmp_path / "out", None)
