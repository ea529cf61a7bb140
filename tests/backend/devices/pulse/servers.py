"""Sound servers for tests, each on a socket of its own: PulseAudio, and PipeWire in its place.

Both have two null sinks, "speaker" and "other".  A null sink that nobody plays on renders 50 ms of silence in one go,
and a stream that starts then waits for their end; so somebody plays silence all the time.
"""

import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from hosts.process import die_with_parent

STARTUP = """
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=speaker rate=48000 channels=2 format=s16le norewinds=1
load-module module-null-sink sink_name=other rate=48000 channels=2 format=s16le norewinds=1
"""


class Server(ABC):
    """A server that can be ended, killed, frozen and started again."""

    programs: tuple[str, ...]
    keeps_all = True
    """A null sink waits for whoever is late, so that its monitor has every frame."""

    def __init__(self, folder: Path) -> None:
        for program in (*self.programs, "pactl", "pacat"):
            if shutil.which(program) is None:
                pytest.skip(f"no {program}: apt install {program}")
        self._folder = folder
        self._environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "server.log").open("wb")
        self.since_s = 0.0
        """When it last began to answer, by time.monotonic()."""
        self.start()

    @property
    @abstractmethod
    def socket(self) -> Path:
        """Where it listens."""

    @property
    def url(self) -> str:
        """As PULSE_SERVER."""
        return f"unix:{self.socket}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        self._start()
        while self._ask("info").returncode:
            assert all(process.poll() is None for process in self._processes), (self._folder / "server.log").read_text()
            time.sleep(0.02)
        self.since_s = time.monotonic()
        self._set_up()
        for sink in ("speaker", "other"):
            self._spawn("pacat", "--server", self.url, "--raw", "--latency-msec=5", "--device", sink, "/dev/zero")
        while self.pactl("list", "short", "sink-inputs").count("\n") < 2:
            time.sleep(0.02)

    @abstractmethod
    def _start(self) -> None:
        """Start its processes."""

    @abstractmethod
    def _set_up(self) -> None:
        """Make the sinks, once it listens."""

    def _spawn(self, *command: str) -> None:
        process = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, env=self._environment,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads when they start servers
        )  # fmt: skip
        self._processes.append(process)

    def pactl(self, *arguments: str) -> str:
        """What pactl says."""
        said = self._ask(*arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def tried(self, *arguments: str) -> bool:
        """Whether pactl could do that."""
        return self._ask(*arguments).returncode == 0

    def _ask(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["pactl", "--server", self.url, *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=20)

    def freeze(self) -> None:
        """As by kill -STOP."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """As by kill -CONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.send_signal(number)

    def kill(self) -> None:
        """As by kill -9."""
        processes, self._processes = self._processes, []
        for process in reversed(processes):
            process.kill()
            process.wait(10)

    def close(self) -> None:
        """End all of it."""
        self.kill()
        self._log.close()


class PulseAudio(Server):
    """PulseAudio itself."""

    programs = ("pulseaudio",)

    @property
    def socket(self) -> Path:
        return self._folder / "native"

    def _start(self) -> None:
        startup = self._folder / "startup.pa"
        startup.write_text(STARTUP.format(socket=self.socket))
        self._spawn("pulseaudio", "-n", "-F", str(startup), "--exit-idle-time=-1", "--daemonize=no")

    def _set_up(self) -> None:
        """Its sinks are made by its startup file."""


class PipeWire(Server):
    """PipeWire, its session manager, and what speaks PulseAudio's protocol for it."""

    programs = ("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon")
    keeps_all = False  # on a busy machine it goes on without whoever is late for a cycle

    @property
    def socket(self) -> Path:
        return self._folder / "pulse" / "native"

    def _start(self) -> None:
        (self._folder / "pipewire-0").unlink(missing_ok=True)
        self._spawn("pipewire")
        while not (self._folder / "pipewire-0").exists():
            time.sleep(0.02)
        bus = f"unix:path={self._folder / 'bus'}"
        (self._folder / "bus").unlink(missing_ok=True)
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        self._spawn("dbus-daemon", "--session", "--nofork", f"--address={bus}")  # dbus-run-session would outlive a kill
        while not (self._folder / "bus").exists():
            time.sleep(0.02)
        self._spawn("wireplumber")
        self._spawn("pipewire-pulse")

    def _set_up(self) -> None:
        for sink in ("speaker", "other"):
            self.pactl("load-module", "module-null-sink", f"sink_name={sink}", "rate=48000", "channels=2")
        while "other" not in self.pactl("list", "short", "sinks"):
            time.sleep(0.02)


SERVERS: tuple[type[Server], ...] = (PulseAudio, PipeWire)
