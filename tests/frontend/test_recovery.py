"""Going on after the backend or the card went away, with the real backend at the other end."""

import logging
from collections.abc import Callable
from dataclasses import replace
from errno import EINVAL, ENODEV, ENOSPC, ETIMEDOUT
from pathlib import Path

import numpy as np
import pytest

from backend.wire import GuestWire
from compose.byhand import default_card
from compose.toolstack import Attachment, attach, detach, remove
from frontend import Card, PlaybackPcm, arecover, open_capture, open_playback, recover, through_losses
from frontend.driver import REST_NS
from frontend.state import PcmState
from hosts.api import HostError
from hosts.tasks import Future, sleep_until, spawn
from ringproto.card import Direction
from ringproto.rings import FrontRing
from ringproto.xenbus import XenbusState
from tests.frontend.served import MS, PARAMS, Served, noise

SECOND = 1000 * MS
ATTACHMENT = Attachment(1, default_card())


def nothing_more() -> Future[None]:
    done: Future[None] = Future()
    done.set(None)
    return done


def state(thing: PlaybackPcm | Card) -> PcmState | XenbusState:
    """As it is now, whatever it was asserted to be before."""
    return thing.state


async def reopened() -> None:
    await nothing_more()


def restart(served: Served, pause_ns: int = 0) -> None:
    served.backend.close()
    served.settle(pause_ns)
    served.backend = served.new_backend()


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture
def pcm(served: Served) -> PlaybackPcm:
    card = served.connect()
    pcm = open_playback(card, PARAMS).__enter__()
    pcm.write(noise(1920))
    served.settle(15 * MS)
    assert state(pcm) is PcmState.RUNNING
    return pcm


def test_a_lost_pcm_is_opened_anew_with_the_same_parameters(served: Served, pcm: PlaybackPcm) -> None:
    restart(served)
    served.settle(10 * MS)
    assert (pcm.state, pcm.is_lost) == (PcmState.LOST, True)
    recover(pcm)
    assert (pcm.state, pcm.is_lost, pcm.hw_frames) == (PcmState.PREPARED, False, 0)
    pcm.write(noise(4000, seed=2))
    pcm.drain()
    assert pcm.underruns == 0
    pcm.close()
    assert np.array_equal(served.heard()[-1:], [[0, 0]])


def test_what_is_written_after_the_loss_is_heard_whole(served: Served, pcm: PlaybackPcm) -> None:
    restart(served, 100 * MS)
    recover(pcm)
    pcm.write(noise(4000, seed=2))
    pcm.drain()
    pcm.close()
    assert np.array_equal(served.heard()[:4000], noise(4000, seed=2))


def test_recovering_is_given_up_when_no_backend_is_back_in_ten_seconds(served: Served, pcm: PlaybackPcm) -> None:
    served.backend.close()
    served.settle(10 * MS)
    with pytest.raises(HostError) as late:
        recover(pcm)
    assert late.value.errno == ETIMEDOUT
    served.backend = served.new_backend()
    recover(pcm)
    assert state(pcm) is PcmState.PREPARED, "having given up once is no reason to fail later"


