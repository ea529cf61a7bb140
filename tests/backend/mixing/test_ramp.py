import tracemalloc

import numpy as np
import pytest

from backend.mixing.convert import FloatArray
from backend.mixing.ramp import RAMP_S, Ramp

FRAMES = round(48_000 * RAMP_S)


def heard(ramp: Ramp, blocks: list[int], channels: int = 1) -> FloatArray:
    """What the ramp adds to nothing, for full scale."""
    out = np.zeros((sum(blocks), channels), np.float32)
    at = 0
    for frames in blocks:
        ramp.add(np.ones((frames, channels), np.float32), out[at : at + frames])
        at += frames
    return out


def diagonal(*excess: float) -> FloatArray:
    return np.diag(np.array(excess, np.float32))


def test_it_lasts_ten_milliseconds_at_any_rate() -> None:
    for rate_hz in (4_000, 48_000, 192_000):
        ramp = Ramp((1, 1), rate_hz)
        ramp.begin(diagonal(1.0))
        assert ramp.left == rate_hz // 100


@pytest.mark.parametrize("blocks", [[480], [1, 479], [240, 240], [7] * 70])
def test_what_is_added_fades_in_a_straight_line_to_nothing_across_blocks(blocks: list[int]) -> None:
    ramp = Ramp((2, 2), 48_000)
    ramp.begin(diagonal(1.0, -0.5))
    out = heard(ramp, blocks, 2)[:FRAMES]
    line = 1 - np.arange(1, FRAMES + 1) / FRAMES
    assert np.abs(out - line[:, np.newaxis] * [1.0, -0.5]).max() < 1e-6
    assert (out[-1] == 0.0).all()
    assert ramp.left == 0


def test_a_new_beginning_stands_where_the_old_one_was() -> None:
    ramp = Ramp((1, 1), 48_000)
    ramp.begin(diagonal(1.0))
    before = heard(ramp, [120])[-1, 0]
    ramp.begin(diagonal(0.25))  # a quarter less is wanted from now on: what is heard must not change at once
    assert abs(float(heard(ramp, [1])[0, 0]) - (before + 0.25)) < 2 / FRAMES


def test_at_its_end_nothing_is_left() -> None:
    ramp = Ramp((1, 1), 48_000)
    ramp.begin(diagonal(1.0))
    ramp.end()
    assert ramp.left == 0
    ramp.begin(diagonal(0.5))
    assert heard(ramp, [1])[0, 0] == pytest.approx(0.5, abs=1 / FRAMES), "of the first one nothing came back"


def test_a_channel_that_stays_as_loud_is_not_touched() -> None:
    ramp = Ramp((2, 2), 48_000)
    ramp.begin(diagonal(1.0, 0.0))
    frames = np.random.default_rng(1).uniform(-1, 1, (FRAMES, 2)).astype(np.float32)
    out = frames.copy()
    ramp.add(frames, out)
    assert np.array_equal(out[:, 1], frames[:, 1])


@pytest.mark.parametrize("blocks", [[100 + FRAMES], [60, 60, FRAMES], [7] * 90])
def test_with_more_left_than_it_is_long_the_old_gains_hold_until_it_begins(blocks: list[int]) -> None:
    ramp, alone = Ramp((1, 1), 48_000), Ramp((1, 1), 48_000)
    for each in (ramp, alone):
        each.begin(diagonal(0.5))
    ramp.left += 100
    out = heard(ramp, blocks)
    assert ramp.frames == FRAMES
    assert (out[:100] == 0.5).all()
    assert np.array_equal(out[100 : 100 + FRAMES], heard(alone, [FRAMES]))
    assert not out[100 + FRAMES :].any()


def test_while_it_runs_nothing_is_allocated_but_views() -> None:
    ramp = Ramp((2, 2), 192_000)
    frames, out = np.ones((900, 2), np.float32), np.zeros((900, 2), np.float32)
    ramp.begin(diagonal(1.0, 1.0))
    ramp.add(frames, out)
    tracemalloc.start()
    ramp.add(frames, out)
    _, peak_octets = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_octets < frames.nbytes / 2
