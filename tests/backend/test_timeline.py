"""The straight line between a guest's frames and the card's."""

from hypothesis import given
from hypothesis import strategies as st

from backend.timeline import Timeline

RATES = st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])


def test_nothing_has_begun_before_the_start() -> None:
    line = Timeline(48000, 48000, d0=960, g0=1920)
    assert line.begun(959) == 1920
    assert line.done(959) == 1920


def test_the_frame_being_presented_counts_as_begun() -> None:
    line = Timeline(48000, 48000, d0=960, g0=0)
    assert line.begun(960) == 1
    assert line.begun(960 + 480) == 481, "exactly at the boundary, CUR_POS must exceed the period"


def test_rates_are_converted_in_whole_numbers() -> None:
    line = Timeline(44100, 48000, d0=0, g0=0)
    assert line.done(48000 * 3600 * 100) == 44100 * 3600 * 100, "no drift after a hundred hours"


@given(RATES, RATES, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6))
def test_positions_never_go_back(guest: int, device: int, d0: int, g0: int, at: int, step: int) -> None:
    line = Timeline(guest, device, d0, g0)
    assert line.begun(at) <= line.begun(at + step)
    assert line.done(at) <= line.begun(at) <= line.done(at) + 1
