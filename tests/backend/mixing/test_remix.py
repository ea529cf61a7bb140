import numpy as np
import pytest

from backend.mixing.convert import FloatArray
from backend.mixing.remix import FC, FL, FR, LAYOUTS, LFE, Remix, Speaker, remix_matrix
from ringproto.errors import Errno, ProtocolError

COUNTS = sorted(LAYOUTS)


def level(source: int, destination: int, of: Speaker, at: Speaker) -> float:
    matrix = remix_matrix(source, destination)
    return float(matrix[LAYOUTS[source].index(of), LAYOUTS[destination].index(at)])


@pytest.mark.parametrize("count", [*COUNTS, 9, 255])
def test_equal_counts_go_one_to_one(count: int) -> None:
    assert np.array_equal(remix_matrix(count, count), np.eye(count))


@pytest.mark.parametrize("source", COUNTS)
@pytest.mark.parametrize("destination", COUNTS)
def test_no_guest_clips_alone_and_nothing_is_inverted(source: int, destination: int) -> None:
    matrix = remix_matrix(source, destination)
    assert matrix.shape == (source, destination)
    assert matrix.dtype == np.float32
    assert matrix.min() >= 0
    assert matrix.sum(axis=0).max() <= 1 + 1e-6


@pytest.mark.parametrize("source", COUNTS)
@pytest.mark.parametrize("destination", COUNTS)
def test_every_channel_but_lfe_is_heard_somewhere(source: int, destination: int) -> None:
    heard = dict(zip(LAYOUTS[source], remix_matrix(source, destination).sum(axis=1) > 0, strict=True))
    assert all(heard[speaker] for speaker in heard if speaker is not LFE)
    if LFE in heard:
        assert heard[LFE] == (LFE in LAYOUTS[destination])


@pytest.mark.parametrize("count", COUNTS[1:])
def test_mono_goes_to_both_fronts_at_full_level_and_nowhere_else(count: int) -> None:
    assert remix_matrix(1, count).tolist() == [[1.0, 1.0] + [0.0] * (count - 2)]


def test_mono_to_stereo_and_back_is_the_same_again() -> None:
    assert remix_matrix(1, 2) @ remix_matrix(2, 1) == pytest.approx(1.0)


@pytest.mark.parametrize(("source", "destination"), [(2, 8), (3, 6), (4, 5), (5, 7), (6, 8)])
def test_a_speaker_that_is_there_gets_its_channel(source: int, destination: int) -> None:
    for speaker in LAYOUTS[source]:
        for at in LAYOUTS[destination]:
            assert level(source, destination, speaker, at) == (1.0 if at is speaker else 0.0)


def test_surround_folds_into_stereo_3_db_down_in_balance() -> None:
    loud = level(6, 2, FL, FL)
    assert level(6, 2, FR, FR) == loud
    assert level(6, 2, FC, FL) == level(6, 2, FC, FR) == pytest.approx(loud * 0.5**0.5)
    assert level(6, 2, Speaker.RL, FL) == pytest.approx(loud * 0.5**0.5)
    assert level(6, 2, Speaker.RL, FR) == 0.0
    assert level(6, 2, FL, FL) + level(6, 2, FC, FL) + level(6, 2, Speaker.RL, FL) == pytest.approx(1.0)


def test_each_step_of_folding_costs_3_db() -> None:
    assert level(8, 2, Speaker.SL, FL) == pytest.approx(level(8, 2, FL, FL) * 0.5)
    assert level(7, 4, Speaker.RC, Speaker.RL) == pytest.approx(level(7, 4, FL, FL) * 0.5**0.5)


@pytest.mark.parametrize(("source", "destination"), [(2, 9), (9, 2), (0, 2), (2, 0)])
def test_counts_without_a_layout_are_refused(source: int, destination: int) -> None:
    with pytest.raises(ProtocolError, match="remixed") as refusal:
        remix_matrix(source, destination)
    assert refusal.value.errno is Errno.EINVAL


def apply(remix: Remix, frames: list[list[float]]) -> list[list[float]]:
    out = np.zeros((len(frames), remix.shape[1]), np.float32)
    remix.apply(np.array(frames, np.float32), out)
    result: list[list[float]] = out.tolist()
    return result


