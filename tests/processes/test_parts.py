"""Dom0 and guests started each by itself, as containers are, here as processes with the same folders."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.latency.result import read_result

SCENARIO = """
name = "parts"
duration_s = 2
[devices.speaker]
kind = "clocked"
play_to = "mix.wav"
[[guests]]
id = 1
name = "music"
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
buffer_frames = 24000
[[guests]]
id = 2
name = "memo"
[[guests.streams]]
device = "speaker"
records = "take.wav"
buffer_frames = 24000
"""


class Places:
    """The folders that containers share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scenario = folder / "lab.toml"
        self.scenario.write_text(SCENARIO)
        self.ready = folder / "ready"
        for name in ("out", "guests/1", "guests/2"):
            (folder / name).mkdir(parents=True)

    def start(self, part: str, out: str, *more: str) -> "subprocess.Popen[str]":
        places = ["--machine", "machine", "--guests", "guests", "--ready", "ready", "--out", out]
        command = [sys.executable, "-m", "compose.parts", part, "lab.toml", *places, *more]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @contextmanager
    def dom0(self) -> Iterator["subprocess.Popen[str]"]:
        """Dom0, once it is ready; it has ended afterwards, and left no socket."""
        started = self.start("dom0", "out")
        try:
            while not self.ready.exists():
                assert started.poll() is None, started.communicate()[1]
                time.sleep(0.05)
            yield started
        finally:
            started.terminate()
            started.communicate(timeout=20)
        assert not list((self.folder / "machine").glob("dom*"))

    def guest(self, domid: int) -> "subprocess.Popen[str]":
        return self.start("guest", f"guests/{domid}", "--domain", str(domid))


@pytest.fixture
def places() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="v") as folder:  # short: a socket's path has 107 characters at most
        yield Places(Path(folder))


def test_the_result_is_there_when_every_guest_has_come_and_gone(places: Places) -> None:
    with places.dom0() as dom0:
        for domid in (1, 2):  # one after the other: Dom0 waits
            said, errors = places.guest(domid).communicate(timeout=60)
            assert "ready" in said, errors
        said, errors = dom0.communicate(timeout=60)
        assert dom0.returncode == 0, errors
    result = read_result(places.folder / "out" / "result.json")
    assert [guest.name for guest in result.guests] == ["music", "memo"]
    assert result.guests[0].streams[0].period_lateness_ns is not None
    assert all((places.folder / "out" / name).exists() for name in ("mix.wav", "take.wav", "report.html"))


def test_a_guest_that_dies_is_named(places: Places) -> None:
    with places.dom0() as dom0:
        dying = places.guest(1)
        assert dying.stdout is not None
        assert dying.stdout.readline() == "ready\n"
        dying.kill()
        dying.communicate()
        places.guest(2).communicate(timeout=60)
        _, errors = dom0.communicate(timeout=60)
        assert dom0.returncode == 1
    assert errors.splitlines()[-1] == "vsnd: no report of music: see the log of its container"


def test_dom0_ends_when_it_is_told_to(places: Places) -> None:
    with places.dom0() as dom0:
        dom0.terminate()
        assert dom0.wait(20) == 128 + 15
