"""What playing and recording share: opening, closing, triggers, and what the application is told when."""

from dataclasses import replace
from errno import EBADFD, EINVAL, EIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.playback import PlaybackLine
from frontend import CapturePcm, Card, PlaybackPcm, open_capture, open_playback
from frontend.pcm import Pcm
from frontend.state import PcmState
from hosts.api import HostError
from hosts.tasks import spawn
from ringproto.errors import Errno, ProtocolError
from tests.frontend.served import MS, PARAMS, Served, noise

FULL = bytes(PARAMS.buffer_octets)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    soundfile.write(tmp_path / "source.wav", noise(48000), 48000, "PCM_16")
    return Served(tmp_path, record_from=str(tmp_path / "source.wav"))


@pytest.fixture
def card(served: Served) -> Card:
    return served.connect()


def opened(card: Card) -> PlaybackPcm:
    return open_playback(card, PARAMS).__enter__()


def pages_granted(served: Served) -> int:
    """How many pages domain 1 lets be mapped."""
    return len(served.host.grant_table._entries)


def test_states_follow_the_calls(served: Served, card: Card) -> None:
    pcm = open_playback(card, PARAMS)
    seen = [pcm.state]
    with pcm:
        seen.append(pcm.state)
        pcm.start()
        seen.append(pcm.state)
        pcm.stop()
        seen.append(pcm.state)
    assert [*seen, pcm.state] == [
        PcmState.CLOSED, PcmState.PREPARED, PcmState.RUNNING, PcmState.PREPARED, PcmState.CLOSED
    ]  # fmt: skip


def test_starting_a_running_stream_and_stopping_a_prepared_one_do_nothing(card: Card) -> None:
    seen: list[PcmState] = []
    with open_playback(card, PARAMS) as pcm:
        for step in (pcm.stop, pcm.start, pcm.start):
            step()
            seen.append(pcm.state)
    assert seen == [PcmState.PREPARED, PcmState.RUNNING, PcmState.RUNNING]


def test_closing_takes_the_pages_back_on_both_sides(served: Served, card: Card) -> None:
    before = pages_granted(served)
    for _ in range(3):
        with open_playback(card, PARAMS) as pcm:
            pcm.write(FULL)
            assert pages_granted(served) > before
        assert pages_granted(served) == before
    pcm.close()
    assert pcm.state is PcmState.CLOSED


def test_an_error_inside_with_still_closes(served: Served, card: Card) -> None:
    before = pages_granted(served)
    with pytest.raises(ZeroDivisionError), open_playback(card, PARAMS) as pcm:
        raise ZeroDivisionError
    assert (pcm.state, pages_granted(served)) == (PcmState.CLOSED, before)


def test_a_closed_pcm_refuses(card: Card) -> None:
    with open_playback(card, PARAMS) as pcm:
        pass
    for call in (lambda: pcm.write(bytes(4)), lambda: pcm.write_nowait(bytes(4)), pcm.drain, pcm.start):
        with pytest.raises(HostError) as closed:
            call()
        assert closed.value.errno == EBADFD


def test_less_than_two_periods_are_refused_before_anything_is_asked(served: Served, card: Card) -> None:
    (session,) = served.backend.sessions.values()
    with pytest.raises(HostError, match="at least two periods") as refused:
        open_playback(card, replace(PARAMS, period_frames=961)).__enter__()
    assert refused.value.errno == EINVAL
    assert session.streams[0].wire.requests == 0


def test_the_same_pcm_opened_again_begins_anew(served: Served, card: Card) -> None:
    first, second = noise(5000, 1), noise(5000, 2)
    pcm = open_playback(card, PARAMS)
    for sound in (first, second):
        with pcm:
            assert (pcm.hw_frames, pcm.room_frames) == (0, PARAMS.buffer_frames)
            pcm.write(sound)
            pcm.drain()
            assert pcm.underruns == 0
    heard = served.heard()
    for sound in (first, second):
        (start,) = np.flatnonzero((heard == sound[0]).all(axis=1))
        assert np.array_equal(heard[start : start + len(sound)], sound)


def test_the_same_capture_opened_again_begins_anew(card: Card) -> None:
    pcm = open_capture(card, PARAMS)
    for _ in range(2):
        with pcm:
            assert (pcm.hw_frames, pcm.ready_frames) == (0, 0)
            assert len(pcm.read(3000)) == 3000 * 4
            assert pcm.overruns == 0


def test_closing_while_an_underrun_is_being_recovered_tells_nobody_any_more(served: Served, card: Card) -> None:
    pcm = opened(card)
    told: list[PcmState] = []
    pcm.write(FULL)
    pcm.on_period = lambda now_ns: told.append(pcm.state)
    served.machine.run_until(lambda: pcm.state is PcmState.STOPPING)
    told.clear()
    pcm.close()
    served.settle(100 * MS)
    assert told == []
    assert pcm.underruns == 1


@pytest.mark.parametrize("kind", [PlaybackPcm, CapturePcm])
def test_the_application_is_told_once_when_the_backend_leaves(served: Served, card: Card, kind: type[Pcm]) -> None:
    pcm = (open_playback if kind is PlaybackPcm else open_capture)(card, PARAMS)
    told: list[PcmState] = []
    with pcm:
        pcm.start()
        pcm.on_period = lambda now_ns: told.append(pcm.state)
        served.backend.close()
        served.settle(10 * MS)
    assert told == [PcmState.LOST]


def test_losing_the_backend_while_recovering_is_losing_it(served: Served, card: Card) -> None:
    pcm = opened(card)
    pcm.write(FULL)
    served.machine.run_until(lambda: pcm.state is PcmState.STOPPING)
    card._links[0, 0].close()
    assert pcm.state is PcmState.LOST


def test_waiting_ends_when_the_backend_leaves(served: Served, card: Card) -> None:
    with open_playback(card, PARAMS) as pcm, open_capture(card, PARAMS) as recording:
        writing, reading = spawn(pcm.awrite(bytes(50_000 * 4))), spawn(recording.aread(50_000))
        served.settle(30 * MS)
        served.backend.close()
        served.settle(10 * MS)
        for waiting in (writing, reading):
            with pytest.raises(HostError, match="the backend is gone"):
                waiting.result()


def test_a_refusal_nobody_waited_for_ends_the_pcm_and_says_why(
    served: Served, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(line: PlaybackLine, request: object, now_ns: int) -> None:
        raise ProtocolError(Errno.EIO, "broken")

    pcm = opened(card)
    monkeypatch.setattr(PlaybackLine, "transfer", refuse)
    pcm.write_nowait(bytes(4))
    pcm.start()  # the answer to a WRITE is not rung for: it is found with the next that is
    with pytest.raises(HostError, match="refused a request") as refused:
        pcm.write_nowait(bytes(4))
    assert refused.value.errno == EIO
    assert pcm.state is PcmState.LOST


def test_positions_after_a_stop_count_on_from_a_whole_buffer(served: Served, card: Card) -> None:
    with open_playback(card, PARAMS) as pcm:
        pcm.write(FULL)
        served.settle(25 * MS)
        pcm.stop()
        assert pcm.hw_frames == PARAMS.buffer_frames
        pcm.write(FULL)
        served.machine.run_until(lambda: pcm.hw_frames > PARAMS.buffer_frames)
        assert pcm.hw_frames == PARAMS.buffer_frames + PARAMS.period_frames + 1
