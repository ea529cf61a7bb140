"""What a stream of a guest counts, so that connections can be summed and forgotten.

A guest may connect as often as it likes; of each connection only these numbers stay.
"""

from dataclasses import dataclass

from backend.latency.facts import Matched
from backend.matching import joined


@dataclass(frozen=True, slots=True)
class Counters:
    """Of one stream, over one connection or several."""

    late_frames: int = 0
    """Dropped, having come after their moment (or having found no room, for capture)."""
    frames: int = 0
    """Presented, or recorded."""
    requests: int = 0
    events: int = 0
    matched: Matched | None = None
    """Of one whose guest goes by the system's clock."""

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(
            self.late_frames + other.late_frames,
            self.frames + other.frames,
            self.requests + other.requests,
            self.events + other.events,
            joined(self.matched, other.matched),
        )
