from pathlib import Path

from compose.doctor.containers import SOCKET, containers
from compose.doctor.finding import Answer, Finding
from tests.compose.doctor.staged import StagedProbes, by_name, stage

ENGINE, PLUGIN, OLD = "docker version", "docker compose", "docker-compose"


def look(root: Path, programs: dict[str, tuple[bool, str]], unreachable: str = "") -> dict[str, Finding]:
    files = {SOCKET: "", "/etc/group": "docker:x:998:\n"} if unreachable else {}
    probes = StagedProbes(programs=programs, unreachable=unreachable)
    return by_name(containers(stage(root, files=files, programs=["docker"], probes=probes)))


def test_all_is_there(tmp_path: Path) -> None:
    found = look(tmp_path, {ENGINE: (True, "28.2.2"), PLUGIN: (True, "v2.26.1")})
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert found["engine"].text == "28.2.2 answers"


def test_without_a_client_nothing_else_is_asked(tmp_path: Path) -> None:
    found = by_name(containers(stage(tmp_path)))
    assert [finding.name for finding in found.values()] == ["client"]
    assert found["client"].ok is Answer.NO


def test_an_engine_that_does_not_run(tmp_path: Path) -> None:
    found = look(tmp_path, {ENGINE: (False, "Cannot connect"), PLUGIN: (True, "2.26.1")})["engine"]
    assert found.ok is Answer.NO
    assert "systemctl start docker" in found.mend


def test_an_engine_that_is_not_for_us(tmp_path: Path) -> None:
    for found in (
        look(tmp_path, {ENGINE: (False, "Got permission denied while trying to connect")}),
        look(tmp_path, {ENGINE: (False, "")}, unreachable="Permission denied"),
    ):
        assert found["engine"].ok is Answer.NO
        assert "usermod -aG docker" in found["engine"].mend


def test_compose_1_29_does(tmp_path: Path) -> None:
    found = look(tmp_path, {ENGINE: (True, "20.10.24"), PLUGIN: (False, "not a command"), OLD: (True, "1.29.2")})
    assert (found["compose"].ok, found["compose"].text) == (Answer.YES, "1.29.2")


def test_an_older_compose_is_known_and_not_recommended(tmp_path: Path) -> None:
    found = look(tmp_path, {ENGINE: (True, "20.10.24"), PLUGIN: (False, "not a command"), OLD: (True, "1.25.0")})
    assert found["compose"].ok is Answer.UNKNOWN
    assert found["compose"].text == "1.25 is old; 1.29 and 2 are tested"


def test_compose_2_under_its_old_name(tmp_path: Path) -> None:
    found = look(tmp_path, {ENGINE: (True, "26"), PLUGIN: (False, "not a command"), OLD: (True, "2.26.1")})
    assert found["compose"].ok is Answer.YES


def test_no_compose(tmp_path: Path) -> None:
    assert look(tmp_path, {ENGINE: (True, "26")})["compose"].ok is Answer.NO