def test_gains_turn_the_guests_own_channels() -> None:
    remix = Remix(2, 1)
    remix.set_source_gains([0.5, 0.0])
    assert apply(remix, [[1.0, 1.0]]) == [[0.25]]
    remix = Remix(1, 2)
    remix.set_destination_gains([0.5, 0.25])
    assert apply(remix, [[1.0]]) == [[0.5, 0.25]]


def test_idle_means_that_nothing_changes() -> None:
    remix = Remix(2, 2)
    assert remix.idle
    remix.set_source_gains([1.0, 0.5])
    assert not remix.idle
    remix.set_source_gains([1.0, 1.0])
    assert remix.idle
    assert not Remix(2, 3).idle


def ramp_of(remix: Remix, blocks: list[int]) -> FloatArray:
    """What full scale becomes, block by block."""
    parts: list[FloatArray] = []
    for frames in blocks:
        out = np.empty((frames, remix.shape[1]), np.float32)
        remix.apply(np.ones((frames, remix.shape[0]), np.float32), out)
        parts.append(out)
    return np.concatenate(parts)


@pytest.mark.parametrize("blocks", [[960], [480, 480], [1, 479, 100, 380], [7] * 100])
def test_a_change_of_gain_is_a_straight_line_of_ten_milliseconds_across_blocks(blocks: list[int]) -> None:
    remix = Remix(2, 2, 48_000)
    remix.set_source_gains([0.0, 0.5], ramped=True)
    out = ramp_of(remix, blocks)[:500]
    line = np.maximum(0, 1 - np.arange(1, 501) / 480)
    assert np.abs(out[:, 0] - line).max() < 1e-6
    assert np.abs(out[:, 1] - (0.5 + line / 2)).max() < 1e-6
    assert (out[480:] == [0.0, 0.5]).all(), "and then exactly"


def test_a_change_of_mind_goes_on_from_where_the_ramp_stands() -> None:
    remix = Remix(1, 1, 48_000)
    remix.set_source_gains([0.0], ramped=True)
    down = ramp_of(remix, [240])
    remix.set_source_gains([1.0], ramped=True)
    up = ramp_of(remix, [600])
    assert np.abs(np.diff(np.concatenate([down, up])[:, 0])).max() < 1 / 400
    assert up[-1, 0] == 1.0
    assert remix.idle, "there is nothing to do any more"


def test_gains_that_are_there_already_make_no_ramp() -> None:
    remix = Remix(2, 2)
    remix.set_source_gains([1.0, 1.0], ramped=True)
    assert remix.idle


def test_a_ramp_is_as_long_in_time_at_every_rate() -> None:
    remix = Remix(1, 1, 8_000)
    remix.set_source_gains([0.0], ramped=True)
    out = ramp_of(remix, [100])[:, 0]
    assert out[78] > 0.0
    assert (out[79:] == 0.0).all()


def test_whoever_repeats_himself_gets_there_as_soon() -> None:
    remix = Remix(1, 1, 48_000)
    remix.set_source_gains([0.0], ramped=True)
    for _ in range(48):
        ramp_of(remix, [10])
        remix.set_source_gains([0.0], ramped=True)
    assert not ramp_of(remix, [10]).any()


def test_what_is_set_at_once_ends_a_ramp() -> None:
    remix = Remix(1, 1)
    remix.set_source_gains([0.0], ramped=True)
    ramp_of(remix, [100])
    remix.set_source_gains([1.0])
    assert remix.idle


def test_settling_is_to_be_where_the_gains_are_to_be() -> None:
    remix = Remix(2, 2)
    remix.set_source_gains([0.0, 1.0], ramped=True)
    ramp_of(remix, [100])
    remix.settle()
    assert (ramp_of(remix, [10]) == [0.0, 1.0]).all()
    remix.set_source_gains([1.0, 1.0], ramped=True)
    assert not remix.idle
    remix.settle()
    assert remix.idle


def test_a_downmix_is_ramped_as_a_whole() -> None:
    remix = Remix(6, 2, 48_000)
    before = ramp_of(remix, [1])[0]
    remix.set_source_gains([0.5] * 6, ramped=True)
    out = ramp_of(remix, [600])
    assert np.abs(np.diff(out, axis=0)).max() < 0.6 / 480
    assert out[-1].tolist() == pytest.approx((before / 2).tolist())
