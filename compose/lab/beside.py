"""What is started inside a guest of the lab, beside the process that waits there.

An engine starts such a process and tells how it ended, but cannot signal it.  So it first says its own number, by which
another one ends it, should the user want it no more.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from backend.config import ConfigError
from compose.lab.engine import Engine, engine_errors
from compose.lab.plans import PLAN
from compose.lab.specs import MACHINE, OUT
from compose.lab.standing import Part
from compose.scenario import GuestSpec
from compose.worlds.api import RunError

SAY_NUMBER = ("sh", "-c", 'echo $$; exec "$0" "$@"')
PYTHON = ("python", "-m")
FILE_OCTETS_MAX = 1 << 28
"""It is held in memory, here and there."""


def play_scenario(part: Part, duration_s: float) -> None:
    """Have it play and record what its scenario says, and do not wait for it."""
    arguments = "guest", str(MACHINE), str(OUT / PLAN), str(OUT), str(OUT), str(duration_s)
    with engine_errors(f"starting {part.box.name}"):
        part.container.exec_run([*PYTHON, "compose.domains", *arguments], detach=True)


def play_file(engine: Engine, part: Part, guest: GuestSpec, file: Path) -> None:
    """Have it play the file, with what its card can do, until that ends or Ctrl-C.  Raises ConfigError, RunError."""
    stream = next((stream for stream in guest.streams if stream.is_playback), None)
    if stream is None:
        raise ConfigError(f"{guest.title} has no stream that plays")
    inside = OUT / f"play{file.suffix}"
    with engine_errors(f"handing over {file}"):
        part.box.put(str(OUT), {inside.name: _read(file)})
    options = {
        "--domain": guest.id,
        "--dir": MACHINE,
        "--format": stream.format,
        "--rate": stream.rate_hz,
        "--channels": stream.channels,
        "--period-frames": stream.period_frames,
        "--buffer-frames": stream.buffer_frames,
    }
    words = [str(word) for option in options.items() for word in option]
    _run(engine, part, [*PYTHON, "compose.cli", "play", str(inside), *words])


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_OCTETS_MAX:
        raise ConfigError(f"{file}: more than {FILE_OCTETS_MAX >> 20} MiB; want a shorter one")
    return file.read_bytes()


def _run(engine: Engine, part: Part, command: list[str]) -> None:
    """Run it there and show what it says; end it when we are to end."""
    api = engine.client.api
    with engine_errors(f"starting {part.box.name}"):
        started = str(api.exec_create(str(part.container.id), [*SAY_NUMBER, *command])["Id"])
        said: Iterator[bytes] = iter(api.exec_start(started, stream=True))
        number, _, rest = next(said, b"").partition(b"\n")
        try:
            _show(rest)
            for octets in said:
                _show(octets)
        except KeyboardInterrupt:
            part.container.exec_run(["kill", "-INT", number.decode()])
            raise
        status = api.exec_inspect(started)["ExitCode"]
    if status:
        raise RunError(f"{part.box.name}: it ended with status {status}")


def _show(octets: bytes) -> None:
    sys.stdout.write(octets.decode(errors="replace"))
    sys.stdout.flush()
