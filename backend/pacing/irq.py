"""Interrupt pacing: look when the card says that a period has passed.

An interrupt is a hint like every notification.  It may have another reason (ALSA wakes for room as for a period), be
merged with others, come late, or be lost.  So each is judged by the position that was found: it was a period's if a
boundary of the device's periods has been passed since the last, and several passed at once are several periods.

A lost interrupt must not stop the sound: half a period after the next boundary is due, a deadline looks by itself.  It
is told from the position that was seen last.  After one that the deadline found, the next is told from that boundary,
as far as the position allows: a card that shows its position at interrupts only, may be most of a period further.
"""

from collections.abc import Mapping

from backend.devices.api import AudioDevice
from backend.pacing.api import Seen
from backend.pacing.lead import PeriodLead
from hosts.api import Handle, Loop, OnTime

NS_PER_S = 1_000_000_000


class IrqSource(PeriodLead):
    """Looks at each interrupt of the device."""

    name = "irq"

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(device)
        self.looks = 0
        self._loop = loop
        self._look = look
        self._device = device
        self._rate_hz = device.params.rate_hz
        self._grain_frames = device.capabilities.position_granularity_frames
        self._line: Handle | None = None
        self._deadline = loop.timer(self._on_deadline)
        self._boundary_ns = 0  # when the next period's end is expected
        self._passed = 0  # boundaries before the position at the last look of ours
        self._found = 0  # boundaries that the look under way found
        self._interrupted_ns = -1
        self._interrupts = self._periods = self._spurious = self._merged = self._missed = 0

    def start(self, now_ns: int) -> None:
        """Listen to the card.  Raises DeviceError(ENOSYS) for one that is silent."""
        if self._line is None:
            self._line = self._device.interrupts(self._loop, self._on_interrupt)
        position = self._device.position(now_ns)
        self._passed, self._found = position // self._period_frames, 0
        self._expect(self._foretold_ns(position, now_ns))

    def stop(self) -> None:
        """Stop listening."""
        self._deadline.disarm()
        if self._line is not None:
            self._line.cancel()
            self._line = None

    def _on_interrupt(self, now_ns: int) -> None:
        if now_ns == self._interrupted_ns:  # several told of at once are one
            return
        self._interrupted_ns = now_ns
        found = self._look_once(now_ns)
        if self._line is not None:
            self._interrupts += 1
            self._spurious += found == 0
            self._merged += max(0, found - 1)

    def _on_deadline(self, now_ns: int) -> None:
        expected_ns = self._boundary_ns
        found = self._look_once(now_ns)
        self._missed += found
        if found and self._line is not None:
            foretold_ns = self._boundary_ns
            next_ns = expected_ns + self._ns(found * self._period_frames)
            self._expect(min(max(next_ns, foretold_ns - self._ns(self._grain_frames)), foretold_ns))

    def _look_once(self, now_ns: int) -> int:
        """Look; how many boundaries that found."""
        self.looks += 1
        self._found = 0
        self._look(now_ns)
        self._passed += self._found
        self._periods += self._found
        return self._found

    def looked(self, seen: Seen, now_ns: int) -> None:
        """Judge what the position says, and expect the next boundary."""
        if self._line is not None:
            self._found = max(0, seen.position // self._period_frames - self._passed)
            self._expect(self._foretold_ns(seen.position, now_ns))

    def _foretold_ns(self, position: int, now_ns: int) -> int:
        return now_ns + self._ns(self._period_frames - position % self._period_frames)

    def _expect(self, boundary_ns: int) -> None:
        self._boundary_ns = boundary_ns
        self._deadline.arm(boundary_ns + self._ns(self._period_frames) // 2)

    def _ns(self, frames: int) -> int:
        return frames * NS_PER_S // self._rate_hz

    def statistics(self) -> Mapping[str, int | float | str]:
        """How its interrupts were: `periods` = `interrupts` - `spurious` + `merged` + `missed`, always.

        `merged` are periods' ends beyond the first that one interrupt told of, `missed` those that the deadline found.
        """
        return {
            "interrupts": self._interrupts,
            "periods": self._periods,
            "spurious": self._spurious,
            "merged": self._merged,
            "missed": self._missed,
        }
