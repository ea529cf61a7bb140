"""SampleSpec: what sound is made of, on either side of the mixer."""

from dataclasses import dataclass

from ringproto.formats import Format


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """Interleaved frames of one format, at one rate."""

    format: Format
    channels: int
    rate_hz: int

    @property
    def frame_octets(self) -> int:
        """Octets of one frame."""
        return self.channels * self.format.sample_octets
