"""Limits: the envelope that answers a query, and the exact judgement of an OPEN."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.limits import Limits
from ringproto.messages import OpenRequest
from tests.ringproto.outcome import outcome

LISTED = Limits(1, 8, (8_000, 44_100, 48_000), (Format.U8, Format.S16_LE, Format.S32_LE), 65_536)
OPEN = OpenRequest(1, 48_000, Format.S16_LE, 2, 16_384, 5, 4_096)
ANYTHING = HwParams(
    (1 << 64) - 1,
    Interval(0, 0xFFFF_FFFF),
    Interval(0, 0xFFFF_FFFF),
    Interval(0, 0xFFFF_FFFF),
    Interval(0, 0xFFFF_FFFF),
)


def exactly(value: int) -> Interval:
    return Interval(value, value)


def test_defaults_are_those_of_the_kernels_frontend() -> None:
    limits = Limits()
    assert (limits.channels_min, limits.channels_max) == (1, 2)
    assert limits.rates_hz == Interval(5512, 48_000)
    assert limits.formats == (Format.U8, Format.S16_LE)
    assert limits.buffer_octets == 65_536


def test_envelope_counts_the_buffer_in_the_smallest_frames() -> None:
    assert LISTED.hw_params() == HwParams(
        formats_mask=Format.U8.mask | Format.S16_LE.mask | Format.S32_LE.mask,
        rate_hz=Interval(8_000, 48_000),
        channels=Interval(1, 8),
        buffer_frames=Interval(1, 65_536),
        period_frames=Interval(1, 65_536),
    )


def test_query_for_anything_is_answered_with_the_envelope() -> None:
    assert LISTED.negotiate(ANYTHING) == LISTED.hw_params()


def test_buffer_shrinks_with_larger_frames() -> None:
    asked = replace(ANYTHING, formats_mask=Format.S32_LE.mask, channels=exactly(2))
    assert LISTED.negotiate(asked).buffer_frames == Interval(1, 8_192)
    assert LISTED.negotiate(asked).period_frames == Interval(1, 8_192)


def test_rates_are_taken_from_the_list() -> None:
    assert LISTED.negotiate(replace(ANYTHING, rate_hz=Interval(9_000, 47_000))).rate_hz == exactly(44_100)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (replace(ANYTHING, rate_hz=exactly(22_050)), "rate"),
        (replace(ANYTHING, rate_hz=exactly(96_000)), "rate"),
        (replace(ANYTHING, channels=Interval(9, 12)), "channels"),
        (replace(ANYTHING, formats_mask=Format.GSM.mask), "formats"),
        (replace(ANYTHING, buffer_frames=Interval(65_537, 70_000)), "buffer"),
        (
            replace(ANYTHING, formats_mask=Format.S16_LE.mask, channels=exactly(2), buffer_frames=exactly(16_385)),
            "buffer",
        ),
    ],
)
def test_query_for_the_impossible_is_refused_by_name(asked: HwParams, named: str) -> None:
    with pytest.raises(ProtocolError, match=named) as caught:
        LISTED.negotiate(asked)
    assert caught.value.errno is Errno.EINVAL


@pytest.mark.parametrize(
    "request_",
    [
        OPEN,
        replace(OPEN, buffer_octets=65_536, period_octets=65_536),
        replace(OPEN, period_octets=0),
        replace(OPEN, buffer_octets=4, period_octets=4),
        replace(OPEN, channels=8, format=Format.U8),
        replace(OPEN, rate_hz=8_000),
    ],
)
def test_open_within_the_limits_passes(request_: OpenRequest) -> None:
    LISTED.check_open(request_)


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (replace(OPEN, rate_hz=0), "rate"),
        (replace(OPEN, rate_hz=1), "rate"),
        (replace(OPEN, rate_hz=22_050), "rate"),
        (replace(OPEN, rate_hz=0xFFFF_FFFF), "rate"),
        (replace(OPEN, channels=0), "channels"),
        (replace(OPEN, channels=9), "channels"),
        (replace(OPEN, channels=255), "channels"),
        (replace(OPEN, format=Format.S24_LE), "format"),
        (replace(OPEN, buffer_octets=0), "buffer size"),
        (replace(OPEN, buffer_octets=1), "buffer size"),
        (replace(OPEN, buffer_octets=4_095), "buffer size"),
        (replace(OPEN, buffer_octets=65_540), "buffer size"),
        (replace(OPEN, buffer_octets=1 << 31), "buffer size"),
        (replace(OPEN, buffer_octets=0xFFFF_FFFF), "buffer size"),
        (replace(OPEN, period_octets=1), "period size"),
        (replace(OPEN, period_octets=16_388), "period size"),
        (replace(OPEN, period_octets=0xFFFF_FFFF), "period size"),
    ],
)
def test_open_beyond_the_limits_is_refused_by_name(request_: OpenRequest, named: str) -> None:
    with pytest.raises(ProtocolError, match=f"^{named}:") as caught:
        LISTED.check_open(request_)
    assert caught.value.errno is Errno.EINVAL


@pytest.mark.parametrize(("rate_hz", "fits"), [(5_511, False), (5_512, True), (12_345, True), (48_001, False)])
def test_without_a_list_any_rate_of_the_range_will_do(rate_hz: int, fits: bool) -> None:
    request = replace(OPEN, rate_hz=rate_hz)
    if fits:
        Limits().check_open(request)
    else:
        with pytest.raises(ProtocolError, match="rate"):
            Limits().check_open(request)


LIMITS = st.builds(
    Limits,
    channels_min=st.integers(1, 4),
    channels_max=st.integers(4, 255),
    rates_hz=st.just(Interval(5512, 48_000))
    | st.sets(st.integers(4_000, 768_000), min_size=1, max_size=6).map(lambda rates: tuple(sorted(rates))),
    formats=st.sets(st.sampled_from(Format), min_size=1).map(tuple),
    buffer_octets=st.integers(2_048, 1 << 22),
)


@given(LIMITS, st.data())
def test_what_may_be_opened_is_in_the_answer_to_a_query_for_it(limits: Limits, data: st.DataObject) -> None:
    format_ = data.draw(st.sampled_from(limits.formats))
    channels = data.draw(st.integers(limits.channels_min, limits.channels_max))
    rates = limits.rates_hz
    rate_hz = data.draw(st.sampled_from(rates) if isinstance(rates, tuple) else st.integers(rates.min, rates.max))
    frames = data.draw(st.integers(1, limits.buffer_octets // (channels * format_.sample_octets)))
    octets = frames * channels * format_.sample_octets
    limits.check_open(OpenRequest(0, rate_hz, format_, channels, octets, 1, octets))

    asked = HwParams(format_.mask, exactly(rate_hz), exactly(channels), exactly(frames), exactly(frames))
    assert limits.negotiate(asked) == asked


@given(
    rate_hz=st.sampled_from([0, 8_000, 22_050, 48_000, 96_000]),
    channels=st.integers(0, 9),
    frames=st.sampled_from([1, 1_000, 8_192, 16_384, 65_536, 65_537]),
    format_=st.sampled_from([Format.U8, Format.S16_LE, Format.S32_LE, Format.GSM]),
)
def test_query_for_one_way_and_open_agree(rate_hz: int, channels: int, frames: int, format_: Format) -> None:
    octets = frames * channels * format_.sample_octets
    request = OpenRequest(0, rate_hz, format_, channels, octets, 1, octets)
    asked = HwParams(format_.mask, exactly(rate_hz), exactly(channels), exactly(frames), exactly(frames))
    granted = outcome(LISTED.negotiate, asked)
    opened = outcome(LISTED.check_open, request)
    assert isinstance(granted, ProtocolError) == isinstance(opened, ProtocolError)
