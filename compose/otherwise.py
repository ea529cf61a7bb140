"""A device that may be missing, and what a scenario plays on where it is: `[devices.NAME.otherwise]`.

So one scenario runs on a desktop's sound server, on a machine without any, and in simulated time.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from compose.scenario import OTHERWISE, Scenario

UNIX = "unix:"
CARDS = Path("/dev/snd")


def settle(scenario: Scenario, *, simulated: bool = False) -> tuple[Scenario, list[str]]:
    """The scenario with devices that are there, and a line about each that is not; none is where time is simulated."""
    devices: dict[str, dict[str, Any]] = {}
    said: list[str] = []
    for name, options in scenario.devices.items():
        first = {key: value for key, value in options.items() if key != OTHERWISE}
        other: dict[str, Any] | None = options.get(OTHERWISE)
        missing = "" if other is None else "time is simulated" if simulated else why_missing(first)
        if other is not None and missing:
            said.append(f"devices.{name}: {missing}; using kind = {other['kind']!r} instead")
            first = other
        devices[name] = first
    return msgspec.structs.replace(scenario, devices=devices), said


def why_missing(device: Mapping[str, Any]) -> str:
    """Why there is no such device here; empty where there is one, or nobody can say."""
    if device["kind"] == "pulse":
        path = pulse_socket(str(device.get("server", "")))
        return "" if path is None or _answers(path) else f"no sound server answers at {path}"
    if device["kind"] == "alsa":
        return "" if any(CARDS.glob("pcm*")) else f"no sound card in {CARDS}"
    return ""


def pulse_socket(server: str = "") -> Path | None:
    """The socket of that server, or of the one that every program of this user finds; None where it is elsewhere."""
    named = (server or os.environ.get("PULSE_SERVER", "")).split()
    if not named:
        folder = os.environ.get("PULSE_RUNTIME_PATH") or f"{os.environ.get('XDG_RUNTIME_DIR', '/run')}/pulse"
        return Path(folder) / "native"
    path = named[0].rpartition("}")[2]  # libpulse puts {the machine} in front
    return Path(path.removeprefix(UNIX)) if path.startswith((UNIX, "/")) else None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
