"""The arena: one real machine, two well-behaved guests who never stop playing, and a hostile one among them.

    domain 1   plays, alone on a card of its own, and records from the microphone
    domain 2   plays, on a card that it shares with the hostile guest
    domain 3   the hostile guest: its cards 0, 1, 2 are the shared card, the microphone, and a cell of its own
    domain 4   the hostile guest's accomplice: has no sound, and is whatever domain 3 wants

All are processes.  What the hostile guest plays on the shared card is silence, so what is heard there must be domain
2's frames to the last bit.  Cards have periods of 40 ms and guests buffers of 200: what is tried is not the machine.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
import soundfile

from backend.config import BackendConfig
from compose.children import Child
from compose.toolstack import Attachment, attach, attach_missing, detach, remove
from hosts.emu.client import open_store
from hosts.emu.storeclient import EmuStore
from ringproto.card import CardConfig, Direction, Limits, PcmConfig, StreamConfig
from ringproto.formats import Format
from tests.hostile.cases import Record
from tests.hostile.neighbour import PERIOD_FRAMES, NeighbourReport

ALONE, SHARING, ATTACKER, ACCOMPLICE = 1, 2, 3, 4
SOUND_FRAMES = 5 * 48000
GLANCE_S = 0.02
REST_LIMIT_S = 3.0

CARD_LIMITS = Limits(1, 2, (48000,), (Format.S16_LE,), 1 << 16)
HOSTILE_LIMITS = Limits(1, 8, (8000, 44100, 48000), (Format.U8, Format.S16_LE, Format.FLOAT_LE), 4 << 20)

#: Unique-id and direction of the hostile guest's cards, by device id.
HOSTILE_CARDS = (("shared", Direction.PLAYBACK), ("microphone", Direction.CAPTURE), ("cell", Direction.PLAYBACK))


def card(limits: Limits, *streams: tuple[str, Direction]) -> CardConfig:
    """A card of one PCM device."""
    configs = tuple(
        StreamConfig(index, direction, unique_id, limits) for index, (unique_id, direction) in enumerate(streams)
    )
    return CardConfig("vsnd", "vsnd", (PcmConfig(0, "vsnd", configs),), limits)


ATTACHMENTS = (
    Attachment(ALONE, card(CARD_LIMITS, ("alone", Direction.PLAYBACK), ("microphone", Direction.CAPTURE))),
    Attachment(SHARING, card(CARD_LIMITS, ("shared", Direction.PLAYBACK))),
    *(Attachment(ATTACKER, card(HOSTILE_LIMITS, stream), devid) for devid, stream in enumerate(HOSTILE_CARDS)),
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process holds, as the kernel says."""

    rss_octets: int
    descriptors: int
    mappings: int
    """Of pages that guests shared with it."""

    def holds_no_more_than(self, other: "Footprint") -> bool:
        """Whether it has no more descriptors and mappings; memory apart."""
        return self.descriptors <= other.descriptors and self.mappings <= other.mappings


def footprint(pid: int) -> Footprint:
    """What the process holds now."""
    resident_pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    mappings = Path(f"/proc/{pid}/maps").read_text().count("memfd:vsnd-pages")
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Footprint(resident_pages * os.sysconf("SC_PAGESIZE"), descriptors, mappings)


