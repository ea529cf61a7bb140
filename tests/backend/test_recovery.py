"""Recovery, row by row: whoever goes away, whatever goes wrong, both ends find each other again with nobody's help."""

import pytest

from backend.throttle import BURST
from compose.toolstack import attach, detach, remove
from ringproto.abi import Trigger
from ringproto.errors import Errno
from ringproto.messages import CloseRequest
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


def test_guest_restarts(scene: Scene, guest: RawGuest) -> None:
    plays(guest)
    guest.set_state("1")
    assert scene.within(MS, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)


def test_guest_module_is_unloaded_and_finds_the_backend_waiting(scene: Scene, guest: RawGuest) -> None:
    plays(guest)
    guest.set_state("5")
    assert scene.within(MS, lambda: guest.backend_state == "2")
    guest.set_state("6")
    scene.pass_ns(SECOND)
    assert guest.backend_state == "2"
    guest.set_state("1")
    guest.connect()
    plays(guest)


def test_toolstack_detaches_a_card_that_plays_and_is_answered_at_once(scene: Scene, guest: RawGuest) -> None:
    plays(guest)
    detach(scene.dom0.store, ATTACHMENT)
    assert scene.within(MS, lambda: guest.backend_state == "6")
    for state in ("1", "3", "4", "5", "6", "1"):
        guest.set_state(state)
        scene.pass_ns(2 * SECOND)
        assert guest.backend_state == "6", "detached is detached"


def test_toolstack_detaches_a_guest_that_uses_up_its_looks(scene: Scene, guest: RawGuest) -> None:
    for _ in range(10 * BURST):
        guest.set_state("4")
        scene.pass_ns(MS)
    detach(scene.dom0.store, ATTACHMENT)
    assert scene.within(MS, lambda: guest.backend_state == "6")


def test_toolstack_attaches_again(scene: Scene, guest: RawGuest) -> None:
    detach(scene.dom0.store, ATTACHMENT)
    guest.settle()
    remove(scene.dom0.store, ATTACHMENT)
    guest.settle()
    attach(scene.dom0.store, ATTACHMENT)
    guest.connect()
    plays(guest)


def test_toolstack_brings_a_card_online_again_without_removing_it(scene: Scene, guest: RawGuest) -> None:
    detach(scene.dom0.store, ATTACHMENT)
    guest.settle()
    guest.set_state("1")
    guest.settle()
    scene.dom0.store.write(f"{guest.backend_path}/online", "1")
    guest.connect()
    plays(guest)


def test_toolstack_asks_to_start_over(scene: Scene, guest: RawGuest) -> None:
    scene.dom0.store.write(f"{guest.backend_path}/state", "1")
    assert scene.within(MS, lambda: guest.backend_state == "2")


@pytest.mark.parametrize("state", ["5", "6"])
def test_toolstack_closes_without_a_word_about_online(scene: Scene, guest: RawGuest, state: str) -> None:
    scene.dom0.store.write(f"{guest.backend_path}/state", state)
    assert scene.within(MS, lambda: guest.backend_state == "6")
    scene.pass_ns(3 * SECOND)
    assert guest.backend_state == "6"


def test_device_that_is_offline_when_the_backend_comes_stays_closed(scene: Scene) -> None:
    scene.stop_backend()
    attach(scene.dom0.store, ATTACHMENT)
    scene.dom0.store.write("backend/vsnd/1/0/online", "0")
    scene.start_backend()
    scene.pass_ns(3 * SECOND)
    assert scene.dom0.store.read("backend/vsnd/1/0/state") == "6"


def test_device_is_removed_while_it_plays(scene: Scene, guest: RawGuest) -> None:
    plays(guest)
    remove(scene.dom0.store, ATTACHMENT)
    scene.pass_ns(2 * SECOND)
    assert scene.backend.sessions == {}
    assert scene.dom0.store.list("backend/vsnd/1") == ()


def test_guest_is_killed_while_it_plays_and_comes_again(scene: Scene, guest: RawGuest) -> None:
    plays(guest)
    scene.machine.kill(1)
    scene.pass_ns(2 * SECOND)
    (session,) = scene.backend.sessions.values()
    assert session.streams == []
    remove(scene.dom0.store, ATTACHMENT)
    again = RawGuest(scene.machine, scene.dom0)
    again.connect()
    plays(again)


@pytest.mark.parametrize("how", ["stop_backend", "kill_backend"])
@pytest.mark.parametrize("state", ["1", "3", "4", "5", "6"])
def test_backend_restarts_wherever_the_guest_stands(scene: Scene, guest: RawGuest, how: str, state: str) -> None:
    """The frontend starts over when it sees one of 1, 2 and 6, as all do, unless it is leaving."""
    guest.set_state(state)
    guest.settle()
    getattr(scene, how)()
    scene.start_backend()
    scene.pass_ns(MS)
    if state != "6":
        guest.set_state("1")
    guest.connect()
    plays(guest)


def test_guest_that_left_before_the_backend_did_finds_the_next_one_waiting(scene: Scene, guest: RawGuest) -> None:
    guest.set_state("5")
    guest.settle()
    guest.set_state("6")
    scene.kill_backend()
    scene.start_backend()
    assert scene.within(10 * MS, lambda: guest.backend_state == "2")


@pytest.mark.parametrize("trigger", Trigger)
def test_trigger_without_open(guest: RawGuest, trigger: Trigger) -> None:
    assert guest.trigger(trigger) == -Errno.EINVAL
    plays(guest)


def test_open_twice_and_close_without_open(guest: RawGuest) -> None:
    assert guest.call(CloseRequest(guest.next_id())) == 0
    assert guest.open() == 0
    plays(guest)
    plays(guest)
    for _ in range(2):
        assert guest.call(CloseRequest(guest.next_id())) == 0


def test_machine_is_gone_and_back_and_the_backend_starts_over(
    scene: Scene, guest: RawGuest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """During an outage nothing can be read, and writing does nothing; watches fire when it begins and when it ends."""
    plays(guest)
    with monkeypatch.context() as outage:
        outage.setattr(scene.dom0.store, "read", lambda path: None)
        outage.setattr(scene.dom0.store, "list", lambda path: ())
        outage.setattr(scene.dom0.store, "write", lambda path, value: None)
        scene.backend._on_watch("backend/vsnd")
        scene.pass_ns(3 * SECOND)
        assert scene.backend.sessions == {}
    scene.backend._on_watch("backend/vsnd")
    guest.set_state("1")
    guest.connect()
    plays(guest)
