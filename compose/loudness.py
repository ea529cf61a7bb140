"""How loud a stream is to be, as people say it: decibels, one number for all channels or one for each."""

from math import isfinite

from backend.config import ConfigError
from frontend import CapturePcm, PlaybackPcm
from ringproto.volume import LOUDEST_MDB


class Loudness:
    """A volume, and whether to mute.  Raises ConfigError naming the option for a volume that there is none like."""

    def __init__(self, volume_db: str, mute: bool = False) -> None:
        self._levels_mdb = [_mdb(part) for part in volume_db.split(",")]
        self._mute = mute

    def apply(self, pcm: PlaybackPcm | CapturePcm) -> None:
        """Set it, unless it is how every stream begins.  Raises ConfigError, HostError."""
        channels = pcm.params.channels
        if len(self._levels_mdb) not in (1, channels):
            raise ConfigError(
                f"--volume-db: {len(self._levels_mdb)} numbers for {channels} channels; want 1 or {channels}"
            )
        if any(self._levels_mdb):
            pcm.volume.set(self._levels_mdb)
        if self._mute:
            pcm.volume.mute()


def _mdb(text: str) -> int:
    try:
        volume_db = float(text)
    except ValueError:
        volume_db = float("nan")
    if not isfinite(volume_db) or volume_db * 1000 > LOUDEST_MDB:
        raise ConfigError(f"--volume-db: {text!r} is no number up to {LOUDEST_MDB // 1000}, such as -6 or -6,-3.5")
    return max(round(volume_db * 1000), -(1 << 31))
