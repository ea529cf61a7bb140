"""Dom0 of a lab as a process here, obeying its toolstack's lines; killed as power cuts do, while a guest plays."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil
import pytest

from backend.config import BackendConfig, Plug
from compose.lab.cgroup import LOGS
from compose.lab.dom0 import Plan, first_free
from compose.scenario import RECORDINGS, GuestSpec, StreamSpec
from hosts.emu.client import open_store
from tests.processes.test_run import wait_for

PLAYS = StreamSpec("speaker", plays="melody.flac", buffer_frames=24000)
RECORDS = StreamSpec("speaker", records="take.wav", buffer_frames=24000)
GUEST = GuestSpec(1, [PLAYS, RECORDS])
LATER = GuestSpec(2, [PLAYS])
CARD = "/local/domain/{}/device/vsnd/0/backend"


class Machine:
    """Where a Dom0 and its guests are."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self._parts = parts
        device = {"kind": "clocked", "play_to": str(self.out / "mix.wav"), "buffer_frames": 24000}
        config = BackendConfig(devices={"speaker": device}, streams={"speaker": Plug("speaker")})
        plan = Plan(str(folder / "m"), str(self.out), [GUEST], [LATER], config, 100_000)
        (folder / "dom0.json").write_bytes(msgspec.json.encode(plan))
        (folder / "guest.json").write_bytes(msgspec.json.encode(GUEST))
        self.start_dom0()

    def _start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._parts.callback(process.communicate, timeout=30)
        self._parts.callback(process.terminate)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def start_dom0(self) -> None:
        self.dom0 = self._start("compose.lab.dom0", str(self.folder / "dom0.json"))

    def start_guest(self, duration_s: float) -> "subprocess.Popen[str]":
        """One that plays."""
        places = str(self.folder / "m"), str(self.folder / "guest.json"), str(self.out), str(RECORDINGS)
        guest = self._start("compose.domains", "guest", *places, str(duration_s))
        assert guest.stdin is not None
        print("go", file=guest.stdin, flush=True)
        return guest

    def order(self, line: str) -> str:
        """What Dom0 answers."""
        assert self.dom0.stdin is not None
        assert self.dom0.stdout is not None
        print(line, file=self.dom0.stdin, flush=True)
        return self.dom0.stdout.readline()

    def read(self, path: str) -> str | None:
        """What the store says there."""
        with open_store(self.folder / "m", 0) as store:
            return store.read(path)

    def has_card(self, domid: int) -> bool:
        return self.read(CARD.format(domid)) is not None

    def backend(self) -> psutil.Process:
        children = psutil.Process(self.dom0.pid).children()
        return next(child for child in children if "compose.domains" in child.cmdline())

    def log(self, name: str) -> str:
        return (self.out / LOGS / f"{name}.log").read_text()

    def cut_power(self) -> None:
        """Everything of Dom0's is dead at once."""
        family = [psutil.Process(self.dom0.pid), *psutil.Process(self.dom0.pid).children(recursive=True)]
        for member in family:
            os.kill(member.pid, signal.SIGKILL)
        psutil.wait_procs(family, 10)


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="v") as folder, ExitStack() as parts:
        yield Machine(Path(folder), parts)


def test_cards_are_given_taken_away_and_given_to_whoever_comes_later(machine: Machine) -> None:
    assert (machine.has_card(1), machine.has_card(2)) == (True, False)
    assert machine.order("attach 2") == "done\n"
    assert machine.has_card(2)
    assert machine.order("remove 2") == "done\n"
    assert not machine.has_card(2)


def test_whoever_takes_the_place_of_a_dead_guest_has_a_card(machine: Machine) -> None:
    guest = machine.start_guest(60)
    guest.kill()
    assert machine.order("renew 1") == "done\n"
    assert machine.has_card(1)
    again = machine.start_guest(0.2)
    assert again.communicate(timeout=30)[1] == ""
    assert again.returncode == 0


def test_a_card_that_was_taken_away_and_given_back_plays_on(machine: Machine) -> None:
    guest = machine.start_guest(1.5)
    assert machine.order("detach 1") == "done\n"
    wait_for(lambda: machine.read("/local/domain/0/backend/vsnd/1/0/state") == "6")
    assert machine.order("attach 1") == "done\n"
    assert guest.communicate(timeout=30)[1] == ""
    assert guest.returncode == 0


def test_a_backend_that_was_killed_is_followed_by_another_which_leaves_its_files(machine: Machine) -> None:
    guest = machine.start_guest(1.5)
    wait_for((machine.out / "mix.wav").exists)
    assert machine.order("kill") == "done\n"
    assert machine.order("start") == "done\n"
    assert guest.communicate(timeout=30)[1] == ""
    assert guest.returncode == 0
    machine.dom0.communicate(timeout=30)
    assert machine.dom0.returncode == 0
    names = {path.name for path in machine.out.rglob("*")}
    assert names >= {"mix.wav", "mix.1.wav", "backend.vtrace", "backend.1.vtrace", "backend.log", "backend.1.log"}


def test_a_backend_that_ends_by_itself_ends_dom0_with_a_line(machine: Machine) -> None:
    machine.backend().kill()
    assert machine.dom0.wait(30) == 1
    _, said = machine.dom0.communicate(timeout=30)
    assert said.endswith("backend ended: no word\n")


def test_the_end_of_stdin_ends_it_in_order(machine: Machine) -> None:
    machine.dom0.communicate(timeout=30)
    assert machine.dom0.returncode == 0
    assert (machine.out / "backend.json").exists()


def test_a_guest_waits_for_another_machine_and_plays_what_is_left(machine: Machine) -> None:
    guest = machine.start_guest(60)
    wait_for((machine.out / "mix.wav").exists)
    machine.cut_power()
    machine.start_dom0()
    wait_for(lambda: all((machine.out / name).exists() for name in ("mix.1.wav", "take.1.wav")))
    guest.terminate()
    _, said = guest.communicate(timeout=30)
    assert guest.returncode == 128 + signal.SIGTERM, said
    assert said.count("is gone; waiting for another") == 1
    machine.dom0.communicate(timeout=30)
    names = {path.name for path in machine.out.rglob("*")}
    assert names >= {"mix.1.wav", "backend.1.vtrace", "host.log", "host.1.log"}
    assert "domain 1: connected, 2 streams" in machine.log("backend.1")


def test_a_guest_whose_time_is_up_meanwhile_only_leaves(machine: Machine) -> None:
    guest = machine.start_guest(0.5)
    machine.cut_power()
    machine.start_dom0()
    _, said = guest.communicate(timeout=30)
    assert guest.returncode == 0, said
    assert (machine.out / "guest-1.json").exists()


def test_a_number_is_free_that_nobody_has_used(tmp_path: Path) -> None:
    path = tmp_path / "a.vtrace"
    numbers: list[int] = []
    for name in ("a.vtrace", "a.1.vtrace", "a.2.vtrace"):
        numbers.append(first_free(path))
        (tmp_path / name).touch()
    assert numbers == [0, 1, 2]
