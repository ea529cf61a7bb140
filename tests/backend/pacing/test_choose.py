"""Who serves a device that cannot have the pacing that was asked for."""

import logging
from typing import get_args

import pytest

from backend.devices.api import Capabilities
from backend.pacing.choose import Pacing, pacing_named, suited
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from tests.backend.fakedevice import PARAMS, FakeDevice

PLAY, RECORD = Direction.PLAYBACK, Direction.CAPTURE
ABLE = Capabilities(interrupts=True, rewinds=True)
STEPS = PARAMS.period_frames


def device(capabilities: Capabilities) -> FakeDevice:
    made = FakeDevice()
    made.capabilities = capabilities
    return made


@pytest.mark.parametrize("name", get_args(Pacing))
def test_every_name_makes_a_pacing_of_that_name(name: Pacing) -> None:
    made = pacing_named(name, PLAY)(SimMachine().host(0).loop, print, device(ABLE))
    assert made.name == name


@pytest.mark.parametrize(
    ("asked", "capabilities", "direction", "gets"),
    [
        ("irq", Capabilities(interrupts=False), PLAY, "timer"),
        ("adaptive", Capabilities(interrupts=True), PLAY, "irq"),
        ("adaptive-text", Capabilities(interrupts=True), PLAY, "irq"),
        ("adaptive", Capabilities(interrupts=False), PLAY, "timer"),
        ("adaptive", Capabilities(interrupts=True), RECORD, "adaptive"),
        ("adaptive", Capabilities(True, STEPS, rewinds=True), PLAY, "irq"),
        ("adaptive", Capabilities(True, STEPS), RECORD, "irq"),
        ("adaptive", Capabilities(True, STEPS - 1, rewinds=True), PLAY, "adaptive"),
        ("timer", Capabilities(interrupts=False), PLAY, "timer"),
        ("timer-naive", Capabilities(interrupts=False), PLAY, "timer-naive"),
    ],
)
def test_what_a_device_lacks_decides(
    asked: Pacing, capabilities: Capabilities, direction: Direction, gets: Pacing, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert suited(asked, device(capabilities), direction) == gets
    assert bool(caplog.messages) == (asked != gets)
    if asked != gets:
        assert caplog.messages[0].startswith(f"pacing {asked}: the device ")
        assert caplog.messages[-1].endswith(f"{gets} serves it")
