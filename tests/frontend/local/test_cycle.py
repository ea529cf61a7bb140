"""One ring of the bell after another: what `process` is given, and where what it writes goes."""

import numpy as np
import pytest

from frontend.local.cycle import Cycle, Trace
from frontend.process import FloatArray
from ringproto.local.region import LOCAL_DOMID_FIRST, Shape, Word, words_of, write_header
from ringproto.local.rings import InputWriter, OutputReader
from ringproto.trace import NoTrace

PERIOD = 4


def nothing() -> None:
    """A fence for one thread."""


class Desk:
    """An application's cycle, and the backend's ends of its rings."""

    def __init__(self, ring: int = 3, playback: int = 1, capture: int = 1) -> None:
        shape = Shape(48000, PERIOD, ring, playback, capture)
        self._memory = memoryview(bytearray(shape.octets))
        write_header(shape, self._memory)
        self.words = words_of(self._memory)
        self.words[Word.DEPTH] = ring
        self.cycle = Cycle(self._memory, self.words, shape, nothing)
        self.reader, self.writer = OutputReader(self.words, shape, nothing), InputWriter(self.words, shape, nothing)
        self.output, self.input = (
            np.frombuffer(self._memory[at:], np.float32, ring * PERIOD * channels).reshape(ring, -1)
            for at, channels in ((shape.output_at, playback), (shape.input_at, capture))
        )
        self.given: list[tuple[int, float]] = []
        """The place of each block, and the first sample of its input."""
        self._trace = Trace(NoTrace(), LOCAL_DOMID_FIRST, lambda: 0)

    def wake(self) -> None:
        """Ring once."""
        self.cycle.run(self._process, self._trace)

    def _process(self, input: FloatArray, output: FloatArray, frames: int) -> None:  # noqa: A002
        assert frames == PERIOD
        self.given.append((self.cycle.frame, float(input[0, 0]) if input.size else -1.0))
        output[: frames // 2] = self.cycle.frame + 1  # the rest is left as it is

    def mix(self) -> list[float] | None:
        """The backend mixes a block; None for silence."""
        part = self.reader.next(PERIOD)
        block: list[float] | None = None if part.slot is None else self.output[part.slot].tolist()
        self.reader.publish()
        return block

    def record(self, level: float) -> None:
        """The backend records a block."""
        part = self.writer.next(PERIOD)
        if part.slot is not None:
            self.input[part.slot] = level
        self.writer.publish()


def test_the_ring_is_filled_and_then_kept_full() -> None:
    desk = Desk(capture=0)
    desk.wake()
    desk.wake()
    assert desk.given == [(0, -1), (4, -1), (8, -1)]
    assert desk.mix() == [1, 1, 0, 0]
    desk.wake()
    assert desk.given[3:] == [(12, -1)]


def test_what_is_not_written_is_silence_and_nothing_that_was_there_before() -> None:
    desk = Desk(ring=1, capture=0)
    for frame in (0, 4, 8):
        desk.wake()
        assert desk.mix() == [frame + 1, frame + 1, 0, 0]


def test_after_a_sleep_it_goes_on_with_what_is_due() -> None:
    desk = Desk(capture=0)
    desk.wake()
    for _ in range(10):
        desk.mix()
    desk.wake()
    assert [frame for frame, _ in desk.given[3:]] == [40, 44, 48]
    assert desk.cycle.late_blocks == 7
    assert desk.mix() == [41, 41, 0, 0]


def test_one_that_only_records_is_given_each_block() -> None:
    desk = Desk(playback=0)
    for level in (1, 2, 3, 4):
        desk.record(level)
    desk.wake()
    desk.record(5)
    desk.wake()
    assert desk.given == [(0, 1), (4, 2), (8, 3), (16, 5)]
    assert desk.cycle.lost_blocks == 1
    assert desk.cycle.passed_frames == 5 * PERIOD


def test_with_each_block_played_it_is_given_one_and_one_is_kept_back() -> None:
    desk = Desk()
    desk.wake()
    assert desk.given == [(0, 0), (4, 0), (8, 0)]
    for level in range(1, 7):
        desk.mix()
        desk.record(level)
        desk.wake()
    assert [level for _, level in desk.given[3:]] == [0, 1, 2, 3, 4, 5]
    assert (desk.cycle.missing_inputs, desk.cycle.lost_blocks) == (4, 0)


def test_an_input_that_is_late_once_is_not_missed() -> None:
    desk = Desk()
    desk.wake()
    late = [(1, 2), (), (3, 4), (5,), (), (6, 7)]
    for levels in late:
        desk.mix()
        for level in levels:
            desk.record(level)
        desk.wake()
    assert [level for _, level in desk.given[3:]] == [1, 2, 3, 4, 5, 6]


def test_when_none_is_left_one_is_kept_back_anew() -> None:
    desk = Desk()
    desk.wake()
    for levels in [(1, 2), (), (), (3,), (4,), (5,)]:
        desk.mix()
        for level in levels:
            desk.record(level)
        desk.wake()
    assert [level for _, level in desk.given[3:]] == [1, 2, 0, 0, 3, 4]


def test_it_does_not_hear_itself_later_for_ever_after_it_slept() -> None:
    desk = Desk()
    desk.wake()
    desk.record(1)
    desk.record(2)
    desk.record(3)
    desk.mix()
    desk.wake()
    assert desk.given[3:] == [(12, 2)]
    assert desk.cycle.lost_blocks == 1


@pytest.mark.parametrize("ring", [1, 2])
def test_small_rings_serve_too(ring: int) -> None:
    desk = Desk(ring=ring)
    desk.wake()
    for level in range(1, 9):
        desk.record(level)
        assert desk.mix() is not None
        desk.wake()
    assert [level for _, level in desk.given[-3:]] == ([6, 7, 8] if ring == 1 else [5, 6, 7])


def test_what_process_raises_goes_through_and_the_block_is_not_played() -> None:
    desk = Desk(capture=0)
    with pytest.raises(ZeroDivisionError):
        desk.cycle.run(lambda input_, output, frames: divmod(1, 0) and None, desk._trace)
    assert desk.mix() is None
