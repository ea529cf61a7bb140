"""Intervals and parameter sets narrow, and never become empty unnoticed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval

U32 = st.integers(0, 0xFFFF_FFFF)
INTERVALS = st.builds(Interval, U32, U32)

WIDE = HwParams(
    formats_mask=Format.U8.mask | Format.S16_LE.mask,
    rate_hz=Interval(8_000, 48_000),
    channels=Interval(1, 8),
    buffer_frames=Interval(64, 65_536),
    period_frames=Interval(32, 32_768),
)


@given(INTERVALS, INTERVALS, U32)
def test_intersection_of_intervals_holds_what_is_in_both(one: Interval, other: Interval, value: int) -> None:
    common = one.intersect(other)
    for probe in (value, one.min, one.max, other.min, other.max):
        assert (probe in common) == (probe in one and probe in other)


@given(INTERVALS)
def test_interval_is_empty_when_the_wrong_way_round(interval: Interval) -> None:
    assert interval.is_empty == (interval.min not in interval)


def test_params_intersect_member_by_member() -> None:
    narrow = HwParams(
        Format.S16_LE.mask | Format.S32_LE.mask,
        Interval(44_100, 96_000),
        Interval(2, 2),
        Interval(1, 4096),
        Interval(256, 1 << 31),
    )
    assert WIDE.intersect(narrow) == HwParams(
        Format.S16_LE.mask, Interval(44_100, 48_000), Interval(2, 2), Interval(64, 4096), Interval(256, 32_768)
    )


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(WIDE, formats_mask=Format.GSM.mask), "formats"),
        (replace(WIDE, formats_mask=1 << 63), "formats"),
        (replace(WIDE, rate_hz=Interval(96_000, 192_000)), "rate"),
        (replace(WIDE, channels=Interval(9, 9)), "channels"),
        (replace(WIDE, buffer_frames=Interval(0, 63)), "buffer"),
        (replace(WIDE, period_frames=Interval(32_769, 32_769)), "period"),
    ],
)
def test_nothing_in_common_is_refused_by_name(other: HwParams, named: str) -> None:
    with pytest.raises(ProtocolError, match=named) as caught:
        WIDE.intersect(other)
    assert caught.value.errno is Errno.EINVAL


@given(st.integers(0, (1 << 64) - 1), INTERVALS, INTERVALS, INTERVALS, INTERVALS)
def test_numbers_of_the_wire_come_back_or_are_refused(
    mask: int, rate: Interval, channels: Interval, buffer: Interval, period: Interval
) -> None:
    params = HwParams(mask, rate, channels, buffer, period)
    assert len(params.numbers()) == 9
    try:
        assert HwParams.from_numbers(params.numbers()) == params
    except ProtocolError:
        assert not mask & (1 << 25) - 1 or any(each.is_empty for each in (rate, channels, buffer, period))
