import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mixing.phase import Phase

rates_hz = st.integers(4000, 192_000)
outputs = st.integers(0, 10**10)


@pytest.mark.parametrize(
    ("in_hz", "out_hz", "frame", "stride"),
    [
        (8000, 48000, 1 << 33, 1),
        (47999, 48000, 1 << 33, 1),
        (48001, 48000, 1 << 31, 1),
        (96000, 48000, 1 << 31, 1),
        (96001, 48000, 1 << 30, 2),
        (192000, 48000, 1 << 30, 2),
        (192000, 8000, 1 << 27, 16),
    ],
)
def test_the_fixed_point_follows_the_number_of_stages(in_hz: int, out_hz: int, frame: int, stride: int) -> None:
    phase = Phase(in_hz, out_hz)
    assert (phase.frame, phase.stride, phase.lowers) == (frame, stride, in_hz > out_hz)


@given(rates_hz, rates_hz, outputs)
def test_outputs_and_frames_are_looked_up_both_ways(in_hz: int, out_hz: int, output: int) -> None:
    phase = Phase(in_hz, out_hz)
    under = phase.frame_under(output)
    assert phase.output_after(under) <= output
    assert phase.output_after(under + 1) > output
    assert phase.frame_under(phase.output_after(under)) >= under


@given(rates_hz, rates_hz, outputs)
def test_one_begins_less_than_a_stride_away_on_the_side_from_which_one_catches_up(
    in_hz: int, out_hz: int, output: int
) -> None:
    phase = Phase(in_hz, out_hz)
    start, behind = phase.start_near(output)
    assert start * phase.frame + behind == output * phase.step
    assert start % phase.stride == 0
    assert 0 <= (behind if phase.lowers else -behind) < phase.stride * phase.frame


@pytest.mark.parametrize(("in_hz", "out_hz"), [(96000, 48000), (192000, 48000), (24000, 48000), (48000, 192000)])
def test_ratios_that_are_powers_of_two_do_not_drift(in_hz: int, out_hz: int) -> None:
    phase = Phase(in_hz, out_hz)
    assert phase.step * out_hz == phase.frame * in_hz


def test_sixths_drift_by_a_150th_of_a_frame_in_an_hour() -> None:
    phase = Phase(8000, 48000)
    drift = 3600 * 48000 * phase.step / phase.frame - 3600 * 8000
    assert abs(drift) == pytest.approx(1 / 150, rel=0.01)
