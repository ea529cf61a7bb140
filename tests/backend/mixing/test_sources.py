import numpy as np
import pytest

from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.remix import Remix
from backend.mixing.resample import NEAR_FRAMES, Resampler
from backend.mixing.sources import QueueSource, RemixSource, ResampleSource
from ringproto.formats import Format
from tests.backend.mixing.samples import floats, pack, put


class ListSource:
    """Gives the frames it was handed, and remembers how many it was asked for."""

    def __init__(self, frames: FloatArray) -> None:
        self.frames = frames
        self.asked: list[int] = []
        self.resets = 0
        self.place = 0
        self.history_frames = 0

    def read(self, out: FloatArray) -> int:
        self.asked.append(len(out))
        count = min(len(out), len(self.frames))
        out[:count] = self.frames[:count]
        self.frames = self.frames[count:]
        self.place += count
        return count

    @property
    def ready_frames(self) -> int:
        return len(self.frames)

    def rewind(self, frames: int) -> None:
        assert not frames

    def reset(self) -> None:
        self.resets += 1


def ramp(frames: int, channels: int) -> FloatArray:
    return np.linspace(-1, 1, frames * channels, dtype=np.float32).reshape(frames, channels)


def drain(source: ResampleSource, block: int) -> FloatArray:
    parts = []
    while True:
        out = floats(block, 1)
        count = source.read(out)
        parts.append(out[:count])
        if count < block:
            return np.concatenate(parts)


def test_a_queue_source_decodes_across_the_wrap() -> None:
    queue = FrameQueue(16, 4)
    source = QueueSource(queue, Format.S16_LE, 2, 4)
    for k in range(10):
        put(queue, pack(Format.S16_LE, range(6 * k, 6 * k + 6)))
        out = floats(4, 2)
        assert source.read(out) == 3
        assert (out[:3].reshape(-1) * 32768).tolist() == list(range(6 * k, 6 * k + 6))


def test_a_queue_source_takes_no_more_than_asked_for_and_no_part_of_a_frame() -> None:
    queue = FrameQueue(16, 4)
    source = QueueSource(queue, Format.S16_LE, 2, 4)
    put(queue, bytes(11))
    assert source.read(floats(1, 2)) == 1
    assert source.read(floats(4, 2)) == 1
    assert source.read(floats(4, 2)) == 0
    assert queue.fill_octets == 3


def test_an_idle_remix_reads_straight_through() -> None:
    frames = ramp(5, 2)
    source = RemixSource(ListSource(frames), Remix(2, 2), 8)
    out = floats(4, 2)
    assert source.read(out) == 4
    assert np.array_equal(out, frames[:4])


def test_a_remix_changes_only_the_frames_there_are() -> None:
    source = RemixSource(ListSource(np.full((3, 2), 0.5, np.float32)), Remix(2, 1), 8)
    out = floats(4, 1)
    assert source.read(out) == 3
    assert out[:3].tolist() == [[0.5]] * 3
    assert np.isnan(out[3]).all()


@pytest.mark.parametrize(("in_hz", "out_hz"), [(44100, 48000), (48000, 44100), (8000, 48000), (96000, 48000)])
@pytest.mark.parametrize("frames", [1, 100, 245, 3001])
@pytest.mark.parametrize("block", [64, 480])
def test_a_sound_keeps_its_length_whatever_the_blocks(in_hz: int, out_hz: int, frames: int, block: int) -> None:
    source = ResampleSource(ListSource(ramp(frames, 1)), Resampler(in_hz, out_hz, 1), 1, block)
    assert abs(len(drain(source, block)) - frames * out_hz / in_hz) <= 1


def test_resampling_in_blocks_is_resampling_at_once() -> None:
    frames = np.random.default_rng(3).uniform(-1, 1, (5000, 1)).astype(np.float32)
    source = ResampleSource(ListSource(frames), Resampler(44100, 48000, 1), 1, 100)
    at_once = Resampler(44100, 48000, 1)
    assert np.array_equal(drain(source, 100), np.concatenate([at_once.push(frames).copy(), at_once.flush()]))


