"""Frames in every shape an application may have them, and parameters as the wire wants them."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.params import octets_of
from ringproto.formats import Format
from ringproto.hwparams import Interval
from tests.frontend.served import PARAMS


def test_octets_of_bytes_are_not_copied() -> None:
    octets = bytearray(b"abcd")
    seen = octets_of(octets)
    octets[0] = ord("x")
    assert bytes(seen) == b"xbcd"
    assert bytes(octets_of(b"abcd")) == b"abcd"


def test_a_view_of_wider_items_counts_in_octets() -> None:
    assert len(octets_of(memoryview(bytes(12)).cast("I"))) == 12


def test_an_array_in_order_is_not_copied() -> None:
    frames = np.zeros((3, 2), np.int16)
    seen = octets_of(frames)
    frames[0, 0] = 0x0102
    assert bytes(seen[:2]) == b"\x02\x01"


@given(st.integers(0, 40), st.integers(1, 8), st.sampled_from(["<i2", ">i2", "<i4", ">f4", "<f8", "u1"]))
def test_an_array_is_its_octets_in_its_own_byte_order(frames: int, channels: int, dtype: str) -> None:
    samples = np.arange(frames * channels).reshape(frames, channels).astype(dtype)
    assert bytes(octets_of(samples)) == samples.tobytes()


def test_an_array_scattered_in_memory_is_gathered_frame_by_frame() -> None:
    planes = np.arange(8, dtype=np.int16).reshape(2, 4)
    assert bytes(octets_of(planes.T)) == np.array([0, 4, 1, 5, 2, 6, 3, 7], np.int16).tobytes()
    assert bytes(octets_of(planes[:, ::2])) == np.array([0, 2, 4, 6], np.int16).tobytes()


def test_sizes_follow_from_the_containers_octets() -> None:
    params = replace(PARAMS, format=Format.S24_LE, channels=3)
    assert (params.frame_octets, params.period_octets, params.buffer_octets) == (12, 480 * 12, 1920 * 12)


def test_a_query_asks_for_these_very_parameters() -> None:
    query = PARAMS.as_query()
    assert query.formats_mask == Format.S16_LE.mask
    assert (query.rate_hz, query.channels) == (Interval(48000, 48000), Interval(2, 2))
    assert (query.period_frames, query.buffer_frames) == (Interval(480, 480), Interval(1920, 1920))


def test_parameters_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        PARAMS.rate_hz = 44100  # type: ignore[misc]
