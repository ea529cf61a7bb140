import pytest

from backend.devices.api import DeviceParams
from backend.devices.cursor import CaptureCursor, PlaybackCursor, safeguard_frames
from ringproto.formats import Format


@pytest.mark.parametrize(
    ("rate_hz", "channels", "frames"),
    [(48000, 2, 64), (192_000, 2, 256), (44100, 2, 64), (8000, 1, 128), (96000, 8, 128), (8000, 8, 16), (8000, 3, 43)],
)
def test_the_safeguard_is_so_many_octets_or_so_long_whichever_is_more(rate_hz: int, channels: int, frames: int) -> None:
    assert safeguard_frames(DeviceParams(rate_hz, channels, Format.S16_LE, 480, 1920)) == frames


def test_a_rewind_moves_the_next_write_back_and_is_no_underrun() -> None:
    cursor = PlaybackCursor(10)
    cursor.advance(30)
    assert cursor.rewind(12) == 18
    assert cursor.rewind(20) == 0
    assert (cursor.frame, cursor.underruns) == (12, 0)
    cursor.advance(5)
    cursor.follow(17)
    assert cursor.underruns == 0
    cursor.follow(18)
    assert cursor.underruns == 1


def test_since_an_underrun_there_is_nothing_to_take_back() -> None:
    cursor = PlaybackCursor(10)
    cursor.follow(5)
    assert cursor.rewind(6) == 0
    assert cursor.frame == 15
    cursor.advance(10)
    assert cursor.rewind(20) == 5


def test_playing_all_that_was_written_is_no_underrun() -> None:
    cursor = PlaybackCursor(10)
    cursor.advance(30)
    cursor.follow(30)
    assert (cursor.frame, cursor.underruns) == (30, 0)


def test_an_underrun_is_one_event_until_the_next_write() -> None:
    cursor = PlaybackCursor(10)
    cursor.advance(30)
    cursor.follow(31)
    cursor.follow(35)
    cursor.follow(100)
    assert (cursor.frame, cursor.underruns) == (110, 1)
    cursor.advance(0)  # nothing fitted: still the same event
    cursor.follow(111)
    assert cursor.underruns == 1
    cursor.advance(5)
    cursor.follow(200)
    assert cursor.underruns == 2


def test_resting_drops_what_was_ahead() -> None:
    cursor = PlaybackCursor(10)
    cursor.advance(30)
    cursor.rest_at(12)
    assert (cursor.frame, cursor.underruns) == (12, 0)


def test_a_full_buffer_is_no_overrun_and_one_frame_more_is() -> None:
    cursor = CaptureCursor(10, 40)
    cursor.follow(40)
    assert (cursor.frame, cursor.underruns) == (0, 0)
    cursor.follow(41)
    assert (cursor.frame, cursor.underruns) == (31, 1)


def test_an_overrun_is_one_event_until_the_next_read() -> None:
    cursor = CaptureCursor(10, 40)
    cursor.follow(100)
    cursor.follow(200)
    assert cursor.underruns == 1
    cursor.advance(10)
    cursor.follow(300)
    assert (cursor.frame, cursor.underruns) == (290, 2)
    cursor.rest_at(300)
    assert cursor.frame == 300
