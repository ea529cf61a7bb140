"""How loud a stream is to be, as people say it: decibels, one number for all channels or one for each.

-inf is silence, as in every mixer.
"""

from collections.abc import Sequence
from math import isnan

from backend.config import ConfigError
from frontend import CapturePcm, PlaybackPcm
from ringproto.volume import LOUDEST_MDB, SILENT_MDB


class Loudness:
    """A volume, and whether to mute.  Raises ConfigError naming the option for a volume that there is none like."""

    def __init__(self, volume_db: str, mute: bool = False) -> None:
        self._levels_mdb = levels_mdb([_number(part) for part in volume_db.split(",")])
        self._mute = mute

    def check(self, channels: int) -> None:
        """Raise ConfigError naming the option unless it is for so many channels."""
        check_count(len(self._levels_mdb), channels, "--volume-db")

    def apply(self, pcm: PlaybackPcm | CapturePcm) -> None:
        """Set it, unless it is how every stream begins.  Raises HostError."""
        if any(self._levels_mdb):
            pcm.volume.set(self._levels_mdb)
        if self._mute:
            pcm.volume.mute()


def levels_mdb(volume_db: float | Sequence[float]) -> list[int]:
    """Numbers of decibels in thousandths; what is silence anyhow is just that."""
    several = volume_db if isinstance(volume_db, Sequence) else (volume_db,)
    return [round(max(number * 1000, SILENT_MDB)) for number in several]


def check_count(count: int, channels: int, field: str) -> None:
    """Raise ConfigError naming the field unless there is one volume, or one for each channel."""
    if count not in (1, channels):
        raise ConfigError(f"{field}: {count} numbers for {channels} channels; want 1, or one for each")


def _number(text: str) -> float:
    try:
        volume_db = float(text)
    except ValueError:
        volume_db = float("nan")
    if isnan(volume_db) or volume_db * 1000 > LOUDEST_MDB:
        raise ConfigError(f"--volume-db: {text!r} is no number up to {LOUDEST_MDB // 1000}, such as -6 or -6,-3.5")
    return volume_db
