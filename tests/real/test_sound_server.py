"""A sound server that is frozen, killed and started again under five playing guests, as real processes.

Nobody is disconnected, sound is there again within two seconds of the server's return, and after twenty rounds the
backend has not a descriptor, thread or page more than after three.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.backend.devices.pulse.servers import PulseAudio

GUESTS = 5
ROUNDS = 20
WARM_UP_ROUNDS = 3
RESUMED_S = 2.0
GROWTH_OCTETS_MAX = 4 << 20

NOISE = Path("/dev/urandom")

CONFIG = """
[devices.speaker]
kind = "pulse"
server = "{url}"
device = "speaker"
sharing = "per-guest"
[streams]
play = "speaker"
"""


class Lab:
    """A machine, its backend and five players, started as a user would."""

    def __init__(self, folder: Path) -> None:
        self.server = PulseAudio(folder)
        self._folder = folder
        self._log = (folder / "vsnd.log").open("wb")
        self._parts: list[subprocess.Popen[bytes]] = []
        config = folder / "backend.toml"
        config.write_text(CONFIG.format(url=self.server.url))
        self._start("host", "--guests", str(GUESTS))
        self.backend = self._start("backend", "--config", str(config), "--out", str(folder / "out"))
        self.players = [self._start("play", "-", "--domain", str(guest + 1), ready=False) for guest in range(GUESTS)]

    def _start(self, command: str, *arguments: str, ready: bool = True) -> "subprocess.Popen[bytes]":
        with NOISE.open("rb") as noise:
            part = subprocess.Popen(
                [sys.executable, "-m", "compose.cli", command, *arguments, "--dir", str(self._folder / "m")],
                stdin=noise, stdout=subprocess.PIPE if ready else self._log, stderr=self._log,
            )  # fmt: skip
        self._parts.append(part)
        if ready:
            assert part.stdout is not None
            assert part.stdout.readline(), (self._folder / "vsnd.log").read_text()
        return part

    @property
    def log(self) -> str:
        """What backend and players have said."""
        return (self._folder / "vsnd.log").read_text()

    def is_heard(self) -> bool:
        """Whether all guests have their streams on the server, and its sink is not silent."""
        streams = self.server.pactl("list", "sink-inputs").count('application.name = "domain')
        return streams == GUESTS and any(self._listen())

    def _listen(self) -> bytes:
        """A tenth of a second of what the sink presents."""
        command = ["parec", "--server", self.server.url, "--raw", "--latency-msec=10", "--device=speaker.monitor"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log) as listener:
            assert listener.stdout is not None
            sound = listener.stdout.read(19200)
            listener.kill()
        return sound

    def wait_until_heard(self) -> float:
        """Until then; how long after the server's return it was, in seconds."""
        while not self.is_heard():
            assert time.monotonic() < self.server.since_s + 30, self.log
            time.sleep(0.01)
        return time.monotonic() - self.server.since_s

    def size(self) -> tuple[int, int]:
        """Descriptors and threads of the backend."""
        backend = psutil.Process(self.backend.pid)
        return backend.num_fds(), backend.num_threads()

    def memory_octets(self) -> int:
        """Memory of the backend's own: without its trace, which is a file that grows all the time."""
        memory = psutil.Process(self.backend.pid).memory_info()
        own: int = memory.rss - memory.shared
        return own

    def close(self) -> None:
        """End everything."""
        for part in reversed(self._parts):
            part.terminate()
            part.communicate(timeout=20)
        self.server.close()
        self._log.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.close()


def break_server(lab: Lab, number: int) -> None:
    """Freeze it, or kill it: with each round in turn, for a moment that is another each time."""
    lab.server.freeze()
    time_out_s = 0.05 + 0.03 * (number % 5)
    deadline_s = time.monotonic() + time_out_s
    while time.monotonic() < deadline_s:
        time.sleep(0.01)
    lab.server.thaw()
    lab.server.kill()
    lab.server.start()


def test_guests_outlive_the_server_and_are_heard_again(lab: Lab) -> None:
    lab.wait_until_heard()
    back_s: list[float] = []
    size, memory_octets = lab.size(), lab.memory_octets()
    for number in range(WARM_UP_ROUNDS + ROUNDS):
        if number == WARM_UP_ROUNDS:
            size, memory_octets = lab.size(), lab.memory_octets()
        break_server(lab, number)
        back_s.append(lab.wait_until_heard())
    print(f"heard again after {sorted(back_s)[len(back_s) // 2]:.2f} s, {max(back_s):.2f} s at most")
    assert lab.size() == size
    assert lab.memory_octets() - memory_octets < GROWTH_OCTETS_MAX
    assert sorted(back_s)[len(back_s) // 2] < RESUMED_S
    assert [player.poll() for player in lab.players] == [None] * GUESTS
    assert "disconnected" not in lab.log


def test_a_frozen_server_is_played_on_when_it_thaws(lab: Lab) -> None:
    lab.wait_until_heard()
    lab.server.freeze()
    deadline_s = time.monotonic() + 3
    while time.monotonic() < deadline_s:
        time.sleep(0.1)
    lab.server.thaw()
    thawed_s = time.monotonic()
    while not lab.is_heard():
        assert time.monotonic() < thawed_s + 30
        time.sleep(0.01)
    assert [player.poll() for player in lab.players] == [None] * GUESTS
