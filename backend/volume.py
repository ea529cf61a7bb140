"""How loud a guest wants one of its streams: a volume and a mute flag for each channel.

They are settings of the stream, as of a mixer, and outlive its openings; a new connection begins at 0 dB.  Muting keeps
the volume, and what is set while a channel is mute counts once it no longer is.
"""

from collections.abc import Sequence

from ringproto.volume import gain_of

CHANNELS_MAX = 255
"""As many as the `pcm_channels` octet of OPEN can name."""


class Volume:
    """Of one stream."""

    def __init__(self) -> None:
        self._levels_mdb = [0] * CHANNELS_MAX
        self._muted = [False] * CHANNELS_MAX

    def set(self, levels_mdb: Sequence[int]) -> None:
        """Set the first channels' volumes."""
        self._levels_mdb[: len(levels_mdb)] = levels_mdb

    def levels_mdb(self, channels: int) -> tuple[int, ...]:
        """The volumes of so many channels, as they were set."""
        return tuple(self._levels_mdb[:channels])

    def mute(self, meant: Sequence[bool], *, muted: bool) -> None:
        """Mute, or unmute, the channels that are meant."""
        for channel, flag in enumerate(meant):
            if flag:
                self._muted[channel] = muted

    def gains(self, channels: int) -> list[float]:
        """What each channel's samples are multiplied with."""
        return [
            0.0 if muted else gain_of(level)
            for level, muted in zip(self._levels_mdb[:channels], self._muted, strict=False)
        ]
