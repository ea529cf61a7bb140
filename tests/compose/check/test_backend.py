"""Our backend keeps every rule; and one that breaks a rule is found out by it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.line import StreamLine
from backend.session import Session
from backend.stream import Stream
from backend.timeline import Timeline
from backend.volume import Volume
from backend.wire import GuestWire
from compose.check.backend import RULES, check_backend
from compose.check.guest import WireGuest
from compose.check.rule import Line, Verdict, try_rule
from hosts.sim.machine import SimHost
from ringproto.buffer import SharedBuffer
from ringproto.errors import Errno, ProtocolError
from ringproto.eventids import EventIds
from ringproto.lifecycle import StreamState
from ringproto.limits import Limits
from ringproto.messages import HwParamRequest, OpenRequest, TriggerRequest, WriteRequest, pack_status
from ringproto.xenbus import XenbusState
from tests.frontend.served import Served


@pytest.fixture
def guest_host(tmp_path: Path) -> SimHost:
    return Served(tmp_path).host


def test_our_backend_keeps_every_rule(guest_host: SimHost) -> None:
    lines = list(check_backend(guest_host))
    assert [line for line in lines if line.verdict is not Verdict.PASS] == []
    assert len(lines) == len({line.id for line in lines}) == len(RULES)


def test_the_card_is_left_as_it_was_found(guest_host: SimHost) -> None:
    list(check_backend(guest_host))
    guest_host.loop.run_until(lambda: False, guest_host.loop.now_ns() + 1_000_000_000)
    guest = WireGuest(guest_host)
    assert guest.backend_state == "2"
    assert guest_host.leftovers()["pages shared or mapped"] == 0
    assert guest_host.leftovers()["ports"] == 0


def attempt(rule_id: str, host: SimHost) -> Line:
    (rule,) = (rule for rule in RULES if rule.id == rule_id)
    return try_rule(rule, WireGuest(host))


Patch = Callable[[pytest.MonkeyPatch], None]


def patch(owner: type, name: str, replacement: Callable[..., Any]) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(owner, name, replacement)


def never(*_arguments: object) -> None:
    return None


def positive(stream: Stream, request_id: int, op: int, status: int) -> None:
    stream.wire.push(pack_status(request_id, op, status or 1))


def other_id(stream: Stream, request_id: int, op: int, status: int) -> None:
    stream.wire.push(pack_status(request_id ^ 1, op, status))


def dirty(stream: Stream, request_id: int, op: int, status: int) -> None:
    stream.wire.push(pack_status(request_id, op, status)[:40] + b"\7" * 24)


HONEST_BEGUN = Timeline.begun


def on_the_boundary(timeline: Timeline, device_frames: int, now_ns: int) -> int:
    return HONEST_BEGUN(timeline, device_frames, now_ns) - 1


HONEST_SEND = GuestWire.send_position


def wasteful(wire: GuestWire, octets: int, boundary: int) -> bool:
    """As snd_be: an id is used up though there is no room."""
    sent = HONEST_SEND(wire, octets, boundary)
    if not sent:
        wire._ids._opened_at -= 1
        wire._ids._rule = type(wire._ids._rule).STREAM
    return sent


HONEST_WRITE = Session._write


def stay_closed(session: Session, states: tuple[XenbusState, ...]) -> None:
    HONEST_WRITE(session, tuple(state for state in states if state is not XenbusState.INIT_WAIT))


HONEST_OPEN = Stream._open


def once(stream: Stream, request: OpenRequest, now_ns: int) -> None:
    if stream._state is not StreamState.CLOSED:
        raise ProtocolError(Errno.EBUSY, "open already")
    HONEST_OPEN(stream, request, now_ns)


MUTANTS: dict[str, Patch] = {
    "handshake.connects": patch(Session, "_serve", never),
    "handshake.closes": patch(Session, "_write", stay_closed),
    "open.twice": lambda monkeypatch: monkeypatch.setitem(Stream._SERVE, OpenRequest, once),
    "open.sizes": patch(Limits, "check_open", never),
    "data.bounds": patch(StreamLine, "check_region", never),
    "ring.status": patch(Stream, "_respond", positive),
    "ring.echo": patch(Stream, "_respond", dirty),
    "close.any": patch(Stream, "_respond", other_id),
    "position.periods": patch(Timeline, "begun", on_the_boundary),
    "event-id.older": patch(EventIds, "of", lambda ids, number: (number - ids._opened_at & 0xFFFF,)),
    "event-id.newer": patch(EventIds, "of", lambda ids, number: (number & 0xFFFF,)),
    "event-id.overflow": patch(GuestWire, "send_position", wasteful),
    "capture.fills": patch(SharedBuffer, "write_from", never),
    "trigger.prompt": lambda monkeypatch: monkeypatch.setitem(Stream._SERVE, TriggerRequest, never),
    "data.flow": lambda monkeypatch: monkeypatch.setitem(Stream._SERVE, WriteRequest, never),
    "query.quick": lambda monkeypatch: monkeypatch.setitem(Stream._SERVE, HwParamRequest, never),
    "volume.mute": patch(Volume, "mute", never),
    "query.subset": patch(Limits, "negotiate", lambda limits, asked: limits.hw_params()),
}


@pytest.mark.parametrize("rule_id", MUTANTS)
def test_a_backend_that_breaks_the_rule_is_found_out(
    rule_id: str, guest_host: SimHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempt(rule_id, guest_host).verdict is Verdict.PASS
    MUTANTS[rule_id](monkeypatch)
    line = attempt(rule_id, guest_host)
    assert line.verdict is Verdict.FAIL, line
    assert line.seen
