"""`vsnd top` and the metrics of a real backend with real guests, each in a process of its own."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
from prometheus_client.parser import text_string_to_metric_families

from tests.compose.top.terminal import OnTerminal
from tests.processes.test_by_hand import CONFIG, running, vsnd

LIMIT_S = 30.0


class Machine:
    """A machine of two guests, its backend, and what they do."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.directory = str(folder / "machine")
        self._folder = folder
        self._parts = parts
        self.port = free_port()
        parts.enter_context(running("host", "--dir", self.directory, "--guests", "2"))

    def backend(self) -> "subprocess.Popen[str]":
        config, out = str(self._folder / "backend.toml"), str(self._folder / "out")
        metrics = ("--metrics", "--metrics-port", str(self.port))
        backend = running("backend", "--config", config, "--dir", self.directory, "--out", out, *metrics)
        return self._parts.enter_context(backend)

    def play(self) -> None:
        """Domain 1 plays a minute of silence, until the end of the test."""
        sound = self._folder / "silence.wav"
        soundfile.write(sound, np.zeros((60 * 48000, 2), np.int16), 48000, "PCM_16")
        arguments = ("--domain", "1", "--dir", self.directory, "--buffer-frames", "24000")
        player = subprocess.Popen(
            vsnd("play", str(sound), *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._parts.callback(end, player)

    def scrape(self) -> dict[tuple[str, str], float]:
        """By name, and by domain where there is one."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            samples = [sample for family in families for sample in family.samples]
        return {(s.name, s.labels.get("domid", "")): s.value for s in samples if s.labels.get("direction") != "capture"}


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_for(happened: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < deadline_s, "never happened"
        time.sleep(0.05)


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("top")
    (folder / "source.wav").touch()
    (folder / "backend.toml").write_text(CONFIG.format(folder=folder).replace("record_from", "#"))
    with ExitStack() as parts:
        yield Machine(folder, parts)
    assert not list((folder / "machine").glob("*")), "something is left"


def top(machine: Machine) -> OnTerminal:
    return OnTerminal(["top", "--dir", machine.directory, "--delay", "0.2"])


def is_running(text: str) -> bool:
    return any(" run " in line and "s16le 48k 2" in line for line in text.splitlines())


def test_a_log_and_the_metrics_say_what_a_guest_does(machine: Machine) -> None:
    machine.backend()
    machine.play()
    wait_for(lambda: machine.scrape().get(("vsnd_frames_total", "1"), 0) > 48000)
    said = subprocess.run(vsnd("top", "--dir", machine.directory, "-b", "2", "-d", "0.6"), capture_output=True,
                          text=True, timeout=60, check=True).stdout  # fmt: skip
    assert said.count("vsnd top") == 2
    assert "\x1b" not in said
    assert "1 guests, 1 streams running" in said
    (row,) = [line for line in said.split("vsnd top")[2].splitlines() if " run " in line]
    assert "s16le 48k 2 speaker irq" in row
    fill_ms, delay_ms = (float(text) for text in row.split("irq")[1].split()[:2])
    assert 0 < fill_ms < delay_ms < 600
    seen = machine.scrape()
    assert seen["vsnd_up", ""] == 1
    assert seen["vsnd_buffer_seconds", "1"] == 0.5
    assert 0 < seen["vsnd_playback_delay_seconds", "1"] < 0.6
    assert seen["vsnd_period_lateness_seconds_count", "1"] > 90
    assert seen["vsnd_guest_connected", "2"] == 0


def test_keys_sort_filter_and_resize_a_real_screen_and_the_terminal_is_given_back(machine: Machine) -> None:
    machine.backend()
    machine.play()
    with top(machine) as terminal:
        terminal.wait_for(is_running)
        terminal.press("/away\r")
        terminal.wait_for(lambda text: "filter: away" in text and not is_running(text) and "domain 2" in text)
        terminal.press("\x1b")
        terminal.wait_for(is_running)
        terminal.press("m")
        terminal.wait_for(lambda _: highlighted(terminal) == "MAX")
        terminal.press("\x1b[17~")
        terminal.wait_for(lambda _: highlighted(terminal) == "UNDER")
        terminal.press("<<")
        terminal.wait_for(lambda _: highlighted(terminal) == "LATE")
        terminal.press("?")
        terminal.wait_for(lambda text: text.startswith("keys"))
        terminal.press(" ")
        terminal.resize(132, 40)
        terminal.wait_for(lambda text: "EV/S" in text and len(text.splitlines()) == 40)
        terminal.resize(80, 24)
        seen = terminal.wait_for(lambda text: "EV/S" not in text and "UNDER" in text and "h help" in text)
        assert seen.splitlines()[23].startswith("h help")
        terminal.press("q")
        assert terminal.ended() == 0
        is_as_it_was(terminal)


def highlighted(terminal: OnTerminal) -> str:
    """What stands out in the heading of the table."""
    for number, line in enumerate(terminal.screen.display):
        if line.startswith("ID"):
            cells = terminal.screen.buffer[number]
            return "".join(cells[column].data for column in range(len(line)) if cells[column].reverse).strip()
    return ""


def is_as_it_was(terminal: OnTerminal) -> None:
    assert terminal.attributes == terminal.before
    assert terminal.raw.rindex(b"\x1b[?1049l") > terminal.raw.rindex(b"\x1b[?1049h"), "its own screen is left"
    assert terminal.raw.rindex(b"\x1b[?25h") > terminal.raw.rindex(b"\x1b[?25l"), "the cursor is there"
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_given_back(tmp_path: Path, number: signal.Signals) -> None:
    with OnTerminal(["top", "--dir", str(tmp_path)]) as terminal:
        terminal.wait_for(lambda text: "no backend shows itself" in text)
        terminal.process.send_signal(number)
        assert terminal.ended() == 128 + number
        is_as_it_was(terminal)


def test_while_it_is_stopped_the_terminal_is_the_shells(tmp_path: Path) -> None:
    with OnTerminal(["top", "--dir", str(tmp_path)]) as terminal:
        terminal.wait_for(lambda text: "no backend shows itself" in text)
        terminal.process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED)
        terminal.wait_for(lambda _: terminal.raw.endswith(b"\x1b[?1049l"))
        assert terminal.attributes == terminal.before
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2)
        terminal.press("q")
        assert terminal.ended() == 0
        is_as_it_was(terminal)


def test_a_backend_that_goes_away_is_shown_as_gone_and_taken_up_again(machine: Machine) -> None:
    first = machine.backend()
    with top(machine) as terminal:
        terminal.wait_for(lambda text: f"pid {first.pid}" in text)
        first.send_signal(signal.SIGINT)
        assert first.wait(LIMIT_S) in (0, 130)
        terminal.wait_for(lambda text: "no backend shows itself" in text and "pid" not in text)
        second = machine.backend()
        terminal.wait_for(lambda text: f"pid {second.pid}" in text)
        os.kill(second.pid, signal.SIGSTOP)
        terminal.wait_for(lambda text: "no word of it for" in text)
        os.kill(second.pid, signal.SIGCONT)
        terminal.wait_for(lambda text: "no word of it for" not in text)
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_metrics_port_that_is_taken_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_text(CONFIG.format(folder=tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            vsnd("backend", "--config", str(tmp_path / "backend.toml"), "--dir", str(tmp_path), "--out",
                 str(tmp_path / "out"), "--metrics", "--metrics-port", port),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert refused.returncode == 2
    assert refused.stderr == f"vsnd: --metrics-port: port {port} of 127.0.0.1: Address already in use\n"


def test_without_a_terminal_or_a_backend_it_is_refused_in_one_line(tmp_path: Path) -> None:
    for options, why in ((), "no terminal; -b N prints N pictures"), (("-b", "1"), "no backend shows itself"):
        refused = subprocess.run(
            vsnd("top", "--dir", str(tmp_path), *options), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert refused.returncode == 2
        assert why in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
