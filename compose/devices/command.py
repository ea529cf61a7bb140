"""`vsnd devices`."""

import sys

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compose.devices.alsa import alsa_place
from compose.devices.found import Found, Listing, Place
from compose.devices.pulse import pulse_place
from compose.devices.toml import toml
from compose.devices.virtual import virtual_place

WAYS = {"playback": "out", "capture": "in"}


def list_devices() -> Listing:
    """All that this machine has; takes a few seconds at most."""
    return Listing(alsa=alsa_place(), pulse=pulse_place(), virtual=virtual_place())


def say_devices(*, as_json: bool, as_toml: bool) -> None:
    """List this machine's devices on stdout."""
    listing = list_devices()
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(listing)).decode() + "\n")
    elif as_toml:
        sys.stdout.write(toml(listing))
    else:
        show(Console(), listing)


def show(console: Console, listing: Listing) -> None:
    """A table for each kind."""
    _show(console, "ALSA", "pcm", listing.alsa)
    _show(console, "PulseAudio", "device", listing.pulse)
    _show(console, "virtual", "kind", listing.virtual)
    console.print("`vsnd devices --toml` writes each as lines of the backend's file.", style="dim", markup=False)


def _show(console: Console, heading: str, column: str, place: Place) -> None:
    console.print(Text.assemble((heading, "bold"), f"  {place.problem or place.about}"), soft_wrap=True)
    if place.devices:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(Text(column), overflow="fold")
        table.add_column("way", no_wrap=True)
        table.add_column("what it is", overflow="fold")
        for found in place.devices:
            ways = " ".join(WAYS[way] for way in found.directions)
            table.add_row(Text(found.name), ways, Text(_about(found)))
        console.print(table)
    console.print()


def _about(found: Found) -> str:
    facts = [found.description, found.sample_spec, found.state, "the default" if found.default else ""]
    return ", ".join(fact for fact in facts if fact)
