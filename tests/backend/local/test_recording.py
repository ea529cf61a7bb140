"""The recording half: what comes into an application's ring, and what does not."""

from collections.abc import Iterator
from errno import ETIMEDOUT

import numpy as np
import pytest

from frontend.process import FloatArray
from ringproto.errors import ProtocolError
from ringproto.local.region import Word
from ringproto.trace import Point
from tests.backend.local.stage import PERIOD, Both, Samples, Stage

SOUND = np.random.default_rng(1).integers(-30000, 30000, (40 * PERIOD, 2), dtype=np.int16)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage(absent_ms=10, absent_blocks=2)
    yield stage
    stage.close()


class Ears:
    """Keeps what it is given, as 16-bit samples, with its place."""

    def __init__(self, both: Both) -> None:
        self._both = both
        self.blocks: dict[int, Samples] = {}

    def process(self, input: FloatArray, _output: FloatArray, frames: int) -> None:  # noqa: A002
        assert not input.flags.writeable
        self.blocks[self._both.cycle.frame] = np.rint(input * 32768).astype(np.int16)


def test_what_the_card_records_comes_block_by_block(stage: Stage) -> None:
    both = stage.enter(playback=0, capture=2)
    ears = Ears(both)
    both.start(ears.process)
    for frame in range(0, 6 * PERIOD, PERIOD // 2):
        stage.hear(SOUND[frame : frame + PERIOD // 2])
        both.wake(ears.process)
    assert np.array_equal(np.concatenate(list(ears.blocks.values())), SOUND[: 6 * PERIOD])
    assert list(ears.blocks) == list(range(0, 6 * PERIOD, PERIOD))
    assert both.words[Word.POSTS] == 6


def test_one_that_does_not_read_loses_the_newest_and_all_keep_their_places(stage: Stage) -> None:
    both = stage.enter(playback=0, capture=2, ring=2)
    ears = Ears(both)
    both.start(ears.process)
    stage.hear(SOUND[: 4 * PERIOD])
    both.wake(ears.process)
    stage.hear(SOUND[4 * PERIOD : 5 * PERIOD])
    both.wake(ears.process)
    assert list(ears.blocks) == [0, PERIOD, 4 * PERIOD]
    for frame, block in ears.blocks.items():
        assert np.array_equal(block, SOUND[frame : frame + PERIOD])
    statistics = both.application.statistics(0)
    assert (statistics.lost_blocks, statistics.frames) == (2, 5 * PERIOD)
    assert both.application.counters(1).underruns == 1
    assert both.application.counters(1).late_frames == 2 * PERIOD
    assert both.cycle.lost_blocks == 2
    assert stage.ends == []  # it was never rung in between


def test_one_that_reads_nothing_for_long_is_turned_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    both = stage.enter(playback=0, capture=1, ring=1)
    both.start(lambda input_, output, frames: None)
    real_ns = stage.loop.now_ns
    for period in range(5):
        later_ns = period * 1_000_000_000
        monkeypatch.setattr(stage.loop, "now_ns", lambda later_ns=later_ns: real_ns() + later_ns)
        stage.hear(SOUND[:PERIOD])
    assert [error.errno for error in stage.ends if isinstance(error, OSError)] == [ETIMEDOUT]


def test_a_count_that_cannot_be_ends_it_and_it_alone(stage: Stage) -> None:
    both, other = stage.enter(playback=0, capture=2), stage.enter(playback=0, capture=2)
    ears = Ears(other)
    both.start(ears.process)
    other.start(ears.process)
    both.words[Word.TAKEN] = 1 << 40
    for period in range(3):
        stage.hear(SOUND[period * PERIOD : (period + 1) * PERIOD])
        other.wake(ears.process)
    assert [type(error) for error in stage.ends] == [ProtocolError]
    assert list(ears.blocks) == [0, PERIOD, 2 * PERIOD]


def test_other_channels_are_remixed_and_turned(stage: Stage) -> None:
    both = stage.enter(playback=0, capture=1)
    ears = Ears(both)
    assert both.application.recording is not None
    both.application.recording.set_gains([0.5], 0)
    both.start(ears.process)
    stage.hear(np.full((PERIOD, 2), 8000, np.int16))
    both.wake(ears.process)
    assert (ears.blocks[0] == 4000).all()


def test_it_leaves_the_trace_of_a_guest(stage: Stage) -> None:
    both = stage.enter(playback=0, capture=2)
    both.start(lambda input_, output, frames: None)
    stage.hear(SOUND[: PERIOD // 2])
    stage.hear(SOUND[PERIOD // 2 : PERIOD + 1])
    both.wake(lambda input_, output, frames: None)
    octets = PERIOD * 8
    assert stage.notes.records == [
        (Point.STARTED, 1, 0, 0),
        (Point.COPIED, 1, PERIOD, PERIOD),
        (Point.EVENT, 1, PERIOD, octets),
        (Point.WOKE_GUEST, 1, 0, octets),
        (Point.TOLD, 1, PERIOD, octets),
        (Point.TAKEN, 1, PERIOD, PERIOD),
    ]


def test_frames_that_the_card_lost_keep_their_places(stage: Stage) -> None:
    both = stage.enter(playback=0, capture=2, ring=8)
    ears = Ears(both)
    both.start(ears.process)
    stage.recorded.written_frames += 2 * PERIOD  # it ran over
    stage.hear(SOUND[:PERIOD])
    both.wake(ears.process)
    assert list(ears.blocks) == [0, PERIOD, 2 * PERIOD]
    assert not ears.blocks[0].any()
    assert np.array_equal(ears.blocks[2 * PERIOD], SOUND[:PERIOD])
    assert stage.notes.of(Point.DRY) == [(Point.DRY, 1, 2 * PERIOD, 2 * PERIOD)]
