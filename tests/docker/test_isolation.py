"""What a guest in its container cannot do, shown by trying; beside it another one plays, and goes on playing.

The guest `music` of compose.yaml is taken over: it does what `attempts.py` has, with nothing else changed.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compose.scenario import SCENARIOS
from tests.docker.conftest import MakeProject
from tests.docker.engine import Engine, Project

pytestmark = pytest.mark.timeout(400)  # the first of all makes the image

LIMIT_S = 60.0
OVERRIDE = """
x-part: &part
  volumes: ["{scenario}:/lab.toml:ro"]
services:
  dom0: *part
  navigation: *part
  telephone: *part
  music: {{entrypoint: [python, -c, "import signal; signal.pause()"]}}
"""


class Lab:
    """A running lab, one guest of which is hostile."""

    def __init__(self, project: Project) -> None:
        self.engine: Engine = project.engine
        services = ("dom0", "music", "navigation", "telephone")
        self.containers = {service: project.container(service) for service in services}

    def attempt(self, *arguments: str) -> dict[str, Any]:
        """What came of an attempt of the guest `music`."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        came: dict[str, Any] = json.loads(done.stdout)
        return came

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The attempt as a process that has ended."""
        program = (Path(__file__).parent / "attempts.py").read_text()
        command = ("docker", "exec", "-i", self.containers["music"], "python", "-", *arguments)
        return self.engine.run(*command, said=program)

    def transport_of(self, domid: int) -> tuple[list[int], list[int]]:
        """The references and ports that a guest's first stream has, as Dom0 reads them."""
        names = ("ring-ref", "evt-ring-ref"), ("event-channel", "evt-event-channel")
        read = f"""
from pathlib import Path
from hosts.emu.client import open_store
with open_store(Path("/machine"), 0) as store:
    print([[int(store.read(f"/local/domain/{domid}/device/vsnd/0/0/0/{{name}}")) for name in both] for both in {names}])
"""
        refs, ports = json.loads(self.engine.docker("exec", self.containers["dom0"], "python", "-c", read))
        return refs, ports

    def is_playing(self, service: str) -> bool:
        """Whether that guest's domain is still here, and all its parts run."""
        return all(self.engine.inspect(self.containers[part])["State"]["Running"] for part in (service, "dom0"))

    def log(self) -> str:
        """What Dom0's parts have said."""
        return self.engine.docker("exec", self.containers["dom0"], "sh", "-c", "cat /out/logs/*.log")


