"""What is found on a machine, in the words of `--json`."""

from typing import Literal

import msgspec

Direction = Literal["playback", "capture"]
BOTH_WAYS: tuple[Direction, ...] = ("playback", "capture")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One device."""

    name: str
    description: str = ""
    directions: tuple[Direction, ...]
    options: dict[str, str]
    """Its section of the operator's file, `kind` first."""
    sample_spec: str = ""
    """As the server says it: "s16le 2ch 48000Hz"."""
    state: str = ""
    """Running, idle, suspended."""
    default: bool = False
    """Whether it is what the server gives to those who name nothing."""
    monitor: bool = False
    """Whether it records what another one plays."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """All devices of one kind."""

    about: str = ""
    """Who has them: the sound cards, or the server's own name."""
    problem: str = ""
    """Why they cannot be listed, and what would mend that."""
    devices: list[Found] = []  # msgspec copies it


class Listing(msgspec.Struct, frozen=True):
    """All that a machine has."""

    alsa: Place
    pulse: Place
    virtual: Place
