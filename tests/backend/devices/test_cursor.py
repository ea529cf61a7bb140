from backend.devices.cursor import CaptureCursor, PlaybackCursor


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
