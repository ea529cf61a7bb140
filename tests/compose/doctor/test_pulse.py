from collections.abc import Mapping
from pathlib import Path

import pytest

from compose.doctor.finding import Answer, Finding
from compose.doctor.pulse import pulse, socket_of
from tests.compose.doctor.staged import StagedProbes, by_name, stage

RUN = "/run/user/1000"
ADA = {"XDG_RUNTIME_DIR": RUN}
SOCKET = {f"{RUN}/pulse/native": ""}
COOKIE = "/home/ada/.config/pulse/cookie"
ANSWERS = StagedProbes(sound_server="pulseaudio 16.1", versions={"libpulse": "0.7"})


def look(
    root: Path, files: Mapping[str, str | bytes], probes: StagedProbes | None = None, environ: Mapping[str, str] = ADA
) -> dict[str, Finding]:
    return by_name(pulse(stage(root, files=files, environ=environ, probes=probes)))


def test_a_machine_that_has_all(tmp_path: Path) -> None:
    found = look(tmp_path, SOCKET, ANSWERS)
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert set(found) == {"libpulse", "binding", "socket", "cookie", "server"}
    assert found["server"].text == "pulseaudio 16.1 answers"
    assert found["socket"].text == f"{RUN}/pulse/native"


def test_without_the_library_nothing_else_is_blamed(tmp_path: Path) -> None:
    found = look(tmp_path, SOCKET, StagedProbes(not_loadable={"libpulse.so.0": "no such file"}))
    assert [name for name in found if found[name].ok is Answer.NO] == ["libpulse"]
    assert found["libpulse"].mend == "apt install libpulse0"
    assert found["server"].ok is Answer.UNKNOWN


def test_without_the_binding(tmp_path: Path) -> None:
    found = look(tmp_path, SOCKET, StagedProbes(not_importable={"libpulse.libpulse": "No module named 'libpulse'"}))
    assert [name for name in found if found[name].ok is Answer.NO] == ["binding"]
    assert "vsnd[pulse]" in found["binding"].mend


def test_a_binding_that_does_not_find_the_library(tmp_path: Path) -> None:
    probes = StagedProbes(not_importable={"libpulse.libpulse": "cannot find"}, versions={"libpulse": "0.7"})
    found = look(tmp_path, SOCKET, probes)["binding"]
    assert found.ok is Answer.NO
    assert "ldconfig" in found.mend


def test_no_socket_is_one_thing_that_is_missing(tmp_path: Path) -> None:
    found = look(tmp_path, {})
    assert [name for name in found if found[name].ok is Answer.NO] == ["socket"]
    assert f"{RUN}/pulse/native" in found["socket"].text
    assert "pulseaudio --start" in found["socket"].mend


def test_a_container_is_given_socket_and_cookie(tmp_path: Path) -> None:
    found = look(tmp_path, {"/.dockerenv": ""}, environ={})
    mend = found["socket"].mend
    assert "/run/user/0/pulse/native" in found["socket"].text
    assert '-v "$XDG_RUNTIME_DIR/pulse/native:/run/pulse/native"' in mend
    assert "PULSE_SERVER=unix:/run/pulse/native" in mend
    assert "PULSE_COOKIE=/run/pulse/cookie" in mend
    assert found["cookie"].mend == mend


def test_a_socket_that_nobody_listens_on(tmp_path: Path) -> None:
    found = look(tmp_path, SOCKET, StagedProbes(unreachable="Connection refused"))["socket"]
    assert found.ok is Answer.NO
    assert "Connection refused" in found.text


def test_a_server_that_lets_nobody_in(tmp_path: Path) -> None:
    found = look(tmp_path, SOCKET)
    assert found["socket"].ok is Answer.YES
    assert found["server"].ok is Answer.NO
    assert found["server"].text == "no sound server (Connection refused)"
    assert found["server"].mend == "start one"
    assert found["cookie"].ok is Answer.UNKNOWN
    assert COOKIE in found["cookie"].text


def test_a_cookie_that_is_there(tmp_path: Path) -> None:
    found = look(tmp_path, {**SOCKET, COOKIE: bytes(256)})["cookie"]
    assert (found.ok, found.text) == (Answer.YES, COOKIE)


def test_a_cookie_of_the_wrong_size(tmp_path: Path) -> None:
    found = look(tmp_path, {**SOCKET, COOKIE: bytes(100)})["cookie"]
    assert found.ok is Answer.NO
    assert "100 octets" in found.text


def test_a_cookie_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / COOKIE.lstrip("/")).mkdir(parents=True)  # what docker makes of a bind mount whose source is missing
    found = look(tmp_path, SOCKET)["cookie"]
    assert found.ok is Answer.NO
    assert "Is a directory" in found.text


def test_a_cookie_that_the_environment_names(tmp_path: Path) -> None:
    found = look(tmp_path, {**SOCKET, COOKIE: bytes(256)}, environ={**ADA, "PULSE_COOKIE": "/mine"})["cookie"]
    assert found.ok is Answer.UNKNOWN
    assert found.text.startswith("/mine is not there")


def test_a_server_elsewhere_has_no_socket_here(tmp_path: Path) -> None:
    found = look(tmp_path, {}, environ={"PULSE_SERVER": "tcp:studio:4713"})
    assert found["socket"].ok is Answer.UNKNOWN
    assert "tcp:studio:4713" in found["socket"].text
    assert found["server"].ok is Answer.NO


@pytest.mark.parametrize(
    ("environ", "files", "socket"),
    [
        ({"PULSE_SERVER": "unix:/s"}, SOCKET, "/s"),
        ({"PULSE_SERVER": "{0123abc}unix:/s tcp:far"}, {}, "/s"),
        ({"PULSE_SERVER": "/s"}, {}, "/s"),
        ({"PULSE_RUNTIME_PATH": "/p"}, {}, "/p/native"),
        (ADA, {"/run/pulse/native": ""}, "/run/pulse/native"),
        (ADA, {"/run/pulse/native": "", **SOCKET}, f"{RUN}/pulse/native"),
        (ADA, {"/etc/pulse/client.conf": "; default-server = no\n default-server = unix:/c\n"}, "/c"),
        ({}, {"/proc/self/status": "Uid:\t7\t7\t7\t7"}, "/run/user/7/pulse/native"),
    ],
)
def test_where_the_socket_is(tmp_path: Path, environ: dict[str, str], files: dict[str, str], socket: str) -> None:
    assert socket_of(stage(tmp_path, environ=environ, files=files)) == socket