def test_a_backend_that_goes_while_the_stream_is_reopened_is_waited_for_again(
    served: Served, pcm: PlaybackPcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    restart(served)
    served.settle(10 * MS)
    monkeypatch.setattr(GuestWire, "push", lambda wire, response: None)
    recovered = spawn(arecover(pcm))
    served.settle(500 * MS)
    monkeypatch.undo()
    restart(served)
    served.settle(500 * MS)
    recovered.result()
    assert state(pcm) is PcmState.PREPARED


def test_an_application_goes_on_through_any_number_of_losses(served: Served, pcm: PlaybackPcm) -> None:
    done: list[int] = []
    losses: list[None] = []

    async def play() -> str:
        while len(done) < 60:
            await pcm.awrite(noise(480))
            done.append(served.machine.timeline.now_ns)
        await pcm.adrain()
        return "played"

    async def count() -> None:
        losses.append(None)

    playing = spawn(through_losses(pcm, play, count))
    for _ in range(3):
        served.settle(40 * MS)
        restart(served, 20 * MS)
        served.settle(100 * MS)
    served.settle(SECOND)
    assert (playing.result(), len(losses)) == ("played", 3)


def test_an_applications_own_error_is_its_own(served: Served, pcm: PlaybackPcm) -> None:
    async def fail() -> None:
        raise HostError(EINVAL, "its own")

    with pytest.raises(HostError, match="its own"):
        served.run(through_losses(pcm, fail, reopened))


def test_a_reader_goes_on_too(served: Served) -> None:
    pcm = open_capture(served.connect(), PARAMS).__enter__()
    taken: list[bytes] = []

    async def take() -> None:
        while len(taken) < 40:
            taken.append(await pcm.aread(480))

    taking = spawn(through_losses(pcm, take, reopened))
    served.settle(100 * MS)
    restart(served)
    served.settle(2 * SECOND)
    assert taking.done
    taking.result()


@pytest.mark.parametrize("action", [detach, remove])
def test_a_card_taken_away_is_lost_and_what_was_there_is_not_written_to(
    served: Served, pcm: PlaybackPcm, action: Callable[..., None]
) -> None:
    action(served.dom0.store, ATTACHMENT)
    served.settle(10 * MS)
    assert state(pcm) is PcmState.LOST
    remove(served.dom0.store, ATTACHMENT)
    served.settle(2 * SECOND)
    assert served.dom0.store.list("/local/domain/1/device/vsnd") == ()
    attach(served.dom0.store, ATTACHMENT)
    recover(pcm)
    assert state(pcm) is PcmState.PREPARED


def test_a_card_attached_anew_with_other_streams_is_taken_as_it_is(served: Served, pcm: PlaybackPcm) -> None:
    config = default_card()
    (device,) = config.pcms
    alone = replace(config, pcms=(replace(device, streams=device.streams[1:]),))
    alone = replace(alone, pcms=(replace(alone.pcms[0], streams=(replace(device.streams[1], index=0),)),))
    detach(served.dom0.store, ATTACHMENT)
    served.settle(10 * MS)
    remove(served.dom0.store, ATTACHMENT)
    attach(served.dom0.store, Attachment(1, alone))
    served.settle(100 * MS)
    with pytest.raises(HostError, match="no such stream"):
        recover(pcm)  # what has its number records now


def test_a_drivers_leftover_state_makes_the_backend_start_over(served: Served) -> None:
    """A guest that was killed left its card as connected; its next driver begins as the kernel's do, by saying 1."""
    first = served.connect()
    first._watch.cancel()  # it hears and does nothing any more
    card = Card(served.host)
    served.run(card.connected())
    assert state(card) is XenbusState.CONNECTED
    with open_playback(card, PARAMS) as pcm:
        pcm.write(noise(1920))
        pcm.drain()


# -- a backend that does what none can --------------------------------------------------------------------------------


def spoil(pcm: PlaybackPcm, which: str) -> None:
    """Write an impossible count into a shared page, as the backend could, and ring."""
    link = pcm._link
    if which == "rsp_prod":
        link._ring_grant.pages[0].cast("I")[2] = 1000
    else:
        link._event_grant.pages[0].cast("I")[1] = 1000
    link._look(0)


@pytest.mark.parametrize("which", ["rsp_prod", "in_prod"])
def test_impossible_counts_end_the_connection_and_are_said_once(
    served: Served, pcm: PlaybackPcm, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "vsnd.frontend"):
        for _ in range(3):
            spoil(pcm, which)
            assert state(pcm) is PcmState.LOST
            recover(pcm)
            assert state(pcm) is PcmState.PREPARED
    said = [record.getMessage() for record in caplog.records if record.name == "vsnd.frontend"]
    assert len(said) == 1
    assert which in said[0]


def test_a_backend_that_always_breaks_the_rules_is_tried_once_a_second(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    take = FrontRing.take

    def broken(ring: FrontRing) -> bytes | None:
        ring._words[2] = 1000
        return take(ring)

    card = served.connect()
    publish = card._publish

    def note_and_publish() -> None:
        made.append(served.machine.timeline.now_ns)
        publish()

    monkeypatch.setattr(card, "_publish", note_and_publish)
    monkeypatch.setattr(FrontRing, "take", broken)

    async def insist() -> None:
        while True:
            try:
                await card.connected()
                card.link(Direction.PLAYBACK)[0]._look(0)
            except HostError:
                pass
            await sleep_until(served.host.loop, served.host.loop.now_ns() + MS)

    spawn(insist())
    served.settle(10 * SECOND)
    assert 8 <= len(made) <= 10 * SECOND // REST_NS


@pytest.mark.parametrize("refusal", ["share", "offer_channel", "store"])
def test_a_machine_that_refuses_is_asked_again_after_a_rest(
    served: Served, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_wanted: object) -> None:
        raise HostError(ENOSPC, "full")

    card = Card(served.host)
    if refusal == "store":
        monkeypatch.setattr(served.host.store, "transact", refuse)
    else:
        monkeypatch.setattr(served.host, refusal, refuse)
    served.settle(3 * SECOND)
    assert state(card) is XenbusState.INITIALISING
    with pytest.raises(HostError) as unconnected:
        card.link(Direction.PLAYBACK)
    assert unconnected.value.errno == ENODEV
    assert not served.host._held, "what was made until then is given back"
    monkeypatch.undo()
    served.run(card.connected())
    assert state(card) is XenbusState.CONNECTED
