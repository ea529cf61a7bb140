"""The handshake of a card, row by row, and what a guest that breaks it gets."""

import logging

import pytest

from backend.daemon import Backend
from compose.toolstack import Attachment, attach, detach, remove
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, card, machine_with_backend

SECOND = 1000 * MS
Parts = tuple[RawGuest, SimMachine, SimHost, Backend]


@pytest.fixture
def parts() -> Parts:
    machine, dom0, backend = machine_with_backend()
    return RawGuest(machine, dom0), machine, dom0, backend


def states_seen(guest: RawGuest) -> list[str]:
    """The backend's states from now on, as its frontend sees them."""
    seen: list[str] = []

    def look(_path: str) -> None:
        state = guest.backend_state
        if state is not None and (not seen or seen[-1] != state):
            seen.append(state)

    guest.host.store.watch(f"{guest.backend_path}/state", look)
    return seen


def test_the_way_up(parts: Parts) -> None:
    guest, _, dom0, backend = parts
    guest.settle()
    assert guest.backend_state == "2"
    assert dom0.store.read(f"{guest.backend_path}/versions") == "2"
    guest.publish()
    guest.settle()
    assert guest.backend_state == "4"
    (session,) = backend.sessions.values()
    assert len(session.streams) == 1


def test_a_guest_that_unloads_its_module_finds_the_backend_in_state_2_again(parts: Parts) -> None:
    guest, *_ = parts
    guest.connect()
    guest.set_state("5")
    guest.settle()
    assert guest.backend_state == "2"


def test_a_guest_that_starts_over_is_served_again(parts: Parts) -> None:
    guest, *_ = parts
    guest.connect()
    assert guest.open() == 0
    guest.set_state("1")
    guest.settle()
    assert guest.backend_state == "2"
    guest.publish()
    guest.settle()
    assert guest.backend_state == "4"
    assert guest.open() == 0


@pytest.mark.parametrize("garbage", ["9", "-1", "", "x" * 2000, "four", "44"])
def test_a_state_that_is_garbage_costs_the_connection_and_no_more(parts: Parts, garbage: str) -> None:
    guest, *_ = parts
    guest.connect()
    guest.set_state(garbage)
    guest.settle()
    guest.set_state("1")
    guest.settle(2 * SECOND)
    assert guest.backend_state == "2"


def test_the_toolstack_detaches_and_removes(parts: Parts) -> None:
    guest, _, dom0, backend = parts
    guest.connect()
    assert guest.open() == 0
    detach(dom0.store, Attachment(1, card()))
    guest.settle()
    assert guest.backend_state == "6"
    (session,) = backend.sessions.values()
    assert session.streams == []
    guest.set_state("1")
    guest.settle()
    assert guest.backend_state == "6", "detached is detached"
    remove(dom0.store, Attachment(1, card()))
    guest.settle()
    assert backend.sessions == {}
    assert dom0.store.read(guest.backend_path) is None, "nothing is written where a device was"


def test_a_card_attached_again_is_served_again(parts: Parts) -> None:
    guest, _, dom0, _backend = parts
    guest.connect()
    detach(dom0.store, Attachment(1, card()))
    guest.settle()
    remove(dom0.store, Attachment(1, card()))
    attach(dom0.store, Attachment(1, card()))
    guest.settle()
    guest.connect()
    assert guest.open() == 0


@pytest.mark.parametrize(
    "nodes",
    [
        {"ring-ref": "0"},
        {"ring-ref": "-1"},
        {"ring-ref": "one"},
        {"ring-ref": "4294967296"},
        {"ring-ref": "4711"},
        {"evt-ring-ref": ""},
        {"event-channel": "4711"},
        {"evt-event-channel": "0"},
    ],
)
def test_a_transport_that_cannot_be_is_refused_once_and_forgiven_later(
    parts: Parts, nodes: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    guest, *_ = parts
    guest.settle()
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        guest.publish(**nodes)
        guest.settle()
    assert guest.backend_state == "6"
    assert len(caplog.records) == 1
    guest.set_state("1")
    guest.settle(2 * SECOND)
    assert guest.backend_state == "2"
    guest.publish()
    guest.settle()
    assert guest.backend_state == "4"


def test_a_guest_that_always_fails_is_let_try_once_a_second(parts: Parts) -> None:
    guest, machine, *_ = parts
    guest.settle()
    seen = states_seen(guest)

    def insist(_path: str) -> None:
        if guest.backend_state == "2":
            guest.publish(**{"ring-ref": "4711"})
        elif guest.backend_state in ("1", "6"):
            guest.set_state("1")

    guest.host.store.watch(f"{guest.backend_path}/state", insist)
    machine.run_until(lambda: False, machine.timeline.now_ns + 10 * SECOND)
    assert 9 <= seen.count("2") <= 12


def test_an_impossible_ring_costs_that_guest_its_connection_and_its_neighbour_nothing(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    hostile, machine, dom0, _backend = parts
    neighbour = RawGuest(machine, dom0, 2)
    for guest in (hostile, neighbour):
        guest.connect()
        assert guest.open() == 0
    assert neighbour.call(neighbour.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert neighbour.trigger(Trigger.START) == 0
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        hostile.ring_page.pages[0].cast("I")[0] = 40  # req_prod
        hostile.doorbell.notify()
        hostile.settle()
    assert hostile.backend_state == "6"
    assert [record.args for record in caplog.records if "disconnected" in record.getMessage()]
    assert len(caplog.records) == 1
    told = len(neighbour.events)
    neighbour.settle(50 * MS)
    assert len(neighbour.events) >= told + 4, "the neighbour plays on"


def test_impossible_event_counts_end_the_connection_even_inside_a_look(parts: Parts) -> None:
    hostile, *_ = parts
    hostile.connect()
    assert hostile.open() == 0
    assert hostile.trigger(Trigger.START) == 0
    hostile.event_page.pages[0].cast("I")[0] = 1000  # in_cons
    hostile.settle(50 * MS)
    assert hostile.backend_state == "6"


def test_a_frontend_outside_of_the_guests_own_directory_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    machine, dom0, backend = machine_with_backend()
    with caplog.at_level(logging.WARNING):
        dom0.store.write("backend/vsnd/1/0/frontend", "/local/domain/2/device/vsnd/0")
        machine.run_until(lambda: False, SECOND)
    assert backend.sessions == {}
    assert "not in the guest's own directory" in caplog.text


def test_a_guest_that_is_killed_is_let_go(parts: Parts) -> None:
    guest, machine, _, backend = parts
    guest.connect()
    assert guest.open() == 0
    assert guest.trigger(Trigger.START) == 0
    machine.kill(1)
    machine.run_until(lambda: False, machine.timeline.now_ns + SECOND)
    (session,) = backend.sessions.values()
    assert session.streams == []


def test_a_backend_that_leaves_says_so(parts: Parts) -> None:
    guest, _, _, backend = parts
    guest.connect()
    backend.close()
    assert guest.backend_state == "6"
