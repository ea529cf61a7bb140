import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.live.layout import (
    BODY_OCTETS_MAX,
    DEVICES_MAX,
    STREAMS_MAX,
    LayoutError,
    pack_snapshot,
    unpack_snapshot,
)
from backend.live.snapshot import Snapshot
from tests.backend.live.figures import BACKEND, GONE, MUSIC, SNAPSHOT, SPEAKER


def packed(snapshot: Snapshot) -> bytes:
    body = bytearray(BODY_OCTETS_MAX)
    return bytes(body[: pack_snapshot(snapshot, body)])


def test_a_snapshot_comes_back_as_it_was() -> None:
    assert unpack_snapshot(packed(SNAPSHOT)) == SNAPSHOT
    assert unpack_snapshot(packed(Snapshot(BACKEND))) == Snapshot(BACKEND)


def test_its_size_is_what_the_layout_says() -> None:
    assert len(packed(SNAPSHOT)) == 88 + 2 * 140 + 3 * 656


def test_rows_too_many_are_left_out_and_counted() -> None:
    devices = tuple(SPEAKER._replace(name=f"device {n}") for n in range(DEVICES_MAX + 3))
    streams = tuple(GONE._replace(domid=n) for n in range(STREAMS_MAX + 5))
    seen = unpack_snapshot(packed(Snapshot(BACKEND, devices, streams)))
    assert (len(seen.devices), len(seen.streams)) == (DEVICES_MAX, STREAMS_MAX)
    assert (seen.backend.hidden_devices, seen.backend.hidden_streams) == (3, 5)


def test_a_stream_on_a_device_that_had_no_room_is_on_none_that_is_known() -> None:
    (stream,) = unpack_snapshot(packed(Snapshot(BACKEND, (), (MUSIC,)))).streams
    assert (stream.device, stream.pacing) == ("", "")


@given(st.text(max_size=200))
def test_whatever_a_name_is_it_is_cut_at_a_character_and_harmless(name: str) -> None:
    (stream,) = unpack_snapshot(packed(Snapshot(BACKEND, (), (GONE._replace(guest=name),)))).streams
    assert stream.guest.isprintable()
    assert len(stream.guest.replace("\N{REPLACEMENT CHARACTER}", "x").encode()) <= 64


def test_a_name_with_escape_sequences_cannot_move_the_cursor() -> None:
    evil = "\x1b[2J\x1b]0;title\x07\u202eevil\r\n"
    (stream,) = unpack_snapshot(packed(Snapshot(BACKEND, (), (GONE._replace(guest=evil),)))).streams
    assert "\x1b" not in stream.guest
    assert stream.guest.endswith("evil\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}")


def test_the_greatest_numbers_of_a_guest_fit() -> None:
    most = MUSIC._replace(
        domid=0x7FEF, card=0xFFFF_FFFF, rate_hz=0xFFFF_FFFF, period_frames=0xFFFF_FFFF, buffer_frames=0xFFFF_FFFF,
        channels=255, frames=(1 << 64) - 1, delay_ns=(1 << 63) - 1, fill_ns=0xFFFF_FFFF * 10**9,
    )  # fmt: skip
    assert unpack_snapshot(packed(Snapshot(BACKEND, (SPEAKER,), (most,)))).streams == (most,)


def test_garbage_is_a_layout_error_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    whole = packed(SNAPSHOT)
    for _ in range(2000):
        body = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(1, 8)):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            snapshot = unpack_snapshot(bytes(body))
        except LayoutError:
            continue
        assert all(stream.guest.isprintable() for stream in snapshot.streams)


@pytest.mark.parametrize("octets", [0, 87, 88 + 139])
def test_less_than_it_says_is_an_error(octets: int) -> None:
    with pytest.raises(LayoutError):
        unpack_snapshot(packed(SNAPSHOT)[:octets])
