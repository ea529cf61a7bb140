import msgspec
import pytest

from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Command, Reg, Registers, memory_octets


@pytest.fixture
def registers() -> Registers:
    return Registers(memoryview(bytearray(memory_octets(ClockedOptions()))))


def test_they_know_their_card(registers: Registers) -> None:
    assert not registers.fit(ClockedOptions())
    registers.identify(ClockedOptions())
    assert registers.fit(ClockedOptions())
    for other in ({"channels": 1}, {"drift_ppm": 0.001}, {"crystal_jitter_ns": 1}, {"seed": -1}):
        assert not registers.fit(msgspec.convert(other, ClockedOptions))
    assert bytes(registers.words)[:8] == b"vsndcard"


def test_the_ring_stands_after_the_page() -> None:
    options = ClockedOptions(rate_hz=1000, channels=1, period_frames=10, buffer_frames=20)
    assert memory_octets(options) == 4096 + (20 + 1000) * 2


def test_a_command_is_taken_once(registers: Registers) -> None:
    assert registers.take(0) is None
    registers.give(True, 480, 10**15)
    command = registers.take(0)
    assert command == Command(2, True, 480, 10**15)
    assert registers.take(2) is None
    registers.give(False, 960, 0)
    assert registers.take(2) == Command(4, False, 960, 0)


def test_a_command_being_written_is_left_alone(registers: Registers) -> None:
    registers.words[Reg.GENERATION] = 3
    assert registers.take(2) is None


def test_words_of_driver_and_card_do_not_share_a_cache_line() -> None:
    assert Reg.GENERATION * 8 % 64 == 0
    assert Reg.DMA_FRAMES * 8 % 64 == 0
    assert len(set(Reg)) == len(Reg.__members__)