def wait_for(happened: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait until it has happened; an AssertionError when it does not."""
    until_s = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < until_s, "never happened"
        time.sleep(GLANCE_S)


class Process(Child):
    """A child that also talks in lines of JSON."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def messages(self) -> Iterator[dict[str, Any]]:
        """What it says, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield msgspec.json.decode(line)

    def leave(self, limit_s: float = 30.0) -> int:
        """Tell it to come to an end by itself; its exit status."""
        self.say("stop")
        return self._process.wait(limit_s)


class Arena:
    """A running machine; `fight` has the hostile guest do its worst, `settle` brings all to an end."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.records: list[Record] = []
        self.prints: list[Footprint] = []
        """Of the backend: before the first case, after each, and after the last."""
        self.host_prints: list[Footprint] = []
        """Of the machine's daemon, likewise."""
        self.statuses: dict[str, int] = {}
        self._parts = ExitStack()
        self._machine = Path(self._parts.enter_context(tempfile.TemporaryDirectory(prefix="v")))

    def __enter__(self) -> "Arena":
        try:
            self._start()
        except BaseException:
            self._parts.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._parts.close()

    @property
    def sound(self) -> Path:
        """What the well-behaved guests play, as raw frames."""
        return self.out / "sound.raw"

    def wav(self, name: str) -> Path:
        """What a card played."""
        return self.out / f"{name}.wav"

    def log(self, name: str) -> str:
        """What a process said."""
        return (self.out / "logs" / f"{name}.log").read_text(errors="replace")

    # -- the machine --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        for folder in ("logs", "trace"):
            (self.out / folder).mkdir(parents=True)
        self._make_sounds()
        domids = ",".join(str(domid) for domid in (ALONE, SHARING, ATTACKER, ACCOMPLICE))
        self.host = self._child("host", "hosts.emu", str(self._machine), "--guests", domids)
        self.host.wait_ready()
        plan = self.out / "backend-config.json"
        plan.write_bytes(msgspec.json.encode(self._config()))
        self.backend = self._child(
            "backend", "compose.domains", "backend", str(self._machine), str(plan), str(self.out)
        )
        self.backend.wait_ready()
        self._store: EmuStore = self._parts.enter_context(open_store(self._machine, 0))
        for attachment in ATTACHMENTS:
            attach(self._store, attachment)
        neighbour = "tests.hostile.neighbour", str(self._machine)
        self.neighbours = [
            self._child(f"guest-{domid}", *neighbour, str(domid), str(self.sound), str(self.out))
            for domid in (ALONE, SHARING)
        ]
        for child in self.neighbours:
            child.wait_ready()

    def _child(self, name: str, *arguments: str) -> Process:
        return self._parts.enter_context(Process(name, arguments, self.out / "logs" / f"{name}.log"))

    def _make_sounds(self) -> None:
        """Noise, of which no two frames are alike, so that each says where it belongs."""
        sound = np.random.default_rng(1).integers(-8000, 8000, (SOUND_FRAMES, 2), dtype=np.int16)
        self.sound.write_bytes(sound.tobytes())
        soundfile.write(self.wav("microphone-input"), sound, 48000, "PCM_16")

    def _config(self) -> BackendConfig:
        clocked = {"kind": "clocked", "period_frames": PERIOD_FRAMES, "buffer_frames": 4 * PERIOD_FRAMES}
        devices: dict[str, dict[str, Any]] = {
            name: clocked | {"play_to": str(self.wav(name))} for name in ("alone", "shared", "cell")
        }
        devices["microphone"] = clocked | {"record_from": str(self.wav("microphone-input"))}
        return BackendConfig(devices, {name: name for name in devices})

    # -- the fight ----------------------------------------------------------------------------------------------------

    def fight(self, names: Sequence[str]) -> None:
        """Have the hostile guest commit these cases, one after another, while the neighbours play."""
        left: Sequence[str] | None = names
        while left is not None:
            name = f"attacker-{len(names) - len(left)}"
            attacker = self._child(name, "tests.hostile.attacker", str(self._machine), *left)
            attacker.wait_ready()
            if left is names:
                for child in self.neighbours:
                    child.say("go")
            attacker.say("go")
            left = self._watch(attacker, left)

    def _watch(self, attacker: Process, left: Sequence[str]) -> Sequence[str] | None:
        """See the attacker through its cases; those left if it died over one (which is put on record), else None."""
        begun: dict[str, Any] = {}
        for message in attacker.messages():
            if "begins" in message:
                begun = message
            elif "rests" in message:
                if not self.prints:
                    self._look()
                attacker.say("go on")
            elif "toolstack" in message:
                self._oblige(message["toolstack"], message["devid"])
                attacker.say("done")
            elif "case" in message:
                self.records.append(msgspec.convert(message, Record))
                self._look()
            else:
                self._look_when_at_rest()
                self.statuses["attacker"] = attacker.leave()
                return None
        attacker.end()
        wait_for(lambda: self._store.read(ATTACHMENTS[2].frontend_path) is None)
        attach_missing(self._store, ATTACHMENTS)
        died = str(begun["begins"])
        self.records.append(Record(died, "died", answers_after=True, began_ns=begun["at_ns"], ended_ns=begun["at_ns"]))
        return left[left.index(died) + 1 :]

    def _oblige(self, wish: str, devid: int) -> None:
        """Do what the hostile guest's operator might do at a bad moment."""
        attachment = ATTACHMENTS[2 + devid]
        if wish == "detach":
            detach(self._store, attachment)
        else:
            assert wish == "attach"
            remove(self._store, attachment)
            attach(self._store, attachment)

    def _look(self) -> None:
        self.prints.append(footprint(self.backend.pid))
        self.host_prints.append(footprint(self.host.pid))

    def _look_when_at_rest(self) -> None:
        """Look when what the last case made is gone, or will never be."""
        until_s = time.monotonic() + REST_LIMIT_S
        while not self._is_at_rest() and time.monotonic() < until_s:
            time.sleep(GLANCE_S)
        self._look()

    def _is_at_rest(self) -> bool:
        before = ((self.backend, self.prints[0]), (self.host, self.host_prints[0]))
        return all(footprint(process.pid).holds_no_more_than(first) for process, first in before)

    # -- the end ------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the neighbours play to their ends, then end everything."""
        for child in self.neighbours:
            child.say("stop")
        for child in self.neighbours:
            self.statuses[child.name] = child.leave()
        for part in (self.backend, self.host):
            alive = part.status is None
            self.statuses[part.name] = part.end() if alive else part.status or 1

    def reports(self) -> list[NeighbourReport]:
        """What the neighbours counted."""
        return [
            msgspec.json.decode((self.out / f"guest-{domid}.json").read_bytes(), type=NeighbourReport)
            for domid in (ALONE, SHARING)
        ]
