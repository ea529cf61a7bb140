"""A scenario's own sound server: `python -m compose.soundserver FOLDER PLAN` becomes PulseAudio with null sinks.

Who asks for one (`[sound_server]`) gets a real server and needs no card, nor anybody's session: it is private to the
run, and so it may be killed.  Devices of kind `pulse` that name no server play and record there; a sink called
`speaker` is recorded from as `speaker.monitor`.

Nothing of ours is left in the process: it says nothing when it is ready, but its socket is there then.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from backend.config import ConfigError

PROGRAM = "pulseaudio"
LISTEN = "load-module module-native-protocol-unix auth-anonymous=1 socket={socket}\n"
SINK = "load-module module-null-sink sink_name={name} rate={rate_hz} channels=2 format=s16le norewinds=1\n"
"""Without `norewinds` an idle null sink has rendered two seconds of silence ahead, and a stream waits for their end."""

Sink = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class SoundServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be started."""

    kind: Literal["pulseaudio"] = "pulseaudio"
    sinks: Annotated[list[Sink], Meta(min_length=1, max_length=16)] = msgspec.field(default_factory=lambda: ["speaker"])
    """Their names; the first is the default."""
    rate_hz: Annotated[int, Meta(ge=8000, le=192000)] = 48000


def socket_in(folder: Path) -> Path:
    """Where the server of that folder listens."""
    return folder / "pulse.socket"


def check_program() -> None:
    """See that there is one to be started.  Raises ConfigError."""
    if shutil.which(PROGRAM) is None:
        raise ConfigError(f"sound_server: no {PROGRAM} on this machine; on Debian, apt install {PROGRAM}")


def with_server(devices: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """The devices, with the server of that folder for those that could use it and name none."""
    own = {"server": f"unix:{socket_in(folder)}"}
    return {name: {**(own if options["kind"] == "pulse" else {}), **options} for name, options in devices.items()}


def startup(server: SoundServer, folder: Path) -> str:
    """PulseAudio's own configuration of it."""
    sinks = "".join(SINK.format(name=name, rate_hz=server.rate_hz) for name in server.sinks)
    return sinks + f"set-default-sink {server.sinks[0]}\n" + LISTEN.format(socket=socket_in(folder))


def main() -> None:
    """Become the server."""
    folder = Path(sys.argv[1])
    server = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=SoundServer)
    script = folder / "startup.pa"
    script.write_text(startup(server, folder))
    socket_in(folder).unlink(missing_ok=True)  # of one that was killed
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    arguments = [PROGRAM, "-n", "-F", str(script), "--exit-idle-time=-1", "--daemonize=no"]
    os.execvpe(PROGRAM, arguments, environment)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
