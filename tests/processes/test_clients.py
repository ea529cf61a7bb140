"""A scenario with local applications beside a guest, as a user runs it: real processes, heard sample by sample.

Each has a channel for itself, on which every sample tells its place.  Periods are 100 ms: what is tested is not how
quick this machine is, and a run in which it stood still for longer is made again.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from backend.latency.result import Guest, Result, read_result
from hosts.channel.link import why_not
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.processes.localapp import NUMBERS
from tests.processes.locallab import Samples, is_whole, places, wait_for

ATTEMPTS = 3
CHANNELS = 5
PERIOD = 4800
SCENARIO = """
name = "clients"
duration_s = 3
[devices.card]
kind = "clocked"
channels = 5
period_frames = 4800
buffer_frames = 24000
play_to = "mix.wav"
record_from = "numbers-0.wav"
[[guests]]
id = 1
name = "guest"
[[guests.streams]]
device = "card"
plays = "numbers-0.wav"
channels = 5
period_frames = 4800
buffer_frames = 19200
[[clients]]
name = "called"
device = "card"
plays = "numbers-1.wav"
channels = 5
[[clients]]
name = "calls"
device = "card"
plays = "numbers-2.wav"
channels = 5
style = "blocking"
[[clients]]
name = "both"
device = "card"
plays = "numbers-3.wav"
records = "take.wav"
channels = 5
style = "blocking"
control = "socket"
[[clients]]
name = "victim"
device = "card"
plays = "numbers-4.wav"
channels = 5
"""


@dataclass(frozen=True)
class Ran:
    """One run, in which the victim was killed."""

    out: Path
    said: str
    result: Result

    @property
    def guests(self) -> dict[str, Guest]:
        """By name."""
        return {guest.name: guest for guest in self.result.guests}

    @property
    def heard(self) -> Samples:
        """What the card played."""
        return np.asarray(soundfile.read(self.out / "mix.wav", dtype="int16", always_2d=True)[0], np.int16)

    @property
    def was_undisturbed(self) -> bool:
        """Whether the machine kept up with all."""
        streams = [stream for name, guest in self.guests.items() if name != "victim" for stream in guest.streams]
        late = sum(guest.client.calls_late or 0 for guest in self.result.guests if guest.client)
        return not late and not any(stream.blame or stream.starved_frames for stream in streams)


def write_numbers(folder: Path) -> None:
    """A sound for each channel, silent on all others."""
    for channel in range(CHANNELS):
        sound = np.zeros((NUMBERS, CHANNELS), np.int16)
        sound[:, channel] = 1 + np.arange(NUMBERS)
        soundfile.write(folder / f"numbers-{channel}.wav", sound, 48000, "PCM_16")


def run_once(folder: Path, temporary: str) -> Ran:
    """Run the scenario; after a second of sound the victim is killed."""
    out = folder / f"out-{time.monotonic_ns()}"
    run = subprocess.Popen(
        [sys.executable, "-m", "compose.cli", "run", str(folder / "scenario.toml"), "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": temporary, "COLUMNS": "200"},
    )  # fmt: skip
    try:
        mix = out / "mix.wav"
        wait_for(lambda: run.poll() is not None or (mix.exists() and mix.stat().st_size > 48000 * CHANNELS * 2))
        for child in psutil.Process(run.pid).children(recursive=True):
            if child.cmdline()[-1].endswith("client-3.json"):
                child.kill()
        said, errors = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0, errors
    return Ran(out, said, read_result(out / "result.json"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("clients")
    write_numbers(folder)
    (folder / "scenario.toml").write_text(SCENARIO)
    with tempfile.TemporaryDirectory(prefix="v") as temporary:  # short: a socket's path has 107 characters at most
        for _ in range(ATTEMPTS):
            made = run_once(folder, temporary)
            if made.was_undisturbed:
                break
        yield made


@pytest.mark.parametrize(("channel", "name"), list(enumerate(["guest", "called", "calls", "both"])))
def test_each_is_heard_sample_by_sample_though_another_is_killed(ran: Ran, channel: int, name: str) -> None:
    assert is_whole(ran.heard, channel), ran.said
    (played,) = (stream for stream in ran.guests[name].streams if stream.direction == "playback")
    assert np.count_nonzero(ran.heard[:, channel]) >= 3 * 48000
    assert played.frames_played >= 3 * 48000
    assert played.underruns == 0


def test_who_plays_and_records_has_both_in_order_and_misses_only_whole_blocks(ran: Ran) -> None:
    take, _ = soundfile.read(ran.out / "take.wav", always_2d=True)
    told = np.rint(take[:, 0] * 32768).astype(np.int64)
    told = told[told > 0]  # silence where no input was at hand, as at the beginning
    assert len(told) >= 2 * 48000
    steps = np.diff(told) % NUMBERS - 1
    assert np.all(steps % PERIOD == 0), "blocks may be left out, when the two cards' news come unevenly"
    assert np.count_nonzero(steps) <= 3
    assert [stream.direction for stream in ran.guests["both"].streams] == ["playback", "capture"]


def test_the_one_that_was_killed_was_heard_in_its_place_until_then_and_the_run_says_so(ran: Ran) -> None:
    assert len(set(places(ran.heard, 4))) == 1
    victim = ran.guests["victim"]
    assert victim.client is not None
    assert victim.client.ended == "killed by SIGKILL"
    assert 0 < victim.streams[0].frames_played < ran.guests["called"].streams[0].frames_played
    assert "victim (local): gone before its time, killed by SIGKILL; " in ran.said
    assert [guest.client.ended for guest in ran.result.guests if guest.client][:3] == [None] * 3


def test_kinds_are_in_the_result_on_the_page_and_on_the_console(ran: Ran) -> None:
    assert [(guest.name, guest.kind, guest.domid) for guest in ran.result.guests] == [
        ("guest", "guest", 1),
        ("called", "local", LOCAL_DOMID_FIRST),
        ("calls", "local, blocking", LOCAL_DOMID_FIRST + 1),
        ("both", "local, blocking", LOCAL_DOMID_FIRST + 2),
        ("victim", "local", LOCAL_DOMID_FIRST + 3),
    ]
    page = (ran.out / "report.html").read_text()
    for text in ("called (local)", "calls (local, blocking)", "1 guest and 4 local applications with 6 streams"):
        assert text in page
    assert "called (local): 0 blocks missed" in ran.said
    assert "killed by SIGKILL" in page


def test_their_delays_are_measured_as_a_guests_are(ran: Ran) -> None:
    for name in ("called", "calls", "both", "victim"):
        guest = ran.guests[name]
        for stream in guest.streams:
            delay = stream.playback_delay_ns if stream.direction == "playback" else stream.capture_delay_ns
            assert delay is not None
            assert 0 < delay.min < 6 * 100_000_000
            assert stream.period_lateness_ns is not None
            assert stream.notification_delay_ns is not None
            assert stream.buffer_frames == 3 * PERIOD
        assert (guest.usage is None) == (name == "victim")


def test_it_is_said_how_commands_went(ran: Ran) -> None:
    rings = f"socket: {why_not()}" if why_not() else "rings"
    ways = {guest.name: guest.client.control for guest in ran.result.guests if guest.client}
    assert ways == {
        "called": rings, "calls": rings, "both": "socket: it has not asked for rings", "victim": rings,
    }  # fmt: skip