def test_a_steady_stream_is_asked_for_no_more_than_it_needs() -> None:
    frames = ListSource(np.zeros((48000, 1), np.float32))
    source = ResampleSource(frames, Resampler(44100, 48000, 1), 1, 480)
    for _ in range(100):
        assert source.read(floats(480, 1)) == 480
    assert sum(frames.asked) <= 100 * 441 + 250
    assert len(frames.asked) <= 120  # seldom twice for one block


def test_after_running_dry_the_next_sound_starts_as_new() -> None:
    sound = ramp(1000, 1)
    inner = ListSource(sound)
    source = ResampleSource(inner, Resampler(44100, 48000, 1), 1, 480)
    first = drain(source, 480)
    assert source.read(floats(480, 1)) == 0
    inner.frames = sound
    assert np.array_equal(drain(source, 480), first)


def test_reset_forgets_all_that_is_withheld() -> None:
    sound = ramp(1000, 1)
    inner = ListSource(sound)
    source = ResampleSource(inner, Resampler(8000, 48000, 1), 1, 480)
    first = drain(source, 480)
    inner.frames = np.ones((700, 1), np.float32)
    source.read(floats(100, 1))
    source.reset()
    assert inner.resets == 1
    inner.frames = sound
    assert np.array_equal(drain(source, 480), first)


def test_a_block_of_a_device_at_44100_hz_takes_no_more_than_there_is_room_for() -> None:
    queue = FrameQueue(8000, 4)
    resampler = Resampler(48000, 44100, 1)
    octets = QueueSource(queue, Format.FLOAT_LE, 1, resampler.frames_for(441) + resampler.look_ahead_frames)
    queue.commit(8000)
    assert ResampleSource(octets, resampler, 1, 441).read(floats(441, 1)) == 441


def test_every_stage_says_where_it_is_and_goes_back_there() -> None:
    queue = FrameQueue(20000, 4, history_octets=20000)
    octets = QueueSource(queue, Format.FLOAT_LE, 1, 1000)
    resampled = ResampleSource(octets, Resampler(44100, 48000, 1), 1, 480)
    remixed = RemixSource(resampled, Remix(1, 2), 480)
    put(queue, bytes(20000))
    for _ in range(3):
        assert remixed.read(floats(480, 2)) == 480
    assert remixed.place == resampled.place == 3 * 480
    assert remixed.history_frames == 3 * 480, "back to where the sound began"
    remixed.rewind(1000)
    assert remixed.place == remixed.history_frames == 440
    assert octets.place == 440 * 44100 // 48000 + NEAR_FRAMES, (
        "what lies behind the place is to be had again, but for no more"
    )


def test_what_was_played_out_when_the_source_ran_dry_is_past() -> None:
    queue = FrameQueue(20000, 4, history_octets=20000)
    source = ResampleSource(QueueSource(queue, Format.FLOAT_LE, 1, 1000), Resampler(44100, 48000, 1), 1, 480)
    put(queue, bytes(4 * 441))
    assert len(drain(source, 100)) == 480
    assert source.history_frames == 0
    put(queue, bytes(4 * 2000))
    assert source.read(floats(480, 1)) == 480
    assert source.history_frames == 480
    source.reset()
    assert source.history_frames == 0
    assert source.place == 960


def test_going_back_by_nothing_changes_nothing_not_even_when_there_is_nothing() -> None:
    inner = ListSource(ramp(1000, 1))
    source = ResampleSource(inner, Resampler(44100, 48000, 1), 1, 480)
    source.rewind(0)
    assert inner.place == 0
    drain(source, 7)  # some of what was played out is left
    source.rewind(0)
    inner.frames = ramp(1000, 1)
    assert source.read(floats(480, 1)) == 480
