"""Where the next write (or read) of a device goes, and what happens to it when it was missed.

An underrun begins when the card presents a frame that nobody wrote, and lasts until the next write: one event, however
often it is looked at.  Meanwhile the cursor keeps a period ahead of the card, so that the next write is in time.
Capture mirrors it: the event begins when frames not yet read are overwritten, and the newest period is kept.

A rewind moves the next write back over what was written.  What hardware is about to fetch stays: taken back, it might
be heard as a gap, because nobody writes it anew in time.
"""

from backend.devices.api import DeviceParams

REWIND_SAFEGUARD_OCTETS = 256
REWIND_SAFEGUARD_NS = 1_330_000
"""PulseAudio's figures, by which it rewinds ALSA cards: whichever is more."""


def safeguard_frames(params: DeviceParams) -> int:
    """How many frames nearest to the hardware no rewind takes back."""
    octets = -(-REWIND_SAFEGUARD_OCTETS // params.frame_octets)
    return max(octets, -(-REWIND_SAFEGUARD_NS * params.rate_hz // 1_000_000_000))


class PlaybackCursor:
    """The frame that the next write begins with."""

    __slots__ = ("_period_frames", "_starved", "frame", "underruns")

    def __init__(self, period_frames: int) -> None:
        self.frame = 0
        self.underruns = 0
        self._period_frames = period_frames
        self._starved = False

    def follow(self, position: int) -> None:
        """The card has presented `position` frames."""
        if position > self.frame:
            self.underruns += not self._starved
            self._starved = True
            self.frame = position + self._period_frames

    def advance(self, frames: int) -> None:
        """So many frames were written."""
        if frames:
            self._starved = False
            self.frame += frames

    def rewind(self, frame: int) -> int:
        """Take back what was written from `frame` on; how many frames.  Since an underrun nothing was."""
        taken = 0 if self._starved else max(0, self.frame - frame)
        self.frame -= taken
        return taken

    def rest_at(self, position: int) -> None:
        """The card was stopped: what lies beyond `position` is dropped."""
        self.frame = position
        self._starved = False


class CaptureCursor:
    """The frame that the next read begins with."""

    __slots__ = ("_buffer_frames", "_overwritten", "_period_frames", "frame", "underruns")

    def __init__(self, period_frames: int, buffer_frames: int) -> None:
        self.frame = 0
        self.underruns = 0
        self._period_frames = period_frames
        self._buffer_frames = buffer_frames
        self._overwritten = False

    def follow(self, position: int) -> None:
        """The card has sampled `position` frames."""
        if position - self.frame > self._buffer_frames:
            self.underruns += not self._overwritten
            self._overwritten = True
            self.frame = position - self._period_frames

    def advance(self, frames: int) -> None:
        """So many frames were read."""
        if frames:
            self._overwritten = False
            self.frame += frames

    def rest_at(self, position: int) -> None:
        """The card was stopped: what was not read is dropped."""
        self.frame = position
        self._overwritten = False
