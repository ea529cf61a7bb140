"""The devices that every machine has, and those of drivers that others added."""

from backend.devices.registry import BUILT_IN, device_names
from compose.devices.found import BOTH_WAYS, Found, Place

CLOCKED = Found(
    name="clocked",
    description="a virtual card: a process of its own, with its own crystal and interrupts",
    directions=BOTH_WAYS,
    options={"kind": "clocked", "play_to": "played.wav"},
)
WAV = Found(
    name="wav",
    description="a file, written at the pace of this machine's clock",
    directions=("playback",),
    options={"kind": "wav", "path": "played.wav"},
)


def virtual_place() -> Place:
    """What needs neither hardware nor a server."""
    others = [name for name in device_names() if name not in BUILT_IN]
    added = [
        Found(name=name, description="a driver that was added here", directions=BOTH_WAYS, options={"kind": name})
        for name in others
    ]
    return Place(about="on every machine", devices=[CLOCKED, WAV, *added])
