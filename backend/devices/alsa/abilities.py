"""What a binding to alsa-lib can do beyond the `Pcm` protocol, and what of that can be asked for, as data.

Nobody tests which class a PCM is: who needs something reads `abilities`, and who asks for what a binding lacks gets
another binding, or is refused.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class PcmAbilities:
    """One binding's, or what somebody needs of one."""

    period_wakeups_off: bool = False
    """The card can be told not to interrupt at each period."""
    avail_min: bool = False
    """At how much room, or how many recorded frames, it becomes ready can be chosen."""
    no_resample: bool = False
    """Plugins can be told to leave the rate alone."""
    any_buffer: bool = False
    """The buffer need not be whole periods."""
    delay: bool = False
    """It says how long a frame written now takes to be heard, beyond the buffer also."""
    htimestamp: bool = False
    """It says when it was what it says it is."""
    rewind: bool = False
    """Frames that were written, but not played, can be taken back."""
    link: bool = False
    """Two PCMs can be made to start and stop as one."""

    def beyond(self, other: "PcmAbilities") -> list[str]:
        """Names of what is here and not there."""
        names = (field.name for field in fields(self))
        return [name for name in names if getattr(self, name) and not getattr(other, name)]


@dataclass(frozen=True, slots=True)
class PcmTuning:
    """What is asked of a PCM besides its parameters."""

    period_wakeups: bool = True
    resample: bool = True
    avail_min_frames: int | None = None
    """None: a period."""