@pytest.fixture(scope="module")
def lab(make_project: MakeProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    scenario = (SCENARIOS / "lab.toml").read_text().replace("duration_s = 10\n", "duration_s = 600\n")
    (folder / "lab.toml").write_text(scenario)
    (folder / "override.yaml").write_text(OVERRIDE.format(scenario=folder / "lab.toml"))
    project = make_project("1", {"VSND_SCENARIO": "/lab.toml"}, folder / "override.yaml")
    up = project.run("up", "-d")
    assert up.returncode == 0, up.stderr
    made = Lab(project)
    deadline_s = time.monotonic() + LIMIT_S
    while not all(f"domain {domid}: connected" in made.log() for domid in (2, 3)):
        assert time.monotonic() < deadline_s, made.log()
        time.sleep(0.2)
    yield made
    assert all(made.is_playing(service) for service in ("navigation", "telephone")), made.log()
    assert not [line for line in made.log().splitlines() if "domain 2: gone" in line or "domain 3: gone" in line]


def test_it_has_no_rights_and_a_user_of_its_own(lab: Lab) -> None:
    rights = lab.attempt("rights")
    assert rights.pop("uid") == 1001
    assert rights.pop("NoNewPrivs") == 1
    assert rights.pop("Seccomp") == 2, "filtered"
    assert set(rights.values()) == {0}, rights
    users = [lab.engine.inspect(container)["Config"]["User"] for container in lab.containers.values()]
    assert len(set(users)) == len(users)


def test_it_sees_its_own_two_sockets_and_no_other(lab: Lab) -> None:
    found = lab.attempt("sockets")
    assert found == {"paths": ["/machine/dom1/broker", "/machine/dom1/xenstored"], "abstract": []}


def test_it_cannot_put_itself_in_the_place_of_the_machine(lab: Lab) -> None:
    assert set(lab.attempt("spoil_sockets").values()) == {"EROFS"}


def test_the_store_gives_it_nothing_of_others(lab: Lab) -> None:
    found = lab.attempt("store")
    assert found == {"nodes": {"EACCES": 20}, "dom0": {"EACCES": 4}, "own": "0"}


def test_no_page_and_no_port_of_others_can_be_guessed(lab: Lab) -> None:
    refs, ports = lab.transport_of(2)
    assert all(8 <= ref < 2048 for ref in refs), "those that are there are among those that are guessed"
    assert all(1 <= port < 256 for port in ports)
    found = lab.attempt("guess", "0,2,3")
    assert found == {"pages": {"EACCES": 3 * 2048}, "ports": {"ENOENT": 3 * 256}}


def test_the_kernel_does_not_tell_it_who_serves_it(lab: Lab) -> None:
    assert lab.attempt("peer") == {"pid": 0}


def test_there_is_no_network(lab: Lab) -> None:
    found = lab.attempt("network")
    assert found.pop("interfaces") == ["lo"]
    assert {found.pop(kind) for kind in ("tcp", "udp", "tcp6")} <= {"ENETUNREACH", "EADDRNOTAVAIL"}
    assert found == {"packet": "EPERM", "raw": "EPERM"}


def test_only_its_own_scratch_folders_can_be_written(lab: Lab) -> None:
    found = lab.attempt("writing")
    assert set(found.pop("folders")) <= {"/tmp", "/out", "/out/trace", "/dev/shm", "/dev/mqueue"}
    assert "done" not in found.values(), found


def test_processes_of_others_cannot_be_x(lab: Lab) -> None:
    theirs = [lab.engine.inspect(lab.containers[part])["State"]["Pid"] for part in ("dom0", "navigation")]
    found = lab.attempt("processes", ",".join(map(str, theirs)))
    assert found.pop("others") == []
    assert found.pop("pidfd_getfd") in {"EPERM", "ENOSYS"}, "not even of its own"
    assert {name for name, outcomes in found.items() if not set(outcomes) <= {"ESRCH", "EPERM"}} == set(), found


def test_a_fork_bomb_ends_at_its_own_limit(lab: Lab) -> None:
    limit = lab.engine.inspect(lab.containers["music"])["HostConfig"]["PidsLimit"]
    found = lab.attempt("fork_bomb")
    assert found["stopped"] == "EAGAIN"
    assert found["children"] < limit
    lab.engine.docker("exec", lab.containers["navigation"], "true")


def test_more_memory_than_its_own_kills_it_and_nobody_else(lab: Lab) -> None:
    limit_octets = lab.engine.inspect(lab.containers["music"])["HostConfig"]["Memory"]
    assert lab.run("memory", str(2 * limit_octets)).returncode == 137
    assert lab.is_playing("navigation")


@pytest.mark.parametrize(("folder", "octets_max"), [("/tmp", 4 << 20), ("/out", 64 << 20), ("/dev/shm", 1 << 20)])
def test_its_folders_are_full_at_their_own_limit(lab: Lab, folder: str, octets_max: int) -> None:
    assert 0 < lab.attempt("disk", folder)["octets"] <= octets_max


def test_its_log_is_bounded(lab: Lab) -> None:
    logging = lab.engine.inspect(lab.containers["music"])["HostConfig"]["LogConfig"]
    assert logging["Config"] == {"max-size": "1m", "max-file": "1"}


def test_where_nothing_is_in_the_way_the_same_attempts_succeed(engine: Engine, image: str) -> None:
    """So what stops them in a guest is what the guest is started with."""
    rights = ("--user", "0", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE")
    lax = ("--pid", "host", "--network", "host", "--security-opt", "seccomp=unconfined", *rights)
    program = (Path(__file__).parent / "attempts.py").read_text()

    def attempt(*arguments: str) -> dict[str, Any]:
        done = engine.run("docker", "run", "--rm", "-i", *lax, image, "python", "-", *arguments, said=program)
        assert done.returncode == 0, done.stderr
        came: dict[str, Any] = json.loads(done.stdout)
        return came

    assert attempt("network")["packet"] == "done"
    assert {"/", "/opt/vsnd/bin"} <= set(attempt("writing")["folders"])
    found = attempt("processes", str(os.getpid()))
    assert (found["pidfd_open"], found["pidfd_getfd"]) == (["done"], "done")
