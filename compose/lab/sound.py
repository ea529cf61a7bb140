"""The sound of the machine that the engine runs on, passed in to Dom0 where a scenario's devices are there.

A PulseAudio server is reached over its socket, and lets us in by its cookie; ALSA's cards over their device files.  The
scenario's own server is a process beside the engine, too; of that Dom0 has the whole folder, where the next one's
socket will be when it is restarted.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.types import Mount

from backend.config import ConfigError
from compose.lab.specs import OUT, Options
from compose.otherwise import CARDS, UNIX, pulse_socket
from compose.soundserver import socket_in

INSIDE = "/run/pulse/native"
"""Where the server's socket is, inside."""

OWN = Path("/run/own")
"""Where the folder of the scenario's own server is, inside."""

COOKIE = "plan-pulse-cookie"
"""Its file in Dom0's output folder; what is called a plan is never taken out again."""


def sound_options(
    options: Options, devices: Mapping[str, Mapping[str, Any]], own: Path | None = None
) -> tuple[Options, dict[str, bytes]]:
    """Dom0's container with what these devices need, and the files that go into its output folder.

    `own` is the folder of the scenario's own sound server.  Raises ConfigError naming the device that is not there.
    """
    options, files = dict(options), dict[str, bytes]()
    if own is not None:
        options |= _with_own(options, own)
    for name, device in devices.items():
        if device.get("kind") == "pulse" and own is not None:
            _check_names_none(name, device)
        elif device.get("kind") == "pulse":
            options |= _with_pulse(options, name, device)
            files |= _cookie(device)
        elif device.get("kind") == "alsa":
            options |= _with_alsa(name)
    if files:
        options["environment"] = {**options["environment"], "PULSE_COOKIE": str(OUT / COOKIE)}
    return options, files


def _with_own(options: Options, folder: Path) -> Options:
    mount = Mount(str(OWN), str(folder), type="bind", read_only=True)  # to connect nothing need be writable
    return {"mounts": [*options["mounts"], mount], "environment": {"PULSE_SERVER": f"{UNIX}{socket_in(OWN)}"}}


def _check_names_none(name: str, device: Mapping[str, Any]) -> None:
    if "server" in device:
        raise ConfigError(
            f"devices.{name}.server: Dom0 is given one sound server, and has the scenario's own; leave it out"
        )


def _with_pulse(options: Options, name: str, device: Mapping[str, Any]) -> Options:
    path = pulse_socket(str(device.get("server", "")))
    if path is None or not path.is_socket():
        raise ConfigError(
            f"devices.{name}: no PulseAudio server's socket at {path or device.get('server')}; "
            "start one, or name it in `server` or PULSE_SERVER (unix:/run/user/1000/pulse/native)"
        )
    there = [mount["Source"] for mount in options["mounts"] if mount["Target"] == INSIDE]
    if there not in ([], [str(path)]):
        raise ConfigError(f"devices.{name}.server: Dom0 is given one sound server, and has {there[0]} already")
    mounts = [] if there else [Mount(INSIDE, str(path), type="bind")]
    return {"mounts": options["mounts"] + mounts, "environment": {"PULSE_SERVER": f"{UNIX}{INSIDE}"}}


def _cookie(device: Mapping[str, Any]) -> dict[str, bytes]:
    """Handed over as a file of the image's user, who could not read ours."""
    named = str(device.get("cookie", "")) or os.environ.get("PULSE_COOKIE", "")
    path = Path(named) if named else Path.home() / ".config" / "pulse" / "cookie"
    try:
        return {COOKIE: path.read_bytes()}
    except OSError:  # a server of the same user wants none
        return {}


def _with_alsa(name: str) -> Options:
    if not CARDS.is_dir():
        raise ConfigError(f'devices.{name}: this machine has no sound card ({CARDS}); use kind = "clocked"')
    groups = {card.stat().st_gid for card in CARDS.iterdir() if stat.S_ISCHR(card.stat().st_mode)}
    return {"devices": [f"{CARDS}:{CARDS}:rw"], "group_add": sorted(groups)}
