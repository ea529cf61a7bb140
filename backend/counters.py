"""What a stream of a guest counts, so that connections can be summed and forgotten.

A guest may connect as often as it likes; of each connection only these numbers stay.
"""

from dataclasses import dataclass

from backend.latency.facts import Matched
from backend.live.lateness import NONE, Lateness
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
    untraced: int = 0
    """Trace records that were left out, see `ringproto.trace.Ration`."""
    underruns: int = 0
    """Stretches of silence for want of frames that came too late; for capture, of frames that nobody took in time."""
    lateness: Lateness = NONE
    """How late it was told of its periods."""

    def __add__(self, other: "Counters") -> "Counters":
        if self is NOTHING or other is NOTHING:
            return self if other is NOTHING else other
        return Counters(
            self.late_frames + other.late_frames,
            self.frames + other.frames,
            self.requests + other.requests,
            self.events + other.events,
            joined(self.matched, other.matched),
            self.untraced + other.untraced,
            self.underruns + other.underruns,
            self.lateness + other.lateness,
        )


NOTHING = Counters()
"""Of a stream that was never connected."""
