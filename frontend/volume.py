"""The volume of an open PCM: how loud the backend makes each of its channels.

Volumes travel as arrays in the PCM's own buffer, which is full of sound.  The array is put where there is none: behind
the last frame that the backend may still have to read (or write), and nothing is put there until it has answered.
"""

from collections.abc import Sequence
from errno import EINVAL
from typing import Protocol

from frontend.params import PcmParams
from hosts.api import HostError, Loop
from hosts.tasks import run
from ringproto.messages import GetVolumeRequest, MuteRequest, RangeRequest, SetVolumeRequest, UnmuteRequest
from ringproto.volume import ELEMENT_OCTETS, LEAST_MDB, LOUDEST_MDB, pack_flags, pack_volumes, unpack_volumes


class Exchange(Protocol):
    """What the volume needs of its PCM."""

    params: PcmParams

    @property
    def loop(self) -> Loop:
        """The domain's loop."""
        ...

    async def aexchange(self, kind: type[RangeRequest], array: bytes) -> bytes:
        """Show the backend an array in the buffer; what it is after the request was answered."""
        ...


class Volume:
    """Volumes in thousandths of a decibel ("mdb"), 0 being the loudness of the sound itself; and muting.

    They are settings of the backend's, and outlive the PCM until the card is disconnected.  All verbs raise HostError:
    EINVAL for a wrong number of channels or a volume beyond +20 dB, EOPNOTSUPP from a backend that offers none.
    """

    def __init__(self, pcm: Exchange) -> None:
        self._pcm = pcm

    async def aset(self, levels_mdb: Sequence[int]) -> None:
        """Set every channel's volume; one number stands for all of them."""
        await self._pcm.aexchange(SetVolumeRequest, pack_volumes(self._for_all(levels_mdb)))

    async def aget(self) -> tuple[int, ...]:
        """Every channel's volume."""
        return unpack_volumes(
            await self._pcm.aexchange(GetVolumeRequest, bytes(self._pcm.params.channels * ELEMENT_OCTETS))
        )

    async def amute(self, channels: Sequence[int] | None = None) -> None:
        """Mute these channels (counted from 0), or all."""
        await self._pcm.aexchange(MuteRequest, self._flags(channels))

    async def aunmute(self, channels: Sequence[int] | None = None) -> None:
        """Unmute these channels (counted from 0), or all."""
        await self._pcm.aexchange(UnmuteRequest, self._flags(channels))

    def set(self, levels_mdb: Sequence[int]) -> None:
        """Set every channel's volume, blocking; one number stands for all of them."""
        run(self._pcm.loop, self.aset(levels_mdb))

    def get(self) -> tuple[int, ...]:
        """Every channel's volume, blocking."""
        return run(self._pcm.loop, self.aget())

    def mute(self, channels: Sequence[int] | None = None) -> None:
        """Mute these channels, or all, blocking."""
        run(self._pcm.loop, self.amute(channels))

    def unmute(self, channels: Sequence[int] | None = None) -> None:
        """Unmute these channels, or all, blocking."""
        run(self._pcm.loop, self.aunmute(channels))

    def _for_all(self, levels_mdb: Sequence[int]) -> tuple[int, ...]:
        count = self._pcm.params.channels
        levels = tuple(levels_mdb) * count if len(levels_mdb) == 1 else tuple(levels_mdb)
        if len(levels) != count:
            raise HostError(EINVAL, f"{len(levels)} volumes for {count} channels: want one, or one for each")
        for level in levels:
            if not LEAST_MDB <= level <= LOUDEST_MDB:
                raise HostError(EINVAL, f"volume: {level} thousandths of a dB: want {LEAST_MDB} to {LOUDEST_MDB}")
        return levels

    def _flags(self, channels: Sequence[int] | None) -> bytes:
        meant = range(self._pcm.params.channels) if channels is None else channels
        for channel in meant:
            if not 0 <= channel < self._pcm.params.channels:
                raise HostError(EINVAL, f"channel {channel}: there are {self._pcm.params.channels}, counted from 0")
        return pack_flags([channel in meant for channel in range(self._pcm.params.channels)])
