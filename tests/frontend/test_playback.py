"""PlaybackPcm as an application sees it, and as the card hears it."""

from dataclasses import replace
from errno import EBUSY, EINVAL, ENODEV
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontend import PlaybackPcm, open_playback
from frontend.state import PcmState
from hosts.api import HostError
from ringproto.formats import Format
from tests.frontend.served import MS, PARAMS, Served, noise

FRAME_OCTETS = 4


def test_what_is_written_is_heard_bit_for_bit(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(20_000)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.write(sound)
        pcm.drain()
        assert pcm.underruns == 0
        assert pcm.hw_frames >= len(sound)
    heard = served.heard()
    assert np.array_equal(heard[: len(sound)], sound)
    assert not heard[len(sound) :].any()


def test_big_endian_arrays_and_odd_portions_are_fine(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(5000)
    params = replace(PARAMS, format=Format.S16_BE)
    with served.connect() as card, open_playback(card, params) as pcm:
        for part in np.array_split(sound.astype(">i2"), [1, 8, 500, 501, 3000]):
            pcm.write(part)
        pcm.drain()
    assert np.array_equal(served.heard()[: len(sound)], sound)


def test_many_small_writes_before_the_start_do_not_block(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(600)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        for frame in range(0, 600, 10):
            pcm.write(sound[frame : frame + 10])
        assert pcm.state is PcmState.PREPARED
        pcm.drain()
    assert np.array_equal(served.heard()[:600], sound)


def test_not_waiting_takes_what_fits_and_starts_when_full(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        assert pcm.room_frames == 1920
        assert pcm.write_nowait(bytes(1000 * FRAME_OCTETS)) == 1000
        served.settle(50 * MS)
        assert pcm.hw_frames == 0
        assert pcm.write_nowait(bytes(1000 * FRAME_OCTETS)) == 920
        assert pcm.write_nowait(bytes(FRAME_OCTETS)) == 0
        served.settle(11 * MS)
        assert pcm.room_frames == 481, "the period that has passed, and the frame being played"
        assert pcm.hw_frames == 481


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 15)), max_size=12))
def test_the_room_is_never_more_than_the_buffer_nor_less_than_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    served = Served(tmp_path_factory.mktemp("room"), play_to=None)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        for frames, ms in steps:
            room = pcm.room_frames
            assert 0 <= room <= PARAMS.buffer_frames
            assert pcm.write_nowait(bytes(frames * FRAME_OCTETS)) <= room
            served.settle(ms * MS)


