"""A device that fails costs those who play on it their sound, and the backend nothing."""

import logging
from errno import ENODEV

import pytest

from backend.devices.api import DeviceError
from backend.input import Input
from backend.output import Output
from ringproto.abi import Trigger
from ringproto.card import Direction
from ringproto.errors import Errno
from ringproto.messages import ReadRequest, WriteRequest
from tests.backend.rawguest import MS, RawGuest, card, machine_with_backend


def pull_out(port: Output | Input, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_now_ns: int) -> int:
        raise DeviceError(ENODEV, "pulled out")

    monkeypatch.setattr(port.device, "position", gone)


@pytest.mark.parametrize("direction", Direction)
def test_a_lost_card_is_said_once_and_its_guests_are_answered(
    direction: Direction, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0, config=card(direction=direction))
    guest.connect()
    assert guest.open() == 0
    assert guest.trigger(Trigger.START) == 0
    guest.settle(25 * MS)
    told = len(guest.events)
    assert told == 2
    (port,) = backend.patchbay.ports.values()
    pull_out(port, monkeypatch)
    with caplog.at_level(logging.WARNING):
        guest.settle(200 * MS)
    assert len(caplog.records) == 1
    assert "pulled out" in caplog.text
    assert len(guest.events) == told + 1, "so that it asks for something"
    transfer = WriteRequest if direction is Direction.PLAYBACK else ReadRequest
    assert guest.call(transfer(guest.next_id(), 0, 1920)) == -Errno.ENODEV
    assert guest.trigger(Trigger.STOP) == 0
    assert guest.trigger(Trigger.START) == -Errno.ENODEV
    assert guest.backend_state == "4", "the guest keeps its card"


def test_a_card_that_is_gone_before_the_start_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    assert guest.open() == 0
    (port,) = backend.patchbay.ports.values()
    pull_out(port, monkeypatch)
    assert guest.trigger(Trigger.START) == -Errno.ENODEV
    assert guest.trigger(Trigger.START) == -Errno.ENODEV


def test_who_waits_for_a_card_that_dies_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0, config=card(direction=Direction.CAPTURE))
    guest.connect()
    assert guest.open() == 0
    assert guest.trigger(Trigger.START) == 0
    guest.send(ReadRequest(7, 0, 1920 * 4))
    guest.settle(5 * MS)
    (port,) = backend.patchbay.ports.values()
    pull_out(port, monkeypatch)
    guest.settle(20 * MS)
    assert [response.status for response in guest.responses if response.id == 7] == [-Errno.ENODEV]


def test_a_card_that_is_back_is_played_on_by_the_next_that_opens(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    assert guest.open() == 0
    assert guest.trigger(Trigger.START) == 0
    (port,) = backend.patchbay.ports.values()
    pull_out(port, monkeypatch)
    guest.settle(100 * MS)
    with caplog.at_level(logging.INFO):
        assert guest.open() == 0
    assert "device speaker is back" in caplog.text
    assert guest.trigger(Trigger.START) == 0
    told = len(guest.events)
    guest.settle(25 * MS)
    assert len(guest.events) >= told + 2
