from backend.devices.clocked.dma import CaptureDma, PlaybackDma
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Reg, Registers, memory_octets
from backend.devices.clocked.ring import FrameRing
from ringproto.abi import PAGE_OCTETS

OPTIONS = ClockedOptions(rate_hz=100, channels=1, period_frames=8, buffer_frames=16, burst_frames=4)


class Tape:
    """Keeps what is played; gives frames numbered from 1."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.given = 0
        self.closed = 0

    def play(self, first: int, octets: memoryview) -> None:
        self.frames += octets.cast("h").tolist()

    def read(self, into: memoryview, first: int) -> None:
        assert first == self.given
        into[:] = numbered(self.given + 1, len(into) // 2)
        self.given += len(into) // 2

    def close(self) -> None:
        self.closed += 1


def numbered(first: int, count: int) -> memoryview:
    return memoryview(b"".join((first + n).to_bytes(2, "little") for n in range(count)))


class Rig:
    def __init__(self) -> None:
        memory = memoryview(bytearray(memory_octets(OPTIONS)))
        self.registers = Registers(memory)
        self.ring = FrameRing(memory[PAGE_OCTETS:], 2)
        self.tape = Tape()
        self.playback = PlaybackDma(OPTIONS, self.registers, FrameRing(memory[PAGE_OCTETS:], 2), [self.tape])
        self.capture = CaptureDma(OPTIONS, self.registers, FrameRing(memory[PAGE_OCTETS:], 2), self.tape)

    def write(self, first: int, count: int) -> None:
        self.ring.put(first, numbered(first + 1, count))
        self.registers.words[Reg.WRITTEN_FRAMES] = first + count

    def stored(self, first: int, count: int) -> list[int]:
        into = bytearray(2 * count)
        self.ring.get(first, memoryview(into))
        return memoryview(into).cast("h").tolist()


def test_frames_are_heard_once_their_burst_is_over() -> None:
    rig = Rig()
    rig.write(0, 8)
    rig.playback.begin(0, 4, 0)
    assert rig.tape.frames == []
    assert rig.registers.words[Reg.DMA_FRAMES] == 4
    rig.playback.end(4)
    assert rig.tape.frames == [1, 2, 3, 4]


def test_played_frames_become_silence_in_the_ring() -> None:
    rig = Rig()
    rig.write(0, 8)
    rig.playback.begin(0, 4, 0)
    rig.playback.end(4)
    assert rig.stored(0, 8) == [0, 0, 0, 0, 5, 6, 7, 8]


def test_frames_written_after_the_fetch_are_never_heard() -> None:
    rig = Rig()
    rig.playback.begin(0, 4, 0)
    rig.write(0, 4)  # too late
    rig.playback.end(4)
    rig.playback.begin(rig.ring.frames, rig.ring.frames + 4, 0)  # the same place, a ring's length later
    rig.playback.end(rig.ring.frames + 4)
    assert rig.tape.frames == [0] * 8
    assert rig.registers.words[Reg.STARVED_BURSTS] == 2


def test_a_stop_in_a_burst_lets_only_its_beginning_be_heard() -> None:
    rig = Rig()
    rig.write(0, 8)
    rig.playback.begin(0, 4, 0)
    rig.playback.end(3)
    rig.playback.end(3)
    assert rig.tape.frames == [1, 2, 3]
    rig.write(3, 5)
    rig.playback.begin(3, 4, 0)
    rig.playback.end(4)
    assert rig.tape.frames == [1, 2, 3, 4]


def test_a_stop_that_is_heard_of_late_repeats_no_frame() -> None:
    rig = Rig()
    rig.write(0, 8)
    rig.playback.begin(0, 4, 0)
    rig.playback.end(4)
    rig.playback.begin(2, 4, 0)  # it had stopped at 2, and starts again from there
    rig.playback.end(4)
    rig.playback.begin(4, 8, 0)
    rig.playback.end(8)
    assert rig.tape.frames == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_burst_whose_place_may_be_used_again_is_silence_and_leaves_the_place_alone() -> None:
    rig = Rig()
    rig.write(0, 4)
    rig.playback.begin(0, 4, OPTIONS.ring_frames - OPTIONS.buffer_frames)
    rig.playback.end(4)
    assert rig.tape.frames == [0, 0, 0, 0]
    assert rig.stored(0, 4) == [1, 2, 3, 4]
    assert rig.registers.words[Reg.LOST_FRAMES] == 4


def test_it_says_how_much_of_a_burst_is_not_there() -> None:
    rig = Rig()
    assert rig.playback.begin(0, 4, 0) == 4
    rig.write(0, 6)
    assert rig.playback.begin(0, 4, 0) == 0
    rig.playback.end(4)
    assert rig.playback.begin(4, 8, 0) == 2
    rig.playback.end(8)
    rig.write(8, 4)
    assert rig.playback.begin(8, 12, OPTIONS.ring_frames) == 4, "it is there, and the card too late for it"
    assert rig.capture.begin(0, 4, 0) == 0


def test_recorded_frames_are_stored_once_their_burst_is_over() -> None:
    rig = Rig()
    rig.capture.begin(0, 4, 0)
    assert rig.registers.words[Reg.DMA_FRAMES] == 0
    rig.capture.end(4)
    assert rig.stored(0, 4) == [1, 2, 3, 4]
    assert rig.registers.words[Reg.DMA_FRAMES] == 4


def test_a_stop_in_a_recorded_burst_stores_its_beginning() -> None:
    rig = Rig()
    rig.capture.begin(0, 4, 0)
    rig.capture.end(1)
    rig.capture.end(1)
    rig.capture.begin(1, 4, 0)
    rig.capture.end(4)
    assert rig.stored(0, 4) == [1, 2, 3, 4]


def test_without_files_nothing_is_kept_and_silence_recorded() -> None:
    rig = Rig()
    playback = PlaybackDma(OPTIONS, rig.registers, rig.ring)
    playback.begin(0, 4, 0)
    playback.end(4)
    capture = CaptureDma(OPTIONS, rig.registers, rig.ring, None)
    capture.begin(0, 4, 0)
    capture.end(4)
    assert rig.stored(0, 4) == [0, 0, 0, 0]
    capture.close()


def test_closing_closes_the_files() -> None:
    rig = Rig()
    rig.playback.close()
    rig.capture.close()
    assert rig.tape.closed == 2
