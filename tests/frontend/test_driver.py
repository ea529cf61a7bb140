"""Finding the backend, keeping connected, and leaving."""

from errno import ENODEV, ENOENT, ETIMEDOUT
from pathlib import Path

import pytest

from frontend import Card, open_playback
from hosts.api import HostError
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
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
