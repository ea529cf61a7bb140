"""What a guest that breaks the handshake, or the wire, gets: one line in the log, and a rest."""

import logging

import pytest

from backend.daemon import Backend
from backend.session import REST_NS
from compose.toolstack import Attachment, remove
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, card, machine_with_backend
from tests.backend.test_session import states_seen

SECOND = 1000 * MS
Parts = tuple[RawGuest, SimMachine, SimHost, Backend]


@pytest.fixture
def parts() -> Parts:
    machine, dom0, backend = machine_with_backend()
    return RawGuest(machine, dom0), machine, dom0, backend


@pytest.mark.parametrize("garbage", ["9", "-1", "", "x" * 2000, "four", "44"])
def test_a_state_that_is_garbage_costs_the_connection_and_no_more(parts: Parts, garbage: str) -> None:
    guest, *_ = parts
    guest.connect()
    guest.set_state(garbage)
    guest.settle()
    guest.set_state("1")
    guest.settle(2 * SECOND)
    assert guest.backend_state == "2"


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
    assert guest.is_served()


@pytest.mark.parametrize("key", ["ring-ref", "event-channel", "evt-ring-ref", "evt-event-channel"])
def test_a_transport_with_a_node_missing_is_refused(parts: Parts, key: str, caplog: pytest.LogCaptureFixture) -> None:
    guest, *_ = parts
    guest.settle()
    guest.publish()
    guest.host.store.remove(f"{guest.path}/0/0/{key}")
    with caplog.at_level(logging.WARNING):
        guest.settle()
    assert guest.backend_state == "6"
    assert len(caplog.records) == 1
    assert key in caplog.text


def test_pages_granted_to_another_domain_are_refused(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    guest, machine, *_ = parts
    machine.host(2)
    guest.settle()
    with caplog.at_level(logging.WARNING):
        guest.publish(**{"ring-ref": str(guest.host.share(2, 1).refs[0])})
        guest.settle()
    assert guest.backend_state == "6"
    assert "not granted to domain 0" in caplog.text


@pytest.mark.parametrize("node", ["0/0/type", "0/0/unique-id", "channels-max", "0/0/sample-rates"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"", b"x" * 1900, b"4294967296", b"1," * 950])
def test_a_configuration_that_is_garbage_is_refused_or_served_but_never_more(
    parts: Parts, node: str, value: bytes
) -> None:
    guest, _, _, backend = parts
    guest.settle()
    guest.host.store._client.write(f"{guest.path}/{node}", value)
    guest.publish()
    guest.settle()
    assert guest.backend_state in ("4", "6")
    (session,) = backend.sessions.values()
    assert len(session.streams) == (guest.backend_state == "4")


def test_a_fault_is_rested_from_even_when_the_guest_starts_over_at_once(parts: Parts) -> None:
    guest, machine, *_ = parts
    guest.settle()
    guest.publish(**{"ring-ref": "4711"})
    guest.settle()
    fault_ns = machine.timeline.now_ns
    guest.set_state("1")
    assert machine.run_until(lambda: guest.backend_state == "2", fault_ns + 2 * SECOND)
    assert REST_NS - 3 * MS <= machine.timeline.now_ns - fault_ns <= REST_NS


def test_a_guest_that_only_leaves_is_not_rested_from(parts: Parts) -> None:
    guest, *_ = parts
    for _ in range(3):
        guest.connect()
        guest.set_state("5")
        guest.settle()
        assert guest.backend_state == "2"
        guest.set_state("1")
        guest.settle()


def test_a_device_removed_while_it_rests_is_not_written_to(parts: Parts) -> None:
    guest, machine, dom0, _backend = parts
    guest.settle()
    guest.publish(**{"ring-ref": "4711"})
    guest.settle()
    remove(dom0.store, Attachment(1, card()))
    machine.run_until(lambda: False, machine.timeline.now_ns + 2 * SECOND)
    assert dom0.store.read(guest.backend_path) is None


def test_a_guest_that_always_fails_is_let_try_twice_a_second(parts: Parts) -> None:
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
    assert 18 <= seen.count("2") <= 22


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
