"""The playing half: what the card gets of an application's ring, when it is rung, and when it is turned out."""

from collections.abc import Iterator
from errno import ENODEV, ETIMEDOUT

import numpy as np
import pytest

from backend.devices.api import DeviceError
from frontend.process import Process
from ringproto.errors import ProtocolError
from ringproto.local.region import Word
from ringproto.trace import Point
from tests.backend.local.stage import LEAD, PERIOD, Both, Stage, level_of

LATE_NS = 1_000_000_000
SAMPLE = 4 * 2


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage(absent_ms=100, absent_blocks=3)
    yield stage
    stage.close()


def numbered(both: Both, level: int = 0) -> Process:
    return level_of(lambda: both.cycle.frame, level)


def heard_blocks(stage: Stage) -> list[int]:
    """The sample of each period that the card was given; all of its samples are the same."""
    periods = stage.heard.reshape(-1, PERIOD * 2)
    assert (periods == periods[:, :1]).all()
    return [int(period[0]) for period in periods]


def test_blocks_are_heard_in_their_places_and_rung_for(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    assert heard_blocks(stage) == [1, 2]
    assert tone.words[Word.POSTS] == 1
    for period in range(1, 6):
        tone.wake(numbered(tone))
        stage.look(period * PERIOD)
    assert heard_blocks(stage) == [1, 2, 3, 4, 5, 6, 7]
    assert tone.words[Word.POSTS] == 6
    assert tone.words[Word.POSITION] == 5 * PERIOD
    assert tone.cycle.played_frames == 5 * PERIOD


def test_a_look_between_two_periods_rings_nobody(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    posts = tone.words[Word.POSTS]
    stage.look(PERIOD // 4)
    assert tone.words[Word.POSTS] == posts


def test_one_that_sleeps_is_silence_and_comes_back_in_its_place(stage: Stage) -> None:
    tone = stage.enter(ring=2)
    tone.start(numbered(tone))
    for period in range(1, 4):
        stage.look(period * PERIOD)
    assert heard_blocks(stage) == [1, 2, 0, 0, 0]
    tone.wake(numbered(tone))
    stage.look(4 * PERIOD)
    stage.look(5 * PERIOD)
    assert heard_blocks(stage) == [1, 2, 0, 0, 0, 6, 7]
    assert tone.cycle.late_blocks == 3
    statistics = tone.application.statistics(stage.loop.now_ns())
    assert (statistics.missed_blocks, statistics.frames) == (3, 5 * PERIOD)
    assert tone.application.counters(0).underruns == 1


def test_one_that_was_not_rung_in_time_is_not_to_blame(stage: Stage) -> None:
    tone = stage.enter(ring=1)
    tone.start(numbered(tone))  # the card takes two periods at once, for the second of which it was not rung
    blamed = tone.application.playing.blame.counted if tone.application.playing else None
    assert blamed is not None
    assert (blamed.missed, blamed.unposted, blamed.asleep) == (1, 1, 0)
    stage.look(3 * PERIOD, later_ns=LATE_NS)  # the backend stood still
    assert blamed.missed == 4
    assert blamed.unposted == 3
    assert stage.ends == []


@pytest.mark.parametrize("awake", [False, True])
def test_one_that_stays_away_is_turned_out(stage: Stage, awake: bool) -> None:
    tone = stage.enter(ring=1)
    tone.start(numbered(tone))
    for period in range(1, 4):
        assert stage.ends == []
        if awake:
            tone.words[Word.WOKEN] = tone.words[Word.POSTS]
        stage.look(period * PERIOD, later_ns=period * LATE_NS)
    assert [error.errno for error in stage.ends if isinstance(error, OSError)] == [ETIMEDOUT]
    assert tone.application.playing is not None
    assert tone.application.playing.blame.counted.asleep == (0 if awake else 3)


@pytest.mark.parametrize(
    ("word", "value"), [(Word.PRODUCED, 99), (Word.PRODUCED, (1 << 64) - 1), (Word.PRODUCED, 1), (Word.WOKEN, 99)]
)
def test_words_that_cannot_be_end_it_and_it_alone(stage: Stage, word: Word, value: int) -> None:
    tone, other = stage.enter(), stage.enter()
    tone.start(numbered(tone))
    other.start(numbered(other, 100))
    tone.words[word] = value
    for period in range(1, 4):
        other.wake(numbered(other, 100))
        stage.look(period * PERIOD)
    assert [type(error) for error in stage.ends] == [ProtocolError]
    assert tone.application.playing is not None
    assert other.application.counters(0).late_frames == 0


def test_what_was_written_is_made_safe(stage: Stage) -> None:
    wild = stage.enter()
    other = stage.enter(playback=1)

    def process(_input: object, output: np.ndarray[tuple[int, int], np.dtype[np.float32]], frames: int) -> None:
        output[:] = [np.nan, np.inf]
        output[: frames // 2] = [-np.inf, 1e30]

    wild.start(process)
    other.start(numbered(other))
    first, second = stage.heard[: PERIOD // 2], stage.heard[PERIOD // 2 : PERIOD]
    assert (first == [-32768, 32767]).all()
    assert (second == [0, 32767]).all()


def test_other_channels_are_remixed_and_turned(stage: Stage) -> None:
    mono = stage.enter(playback=1)
    mono.start(numbered(mono, 999))
    assert (stage.heard[:PERIOD] == 1000).all()
    assert mono.application.playing is not None
    mono.application.playing.set_gains([0.5], stage.loop.now_ns())
    for period in range(1, 9):
        mono.wake(numbered(mono, 999))
        stage.look(period * PERIOD)
    assert (stage.heard[-PERIOD:] == round((1000 + 9) / 2)).all()


def test_a_card_that_ran_dry_leaves_blocks_out(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    stage.played.written_frames += 5 * PERIOD
    stage.look(LEAD + 4 * PERIOD)
    assert stage.notes.of(Point.DRY) == [(Point.DRY, 0, 7 * PERIOD, 5 * PERIOD)]
    tone.wake(numbered(tone))
    assert tone.cycle.late_blocks == 5
    stage.look(LEAD + 5 * PERIOD)
    assert heard_blocks(stage)[-1] == 9


def test_a_device_that_is_gone_ends_it(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    stage.played.failing = True
    stage.look(PERIOD)
    assert [error.errno for error in stage.ends if isinstance(error, DeviceError)] == [ENODEV]


def test_who_leaves_is_heard_no_more_and_leaving_twice_is_harmless(stage: Stage) -> None:
    tone, other = stage.enter(), stage.enter()
    tone.start(numbered(tone))
    other.start(numbered(other, 100))
    tone.application.close(ENODEV)
    tone.application.close(ENODEV)
    other.wake(numbered(other, 100))
    stage.look(PERIOD)
    assert heard_blocks(stage)[-1] == 101
    assert tone.words[Word.ENDED] == ENODEV
    assert tone.application.past(0).frames == 0
    assert tone.application.past(1).frames == 0


def test_it_leaves_the_trace_of_a_guest(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    stage.look(PERIOD)
    tone.wake(numbered(tone))
    tone.application.close(ENODEV)
    records = stage.notes.records
    assert records[:6:2] == [(Point.QUEUED, 0, block * PERIOD, PERIOD) for block in (1, 2, 3)]
    assert stage.notes.of(Point.STARTED, Point.STOPPED) == [(Point.STARTED, 0, 0, 0), (Point.STOPPED, 0, PERIOD, 0)]
    assert stage.notes.of(Point.COPIED) == [(Point.COPIED, 0, block * PERIOD, PERIOD) for block in (1, 2, 3)]
    assert stage.notes.of(Point.RENDERED) == [(Point.RENDERED, 0, frame, frame) for frame in (LEAD, LEAD + PERIOD)]
    news = [(point, 0, frame, PERIOD * SAMPLE) for point, frame in ((Point.EVENT, PERIOD), (Point.WOKE_GUEST, 0))]
    assert stage.notes.of(Point.EVENT, Point.WOKE_GUEST) == news
    assert stage.notes.of(Point.TOLD) == [(Point.TOLD, 0, PERIOD, PERIOD * SAMPLE)]


def test_it_keeps_as_close_to_the_card_as_it_asks_to(stage: Stage) -> None:
    tone = stage.enter(ring=4)
    period_ns = 10_000_000
    assert tone.application.be_ahead(30 * period_ns) == (4, 6 * period_ns)
    assert tone.application.be_ahead(4 * period_ns) == (2, 4 * period_ns)
    assert tone.application.be_ahead(0) == (1, 3 * period_ns)
    tone.wake(numbered(tone))
    assert tone.cycle.frame == PERIOD
    recorder = stage.enter(playback=0, capture=1)
    with pytest.raises(ProtocolError, match="does not play"):
        recorder.application.be_ahead(0)


def test_it_starts_once(stage: Stage) -> None:
    tone = stage.enter()
    tone.start(numbered(tone))
    with pytest.raises(ProtocolError, match="started already"):
        tone.application.start(0)
