"""The card's interrupt line: on time, late, or silent, as the options say.

An interrupt is late against its period's own instant, not against when the card was run, and every period has one,
raised or lost, so `INTERRUPTS` and `LOST_INTERRUPTS` together are the periods that passed.  What is late has been drawn
apart from what is lost: switching one on leaves the other's history as it was.
"""

from random import Random

from backend.devices.clocked.options import PPM, ClockedOptions
from backend.devices.clocked.registers import Reg, Registers
from hosts.api import Loop, OnTime

NEVER = -1
"""How late a lost interrupt is."""


class InterruptLine:
    """Calls `raise_interrupt(now_ns)` for each period that the listener is to hear of."""

    def __init__(self, options: ClockedOptions, loop: Loop, registers: Registers, raise_interrupt: OnTime) -> None:
        self._words = registers.words
        self._raise = raise_interrupt
        self._latency_ns = options.interrupt_latency_ns
        self._jitter_ns = options.interrupt_jitter_ns
        self._lost_ppm = options.lost_interrupts_ppm
        self._lateness = Random(options.seed)  # noqa: S311  # a seeded experiment, not a secret
        self._losses = Random(f"losses {options.seed}")  # noqa: S311  # likewise
        self._timer = loop.timer(self._interrupt)
        self._pending = False

    def pass_period(self, ideal_ns: int, now_ns: int) -> int:
        """A period has ended at `ideal_ns`, which the card serves at `now_ns`; ns its interrupt is late, or NEVER."""
        if self._pending:  # the card is late by a period: its next one may not swallow it
            self._interrupt(now_ns)
        late_ns = self._latency_ns + (self._lateness.randrange(self._jitter_ns + 1) if self._jitter_ns else 0)
        if self._lost_ppm and self._losses.randrange(PPM) < self._lost_ppm:
            self._words[Reg.LOST_INTERRUPTS] += 1
            return NEVER
        if ideal_ns + late_ns <= now_ns:
            self._interrupt(now_ns)
        else:
            self._pending = True
            self._timer.arm(ideal_ns + late_ns)
        return late_ns

    def _interrupt(self, now_ns: int) -> None:
        self._pending = False
        self._timer.disarm()
        self._words[Reg.INTERRUPTS] += 1
        self._raise(now_ns)

    def close(self) -> None:
        """Nothing more is raised."""
        self._timer.disarm()
