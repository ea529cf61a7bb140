"""Connecting a stream a turn: others get theirs in between, and what changed meanwhile is not connected to."""

import pytest

from compose.toolstack import Attachment, attach, detach, remove
from frontend import Card
from ringproto.card import CardConfig, Direction, PcmConfig, StreamConfig
from tests.backend.rawguest import LIMITS, MS, machine_with_backend

STREAMS = 8
PATH = "/local/domain/1/device/vsnd/0"


def large_card() -> CardConfig:
    streams = tuple(StreamConfig(index, Direction.PLAYBACK, "speaker", LIMITS) for index in range(STREAMS))
    return CardConfig("large", "large", (PcmConfig(0, "large", streams),), LIMITS)


class Large:
    """A guest with many streams, and the turns that others have meanwhile."""

    def __init__(self) -> None:
        self.machine, self.dom0, self.backend = machine_with_backend()
        attach(self.dom0.store, Attachment(1, large_card()))
        self.host = self.machine.host(1)
        self.pass_ns(MS)
        self.seen: list[int] = []  # for each turn of others: how many streams had been made
        self.made = 0
        bind = self.dom0.bind_channel

        def bind_and_count(peer: int, port: int) -> object:
            self.made += 1
            return bind(peer, port)

        self.dom0.bind_channel = bind_and_count  # type: ignore[method-assign, assignment]

    def pass_ns(self, ns: int) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def publish(self) -> None:
        Card(self.host)

    def take_turns(self, _now_ns: int = 0) -> None:
        """Be somebody else who always has something to do."""
        self.seen.append(self.made // 2)
        if self.made < 2 * STREAMS:
            self.dom0.loop.call_soon(self.take_turns)


@pytest.fixture
def large() -> Large:
    return Large()


def test_others_have_a_turn_after_every_stream(large: Large) -> None:
    large.publish()
    assert large.machine.run_until(lambda: large.made > 0, large.machine.timeline.now_ns + 50 * MS)
    large.take_turns()
    large.pass_ns(50 * MS)
    assert large.dom0.store.read("backend/vsnd/1/0/state") == "4"
    assert sorted(set(large.seen)) == list(range(1, STREAMS + 1))


@pytest.mark.parametrize("what", ["state", "detach", "remove", "close"])
def test_what_is_half_connected_when_it_is_no_longer_wanted_is_let_go_of(large: Large, what: str) -> None:
    large.publish()
    assert large.machine.run_until(lambda: large.made == STREAMS, large.machine.timeline.now_ns + 50 * MS)
    session = large.backend.sessions[1, 0]
    if what == "state":
        large.host.store.write(f"{PATH}/state", "9")
    elif what == "detach":
        detach(large.dom0.store, Attachment(1, large_card()))
    elif what == "remove":
        remove(large.dom0.store, Attachment(1, large_card()))
    else:
        large.backend.close()
    large.pass_ns(50 * MS)
    assert large.made < 2 * STREAMS
    assert session.streams == []
    assert not large.dom0._held, "nothing is mapped"


def test_a_stream_that_cannot_be_made_costs_all_that_were(large: Large) -> None:
    bind = large.dom0.bind_channel

    def close_the_last(peer: int, port: int) -> object:
        if large.made == 2 * STREAMS - 2:
            large.host.store.write(f"{PATH}/sibling", "x")
            return bind(peer, 4711)
        return bind(peer, port)

    large.dom0.bind_channel = close_the_last  # type: ignore[method-assign, assignment]
    large.publish()
    assert large.machine.run_until(
        lambda: large.dom0.store.read("backend/vsnd/1/0/state") == "6", large.machine.timeline.now_ns + 50 * MS
    )
    assert not large.dom0._held
