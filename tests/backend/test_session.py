"""The handshake of a card, row by row, and the toolstack's part in it."""

import logging

import pytest

from backend.daemon import Backend
from compose.toolstack import Attachment, attach, detach, remove
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from ringproto.errors import Errno
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import HwParamRequest
from tests.backend.rawguest import MS, RawGuest, card, machine_with_backend

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
    assert guest.is_served()
    assert guest.open() == 0


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


def test_a_stream_of_an_unknown_unique_id_is_there_but_has_no_device(caplog: pytest.LogCaptureFixture) -> None:
    machine, dom0, _backend = machine_with_backend()
    guest = RawGuest(machine, dom0, config=card("hw:0,0"))
    with caplog.at_level(logging.WARNING):
        guest.connect()
    assert "'hw:0,0' is not in the table" in caplog.text
    assert guest.open() == -Errno.ENODEV
    query = HwParams(Format.S16_LE.mask, *[Interval(1, 1 << 20)] * 4)
    assert guest.call(HwParamRequest(guest.next_id(), query)) == -Errno.ENODEV
    assert guest.backend_state == "4"


@pytest.mark.parametrize("state", ["2", "7", "8", "3", "4"])
def test_states_that_mean_nothing_to_a_connected_backend_change_nothing(parts: Parts, state: str) -> None:
    guest, *_ = parts
    guest.connect()
    seen = states_seen(guest)
    guest.set_state(state)
    guest.settle()
    assert seen == ["4"]
    assert guest.open() == 0


def test_leaving_goes_through_closing_and_closed(parts: Parts) -> None:
    """Each is written; what a watch sees of it is the last."""
    guest, _, dom0, backend = parts
    guest.connect()
    written: list[str] = []
    write = dom0.store.write

    def spy(path: str, value: str) -> None:
        written.append(value)
        write(path, value)

    dom0.store.write = spy  # type: ignore[method-assign]
    guest.set_state("5")
    guest.settle()
    assert written == ["5", "6", "2"]
    assert [session.streams for session in backend.sessions.values()] == [[]]


def test_configuration_changed_while_connected_changes_nothing(parts: Parts) -> None:
    guest, *_ = parts
    guest.connect()
    guest.host.store.write(f"{guest.path}/0/0/unique-id", "other")
    guest.host.store.write(f"{guest.path}/buffer-size", "64")
    guest.settle()
    assert guest.open() == 0


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
