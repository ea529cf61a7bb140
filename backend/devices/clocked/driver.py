"""The virtual card's driver: an AudioDevice over what any card shows, which is registers, a DMA ring and an interrupt.

The position register is a live counter, as fine as the options say.  A real card would count it; here both sides work
it out from the same formula (`Crystal`), so reading it costs no message, as reading a register would not.  The driver
uses no more than a count from it: it does not know how wrong the card's crystal is.
"""

from collections.abc import Mapping
from errno import ENODEV
from typing import Generic, TypeVar

from backend.devices.api import Capabilities, DeviceError
from backend.devices.clocked.bus import Bus
from backend.devices.clocked.card import edge_after
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Reg, Registers
from backend.devices.clocked.ring import FrameRing
from backend.devices.clocked.trembling import crystal_of
from backend.devices.crystal import NS_PER_S
from backend.devices.cursor import CaptureCursor, PlaybackCursor, safeguard_frames
from backend.devices.oneway import PlaysOnly, RecordsOnly
from hosts.api import Handle, Loop, OnTime
from ringproto.abi import PAGE_OCTETS

Cursor = TypeVar("Cursor", PlaybackCursor, CaptureCursor)


class _ClockedDevice(Generic[Cursor]):
    """What both directions have in common."""

    rewinds = False

    def __init__(self, options: ClockedOptions, loop: Loop, bus: Bus, cursor: Cursor) -> None:
        self.params = options.params
        self.capabilities = Capabilities(True, options.position_granularity_frames, self.rewinds)
        self._loop = loop
        self._bus = bus
        self._cursor: Cursor = cursor
        self._registers = Registers(bus.memory)
        self._words = self._registers.words
        self._ring = FrameRing(bus.memory[PAGE_OCTETS:], self.params.frame_octets)
        self._octets = self.params.frame_octets
        self._crystal = crystal_of(options)
        self._granularity_frames = options.position_granularity_frames
        self._facts: dict[str, int | float | str] = {"card": bus.kind, "drift_ppm": options.drift_ppm}
        self._open = True

    @property
    def underruns(self) -> int:
        """How often it ran out of frames (playback) or of room (capture)."""
        return self._cursor.underruns

    @property
    def written_frames(self) -> int:
        """The frame that the next write, or read, begins with."""
        return self._cursor.frame

    def position(self, now_ns: int) -> int:
        """Frames presented, or sampled.  Raises DeviceError(ENODEV) when the card is gone."""
        if not self._open or not self._bus.alive:
            raise DeviceError(ENODEV, "the virtual card is gone")
        position = self._shown(now_ns)
        self._cursor.follow(position)
        return position

    def _shown(self, now_ns: int) -> int:
        """The position register."""
        position = self._crystal.frames_at(now_ns)
        return position - position % self._granularity_frames

    def start(self, now_ns: int) -> None:
        """Run from where it stands."""
        if not self._crystal.running:
            self._crystal.start(now_ns)
            self._command()

    def stop(self, now_ns: int) -> None:
        """Stand; what was written and not presented, or recorded and not read, is dropped."""
        if self._crystal.running:
            self._crystal.stop(now_ns)
            self._command()
        self._drop(self._crystal.base_frames)

    def _drop(self, position: int) -> None:
        self._cursor.rest_at(position)

    def _command(self) -> None:
        crystal = self._crystal
        self._registers.give(crystal.running, crystal.base_frames, crystal.start_ns)
        self._bus.ring_doorbell()

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` at each period's end by the card's crystal, and once when the card is lost."""
        return self._bus.listen(loop, callback)

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` begins, counted from the position now at the nominal rate."""
        return now_ns + (frame - self._shown(now_ns)) * NS_PER_S // self.params.rate_hz

    def statistics(self) -> Mapping[str, int | float | str]:
        """What the card counted; of the last moment when it is closed."""
        if self._open:
            words = self._words
            self._facts |= {
                "underruns": self.underruns,
                "interrupts": words[Reg.INTERRUPTS],
                "lost_interrupts": words[Reg.LOST_INTERRUPTS],
                "late_bursts": words[Reg.LATE_BURSTS],
                "lost_frames": words[Reg.LOST_FRAMES],
                "starved_bursts": words[Reg.STARVED_BURSTS],
            }
        return self._facts

    def close(self) -> None:
        """Stop and switch the card off; waits for a card in a process of its own to close its files."""
        if not self._open:
            return
        self.stop(self._loop.now_ns())
        self.statistics()
        self._open = False
        self._ring.release()
        self._registers.release()
        self._bus.close()


class ClockedPlayback(PlaysOnly, _ClockedDevice[PlaybackCursor]):
    """The driver of a card that plays."""

    rewinds = True

    def __init__(self, options: ClockedOptions, loop: Loop, bus: Bus) -> None:
        super().__init__(options, loop, bus, PlaybackCursor(options.period_frames))
        self._burst_frames = options.burst
        self._safeguard_frames = safeguard_frames(options.params)

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Copy frames into the ring; how many fitted.  Raises DeviceError(ENODEV)."""
        room = self.position(now_ns) + self.params.buffer_frames - self._cursor.frame
        count = min(len(frames) // self._octets, room)
        if count <= 0:
            return 0
        self._ring.put(self._cursor.frame, frames[: count * self._octets])
        self._cursor.advance(count)
        self._words[Reg.WRITTEN_FRAMES] = self._cursor.frame
        return count

    def rewind(self, frame: int, now_ns: int) -> int:
        """Take back from `frame` on what the card will not have fetched before the safeguard has passed.

        The written frames end there.  Raises DeviceError(ENODEV).
        """
        position = self.position(now_ns)
        kept = self._fetched_soon(position) if self._crystal.running else position
        taken = self._cursor.rewind(max(frame, kept))
        if taken:
            self._ring.clear(self._cursor.frame, taken)
            self._words[Reg.WRITTEN_FRAMES] = self._cursor.frame
        return self._cursor.frame

    def _fetched_soon(self, position: int) -> int:
        """Where the burst ends that is in flight when the safeguard has passed, were the card as far as it can be."""
        furthest = position + self._granularity_frames - 1
        in_flight = edge_after(furthest + self._safeguard_frames, self.params.period_frames, self._burst_frames)
        return max(in_flight, self._words[Reg.DMA_FRAMES])

    def _drop(self, position: int) -> None:
        self._ring.clear(position, self._cursor.frame - position)
        self._cursor.rest_at(position)
        self._words[Reg.WRITTEN_FRAMES] = position


class ClockedCapture(RecordsOnly, _ClockedDevice[CaptureCursor]):
    """The driver of a card that records."""

    def __init__(self, options: ClockedOptions, loop: Loop, bus: Bus) -> None:
        super().__init__(options, loop, bus, CaptureCursor(options.period_frames, options.buffer_frames))

    def read(self, into: memoryview, now_ns: int) -> int:
        """Copy out what the card has stored; how many frames.  Raises DeviceError(ENODEV)."""
        stored = min(self.position(now_ns), self._words[Reg.DMA_FRAMES])
        count = min(len(into) // self._octets, stored - self._cursor.frame)
        if count <= 0:
            return 0
        self._ring.get(self._cursor.frame, into[: count * self._octets])
        self._cursor.advance(count)
        return count
