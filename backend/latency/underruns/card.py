"""The card under a stream, as far as it may be to blame: when it interrupted, what it starved of, whether it jumped."""

from dataclasses import dataclass

import numpy as np

from backend.latency.facts import Device
from backend.latency.measures.timeline import NS_PER_S, CardClock
from backend.latency.records import Records, only
from backend.latency.result import Cause
from ringproto.trace import Point

SERVERS = ("pulse",)
"""Drivers behind which there is a sound server, not a card."""
JUMP = 1.01
"""A card that is faster than that was not faster: it jumped.  Crystals are within 0.02 %."""


@dataclass(frozen=True, slots=True)
class CardSide:
    """One card.  Its records are in order of time."""

    device: Device
    clock: CardClock
    boundaries: Records
    interrupts: Records
    """Those that were late, or never came."""
    starved: Records

    def of_life(self, at_ns: int) -> "CardSide":
        """The same in that one of its lives in which this began: its frames are counted from 0 in each."""
        after_ns, until_ns = self.clock.life_ns(at_ns)

        def within(records: Records) -> Records:
            chosen: Records = records[(records["time_ns"] > after_ns) & (records["time_ns"] <= until_ns)]
            return chosen

        return CardSide(
            self.device,
            self.clock.of_life(at_ns),
            within(self.boundaries),
            within(self.interrupts),
            within(self.starved),
        )

    @property
    def itself(self) -> Cause:
        """What to call it when it is to blame."""
        return "server" if self.device.kind in SERVERS else "device"

    @property
    def period_ns(self) -> int:
        """Nominal."""
        return self.device.period_frames * NS_PER_S // self.device.rate_hz

    def interrupt_ns(self, device_frame: float, due_ns: int) -> tuple[int, int]:
        """When the card is to say that this frame was reached, and when it did, or the backend had to look by itself.

        That is at the end of the period in which the frame begins.  Half a period later the backend looks by itself.
        Where it does not wait for interrupts both are `due_ns`, when the frame was reached.
        """
        if self.device.pacing != "irq":
            return due_ns, due_ns
        period = self.device.period_frames
        boundary = int(np.ceil(device_frame / period)) * period
        ideal_ns = max(due_ns, int(self.clock.instants_ns(np.array([boundary], np.float64))[0]))
        late_ns = max(self._drawn_ns(boundary), self._stood_still_ns(boundary))
        return ideal_ns, ideal_ns + min(late_ns, self.period_ns // 2)

    def _drawn_ns(self, boundary: int) -> int:
        late = self.interrupts["value"][self.interrupts["frame"] == boundary]
        if not len(late):
            return 0
        return self.period_ns if late[0] < 0 else int(late[0])

    def _stood_still_ns(self, boundary: int) -> int:
        """A virtual card is a process of its own, and may have to wait for a processor itself."""
        if self.device.statistics.get("card") != "process":
            return 0
        index = int(np.searchsorted(self.boundaries["frame"], boundary))
        return int(self.boundaries["value"][index]) if index < len(self.boundaries) else 0

    def has_jumped(self, device_frame: float, seen_ns: int) -> bool:
        """Whether it cannot have come to that frame by then at its own rate."""
        before = int(np.searchsorted(self.boundaries["frame"], device_frame, side="right")) - 1
        if before < 0:
            return False
        passed_ns = seen_ns - int(self.boundaries["time_ns"][before])
        needed = device_frame - int(self.boundaries["frame"][before])
        return needed > passed_ns * self.device.rate_hz * JUMP / NS_PER_S + 1


def card_side(device: Device, records: Records, clock: CardClock) -> CardSide:
    """Sort a card's records."""
    return CardSide(
        device=device,
        clock=clock,
        boundaries=only(records, Point.BOUNDARY),
        interrupts=only(records, Point.INTERRUPT),
        starved=only(records, Point.STARVED),
    )
