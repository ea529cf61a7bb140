"""The backend as a whole: which directories become sessions, and what is left when it goes."""

import gc
import logging
from weakref import ref

import pytest

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.devices.api import AudioDevice
from compose.toolstack import Attachment, attach, remove
from hosts.sim.machine import SimHost, SimMachine
from ringproto.trace import NoTrace
from tests.backend.rawguest import MS, RawGuest, card, machine_with_backend

Parts = tuple[SimMachine, SimHost, Backend]


@pytest.fixture
def parts() -> Parts:
    return machine_with_backend()


def settle(machine: SimMachine) -> None:
    machine.run_until(lambda: False, machine.timeline.now_ns + 5 * MS)


def no_device(*_wanted: object) -> AudioDevice:
    raise AssertionError("nobody asked for one")


def test_cards_that_were_attached_before_it_came_are_served() -> None:
    machine = SimMachine()
    dom0 = machine.host(0)
    for domid in (7, 3):
        attach(dom0.store, Attachment(domid, card()))
    backend = Backend(dom0, BackendConfig({}, {}), no_device, NoTrace())
    settle(machine)
    assert sorted(backend.sessions) == [(3, 0), (7, 0)]
    assert dom0.store.read("backend/vsnd/7/0/state") == "2"


def test_a_guest_may_have_several_cards(parts: Parts) -> None:
    machine, dom0, backend = parts
    for devid in (0, 1, 5):
        attach(dom0.store, Attachment(1, card(), devid))
    settle(machine)
    assert sorted(backend.sessions) == [(1, 0), (1, 1), (1, 5)]


def test_a_card_written_node_by_node_is_found_with_the_last_of_them(parts: Parts) -> None:
    """By hand, with xenstore-write: no transaction makes it all appear at once."""
    machine, dom0, backend = parts
    settle(machine)
    nodes = {"state": "1", "online": "1", "frontend-id": "1", "frontend": "/local/domain/1/device/vsnd/0"}
    dom0.store.write("/local/domain/1/device/vsnd/0/state", "1")
    for key, value in nodes.items():
        assert not backend.sessions
        dom0.store.write(f"backend/vsnd/1/0/{key}", value)
        settle(machine)
    assert sorted(backend.sessions) == [(1, 0)]
    assert dom0.store.read("backend/vsnd/1/0/state") == "2"


@pytest.mark.parametrize("path", ["x/0", "1/x", "-1/0", "1"])
def test_what_is_no_device_is_left_alone(parts: Parts, path: str) -> None:
    machine, dom0, backend = parts
    dom0.store.write(f"backend/vsnd/{path}/frontend", "/local/domain/1/device/vsnd/0")
    settle(machine)
    assert backend.sessions == {}


def test_a_refused_device_is_said_once_and_tried_again_once_it_was_removed(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    machine, dom0, backend = parts
    with caplog.at_level(logging.WARNING):
        dom0.store.write("backend/vsnd/1/0/frontend", "/local/domain/2/device/vsnd/0")
        settle(machine)
        for domid in (2, 3):
            attach(dom0.store, Attachment(domid, card()))
            settle(machine)
    assert len(caplog.records) == 1
    assert sorted(backend.sessions) == [(2, 0), (3, 0)]
    remove(dom0.store, Attachment(1, card()))
    settle(machine)
    attach(dom0.store, Attachment(1, card()))
    settle(machine)
    assert sorted(backend.sessions) == [(1, 0), (2, 0), (3, 0)]


def test_a_removed_device_takes_its_session_and_no_other(parts: Parts) -> None:
    machine, dom0, backend = parts
    guests = [RawGuest(machine, dom0, domid) for domid in (1, 2)]
    for guest in guests:
        guest.connect()
        assert guest.open() == 0
    remove(dom0.store, Attachment(1, card()))
    settle(machine)
    assert sorted(backend.sessions) == [(2, 0)]
    assert guests[1].open() == 0


def test_nothing_is_left_of_a_session_without_a_garbage_collector(parts: Parts) -> None:
    machine, dom0, backend = parts
    guest = RawGuest(machine, dom0)
    guest.connect()
    assert guest.open() == 0
    gc.disable()
    try:
        session = ref(backend.sessions[1, 0])
        stream = ref(backend.sessions[1, 0].streams[0])
        remove(dom0.store, Attachment(1, card()))
        settle(machine)
        assert (session(), stream()) == (None, None)
    finally:
        gc.enable()


def test_leaving_lets_go_of_every_guest_and_device(parts: Parts) -> None:
    machine, dom0, backend = parts
    guests = [RawGuest(machine, dom0, domid) for domid in (1, 2)]
    for guest in guests:
        guest.connect()
        assert guest.open() == 0
    (port,) = backend.patchbay.ports.values()
    backend.close()
    assert [guest.backend_state for guest in guests] == ["6", "6"]
    assert backend.patchbay.ports == {}
    assert port.device.statistics()["underruns"] == 0
    dom0.close()  # would refuse while anything of a guest's is mapped


def test_nothing_more_is_served_after_leaving(parts: Parts) -> None:
    machine, dom0, backend = parts
    backend.close()
    attach(dom0.store, Attachment(1, card()))
    settle(machine)
    assert dom0.store.read("backend/vsnd/1/0/state") == "1"


def test_the_next_backend_goes_on_where_the_last_one_left(parts: Parts) -> None:
    machine, dom0, backend = parts
    guest = RawGuest(machine, dom0)
    guest.connect()
    backend.close()
    guest.set_state("1")
    following = Backend(dom0, backend.config, backend.patchbay._open_device, NoTrace())
    guest.connect()
    assert guest.open() == 0
    following.close()
