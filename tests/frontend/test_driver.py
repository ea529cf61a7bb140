"""Finding the backend, keeping connected, and leaving."""

from collections.abc import Callable
from errno import ENODEV, ENOENT, ETIMEDOUT
from pathlib import Path

import pytest

from compose.byhand import default_card
from compose.toolstack import Attachment, attach, detach, remove
from frontend import Card, connect, open_playback
from frontend.state import PcmState
from hosts.api import HostError, StoreView
from hosts.sim.machine import SimMachine
from hosts.snapshot import read_tree
from ringproto.card import NODE_NAMES, Direction
from ringproto.xenbus import XenbusState
from tests.frontend.served import MS, PARAMS, Served


def state_of(served: Served, end: str) -> str | None:
    path = "/local/domain/1/device/vsnd/0" if end == "front" else "/local/domain/0/backend/vsnd/1/0"
    return served.dom0.store.read(f"{path}/state")


def test_connecting_leads_both_ends_to_connected(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    assert card.state is XenbusState.CONNECTED
    assert (state_of(served, "front"), state_of(served, "back")) == ("4", "4")
    assert [s.unique_id for _, s in card.streams(Direction.PLAYBACK)] == ["play"]
    assert [s.unique_id for _, s in card.streams(Direction.CAPTURE)] == ["record"]


def test_all_transports_are_published_in_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(tmp_path)
    singly: list[str] = []
    together: list[set[str]] = []
    write, transact = served.host.store.write, served.host.store.transact

    def write_singly(path: str, value: str) -> None:
        singly.append(path)
        write(path, value)

    def write_together(change: Callable[[StoreView], None]) -> None:
        transact(change)
        root = "/local/domain/1/device/vsnd/0"
        assert served.dom0.store.read(f"{root}/state") == "1", "not Initialised before all is there"
        nodes = read_tree(served.dom0.store, root, NODE_NAMES)
        together.append({node for node in nodes if node.endswith(("-ref", "-channel"))})

    monkeypatch.setattr(served.host.store, "write", write_singly)
    monkeypatch.setattr(served.host.store, "transact", write_together)
    served.connect()
    keys = ("ring-ref", "event-channel", "evt-ring-ref", "evt-event-channel")
    assert together == [{f"0/{stream}/{key}" for stream in (0, 1) for key in keys}]
    assert set(singly) == {"device/vsnd/0/state"}


def test_each_stream_has_pages_and_channels_of_its_own(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    play, record = (card.link(direction)[0].transport for direction in Direction)
    assert len({play.ring_ref, play.evt_ring_ref, record.ring_ref, record.evt_ring_ref}) == 4
    assert len({play.event_channel, play.evt_event_channel, record.event_channel, record.evt_event_channel}) == 4


def test_a_card_that_comes_within_the_second_is_waited_for(tmp_path: Path) -> None:
    served = Served(tmp_path)
    remove(served.dom0.store, Attachment(1, default_card()))
    served.dom0.loop.timer(lambda now_ns: attach(served.dom0.store, Attachment(1, default_card()))).arm(500 * MS)
    assert served.connect().state is XenbusState.CONNECTED


def test_connecting_without_a_card_is_given_up_after_a_second() -> None:
    machine = SimMachine()
    with pytest.raises(HostError) as refused:
        connect(machine.host(1))
    assert refused.value.errno == ENOENT
    assert machine.timeline.now_ns == 1000 * MS


def test_a_backend_that_comes_late_is_still_connected_to(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.backend.close()

    def come(now_ns: int) -> None:
        served.backend = served.new_backend()

    served.dom0.loop.timer(come).arm(9000 * MS)
    assert served.connect().state is XenbusState.CONNECTED


def test_leaving_a_backend_that_does_not_answer_takes_a_second(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    served.dom0.loop.stop()
    before_ns = served.machine.timeline.now_ns
    card.close()
    assert card.state is XenbusState.CLOSED
    assert served.machine.timeline.now_ns - before_ns == 1000 * MS


def test_a_detached_card_is_lost_and_the_one_attached_next_is_connected(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    pcm = open_playback(card, PARAMS).__enter__()
    detach(served.dom0.store, Attachment(1, default_card()))
    served.settle(10 * MS)
    assert (pcm.state, state_of(served, "front"), state_of(served, "back")) == (PcmState.LOST, "1", "6")
    remove(served.dom0.store, Attachment(1, default_card()))
    attach(served.dom0.store, Attachment(1, default_card()))
    served.run(card.connected())
    with open_playback(card, PARAMS) as again:
        again.write(bytes(1920 * 4))
        again.drain()


def test_a_domain_without_a_card_is_told_so() -> None:
    with pytest.raises(HostError) as refused:
        Card(SimMachine().host(1))
    assert refused.value.errno == ENOENT


def test_a_backend_that_never_comes_is_given_up_after_ten_seconds(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.backend.close()
    with pytest.raises(HostError) as late:
        served.connect()
    assert late.value.errno == ETIMEDOUT
    assert 10_000 * MS <= served.machine.timeline.now_ns < 12_000 * MS


def test_leaving_lets_the_backend_release_first(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.write(bytes(1920 * 4))
    served.settle(10 * MS)
    assert state_of(served, "front") == "6"
    assert state_of(served, "back") == "2", "ready for the next driver"


def test_a_card_that_is_not_connected_has_no_links(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = Card(served.host)
    with pytest.raises(HostError) as refused:
        card.link(Direction.PLAYBACK)
    assert refused.value.errno == ENODEV
    with pytest.raises(HostError, match="no playback stream 1"):
        card.link(Direction.PLAYBACK, 1)


def test_a_restarted_backend_is_connected_to_again(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    served.backend.close()
    served.settle(10 * MS)
    assert state_of(served, "front") == "1"
    served.backend = served.new_backend()
    served.run(card.connected())
    assert card.state is XenbusState.CONNECTED
    with open_playback(card, PARAMS) as pcm:
        pcm.write(bytes(1920 * 4))
        pcm.drain()
        assert pcm.underruns == 0


def test_a_card_follows_to_the_backend_that_the_toolstack_names_now(tmp_path: Path) -> None:
    """Found by fuzzing: it went on waiting for the one it had read of last, wherever that was."""
    served = Served(tmp_path)
    card = served.connect()
    root = "/local/domain/1/device/vsnd/0"
    for nowhere in ("", "/local/domain/0/nowhere", "no path"):
        served.dom0.store.write(f"{root}/backend", nowhere)
        served.settle(2000 * MS)
        assert card.state is not XenbusState.CONNECTED
    served.dom0.store.write(f"{root}/backend", "/local/domain/0/backend/vsnd/1/0")
    served.run(card.connected())
    assert card.state is XenbusState.CONNECTED


def test_a_backend_id_that_is_none_is_the_cards_trouble_and_nobody_elses(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    path = "/local/domain/1/device/vsnd/0/backend-id"
    served.dom0.store.write(path, "x")
    served.backend.close()
    served.settle(100 * MS)
    served.backend = served.new_backend()
    served.settle(3000 * MS)
    assert card.state is not XenbusState.CONNECTED
    served.dom0.store.write(path, "0")
    served.run(card.connected())
