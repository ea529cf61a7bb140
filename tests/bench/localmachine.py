"""A machine of real processes on which local applications and guests play to one virtual card of 5 ms periods.

Each is a session of its own, as a desktop's programs are: some kernels share processors out by session first.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psutil

from backend.live.follower import Follower
from backend.live.memory import live_path
from backend.live.snapshot import Snapshot
from compose.load.cpu import Plan
from compose.load.spec import CpuLoad
from tests.bench.localplayer import PERIOD_FRAMES, RATE_HZ, Counted
from tests.processes.test_by_hand import running

CONFIG = """
[devices.speaker]
kind = "clocked"
period_frames = {period}
buffer_frames = {buffer}
[streams]
play = "speaker"
[local]
socket = "{folder}/local"
devices = ["speaker"]
absent_ms = 600000
[realtime]
priority = 50
"""
"""Nobody is turned out: what is measured is how often they are late.  Real-time is the backend and nobody else."""
BUFFER_PERIODS = 8
PERIOD_S = PERIOD_FRAMES / RATE_HZ
GLANCE_S = 0.05
LIMIT_S = 60.0


class Player:
    """A guest or a local application; see `tests.bench.localplayer`."""

    def __init__(self, *arguments: str) -> None:
        self._is_guest = arguments[0] == "guest"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.localplayer", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def wait_ready(self) -> None:
        """Until it is heard."""
        assert self._line() == "ready"

    def ask(self) -> Counted:
        """What was counted of it; only a local application knows."""
        assert self._process.stdin is not None
        self._process.stdin.write("count\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._line(), type=Counted)

    @property
    def cpu_s(self) -> float:
        """What it has used so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask_to_leave(self) -> None:
        """End a client's input, and so the client; a guest, which reads none, is told to end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._is_guest:
            self._process.terminate()

    def end(self) -> None:
        """See to it that it has."""
        self._process.wait(LIMIT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


class LocalMachine:
    """The machine and its backend, until `parts` are closed."""

    def __init__(self, folder: Path, guests: int, parts: ExitStack) -> None:
        self.folder = folder
        self._parts = parts
        self._machine = folder / "machine"
        text = CONFIG.format(folder=folder, period=PERIOD_FRAMES, buffer=BUFFER_PERIODS * PERIOD_FRAMES)
        (folder / "backend.toml").write_text(text)
        where = ("--dir", str(self._machine))
        parts.enter_context(running("host", *where, "--guests", str(guests)))
        parts.enter_context(
            running("backend", "--config", str(folder / "backend.toml"), *where, "--out", str(self.out))
        )
        self._follower = Follower([live_path(self._machine)])
        parts.callback(self._follower.close)

    @property
    def out(self) -> Path:
        """Where the backend leaves its traces and report when it ends."""
        return self.folder / "out"

    def guests(self, count: int) -> list[Player]:
        """So many of them, heard."""
        return self._heard([Player("guest", str(self._machine), str(domid)) for domid in range(1, count + 1)])

    def clients(self, rings: list[int], *, traced: bool = False) -> list[Player]:
        """Local applications with rings of these sizes, heard."""
        socket = str(self.folder / "local")
        players = [
            Player("client", socket, str(ring), *([str(self.trace_of(ring))] if traced else [])) for ring in rings
        ]
        return self._heard(players)

    def trace_of(self, ring: int) -> Path:
        """Where a traced one of that ring leaves its trace."""
        return self.folder / f"ring-{ring}.vtrace"

    def _heard(self, players: list[Player]) -> list[Player]:
        for player in players:
            self._parts.callback(player.end)
        for player in players:
            self._parts.callback(player.ask_to_leave)  # all of them first
        for player in players:
            player.wait_ready()
        return players

    def load(self, seed: int) -> None:
        """Have a process compute on each processor from now on, as a scenario's `busy` does."""
        busy = CpuLoad()
        for processor in range(psutil.cpu_count()):
            plan, report = (self.folder / f"load-{processor}.{kind}" for kind in ("plan", "report"))
            plan.write_bytes(msgspec.json.encode(Plan(busy.cpu, busy.memory_kib * 1024, processor, seed + processor)))
            self._parts.enter_context(computing(plan, report))

    def snapshot(self) -> Snapshot:
        """Taken from now on."""
        asked_ns, until_s = time.monotonic_ns(), time.monotonic() + LIMIT_S
        while (found := self._follower.look()) is None or found.backend.sampled_ns < asked_ns:
            assert time.monotonic() < until_s, self._follower.problem
            time.sleep(GLANCE_S)
        return found


@contextmanager
def computing(plan: Path, report: Path) -> Iterator[None]:
    """A process that computes."""
    command = [sys.executable, "-m", "compose.load.cpu", str(plan), str(report)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.terminate()


def hold(seconds: float) -> None:
    """Let them play for so long."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        time.sleep(GLANCE_S)
