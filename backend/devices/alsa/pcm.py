"""A PCM as the ALSA devices see it: alsa-lib's few verbs that matter, whichever binding brings them.

Nothing blocks.  A PCM starts by itself with the first frames it is given, or at the first `read`; when it runs dry, or
full, it stops and says `Xrun` until it is dropped or given frames anew.  Not all do: PulseAudio's plugin says nothing,
and holds its count one frame short of dry, or full; others count on.
"""

from collections.abc import Sequence
from errno import EINVAL
from typing import Protocol

from backend.devices.alsa.abilities import PcmAbilities
from backend.devices.api import DeviceError, DeviceParams

HELD_BACK_FRAMES = 1
"""What PulseAudio's plugin keeps between its count and dry, or full, lest the ring seem to have turned over."""


class Xrun(Exception):  # noqa: N818  # ALSA's own word
    """The PCM ran dry (playback) or full (capture), and has stopped."""


class Pcm(Protocol):
    """One open PCM, one direction."""

    binding: str
    """Whose calls these are, and why, where it is not the usual one's."""

    @property
    def period_wakeups(self) -> bool:
        """Whether the card tells of its periods; otherwise nothing ever becomes ready."""
        ...

    @property
    def abilities(self) -> PcmAbilities:
        """What else it can do."""
        ...

    @property
    def name(self) -> str:
        """What it was opened as."""
        ...

    @property
    def granularity_frames(self) -> int:
        """In what steps `avail` moves: 1, or a period where no card's own counter is behind it."""
        ...

    @property
    def params(self) -> DeviceParams:
        """What the PCM granted."""
        ...

    @property
    def descriptors(self) -> Sequence[int]:
        """What becomes ready when there is room for a period, or a period was recorded."""
        ...

    def acknowledge(self, descriptor: int) -> None:
        """It was ready: plugins that use a pipe empty it here.  Raises nothing: `avail` tells what is wrong."""

    def avail(self) -> int:
        """Frames of room (playback) or recorded frames (capture), as the hardware says now.

        Raises Xrun, or DeviceError when the PCM is gone.
        """
        ...

    def write(self, frames: memoryview) -> int:
        """Give it frames, octets; how many it took.  Raises Xrun, DeviceError."""
        ...

    def read(self) -> bytes:
        """Take up to a period of recorded frames, as octets.  Raises Xrun, DeviceError."""
        ...

    def rewind(self, frames: int) -> int:
        """Take back the frames written last, to be written anew; how many it were.

        Raises Xrun, DeviceError; ENOSYS from one without that ability.
        """
        ...

    def drop(self) -> None:
        """Stop at once; frames inside are gone."""

    def close(self) -> None:
        """Give it back, without draining."""


def no_clock(pcm: Pcm) -> DeviceError:
    """The error of a PCM that takes, or gives, all it can at once, as `null` does: nothing could be paced by it."""
    return DeviceError(EINVAL, f"{pcm.name}: no clock (a PCM that keeps no time cannot play or record)")
