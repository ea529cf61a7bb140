"""From a guest's text to a device of the operator's, and never further."""

import logging
from collections.abc import Mapping
from errno import ENODEV
from typing import Any

import pytest

from backend.config import BackendConfig
from backend.devices.api import AudioDevice, DeviceError
from backend.devices.registry import open_device
from backend.input import Input
from backend.output import Output
from backend.pacing.irq import IrqSource
from backend.pacing.timer import TimerSource
from backend.patchbay import Patchbay
from hosts.api import Loop
from hosts.complaints import Complaints
from hosts.sim.machine import SimMachine
from ringproto.card import Direction

CONFIG = BackendConfig(
    {"speaker": {"kind": "clocked", "period_frames": 240}, "hall": {"kind": "clocked"}},
    {"play": "speaker", "alsa<hw:0;0>": "speaker", "far": "hall"},
)


class Operator:
    """Opens devices and takes note of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any], Direction]] = []
        self.fails = False

    def open(self, name: str, kind: str, options: Mapping[str, Any], way: Direction, loop: Loop) -> AudioDevice:
        self.asked.append((name, kind, dict(options), way))
        if self.fails:
            raise DeviceError(ENODEV, "unplugged")
        return open_device(kind, options, way, loop)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def patchbay(operator: Operator) -> Patchbay:
    loop = SimMachine().host(0).loop
    return Patchbay(CONFIG, loop, operator.open, Complaints(loop, logging.getLogger("vsnd.backend")))


def test_a_device_is_opened_when_first_asked_for_and_then_shared(patchbay: Patchbay, operator: Operator) -> None:
    assert operator.asked == []
    first = patchbay.port("play", Direction.PLAYBACK, 1)
    assert operator.asked == [("speaker", "clocked", {"period_frames": 240}, Direction.PLAYBACK)]
    assert patchbay.port("play", Direction.PLAYBACK, 2) is first
    assert patchbay.port("alsa<hw:0;0>", Direction.PLAYBACK, 3) is first, "another key for the same device"
    assert len(operator.asked) == 1
    assert CONFIG.devices["speaker"]["kind"] == "clocked", "the configuration is not used up"


def test_each_direction_is_a_device_of_its_own(patchbay: Patchbay) -> None:
    assert isinstance(patchbay.port("play", Direction.PLAYBACK, 1), Output)
    assert isinstance(patchbay.port("play", Direction.CAPTURE, 1), Input)
    assert len(patchbay.ports) == 2


@pytest.mark.parametrize(
    "unique_id",
    ["", "speaker", "PLAY", "play ", "hw:0,0", "tee:x,file,y", "file:/x", "|cmd", "../play", "a\0b", "é" * 9],
)
def test_only_a_key_of_the_table_leads_anywhere(
    patchbay: Patchbay, operator: Operator, unique_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert patchbay.port(unique_id, Direction.PLAYBACK, 4) is None
    assert operator.asked == []
    assert len(caplog.records) == 1
    assert "domain 4" in caplog.text


def test_the_log_shows_a_bounded_and_harmless_part_of_the_guests_text(
    patchbay: Patchbay, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        patchbay.port("\x1b[31m\nroot: all is well\n" + "x" * 2000, Direction.PLAYBACK, 1)
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 200


def test_a_device_that_cannot_be_opened_is_said_and_tried_again_next_time(
    patchbay: Patchbay, operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    operator.fails = True
    with caplog.at_level(logging.WARNING):
        assert patchbay.port("play", Direction.PLAYBACK, 1) is None
    assert "speaker" in caplog.text
    assert "unplugged" in caplog.text
    operator.fails = False
    assert patchbay.port("play", Direction.PLAYBACK, 1) is not None


@pytest.mark.parametrize(("pacing", "kind"), [("irq", IrqSource), ("timer", TimerSource)])
def test_the_pacing_is_the_operators(operator: Operator, pacing: str, kind: type[object]) -> None:
    config = BackendConfig(CONFIG.devices, CONFIG.streams, "timer" if pacing == "timer" else "irq")
    loop = SimMachine().host(0).loop
    patchbay = Patchbay(config, loop, operator.open, Complaints(loop, logging.getLogger("vsnd.backend")))
    port = patchbay.port("play", Direction.PLAYBACK, 1)
    assert port is not None
    assert isinstance(port._pacing, kind)


def test_closing_gives_every_device_back(patchbay: Patchbay) -> None:
    ports = [patchbay.port("play", way, 1) for way in Direction]
    patchbay.close()
    assert patchbay.ports == {}
    for port in ports:
        assert port is not None
        with pytest.raises(DeviceError):
            port.device.position(0)
