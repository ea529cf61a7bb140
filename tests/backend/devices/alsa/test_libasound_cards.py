"""alsa-lib's C library on cards of a kernel: loopback, dummy and an emulated Intel HDA in a virtual machine."""

import sys

import pytest

from compose.vm.machine import HDA, VirtualMachine
from tests.vm.machine import kernel

MODULES = ("snd-hda-intel", "snd-aloop", "snd-dummy")
CARDS = ("hw:Loopback", "hw:Dummy", "hw:Intel")
SCRIPT = (sys.executable, "-m", "tests.backend.devices.alsa.libasound_on_cards")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All lines that the script said, in one machine, whose time does not hang on what else runs here."""
    done = VirtualMachine(kernel(), MODULES, HDA, steady_time=True).run(SCRIPT, tmp_path_factory.mktemp("machine"))
    assert done.status == 0, done.output
    return done.output.splitlines()


def about(what: str, found: list[str]) -> list[str]:
    return [line.removeprefix(f"{what} ") for line in found if line.startswith(f"{what} ")]


def test_cards_keep_the_contract_with_their_interrupts_and_without(found: list[str]) -> None:
    assert about("contract", found) == [
        *(f"{name} kept, interrupts: True" for name in CARDS),
        "hw:Intel kept, interrupts: False",
    ]


def test_with_period_wakeups_off_nothing_wakes_us(found: list[str]) -> None:
    assert about("wakeups", found) == [
        "hw:Intel several interrupts: True played: True",
        "hw:Intel 0 interrupts: False played: True",
    ]


def test_cards_whose_interrupts_cannot_be_turned_off_say_so(found: list[str]) -> None:
    assert about("refused", found) == [
        f"[Errno 22] {name}: period_wakeups = false: it cannot do without them" for name in CARDS[:2]
    ]


def test_what_was_taken_back_is_not_heard_and_what_replaced_it_is(found: list[str]) -> None:
    assert about("rewind", found) == ["could: True did: 2400 heard: [(1, 5600), (2, 2400)]"]


def test_a_device_takes_back_all_but_the_safeguard_and_runs_dry_there(found: list[str]) -> None:
    assert about("device", found) == [f"{name} kept: True anew: True dry: 0 1" for name in CARDS]


def test_linked_streams_start_and_stop_as_one(found: list[str]) -> None:
    """One that was dropped has nothing more to say; the other, left alone, waits on."""
    assert about("link", found) == [
        line
        for name in CARDS
        for line in (f"{name} False recorded: False then: ok", f"{name} True recorded: True then: xrun")
    ]


def test_timestamps_and_delays_fit_the_clock_and_what_is_queued(found: list[str]) -> None:
    assert about("instant", found) == [f"{name} fits: True True" for name in CARDS]


def test_thresholds_make_one_wait_for_its_start_and_never_stop(found: list[str]) -> None:
    assert about("thresholds", found) == [f"{name} waits: True counts on: True" for name in CARDS]


def test_what_is_granted_is_as_near_as_can_be(found: list[str]) -> None:
    """A plugin's rate, or the card's own; a buffer that is no whole periods; a format that it lacks.

    Two seconds of buffer: HDA counts 32 periods, so they are long ones if nobody wants to hear of them, or it is less.
    Dummy has 64 KiB.
    """
    assert about("granted", found) == [
        "plughw:Intel 8000 480 1920 s16_le",
        "plughw:Intel 16000 480 1920 s16_le",
        "hw:Dummy 48000 480 1000 s16_le",
        "hw:Intel 48000 480 1920 s16_le",
        "hw:Intel 48000 3000 96000 s16_le",
        "hw:Intel 48000 480 15360 s16_le",
        "hw:Dummy 48000 480 16384 s16_le",
        "hw:Loopback 48000 480 96000 s16_le",
    ]


def test_a_card_is_taken_once_and_says_when_it_is_gone(found: list[str]) -> None:
    assert about("taken", found) == ["[Errno 16] Device or resource busy [hw:Intel]"]
    assert about("gone", found) == [" ".join(["[Errno 19] No such device [hw:Intel]"] * 3)]
