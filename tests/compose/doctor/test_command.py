"""What `vsnd doctor` says of staged machines, and of the one that runs the tests."""

import json
from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.doctor.areas import AREAS, examine
from compose.doctor.command import say_health
from compose.doctor.machine import Machine
from tests.backend.devices.pulse.servers import SERVERS, Server
from tests.compose.doctor.staged import StagedProbes, stage
from tests.compose.test_cli import refusal, vsnd


def bare(root: Path) -> Machine:
    """A machine that has next to nothing."""
    return stage(root, probes=StagedProbes(not_loadable={"libasound.so.2": "no such file"}))


def test_all_areas_are_looked_at_and_the_status_is_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say_health([], as_json=False, machine=bare(tmp_path))
    said = capsys.readouterr().out
    assert [area for area in AREAS if area not in said] == []
    assert "not ready for: " in said


def test_a_named_area_that_lacks_something_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        say_health(["alsa"], as_json=False, machine=bare(tmp_path))
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "apt install libasound2" in said
    assert "hypervisor" not in said


def test_a_named_area_that_lacks_nothing_is_a_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say_health(["timing", "core"], as_json=False, machine=bare(tmp_path))
    assert "ready for: measuring lateness" in capsys.readouterr().out


def test_json_has_the_same_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        say_health(["xen"], as_json=True, machine=bare(tmp_path))
    said = json.loads(capsys.readouterr().out)
    assert [finding["name"] for finding in said["findings"]] == ["hypervisor"]
    assert said["summary"]["not_ready_for"] == {"a Xen backend": 1}


def test_an_unknown_area_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no area 'jack'; there are: core, alsa, "):
        say_health(["alsa", "jack"], as_json=False, machine=bare(tmp_path))
    assert "no area 'jack'; there are: core" in refusal("doctor", "jack", cwd=tmp_path)


def test_findings_are_those_of_their_area(tmp_path: Path) -> None:
    machine = bare(tmp_path)
    for area in AREAS:
        assert {finding.area for finding in examine(machine, [area])} == {area}


def test_this_machine(tmp_path: Path) -> None:
    said = vsnd("doctor", "--json", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    findings = json.loads(said.stdout)["findings"]
    assert {finding["area"] for finding in findings} == set(AREAS)
    core = [finding for finding in findings if finding["area"] == "core"]
    assert {finding["ok"] for finding in core} <= {"yes", "unknown"}, core


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.__name__)
def test_a_real_server_answers(kind: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("libpulse.libpulse_ctypes")
    server = kind(tmp_path)
    monkeypatch.setenv("PULSE_SERVER", server.url)
    try:
        said = vsnd("doctor", "pulse", cwd=tmp_path)
    finally:
        server.close()
    assert said.returncode == 0, said.stdout
    assert " answers" in said.stdout
    assert said.stdout.endswith("ready for: PulseAudio\n")


def test_this_machine_is_well_at_its_core(tmp_path: Path) -> None:
    said = vsnd("doctor", "core", cwd=tmp_path)
    assert said.returncode == 0, said.stdout
    assert "ready for: simulation" in said.stdout
