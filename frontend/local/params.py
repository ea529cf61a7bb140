"""What a local application wants."""

from dataclasses import dataclass

RING_PERIODS = 3
"""One being mixed, one ready, one being written: the backend waits for nobody, so two are not enough to be late in."""


@dataclass(frozen=True, slots=True)
class LocalParams:
    """How to register."""

    name: str
    """What others call it."""
    device: str | None = None
    """The operator's name of it; None for the first that local applications may use."""
    playback_channels: int = 0
    """0 for none; other counts than the device's are remixed.  Likewise the next."""
    capture_channels: int = 0
    ring_periods: int = RING_PERIODS
    """How many periods it may be ahead: so much later it is heard, and so much later it may be woken."""
    rings: bool = True
    """Whether commands are to move to rings in shared memory, if both sides can; or stay on the socket."""
