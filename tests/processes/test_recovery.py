"""Real processes that are killed, or lose their card, in the middle of playing: the others play on, and so do they."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from backend.config import BackendConfig
from compose.byhand import default_card
from compose.children import Child
from compose.guest import GuestReport, StreamReport
from compose.plan import TRACES, attachment
from compose.scenario import RECORDINGS, GuestSpec, StreamSpec
from compose.toolstack import Attachment, attach, attach_missing, detach, remove
from hosts.emu.client import open_store
from tests.hosts.emulated import machine
from tests.processes.correlation import lag_of, mono

SECONDS = 4
# Buffers of half a second: what is tested is not how quick this machine is.
MUSIC = GuestSpec(1, [StreamSpec("speaker", plays="melody.flac", buffer_frames=24000)])
VOICE = GuestSpec(2, [StreamSpec("speaker", plays="announcement.flac", buffer_frames=24000)])


class Lab:
    """A machine, its toolstack, a backend, and guests that play for some seconds."""

    def __init__(self, folder: Path, machine: Path, parts: ExitStack) -> None:
        self.folder = folder
        self.machine = machine
        self._parts = parts
        self._starts = 0
        self.store = parts.enter_context(open_store(machine, 0))
        self.mix = folder / "none.wav"

    def start(self, name: str, *arguments: str) -> Child:
        self._starts += 1
        log = self.folder / f"{name}-{self._starts}.log"
        return self._parts.enter_context(Child(name, ("compose.domains", *arguments), log))

    def start_backend(self) -> Child:
        out = self.folder / f"backend-{self._starts}"
        (out / TRACES).mkdir(parents=True)
        self.mix = out / "mix.wav"
        speaker = {"kind": "clocked", "period_frames": 480, "play_to": str(self.mix)}
        plan = out / "plan.json"
        streams = {"speaker": "speaker", "play": "speaker"}
        plan.write_bytes(msgspec.json.encode(BackendConfig({"speaker": speaker}, streams)))
        backend = self.start("backend", "backend", str(self.machine), str(plan), str(out))
        backend.wait_ready()
        return backend

    def start_guest(self, spec: GuestSpec) -> Child:
        (self.folder / TRACES).mkdir(exist_ok=True)
        plan = self.folder / f"guest-{spec.id}.plan"
        plan.write_bytes(msgspec.json.encode(spec))
        beside = str(self.folder)
        guest = self.start("guest", "guest", str(self.machine), str(plan), str(self.folder), beside, str(SECONDS))
        guest.wait_ready()
        guest.say("go")
        return guest

    def report(self, spec: GuestSpec) -> StreamReport:
        """What the guest counted, once it has ended."""
        report = msgspec.json.decode((self.folder / f"guest-{spec.id}.json").read_bytes(), type=GuestReport)
        (stream,) = report.streams
        return stream

    def wait_for_sound(self, octets: int = 60_000) -> None:
        wait_for(lambda: self.mix.exists() and self.mix.stat().st_size > octets)

    def kill(self, child: Child) -> None:
        """As by kill -9."""
        os.kill(child._process.pid, signal.SIGKILL)
        wait_for(lambda: child.status is not None)


def wait_for(happened: Callable[[], bool], limit_s: float = 30.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline_s, "never happened"
        time.sleep(0.02)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="v") as short, ExitStack() as parts:
        folder = parts.enter_context(machine(Path(short) / "m", [1, 2]))
        yield Lab(tmp_path, folder, parts)


def test_a_backend_is_killed_and_restarted_and_both_guests_play_on(lab: Lab) -> None:
    backend = lab.start_backend()
    for spec in (MUSIC, VOICE):
        attach(lab.store, attachment(spec))
    guests = [lab.start_guest(spec) for spec in (MUSIC, VOICE)]
    lab.wait_for_sound()
    lab.kill(backend)
    backend = lab.start_backend()
    lab.wait_for_sound()
    wait_for(lambda: all(guest.status is not None for guest in guests))
    assert [guest.status for guest in guests] == [0, 0], [guest.last_words() for guest in guests]
    assert backend.end() == 0, backend.last_words()
    assert [lab.report(spec).reconnects for spec in (MUSIC, VOICE)] == [1, 1]
    mix = mono(lab.mix)
    for recording in ("melody.flac", "announcement.flac"):
        clear = lag_of(mix[24000:72000], mono(RECORDINGS / recording))[1]
        assert clear > 1.5, f"{recording} is not to be heard after the restart"


def test_a_guest_is_killed_and_restarted_and_its_neighbour_plays_on(lab: Lab) -> None:
    lab.start_backend()
    cards = [attachment(spec) for spec in (MUSIC, VOICE)]
    for card in cards:
        attach(lab.store, card)
    victim, neighbour = (lab.start_guest(spec) for spec in (MUSIC, VOICE))
    lab.wait_for_sound()
    lab.kill(victim)
    wait_for(lambda: lab.store.read(f"{cards[0].frontend_path}/backend") is None)
    attach_missing(lab.store, cards)
    again = lab.start_guest(MUSIC)
    wait_for(lambda: again.status is not None and neighbour.status is not None)
    assert (again.status, neighbour.status) == (0, 0), (again.last_words(), neighbour.last_words())
    assert [lab.report(spec).reconnects for spec in (MUSIC, VOICE)] == [0, 0]
    assert lab.report(MUSIC).frames >= SECONDS * 48000
    assert lab.report(VOICE).frames >= SECONDS * 48000


def test_a_card_is_taken_away_and_given_back_and_its_guest_plays_on(lab: Lab) -> None:
    lab.start_backend()
    card = attachment(MUSIC)
    attach(lab.store, card)
    guest = lab.start_guest(MUSIC)
    lab.wait_for_sound()
    detach(lab.store, card)
    wait_for(lambda: lab.store.read(f"{card.backend_path}/state") == "6", 1.0)
    remove(lab.store, card)
    attach(lab.store, card)
    wait_for(lambda: guest.status is not None)
    assert guest.status == 0, guest.last_words()
    assert lab.report(MUSIC).reconnects == 1


def test_a_player_started_by_hand_plays_on_too(lab: Lab) -> None:
    backend = lab.start_backend()
    attach(lab.store, Attachment(1, default_card()))
    arguments = [sys.executable, "-m", "compose.cli", "play", "-", "--domain", "1", "--dir", str(lab.machine)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as player:
        assert player.stdin is not None
        player.stdin.write(bytes(2 * 4 * 48000))
        player.stdin.flush()
        lab.wait_for_sound()
        lab.kill(backend)
        lab.start_backend()
        player.stdin.write(bytes(4 * 48000))
        said, errors = player.communicate(timeout=30)
    assert player.returncode == 0, errors
    assert b"underruns" in said
    lab.wait_for_sound()
