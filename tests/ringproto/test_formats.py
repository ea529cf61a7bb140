"""The table of formats, against the specification's own list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format, formats_in_mask, mask_of
from tests.ringproto.outcome import outcome

NAMES = [
    *("s8", "u8", "s16_le", "s16_be", "u16_le", "u16_be"),
    *("s24_le", "s24_be", "u24_le", "u24_be", "s32_le", "s32_be", "u32_le", "u32_be"),
    *("float_le", "float_be", "float64_le", "float64_be"),
    *("iec958_subframe_le", "iec958_subframe_be", "mu_law", "a_law", "ima_adpcm", "mpeg", "gsm"),
]


def test_codes_and_names_are_those_of_sndif() -> None:
    assert [(format_.code, format_.xen_name) for format_ in Format] == list(enumerate(NAMES))
    assert [format_.mask for format_ in Format] == [1 << code for code in range(25)]


@pytest.mark.parametrize("format_", Format)
def test_members_are_called_as_in_xenstore(format_: Format) -> None:
    assert format_.name.lower() == format_.xen_name


@pytest.mark.parametrize("format_", [format_ for format_ in Format if format_.linear])
def test_traits_of_linear_formats_are_what_the_name_says(format_: Format) -> None:
    kind, _, order = format_.xen_name.partition("_")
    bits = {"float": 32, "float64": 64}.get(kind) or int(kind[1:])
    assert format_.significant_bits == bits
    assert format_.sample_octets == {8: 1, 16: 2, 24: 4, 32: 4, 64: 8}[bits]
    assert format_.is_float == kind.startswith("float")
    assert format_.signed == (kind[0] != "u")
    assert format_.big_endian == (order == "be")


def test_formats_that_are_not_linear() -> None:
    others = [format_ for format_ in Format if not format_.linear]
    assert [format_.xen_name for format_ in others] == NAMES[18:]
    assert [format_.sample_octets for format_ in others] == [4, 4, 1, 1, 1, 1, 1]
    assert not any(format_.is_float or format_.signed for format_ in others)


@pytest.mark.parametrize("format_", Format)
def test_code_and_name_find_the_format(format_: Format) -> None:
    assert Format.from_code(format_.code) is format_
    assert Format.from_name(format_.xen_name) is format_
    assert Format.from_name(format_.xen_name.upper()) is format_


@pytest.mark.parametrize(
    ("libxl_name", "format_"),
    [
        ("f32_le", Format.FLOAT_LE),
        ("f32_be", Format.FLOAT_BE),
        ("f64_le", Format.FLOAT64_LE),
        ("F64_BE", Format.FLOAT64_BE),
    ],
)
def test_spelling_of_libxl_is_read_too(libxl_name: str, format_: Format) -> None:
    assert Format.from_name(libxl_name) is format_


@pytest.mark.parametrize("code", [25, 26, 255, 1 << 32])
def test_unknown_code_is_refused(code: int) -> None:
    with pytest.raises(ProtocolError, match="format") as caught:
        Format.from_code(code)
    assert caught.value.errno is Errno.EINVAL


@pytest.mark.parametrize("name", ["", "s16", "s16_le ", "s20_le", "float", "\0", "x" * 4096])
def test_unknown_name_is_refused_in_a_short_message(name: str) -> None:
    with pytest.raises(ProtocolError, match="format") as caught:
        Format.from_name(name)
    assert caught.value.errno is Errno.EINVAL
    assert len(str(caught.value)) < 100


@given(st.text())
def test_any_name_is_found_or_refused(name: str) -> None:
    found = outcome(Format.from_name, name)
    if isinstance(found, ProtocolError):
        assert found.errno is Errno.EINVAL
    else:
        assert found in Format


@given(st.sets(st.sampled_from(Format)))
def test_mask_holds_exactly_the_formats_put_in(formats: set[Format]) -> None:
    assert set(formats_in_mask(mask_of(formats))) == formats
    assert formats_in_mask(mask_of(formats)) == tuple(format_ for format_ in Format if format_ in formats)


def test_bits_that_mean_nothing_are_ignored() -> None:
    assert formats_in_mask(1 << 25 | 1 << 63) == ()
    assert formats_in_mask((1 << 64) - 1) == tuple(Format)
