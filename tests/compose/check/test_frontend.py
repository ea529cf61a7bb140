"""Our frontend keeps every rule; and one that breaks a rule is found out by it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compose.byhand import default_card
from compose.check.frontend import RULES, check_frontend
from compose.check.rule import Line, Verdict
from compose.toolstack import Attachment, attach
from frontend import Card, PlaybackPcm, arecover
from frontend.link import OnResponse, StreamLink
from frontend.sharedsound import SharedSound
from hosts.api import Host, HostError
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto import messages
from ringproto.card import Direction
from ringproto.messages import Request, WriteRequest
from ringproto.rings import FrontRing
from tests.frontend.served import PARAMS


async def play(card: Card) -> None:
    """Play for ever, through every loss."""
    await card.connected()
    pcm = PlaybackPcm(card.link(Direction.PLAYBACK)[0], PARAMS)
    await pcm.aopen()
    while True:
        try:
            await pcm.awrite(np.zeros((480, 2), np.int16))
        except HostError:
            await arecover(pcm)


def judge(player: Callable[[Card], Any] = play) -> dict[str, Line]:
    """The frontend of domain 1, which plays on a simulated machine."""
    machine = SimMachine()
    dom0, guest = machine.host(0), machine.host(1)
    attach(dom0.store, Attachment(1, default_card()))
    spawn(player(Card(guest)))
    return {line.id: line for line in check_frontend(dom0, 1)}


def test_our_frontend_keeps_every_rule() -> None:
    lines = judge()
    assert [line for line in lines.values() if line.verdict is not Verdict.PASS] == []
    assert list(lines) == [rule.id for rule in RULES]


def test_rules_of_which_nothing_was_seen_are_not_tried() -> None:
    async def idle(card: Card) -> None:
        await card.connected()

    lines = judge(idle)
    assert lines["handshake.states"].verdict is Verdict.PASS
    assert lines["open.directory"].verdict is Verdict.NOT_TRIED
    assert lines["data.bounds"].verdict is Verdict.NOT_TRIED


def test_a_frontend_that_never_comes_fails_the_handshake() -> None:
    async def absent(card: Card) -> None:
        await card.aclose()

    assert judge(absent)["handshake.states"].verdict is Verdict.FAIL


HONEST_SEND = StreamLink.send


def beyond(link: StreamLink, request: Request, on_response: OnResponse) -> None:
    if isinstance(request, WriteRequest):
        request = replace(request, offset=1 << 20)
    HONEST_SEND(link, request, on_response)


def dirty(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = messages.pack_request

    def pack(request: Request) -> bytes:
        slot = honest(request)
        return slot[:5] + b"\7" + slot[6:]

    monkeypatch.setattr("frontend.link.pack_request", pack)


def ungranted(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SharedSound.__init__

    def share(sound: SharedSound, host: Host, peer: int, size_octets: int) -> None:
        honest(sound, host, peer, size_octets)
        sound._grants[1].pages[0][4:8] = b"\xff\xff\xff\x7f"

    monkeypatch.setattr(SharedSound, "__init__", share)


def events_off(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = FrontRing.__init__

    def initialise(ring: FrontRing, page: memoryview, fence: Callable[[], None]) -> None:
        honest(ring, page, fence)
        page[4:8] = bytes(4)

    monkeypatch.setattr(FrontRing, "__init__", initialise)


HONEST_PUBLISH = Card._publish


def publish_once(card: Card) -> None:
    if not card._links and not hasattr(card, "_published"):
        card._published = True  # type: ignore[attr-defined]  # ours
        HONEST_PUBLISH(card)


MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "data.bounds": lambda monkeypatch: monkeypatch.setattr(StreamLink, "send", beyond),
    "request.reserved": dirty,
    "open.directory": ungranted,
    "ring.initialised": events_off,
    "handshake.return": lambda monkeypatch: monkeypatch.setattr(Card, "_publish", publish_once),
}


@pytest.mark.parametrize("rule_id", MUTANTS)
def test_a_frontend_that_breaks_the_rule_is_found_out(rule_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[rule_id](monkeypatch)
    line = judge()[rule_id]
    assert line.verdict is Verdict.FAIL, line
    assert line.seen
