"""ALSA devices on cards of a kernel: loopback, dummy and an emulated Intel HDA in a virtual machine, and our own."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("alsaaudio", reason="no pyalsaaudio: pip install 'vsnd[alsa]'", exc_type=ImportError)

from backend.devices.api import DeviceError
from backend.devices.checks import CAPTURE
from compose.vm.machine import HDA, VirtualMachine
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.alsa.fed import FED_PLAYBACK
from tests.backend.devices.alsa.on_cards import outcome, playing
from tests.vm.machine import kernel

MODULES = ("snd-hda-intel", "snd-aloop", "snd-dummy")
CARDS = ("hw:Loopback", "hw:Dummy", "hw:Intel")
SCRIPT = (sys.executable, "-m", "tests.backend.devices.alsa.on_cards")
WAYS = ((Direction.PLAYBACK, FED_PLAYBACK), (Direction.CAPTURE, CAPTURE))


def on_cards(tmp_path: Path, *arguments: str, steady_time: bool = False) -> list[str]:
    """What the script said, in a machine with all of them; steady time does not hang on what else runs here."""
    done = VirtualMachine(kernel(), MODULES, HDA, steady_time=steady_time).run([*SCRIPT, *arguments], tmp_path)
    assert done.status == 0, done.output
    return done.output.splitlines()


def test_cards_of_a_kernel_keep_the_contract(tmp_path: Path) -> None:
    said = on_cards(tmp_path, "rules", *CARDS, steady_time=True)
    assert said == [
        f"{name} {direction.name.lower()} {rule.__name__} ok"
        for name in CARDS
        for direction, rules in WAYS
        for rule in rules
    ]


def test_a_card_is_taken_once_and_says_when_it_is_gone(tmp_path: Path) -> None:
    assert on_cards(tmp_path, "unplug", "hw:Intel") == [
        "taken: True, free again: True",
        "told by an interrupt: False, then True",
        "position: True, stop: True",
        "closed",
    ]


OWN_CARDS = [f"hw:{card.name}" for card in Path("/proc/asound").glob("*") if card.is_symlink()]
"""This machine's own; mostly there are none, and those of the virtual machine stand for all."""

if OWN_CARDS:

    @pytest.mark.parametrize("name", OWN_CARDS)
    def test_a_card_of_this_machine_does_so_too(loop: RealLoop, name: str) -> None:
        try:
            playing(name).close()
        except DeviceError:  # others use it, or it takes other parameters
            return
        said = {rule.__name__: outcome(name, Direction.PLAYBACK, rule, loop) for rule in FED_PLAYBACK}
        assert {rule: what for rule, what in said.items() if what != "ok"} == {}
