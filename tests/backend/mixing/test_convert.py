import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.mixing.convert import decoder, encoder, supported_formats
from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from tests.backend.mixing.samples import integer_range, pack, unpack

INTEGERS = [format_ for format_ in supported_formats() if not format_.is_float]
FLOATS = [format_ for format_ in supported_formats() if format_.is_float]
REFUSED = [format_ for format_ in Format if format_ not in supported_formats()]


def decode(format_: Format, octets: bytes) -> list[float]:
    out = np.full(len(octets) // format_.sample_octets, np.nan, np.float32)
    decoder(format_, max(len(out), 1))(memoryview(octets), out)
    return [float(sample) for sample in out]


def encode(format_: Format, samples: list[float]) -> tuple[list[float], int]:
    octets = bytearray(len(samples) * format_.sample_octets)
    clipped = encoder(format_, len(samples))(np.array(samples, np.float32), memoryview(octets))
    return unpack(format_, bytes(octets)), clipped


def test_all_linear_formats_are_supported_and_only_they() -> None:
    assert len(INTEGERS) == 14
    assert len(FLOATS) == 4
    assert {format_.linear for format_ in REFUSED} == {False}


@pytest.mark.parametrize("format_", REFUSED, ids=lambda f: f.xen_name)
def test_what_is_not_linear_is_refused(format_: Format) -> None:
    for make in (decoder, encoder):
        with pytest.raises(ProtocolError, match=format_.xen_name) as refusal:
            make(format_, 1)
        assert refusal.value.errno is Errno.EINVAL


@pytest.mark.parametrize("format_", INTEGERS, ids=lambda f: f.xen_name)
def test_integers_decode_to_their_share_of_full_scale(format_: Format) -> None:
    low, high = integer_range(format_)
    half = 1 << (format_.significant_bits - 1)
    middle = (low + high + 1) // 2
    values = [low, middle - half // 2, middle, middle + half // 4, high]
    assert decode(format_, pack(format_, values)) == [-1.0, -0.5, 0.0, 0.25, float(np.float32((half - 1) / half))]


@pytest.mark.parametrize("format_", [f for f in INTEGERS if f.significant_bits <= 24], ids=lambda f: f.xen_name)
def test_integers_up_to_24_bits_come_back_as_they_went(format_: Format) -> None:
    low, high = integer_range(format_)
    values = sorted(
        {*range(low, low + 300), *range(high - 300, high + 1), *range(low, high, (high - low) // 1009 or 1)}
    )
    values = [value for value in values if low <= value <= high]
    assert encode(format_, decode(format_, pack(format_, values))) == (values, 0)


@pytest.mark.parametrize("format_", [f for f in INTEGERS if f.significant_bits == 32], ids=lambda f: f.xen_name)
def test_32_bits_come_back_to_the_24_a_float_holds_and_never_wrap(format_: Format) -> None:
    low, high = integer_range(format_)
    values = [low, low + 12345, high // 3, high - 200, high - 1, high]
    back, _ = encode(format_, decode(format_, pack(format_, values)))
    assert all(low <= sample <= high for sample in back)
    assert all(abs(sample - value) <= 128 for sample, value in zip(back, values, strict=True))


@pytest.mark.parametrize("format_", INTEGERS, ids=lambda f: f.xen_name)
def test_integers_saturate_and_count_it(format_: Format) -> None:
    low, high = integer_range(format_)
    assert encode(format_, [-5.0, -1.0, 0.0, 1.0, 1.5, 63.0]) == (
        [low, low, (low + high + 1) // 2, high, high, high],
        4,
    )


@pytest.mark.parametrize("format_", FLOATS, ids=lambda f: f.xen_name)
def test_floats_saturate_and_count_it(format_: Format) -> None:
    assert encode(format_, [-5.0, -1.0, 0.25, 1.0, 1.5]) == ([-1.0, -1.0, 0.25, 1.0, 1.0], 2)


def test_halves_round_to_even_for_both_signs() -> None:
    halves = [k + 0.5 for k in range(-4, 4)]
    assert encode(Format.S16_LE, [half / 32768 for half in halves])[0] == [-4, -2, -2, 0, 0, 2, 2, 4]


@pytest.mark.parametrize("format_", [f for f in INTEGERS if f.significant_bits == 24], ids=lambda f: f.xen_name)
def test_the_fourth_octet_of_24_bits_is_ignored_when_read(format_: Format) -> None:
    octets = bytearray(pack(format_, [1000 if format_.signed else 1000 + (1 << 23)]))
    octets[0 if format_.big_endian else 3] = 0xA5
    assert decode(format_, bytes(octets)) == [1000 / (1 << 23)]


def test_the_fourth_octet_of_24_bits_is_the_sign_when_written() -> None:
    assert encode(Format.S24_LE, [-1.0])[0] == [-(1 << 23)]
    assert encode(Format.U24_LE, [1.0])[0] == [(1 << 24) - 1]


@pytest.mark.parametrize("format_", FLOATS, ids=lambda f: f.xen_name)
def test_floats_are_made_safe(format_: Format) -> None:
    wild = [math.nan, math.inf, -math.inf, 3.0, -3.0, 0.5, 3e38, -0.75]
    assert decode(format_, pack(format_, wild)) == [0.0, 1.0, -1.0, 1.0, -1.0, 0.5, 1.0, -0.75]


def test_signalling_nans_and_huge_doubles_are_made_safe() -> None:
    assert decode(Format.FLOAT_LE, struct.pack("<I", 0x7F800001)) == [0.0]
    assert decode(Format.FLOAT64_LE, struct.pack("<QQ", 0x7FF0000000000001, 0x7FEFFFFFFFFFFFFF)) == [0.0, 1.0]
    assert decode(Format.FLOAT64_LE, struct.pack("<d", 1e-310)) == [0.0]


@pytest.mark.parametrize("format_", supported_formats(), ids=lambda f: f.xen_name)
@settings(max_examples=40, deadline=None)
@given(octets=st.binary(max_size=64))
def test_any_octets_whatever_become_finite_samples_within_full_scale(format_: Format, octets: bytes) -> None:
    whole = octets[: len(octets) // format_.sample_octets * format_.sample_octets]
    assert all(-1.0 <= sample <= 1.0 for sample in decode(format_, whole))


@pytest.mark.parametrize("format_", FLOATS, ids=lambda f: f.xen_name)
@settings(max_examples=40, deadline=None)
@given(samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=20))
def test_float32_within_full_scale_comes_back_as_it_went(format_: Format, samples: list[float]) -> None:
    assert encode(format_, decode(format_, pack(format_, samples))) == (samples, 0)
