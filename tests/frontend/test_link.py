"""One stream's wire from the guest's side, with the real backend at its other end."""

from errno import EBUSY, EINVAL, ENODEV, ETIMEDOUT
from pathlib import Path

import pytest

from backend.wire import GuestWire
from frontend import Card, open_playback
from frontend.link import TRIGGER_SLOTS, StreamLink
from hosts.api import HostError
from hosts.tasks import spawn
from ringproto.abi import RING_SLOTS, Trigger
from ringproto.card import Direction
from ringproto.messages import CloseRequest, HwParamRequest, HwParamResponse, Response, TriggerRequest, WriteRequest
from tests.frontend.served import MS, PARAMS, Served

LIMIT_NS = 3000 * MS


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture
def card(served: Served) -> Card:
    return served.connect()


@pytest.fixture
def link(card: Card) -> StreamLink:
    return card.link(Direction.PLAYBACK)[0]


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A backend that takes requests and answers none; `undo()` has it answer again."""
    monkeypatch.setattr(GuestWire, "push", lambda wire, response: None)
    return monkeypatch


def test_a_call_returns_the_answer(served: Served, link: StreamLink) -> None:
    answer = served.run(link.call(HwParamRequest(link.next_id(), PARAMS.as_query())))
    assert isinstance(answer, HwParamResponse)
    assert answer.params == PARAMS.as_query()


def test_a_refusal_is_raised_with_the_backends_errno(served: Served, link: StreamLink) -> None:
    with pytest.raises(HostError, match="TriggerRequest") as refused:
        served.run(link.call(TriggerRequest(link.next_id(), Trigger.START)))
    assert refused.value.errno == EINVAL


def test_a_request_nobody_answers_is_given_up_after_three_seconds(
    served: Served, link: StreamLink, mute: pytest.MonkeyPatch
) -> None:
    asked_ns = served.machine.timeline.now_ns
    with pytest.raises(HostError, match="HwParamRequest") as late:
        served.run(link.call(HwParamRequest(link.next_id(), PARAMS.as_query())))
    assert late.value.errno == ETIMEDOUT
    assert served.machine.timeline.now_ns == asked_ns + LIMIT_NS


def test_a_pcm_that_could_not_be_opened_in_time_leaves_the_stream_free(
    served: Served, card: Card, mute: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HostError) as late, open_playback(card, PARAMS):
        pass
    assert late.value.errno == ETIMEDOUT
    mute.undo()
    with open_playback(card, PARAMS) as pcm:
        pcm.write(bytes(480 * 4))
        pcm.drain()
        assert pcm.underruns == 0


def test_a_backend_that_never_answers_fills_the_ring_and_is_still_only_late(
    served: Served, link: StreamLink, mute: pytest.MonkeyPatch
) -> None:
    for _ in range(RING_SLOTS + 3):
        with pytest.raises(HostError) as late:
            served.run(link.call(CloseRequest(link.next_id())))
        assert late.value.errno == ETIMEDOUT
    assert served.machine.timeline.now_ns < (RING_SLOTS + 1) * LIMIT_NS, "at once, where there is no room to ask"


def test_an_answer_that_comes_too_late_is_dropped(
    served: Served, link: StreamLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[tuple[GuestWire, bytes]] = []
    monkeypatch.setattr(GuestWire, "push", lambda wire, response: held.append((wire, response)))
    with pytest.raises(HostError):
        served.run(link.call(CloseRequest(link.next_id())))
    monkeypatch.undo()
    ((wire, response),) = held
    wire.push(response)
    served.settle(MS)
    assert served.run(link.call(CloseRequest(link.next_id()))).status == 0


def test_ids_of_requests_in_flight_are_not_used_again(link: StreamLink) -> None:
    first = link.next_id()
    link.send(CloseRequest(first), lambda response: None)
    following = {link.next_id() for _ in range(0xFFFF)}
    assert len(following) == 0xFFFF, "all but the one"
    assert first not in following


def test_transfers_leave_room_for_triggers(link: StreamLink) -> None:
    assert link.room == RING_SLOTS - TRIGGER_SLOTS
    link.send(WriteRequest(link.next_id(), 0, 4), lambda response: None)
    assert link.room == RING_SLOTS - TRIGGER_SLOTS - 1


def test_answers_come_in_the_order_of_the_requests(served: Served, link: StreamLink) -> None:
    answered: list[int] = []
    for _ in range(3):
        link.send(CloseRequest(link.next_id()), lambda response: answered.append(response.id))
    served.settle(MS)
    assert answered == sorted(answered)
    assert len(answered) == 3


def test_a_link_serves_one_pcm_at_a_time(link: StreamLink) -> None:
    link.attach(lambda position, now_ns: None, lambda: None)
    with pytest.raises(HostError) as busy:
        link.attach(lambda position, now_ns: None, lambda: None)
    assert busy.value.errno == EBUSY
    link.detach()
    link.attach(lambda position, now_ns: None, lambda: None)


def test_when_the_backend_leaves_everybody_who_waits_hears_enodev(
    served: Served, link: StreamLink, mute: pytest.MonkeyPatch
) -> None:
    lost: list[bool] = []
    answers: list[int] = []
    link.attach(lambda position, now_ns: None, lambda: lost.append(True))

    def keep(response: Response | HwParamResponse) -> None:
        answers.append(response.status)

    link.send(CloseRequest(link.next_id()), keep)
    called = spawn(link.call(CloseRequest(link.next_id())))
    served.backend.close()
    served.settle(10 * MS)
    assert (lost, answers) == ([True], [-ENODEV])
    with pytest.raises(HostError) as gone:
        called.result()
    assert gone.value.errno == ENODEV
    with pytest.raises(HostError) as sending:
        link.send(CloseRequest(1), keep)
    assert sending.value.errno == ENODEV


def test_a_link_gives_back_all_that_it_took(served: Served, card: Card) -> None:
    """Simulated pages refuse to go while anybody holds a view of them; see hosts.sim.memory."""
    with card, open_playback(card, PARAMS) as pcm:
        pcm.write(bytes(4000 * 4))
    served.settle(10 * MS)
    served.host.close()
    served.backend.close()
    served.dom0.close()
