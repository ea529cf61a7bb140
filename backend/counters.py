"""What a stream of a guest counts, so that connections can be summed and forgotten.

A guest may connect as often as it likes; of each connection only these numbers stay.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counters:
    """Of one stream, over one connection or several."""

    late_frames: int = 0
    """Dropped, having come after their moment (or having found no room, for capture)."""
    frames: int = 0
    """Presented, or recorded."""
    requests: int = 0
    events: int = 0

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(
            self.late_frames + other.late_frames,
            self.frames + other.frames,
            self.requests + other.requests,
            self.events + other.events,
        )
