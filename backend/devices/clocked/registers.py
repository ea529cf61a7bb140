"""The card's registers and DMA ring: one piece of shared memory, a page of 64-bit words and the ring after it.

Rules:

1. Each word has one writer: the driver (the command, and how far it has written) or the card (the counters).
2. Words are aligned and are loaded and stored whole, through `memoryview.cast`.
3. A command is three words that belong together.  They stand between two steps of `GENERATION`, odd while they change;
   the doorbell rings after the second.  A card that meets an odd or moving generation waits for that doorbell.
4. Identity words (magic, version, geometry) are written before the card is told of the memory and never change.
"""

from dataclasses import dataclass
from enum import IntEnum

from backend.devices.clocked.options import ClockedOptions
from backend.devices.crystal import ppb_from_ppm
from ringproto.abi import PAGE_OCTETS

MAGIC = 0x64726163_646E7376  # "vsndcard", little-endian
VERSION = 2
SEED_MASK = (1 << 63) - 1


class Reg(IntEnum):
    """Index of each 64-bit signed word."""

    MAGIC = 0
    VERSION = 1
    RATE_HZ = 2
    DRIFT_PPB = 3
    CHANNELS = 4
    FORMAT = 5  # ringproto.formats.Format.code
    PERIOD_FRAMES = 6
    BUFFER_FRAMES = 7
    RING_FRAMES = 8
    BURST_FRAMES = 9
    CRYSTAL_JITTER_NS = 10
    SEED = 11  # its lower 63 bits
    # The driver's, from here on a cache line of its own.
    GENERATION = 16
    RUNNING = 17
    BASE_FRAMES = 18
    START_NS = 19
    WRITTEN_FRAMES = 20
    # The card's.
    DMA_FRAMES = 32  # fetched from the ring (playback), or stored into it (capture)
    LATE_BURSTS = 33  # served when the next one was already due
    LOST_FRAMES = 34  # not played because the card was not run for longer than the ring's slack
    STARVED_BURSTS = 35  # fetched before all of it had been written
    INTERRUPTS = 36  # raised
    LOST_INTERRUPTS = 37


@dataclass(frozen=True, slots=True)
class Command:
    """What the driver last told the card: run from `base_frames` at `start_ns`, or rest at `base_frames`."""

    generation: int
    running: bool
    base_frames: int
    start_ns: int


def memory_octets(options: ClockedOptions) -> int:
    """Size of registers and ring."""
    return PAGE_OCTETS + options.ring_frames * options.params.frame_octets


def _identity(options: ClockedOptions) -> tuple[int, ...]:
    return (
        MAGIC,
        VERSION,
        options.rate_hz,
        ppb_from_ppm(options.drift_ppm),
        options.channels,
        options.params.format.code,
        options.period_frames,
        options.buffer_frames,
        options.ring_frames,
        options.burst,
        options.crystal_jitter_ns,
        options.seed & SEED_MASK,
    )


class Registers:
    """The register page.  `words` is open to both sides; mind who writes what."""

    __slots__ = ("words",)

    def __init__(self, memory: memoryview) -> None:
        self.words = memory[:PAGE_OCTETS].cast("q")

    def identify(self, options: ClockedOptions) -> None:
        """Write the identity words (the driver, once)."""
        for index, value in enumerate(_identity(options)):
            self.words[index] = value

    def fit(self, options: ClockedOptions) -> bool:
        """Whether this is the memory of a card with these options."""
        identity = _identity(options)
        return tuple(self.words[: len(identity)]) == identity

    def give(self, running: bool, base_frames: int, start_ns: int) -> None:
        """Store a command (the driver); ring the doorbell afterwards."""
        words = self.words
        words[Reg.GENERATION] += 1
        words[Reg.RUNNING] = running
        words[Reg.BASE_FRAMES] = base_frames
        words[Reg.START_NS] = start_ns
        words[Reg.GENERATION] += 1

    def take(self, known_generation: int) -> Command | None:
        """The command, when it is whole and not the known one (the card)."""
        words = self.words
        generation = words[Reg.GENERATION]
        if generation == known_generation or generation & 1:
            return None
        command = Command(generation, bool(words[Reg.RUNNING]), words[Reg.BASE_FRAMES], words[Reg.START_NS])
        return command if words[Reg.GENERATION] == generation else None

    def release(self) -> None:
        """Let go of the memory."""
        self.words.release()
