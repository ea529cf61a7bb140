"""The states of a PCM."""

from enum import Enum


class PcmState(Enum):
    """ALSA's stream states, as far as they exist here."""

    CLOSED = "closed"
    PREPARED = "prepared"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPING = "stopping"
    """An underrun or overrun was met, or a stop asked for; STOP is under way."""
    LOST = "lost"
    """The backend went away; this PCM is finished."""
