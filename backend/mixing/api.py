"""What is mixed, and what is recorded for: what the mixer and the splitter need of a stream, whosever it is.

Guests' streams come through private queues (`backend.mixing.voice`, `backend.mixing.capture`), local applications' from
rings of blocks (`backend.local.voice`).
"""

from typing import Protocol

from backend.mixing.convert import FloatArray


class Sounding(Protocol):
    """One that is heard; see `backend.mixing.voice.Voice`."""

    @property
    def exact(self) -> bool:
        """Whether its octets are just what the device plays; only then are they asked for by `copy`."""
        ...

    def render(self, frames: int, out: FloatArray) -> int:
        """Fill `out[:frames]`, shape [frames, device channels]; how many frames were its own: silence follows."""
        ...

    def copy(self, frames: int, out: memoryview) -> int:
        """Move up to `frames` whole frames of octets to the start of `out`; how many there were."""
        ...

    @property
    def ready_frames(self) -> int:
        """Device frames that can be rendered now without a gap."""
        ...

    @property
    def history_frames(self) -> int:
        """Device frames that can be rewound."""
        ...

    def rewind(self, frames: int) -> None:
        """The last `frames` device frames, no more than `history_frames`, are to be rendered again."""


class Recording(Protocol):
    """One that is recorded for; see `backend.mixing.capture.CaptureVoice`."""

    @property
    def exact(self) -> bool:
        """Whether it takes the device's octets as they are."""
        ...

    def feed(self, octets: memoryview, frames: FloatArray) -> int:
        """Take one block, given both ways: octets if `exact`, floats otherwise; how many of its own frames it made."""
        ...
