"""Kills: every part of a lab is killed in turn, ROUNDS times each, and started again at once; when is it heard again?

Two guests play, each alone on a virtual card, whose WAV file is the record: frame n of it is frame n of the card, and
the card's trace says when that was.  `heard_again` is from the kill to the end of the longest silence before the next
one; `silence` is how long that was.  Where a guest is killed, `other_silence` is the longest that the other guest's
card knew meanwhile.

Containers are killed as by `docker kill`, and started as by `docker start` (Dom0) or as new ones (guests); the backend
is a process in Dom0, the sound server one beside the engine.  What plays there is on no record of ours: of that the
backend's log says when the server was back.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from backend.latency.measures.timeline import CardClock
from backend.latency.records import Int64s, load
from backend.report import read_report
from compose.facts import Block
from compose.lab.breaking import Breaking
from compose.lab.engine import Engine, connect
from compose.lab.image import ready_image
from compose.lab.lab import Lab
from compose.plan import TRACES, generation
from compose.scenario import read_scenario
from tests.bench.docker import left
from tests.bench.recovery import LOG_LINE

ROUNDS = 10
EVERY_S = 8.0
SECONDS = EVERY_S * (ROUNDS + 1) + 60
"""More than enough: guests are ended when all has happened.  The room for their traces goes by it."""
NS_PER_MS = 1e6
GRAIN_FRAMES = 48
"""Of a card's record every so many frames are looked at: one of each ms."""
GAP_NS = 3_000_000
"""What is further apart has silence between."""

SCENARIO = """
name = "kills"
duration_s = {seconds}
{server}
[devices.one]
{one}
[devices.two]
{two}
[[guests]]
id = 1
[[guests.streams]]
device = "one"
plays = "numbers.flac"
buffer_frames = 9600
[[guests]]
id = 2
[[guests.streams]]
device = "two"
plays = "numbers.flac"
buffer_frames = 9600
"""
CARD = 'kind = "clocked"\nplay_to = "{}.wav"'
SINK = 'kind = "pulse"\ndevice = "speaker"'
RECORDED = SCENARIO.format(seconds=SECONDS, server="", one=CARD.format("one"), two=CARD.format("two"))
SERVED = SCENARIO.format(seconds=SECONDS, server="[sound_server]", one=SINK, two=SINK)


@dataclass(frozen=True, slots=True)
class Service:
    """A part, on whose card it is missed, and how it is killed and started."""

    name: str
    device: str
    kill: Callable[[Lab, Breaking], None]
    start: Callable[[Lab, Breaking], None]


def guest(domid: int, device: str) -> Service:
    """One of the guests."""
    return Service(
        f"guest {domid}",
        device,
        lambda lab, machine: machine.kill(domid),
        lambda lab, machine: machine.start(domid, lab.block.scenario.duration_s),
    )


SERVICES = (
    Service("dom0", "one", lambda lab, machine: lab.dom0.kill(), lambda lab, machine: lab.dom0.start()),
    Service(
        "backend", "one", lambda lab, machine: machine.kill_backend(), lambda lab, machine: machine.start_backend()
    ),
    guest(1, "one"),
    guest(2, "two"),
)
SERVER = Service(
    "sound server",
    "one",
    lambda lab, machine: machine.kill_sound_server(),
    lambda lab, machine: machine.start_sound_server(),
)


def killed(engine: Engine, image: str, service: Service, out: Path, text: str) -> list[int]:
    """Kill it again and again; when, on the trace's clock."""
    out.mkdir()
    (out / "scenario.toml").write_text(text)
    scenario = read_scenario(out / "scenario.toml")
    times_ns: list[int] = []
    with Lab(engine, image, Block(scenario, out, "irq", 1, out, datetime.now(UTC))) as lab:
        lab.start()
        machine = Breaking(lab)
        machine.go()
        for _ in range(ROUNDS):
            let_play(EVERY_S)
            times_ns.append(time.monotonic_ns())
            service.kill(lab, machine)
            service.start(lab, machine)
        let_play(2 * EVERY_S)
        for box in lab.guests.values():
            box.end()
        lab.finish()
    return times_ns


