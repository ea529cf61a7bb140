from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.errors import Errno, ProtocolError
from ringproto.volume import (
    LEAST_MDB,
    LOUDEST_MDB,
    SILENT_MDB,
    check_volumes,
    gain_of,
    pack_flags,
    pack_volumes,
    unpack_flags,
    unpack_volumes,
)


def test_a_volume_is_a_signed_word_for_each_channel() -> None:
    assert pack_volumes([-1, 256]) == b"\xff\xff\xff\xff\x00\x01\x00\x00"
    assert unpack_volumes(b"\xff\xff\xff\xff\x00\x01\x00\x00") == (-1, 256)


@given(st.lists(st.integers(LEAST_MDB, (1 << 31) - 1), max_size=255))
def test_volumes_come_back_as_they_were_packed(levels: list[int]) -> None:
    assert unpack_volumes(pack_volumes(levels)) == tuple(levels)


@pytest.mark.parametrize("level", [LOUDEST_MDB + 1, (1 << 31) - 1])
def test_a_volume_that_can_only_be_a_mistake_is_refused_naming_its_channel(level: int) -> None:
    with pytest.raises(ProtocolError, match="channel 1") as refused:
        check_volumes([0, level])
    assert refused.value.errno is Errno.EINVAL


@pytest.mark.parametrize("level", [LOUDEST_MDB, 0, SILENT_MDB, LEAST_MDB])
def test_silence_and_what_is_not_too_loud_is_a_volume(level: int) -> None:
    check_volumes([level])


def test_a_flag_is_the_first_octet_of_four() -> None:
    assert pack_flags([True, False]) == b"\x01\0\0\0\0\0\0\0"
    assert unpack_flags(b"\x80\0\0\0\0\xff\xff\xff") == (True, False)


def test_gains_are_decibels() -> None:
    assert gain_of(0) == 1.0
    assert gain_of(-6_021) == pytest.approx(0.5, rel=1e-4)
    assert gain_of(20_000) == 10.0


def test_silence_is_nothing_at_all() -> None:
    assert gain_of(SILENT_MDB) == gain_of(-(1 << 31)) == 0.0
    assert gain_of(SILENT_MDB + 1) > 0.0


@given(st.integers(SILENT_MDB + 1, LOUDEST_MDB - 1))
def test_each_step_is_a_thousandth_of_a_decibel(level: int) -> None:
    assert 20 * log10(gain_of(level + 1) / gain_of(level)) == pytest.approx(0.001, rel=1e-6)
