"""ALSA's PCMs by name, as `aplay -L` and `arecord -L` list them: alsa-lib's own hints.

The names come from alsa-lib's configuration, so they are all there are to know about plugins, and every card that we
may open is in them.  The kernel's list of cards is asked too: it knows those that we may not open.
"""

import re
from collections.abc import Callable, Iterator
from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_void_p, string_at
from pathlib import Path

from backend.devices.alsa.libasound import libasound
from backend.devices.api import DeviceError
from compose.devices.asking import PATIENCE_S, NoAnswerError, within
from compose.devices.found import BOTH_WAYS, Direction, Found, Place

CARDS = Path("/proc/asound/cards")
NO_CARDS = "no sound card"
LATE = NoAnswerError("alsa-lib hangs, on a sound server that its configuration asks", "vsnd doctor pulse")

_WAYS: dict[str, tuple[Direction, ...]] = {"Output": ("playback",), "Input": ("capture",), "": BOTH_WAYS}
"""By the hint IOID."""


def alsa_place(library: Callable[[], CDLL] = libasound) -> Place:
    """All PCMs, or why they cannot be listed."""
    try:
        found = within(PATIENCE_S, lambda: list(_pcms(library())), LATE)
    except DeviceError as missing:
        return Place(problem=str(missing.strerror))
    except NoAnswerError as late:
        return Place(problem=str(late))
    return Place(about=", ".join(cards(CARDS.read_text() if CARDS.exists() else "")) or NO_CARDS, devices=found)


def cards(listed: str) -> list[str]:
    """The cards in the text of /proc/asound/cards: "0 PCH (HDA Intel PCH)"."""
    lines = re.findall(r"^ *(\d+) \[(\w+) *\]: .*? - (.*)$", listed, re.MULTILINE)
    return [f"{number} {name} ({text.strip()})" for number, name, text in lines]


def _pcms(library: CDLL) -> Iterator[Found]:
    library.snd_device_name_hint.argtypes = (c_int, c_char_p, POINTER(POINTER(c_void_p)))
    library.snd_device_name_free_hint.argtypes = (POINTER(c_void_p),)
    library.snd_device_name_get_hint.argtypes = (c_void_p, c_char_p)
    library.snd_device_name_get_hint.restype = c_void_p
    hints = POINTER(c_void_p)()
    if library.snd_device_name_hint(-1, b"pcm", byref(hints)) < 0:
        raise NoAnswerError("alsa-lib cannot read its configuration", "apt install libasound2-data")
    try:
        number = 0
        while hint := hints[number]:
            name, text, way = (_text(library, hint, key) for key in (b"NAME", b"DESC", b"IOID"))
            yield _found(name, text, way)
            number += 1
    finally:
        library.snd_device_name_free_hint(hints)


def _text(library: CDLL, hint: int, key: bytes) -> str:
    """One text of a hint; alsa-lib leaves it to us to free it."""
    address: int | None = library.snd_device_name_get_hint(hint, key)
    if address is None:
        return ""
    free = CDLL(None).free
    free.argtypes = (c_void_p,)
    try:
        return string_at(address).decode(errors="replace")
    finally:
        free(address)


def _found(name: str, text: str, way: str) -> Found:
    description = ": ".join(line.strip() for line in text.splitlines() if line.strip())
    options = {"kind": "alsa", "pcm": name}
    return Found(name=name, description=description, directions=_WAYS.get(way, BOTH_WAYS), options=options)