def let_play(seconds: float) -> None:
    """The sound goes on for so long."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        time.sleep(left_s)


def silences(out: Path, device: str) -> tuple[Int64s, Int64s]:
    """When the device fell silent, and when it was heard again, each time; also where it did not run, or was not there.

    A card rests while nobody plays on it, and no frame of its file tells of that.  So what counts is when frames were.
    """
    (counted,) = [found for found in read_report(out / "backend.json").devices if found.name == device]
    heard_ns: list[Int64s] = []
    number = 0
    while (sound := generation(out / f"{device}.wav", number)).exists():
        lives = load([generation(out / TRACES / f"{device}-playback.vtrace", number)]).lives(counted.number)
        number += 1
        if lives:  # else it was killed before its first period was over
            frames = np.flatnonzero(soundfile.read(sound, dtype="int16", always_2d=True)[0].any(axis=1))
            heard_ns.append(CardClock(lives[0], counted.rate_hz).instants_ns(frames[::GRAIN_FRAMES].astype(np.float64)))
    times_ns = np.concatenate(heard_ns)
    silent = np.diff(times_ns) > GAP_NS
    return times_ns[:-1][silent], times_ns[1:][silent]


def longest(silent: tuple[Int64s, Int64s], since_ns: int) -> tuple[float, float]:
    """Of the longest silence before the next kill: (from `since_ns` until it was over, how long it was), in ms.

    Zeros where there was none, or none that ended.
    """
    fell_silent, heard_again = silent
    then = (heard_again > since_ns) & (fell_silent < since_ns + EVERY_S * 1e9)
    if not then.any():
        return 0.0, 0.0
    lengths_ns = np.where(then, heard_again - fell_silent, 0)
    most = int(lengths_ns.argmax())
    return (int(heard_again[most]) - since_ns) / NS_PER_MS, int(lengths_ns[most]) / NS_PER_MS


def of_service(engine: Engine, image: str, service: Service, out: Path) -> dict[str, object]:
    """The figures of one."""
    times_ns = killed(engine, image, service, out, RECORDED)
    mine = [longest(silences(out, service.device), at_ns) for at_ns in times_ns]
    heard = [(after_ms, silent_ms) for after_ms, silent_ms in mine if silent_ms]
    found: dict[str, object] = {
        "n": len(heard),
        "heard_again_ms": spread([after_ms for after_ms, _ in heard]),
        "silence_ms": spread([silent_ms for _, silent_ms in heard]),
    }
    if service.name.startswith("guest"):
        other = silences(out, "two" if service.device == "one" else "one")
        found["other_silence_ms"] = max(round(longest(other, at_ns)[1], 1) for at_ns in times_ns)
    return found


def of_server(engine: Engine, image: str, out: Path) -> dict[str, object]:
    """How long the backend was without a server, by its log."""
    before_s = time.time() - time.monotonic()
    times_ns = killed(engine, image, SERVER, out, SERVED)
    log = (out / "logs" / "backend.log").read_text()
    said = [match for line in log.splitlines() if (match := LOG_LINE.match(line)) and match[3].endswith("back")]
    back_s = [datetime.fromisoformat(match[1]).timestamp() + int(match[2]) / 1000 for match in said]
    killed_s = [at_ns / 1e9 + before_s for at_ns in times_ns]
    return {"n": len(back_s), "back_ms": spread([1000 * (b - k) for b, k in zip(back_s, killed_s, strict=True)])}


def spread(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median and maximum."""
    return {name: round(of(values), 1) for name, of in (("min", min), ("median", median), ("max", max))}


def measure(engine: Engine) -> dict[str, object]:
    """Of every part."""
    image = str(ready_image(engine, partial(print, file=sys.stderr)).id)
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        for service in SERVICES:
            print(f"killing {service.name}", file=sys.stderr)
            found[service.name] = of_service(engine, image, service, Path(folder) / service.name.replace(" ", "-"))
        if shutil.which("pulseaudio"):
            found[SERVER.name] = of_server(engine, image, Path(folder) / "server")
    return found | {"left": left(engine)}


if __name__ == "__main__":
    print(json.dumps(measure(connect()), indent=2))
