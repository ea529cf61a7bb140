"""What goes wrong while a guest is served, by its fault or by ours, is over soon, for it and at once for the others."""

from collections.abc import Callable
from errno import ENOTCONN

import pytest

from backend.playback import PlaybackLine
from backend.session import REST_NS, Session
from backend.stream import Stream
from compose.toolstack import detach
from hosts.api import HostError
from tests.backend.rawguest import FRAME_OCTETS, MS, RawGuest
from tests.backend.scene import ATTACHMENT, SECOND, Scene, plays


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def guest(scene: Scene) -> RawGuest:
    guest = RawGuest(scene.machine, scene.dom0)
    guest.connect()
    return guest


@pytest.mark.parametrize("state", ["1", "2", "3", "4", "5", "6", "7", "9", ""])
def test_after_a_fault_the_backend_waits_again_by_itself_wherever_the_guest_stands(
    scene: Scene, guest: RawGuest, state: str
) -> None:
    guest.ring_page.pages[0].cast("I")[0] = 40
    guest.doorbell.notify()
    guest.settle()
    assert guest.backend_state == "6"
    guest.host.store.remove(f"{guest.path}/0/0/ring-ref")  # whoever says Initialised has published nothing
    guest.set_state(state)
    seen: list[str | None] = []
    guest.host.store.watch(f"{guest.backend_path}/state", lambda path: seen.append(guest.backend_state))
    assert scene.within(REST_NS + MS, lambda: "2" in seen or guest.backend_state == "2")
    scene.pass_ns(3 * SECOND)
    guest.set_state("1")
    assert scene.within(2 * SECOND, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)


def our_bug(*_arguments: object) -> bool:
    raise AssertionError("what we believed was wrong")


def gone(*_arguments: object) -> None:
    raise HostError(ENOTCONN, "xenstore is gone")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (PlaybackLine, "on_position"), (PlaybackLine, "rendered"), (PlaybackLine, "admit"), (PlaybackLine, "transfer"),
        (Stream, "_trigger"), (Stream, "send_position"),
    ],
)  # fmt: skip
def test_error_of_ours_on_the_data_path_costs_that_guest_its_connection_and_no_more(
    scene: Scene,
    guest: RawGuest,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
) -> None:
    neighbour = RawGuest(scene.machine, scene.dom0, 2)
    neighbour.connect()
    plays(neighbour)
    plays(guest)
    ours = scene.backend.sessions[1, 0].streams[0]
    victim = ours if owner is Stream else ours._line
    caplog.clear()
    if name == "_trigger":
        monkeypatch.setattr(ours, "_SERVE", dict.fromkeys(ours._SERVE, our_bug))
    else:
        setattr(victim, name, our_bug)
    guest.send(guest.write(bytes(480 * FRAME_OCTETS)))
    assert scene.within(100 * MS, lambda: guest.backend_state == "6")
    assert len(caplog.records) == 1
    assert caplog.text.count("Traceback") == 1
    told = len(neighbour.events)
    scene.pass_ns(100 * MS)
    assert len(neighbour.events) >= told + 9
    assert neighbour.backend_state == "4"
    guest.set_state("1")
    assert scene.within(2 * SECOND, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)


@pytest.mark.parametrize("error", [our_bug, gone])
@pytest.mark.parametrize("step", ["_serve", "_look_for_orders", "_read_stored", "_has_stood"])
def test_error_in_a_step_of_the_handshake_is_rested_from_and_forgotten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, step: str, error: Callable[..., object]
) -> None:
    guest = RawGuest(scene.machine, scene.dom0)
    neighbour = RawGuest(scene.machine, scene.dom0, 2)
    neighbour.connect()
    monkeypatch.setattr(Session, step, error)
    guest.settle()
    guest.publish()
    guest.settle()
    monkeypatch.undo()
    guest.set_state("1")
    assert scene.within(2 * SECOND, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)
    assert neighbour.backend_state == "4"
    plays(neighbour)


def test_error_while_mixing_has_everybody_on_that_card_start_over(
    scene: Scene, guest: RawGuest, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(guest)
    (port,) = scene.backend.patchbay.ports.values()
    monkeypatch.setattr(port, "_mixer", None)
    scene.pass_ns(50 * MS)
    monkeypatch.undo()
    guest.set_state("1")
    assert scene.within(2 * SECOND, lambda: guest.backend_state == "2")
    guest.connect()
    plays(guest)
    told = len(guest.events)
    scene.pass_ns(20 * MS)
    assert len(guest.events) > told


def test_order_that_comes_while_a_fault_is_rested_from_is_the_last_word(scene: Scene, guest: RawGuest) -> None:
    guest.ring_page.pages[0].cast("I")[0] = 40
    guest.doorbell.notify()
    guest.settle()
    detach(scene.dom0.store, ATTACHMENT)
    scene.pass_ns(3 * SECOND)
    assert guest.backend_state == "6"


def test_error_of_a_look_does_not_overrule_the_toolstack(
    scene: Scene, guest: RawGuest, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.dom0.store.write(f"{guest.backend_path}/state", "6")
    guest.settle()
    monkeypatch.setattr(Session, "_read_stored", gone)
    guest.set_state("4")
    guest.settle()
    monkeypatch.undo()
    scene.pass_ns(3 * SECOND)
    assert guest.backend_state == "6"
