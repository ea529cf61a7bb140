from hypothesis import given
from hypothesis import strategies as st

from backend.devices.clocked.ring import FrameRing

OCTETS = 4


def ring_of(frames: int) -> FrameRing:
    return FrameRing(memoryview(bytearray(frames * OCTETS)), OCTETS)


def frames_from(first: int, count: int) -> bytes:
    return b"".join((first + n).to_bytes(OCTETS, "little") for n in range(count))


@given(st.integers(1, 40), st.integers(0, 10**12), st.data())
def test_what_was_put_is_got_whatever_wraps(size: int, frame: int, data: st.DataObject) -> None:
    ring = ring_of(size)
    count = data.draw(st.integers(0, size))
    octets = frames_from(frame % 1000, count)
    ring.put(frame, memoryview(octets))
    into = bytearray(len(octets))
    ring.get(frame, memoryview(into))
    assert into == octets


def test_frames_lie_at_their_number_modulo_the_size() -> None:
    memory = bytearray(3 * OCTETS)
    FrameRing(memoryview(memory), OCTETS).put(5, memoryview(frames_from(5, 2)))
    assert memory == frames_from(6, 1) + bytes(OCTETS) + frames_from(5, 1)


def test_clear_makes_silence_of_just_these() -> None:
    ring = ring_of(4)
    ring.put(0, memoryview(frames_from(1, 4)))
    ring.clear(3, 2)
    into = bytearray(4 * OCTETS)
    ring.get(0, memoryview(into))
    assert into == bytes(OCTETS) + frames_from(2, 2) + bytes(OCTETS)


def test_clear_of_nothing_or_of_more_than_all() -> None:
    ring = ring_of(2)
    ring.put(0, memoryview(frames_from(1, 2)))
    ring.clear(0, -3)
    into = bytearray(2 * OCTETS)
    ring.get(0, memoryview(into))
    assert into == frames_from(1, 2)
    ring.clear(1, 99)
    ring.get(0, memoryview(into))
    assert into == bytes(2 * OCTETS)


def test_octets_beyond_the_last_whole_frame_are_not_used() -> None:
    assert FrameRing(memoryview(bytearray(11)), OCTETS).frames == 2
