"""A listing as sections of the operator's file: to be pasted from, or read as it is."""

import json
import re
from collections.abc import Iterator

from compose.devices.found import Found, Listing


def toml(listing: Listing) -> str:
    """A section for each device, under a name that is its own; a comment says what it is."""
    return "\n".join(_sections(listing))


def _sections(listing: Listing) -> Iterator[str]:
    taken: set[str] = set()
    for place in (listing.alsa, listing.pulse, listing.virtual):
        if place.problem:
            yield f"# {_one_line(place.problem)}\n"
        for found in place.devices:
            name = _free(_bare(found.name), taken)
            taken.add(name)
            yield _section(name, found)


def _section(name: str, found: Found) -> str:
    about = _one_line(f"{'/'.join(found.directions)}: {found.description}".removesuffix(": "))
    lines = [f"{key} = {json.dumps(value)}" for key, value in found.options.items()]  # a basic string in both languages
    return "\n".join([f"[devices.{name}]  # {about}", *lines, ""])


def _bare(name: str) -> str:
    """As a bare key: "hw:CARD=PCH,DEV=0" is hw-CARD-PCH-DEV-0."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "device"


def _free(name: str, taken: set[str]) -> str:
    number = 2
    tried = name
    while tried in taken:
        tried = f"{name}-{number}"
        number += 1
    return tried


def _one_line(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