def test_an_array_of_two_dimensions_and_one_of_one_are_the_same_frames(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(1000)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        assert pcm.write_nowait(sound[:500]) == 500
        assert pcm.write_nowait(sound[500:].reshape(-1)) == 500
        pcm.drain()
    assert np.array_equal(served.heard()[:1000], sound)


def test_draining_ends_when_the_last_frame_has_been_heard(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.write(noise(1000))
        before_ns = served.machine.timeline.now_ns
        pcm.drain()
        drained_ns = served.machine.timeline.now_ns
        assert 30 * MS <= drained_ns - before_ns <= 31 * MS, "told at the third period's end, stopped soon after"
        assert pcm.state is PcmState.PREPARED
        pcm.drain()
        assert served.machine.timeline.now_ns == drained_ns, "nothing to drain takes no time"


def test_each_period_is_told_once(tmp_path: Path) -> None:
    served = Served(tmp_path)
    told: list[int] = []
    with served.connect() as card, open_playback(card, PARAMS) as pcm:

        def feed(now_ns: int) -> None:
            told.append(now_ns)
            pcm.write_nowait(bytes(480 * FRAME_OCTETS))

        pcm.on_period = feed
        pcm.write_nowait(bytes(1920 * FRAME_OCTETS))
        served.settle(105 * MS)
    assert [at - told[0] for at in told] == [k * 10 * MS for k in range(10)]


def test_an_application_of_callbacks_fills_a_buffer_of_more_periods_than_requests_may_be_in_flight(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path)
    params = replace(PARAMS, period_frames=100, buffer_frames=10_000)
    sound = noise(20_000)
    at = 0
    with served.connect() as card, open_playback(card, params) as pcm:

        def feed(now_ns: int) -> None:
            nonlocal at
            while at < len(sound) and pcm.room_frames >= 100:
                at += pcm.write_nowait(sound[at : at + 100])

        pcm.on_period = feed
        feed(0)
        served.settle(600 * MS)
        assert at == len(sound)
    assert np.array_equal(served.heard()[: len(sound)], sound)


def test_part_of_a_frame_is_refused(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        with pytest.raises(HostError) as refused:
            pcm.write_nowait(bytes(6))
        assert refused.value.errno == EINVAL


def test_an_underrun_is_counted_once_and_the_stream_plays_on_with_the_next_frames(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(3840)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.write(sound[:1920])
        served.settle(300 * MS)
        assert pcm.underruns == 1
        assert pcm.state is PcmState.PREPARED
        served.settle(300 * MS)
        assert pcm.underruns == 1
        pcm.write(sound[1920:])
        pcm.drain()
        assert pcm.underruns == 1
    heard = served.heard()
    loud = np.flatnonzero(heard.any(axis=1))
    again = loud[np.argmax(np.diff(loud)) + 1]
    assert np.array_equal(heard[:1920], sound[:1920])
    assert np.array_equal(heard[again : again + 1920], sound[1920:])


def test_stopping_drops_what_is_queued_and_starting_again_begins_anew(tmp_path: Path) -> None:
    served = Served(tmp_path)
    first, second = noise(1920, 1), noise(1920, 2)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.write(first)
        served.settle(12 * MS)
        pcm.stop()
        assert pcm.room_frames == 1920
        pcm.write(second)
        pcm.drain()
    heard = served.heard()
    (start,) = np.flatnonzero((heard == second[0]).all(axis=1))
    assert np.array_equal(heard[start : start + 1920], second)


def test_a_stream_is_opened_by_one_at_a_time(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS):
        other = open_playback(card, PARAMS)
        with pytest.raises(HostError) as busy:
            other.__enter__()
        assert busy.value.errno == EBUSY
    assert other.state is PcmState.CLOSED


@pytest.mark.parametrize(
    "params",
    [
        replace(PARAMS, buffer_frames=481),
        replace(PARAMS, period_frames=10, buffer_frames=960),
        replace(PARAMS, format=Format.MPEG),
        replace(PARAMS, rate_hz=1),
        replace(PARAMS, channels=9),
    ],
)
def test_what_the_backend_does_not_offer_is_refused_and_the_stream_stays_free(tmp_path: Path, params: "object") -> None:
    served = Served(tmp_path)
    with served.connect() as card:
        with pytest.raises(HostError) as refused, open_playback(card, params):  # type: ignore[arg-type]
            pass
        assert refused.value.errno == EINVAL
        with open_playback(card, PARAMS) as pcm:
            assert isinstance(pcm, PlaybackPcm)


def test_a_backend_that_leaves_ends_the_stream_and_every_call_says_so(tmp_path: Path) -> None:
    served = Served(tmp_path)
    card = served.connect()
    pcm = open_playback(card, PARAMS).__enter__()
    pcm.write(bytes(1920 * FRAME_OCTETS))
    served.backend.close()
    served.settle(10 * MS)
    assert pcm.state is PcmState.LOST
    for call in (lambda: pcm.write(bytes(4)), lambda: pcm.write_nowait(bytes(4)), pcm.drain, pcm.start):
        with pytest.raises(HostError) as lost:
            call()
        assert lost.value.errno == ENODEV
    pcm.close()
    card.close()


def test_who_waits_for_room_has_it_then(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        served.run(pcm.aroom(1920))
        assert pcm.write_nowait(noise(1920)) == 1920
        before_ns = served.machine.timeline.now_ns
        served.run(pcm.aroom(900))
        assert pcm.room_frames == 961
        assert 20 * MS <= served.machine.timeline.now_ns - before_ns < 21 * MS
