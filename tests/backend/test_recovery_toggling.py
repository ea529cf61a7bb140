"""Guests that toggle their state, or their nodes, as fast as they can: bounded work, and all others are served."""

import logging

import pytest

from backend.throttle import BURST, EVERY_NS
from compose.toolstack import attach, remove
from tests.backend.rawguest import MS, RawGuest
from tests.backend.scene import ATTACHMENT, SECOND, Scene, plays


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def guest(scene: Scene) -> RawGuest:
    guest = RawGuest(scene.machine, scene.dom0)
    guest.connect()
    return guest


@pytest.mark.parametrize("states", ["134561", "13", "1345", "x9", "3", "4151"])
def test_state_that_flips_at_full_rate_costs_a_bounded_number_of_steps(
    scene: Scene, guest: RawGuest, states: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps = 0
    read = scene.dom0.store.read

    def count(path: str) -> str | None:
        nonlocal steps
        steps += 1
        return read(path)

    monkeypatch.setattr(scene.dom0.store, "read", count)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        for turn in range(10_000):
            guest.set_state(states[turn % len(states)])
            scene.pass_ns(MS // 10)
    looks = BURST + SECOND // EVERY_NS + 1
    assert steps <= looks * 40, "at most a connection for every look"
    assert len(caplog.records) <= 4
    guest.set_state("1")
    assert scene.within(2 * SECOND, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)


def test_module_that_is_reloaded_after_much_toggling_finds_the_backend_waiting_within_its_second(
    scene: Scene, guest: RawGuest
) -> None:
    for turn in range(10_000):
        guest.set_state("14"[turn % 2])
        scene.pass_ns(MS // 10)
    guest.set_state("5")
    assert scene.within(SECOND, lambda: guest.backend_state == "2")


def test_events_beside_the_state_are_nothing_to_the_backend(scene: Scene, guest: RawGuest) -> None:
    looks = scene.backend.sessions[1, 0]._throttle._paid_ns
    for turn in range(1000):
        guest.host.store.write(f"{guest.path}/sibling", str(turn))
        guest.host.store.write(f"{guest.path}/0/0/unique-id", str(turn))
    scene.pass_ns(SECOND)
    assert scene.backend.sessions[1, 0]._throttle._paid_ns == looks


def test_node_that_is_taken_away_in_the_midst_of_a_connection_is_a_fault_and_no_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = RawGuest(scene.machine, scene.dom0)
    guest.settle()
    guest.publish()
    bind = scene.dom0.bind_channel

    def meddle(peer: int, port: int) -> object:
        guest.host.store.remove(f"{guest.path}/0")
        guest.doorbell.close()
        guest.ring_page.end()
        return bind(peer, port)

    monkeypatch.setattr(scene.dom0, "bind_channel", meddle)
    with pytest.raises(BufferError):  # the guest's own fault: its ring still looks at the page
        guest.ring_page.end()
    guest.ring.release()
    guest.settle()
    assert guest.backend_state == "6"
    assert scene.backend.sessions[1, 0].streams == []
    monkeypatch.undo()
    remove(scene.dom0.store, ATTACHMENT)
    guest.settle()
    attach(scene.dom0.store, ATTACHMENT)
    guest.connect()
    plays(guest)
