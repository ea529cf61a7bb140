"""A cable from a card's output to its own input, for measuring there and back.

Both directions of a virtual card may be processes of their own, each with a crystal of its own, and either may be late
to run.  So a cable has no order of writing and reading: it has places, one for each instant of the system's clock at
the nominal rate.  The output puts each frame at the places whose middle falls into it, the input takes for each of
its frames the place that holds the frame's middle.  A place holds its own number besides, so that nobody hears what was
played a cable's length ago.

A frame is found at most half a frame away from where it was put, in and out alike.  And the cable is `LENGTH_NS` long:
what a late card plays a little late is still heard in its place.
"""

from mmap import MAP_SHARED, PROT_READ, PROT_WRITE, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.devices.api import DeviceError, DeviceParams
from backend.devices.crystal import NS_PER_S, Crystal
from ringproto.errors import Errno

LENGTH_NS = 100_000_000
"""So much later the input hears what the output plays: as much as a card's process may be late."""

PLACES_S = 1
STAMP_OCTETS = 8

Int64s = NDArray[np.int64]


class _Cable:
    """The memory, as both ends see it."""

    def __init__(self, memory: mmap, params: DeviceParams, crystal: Crystal) -> None:
        self._memory = memory
        self._crystal = crystal
        self._rate_hz = params.rate_hz
        self._octets = params.frame_octets
        self._places = PLACES_S * params.rate_hz
        self._stamps: Int64s = np.frombuffer(memory, np.int64, self._places)
        frames = np.frombuffer(memory, np.uint8, offset=self._places * STAMP_OCTETS)
        self._frames = frames.reshape(self._places, self._octets)

    def release(self) -> None:
        """Let go of the memory."""
        del self._stamps, self._frames
        self._memory.close()


def _size_octets(params: DeviceParams) -> int:
    return PLACES_S * params.rate_hz * (STAMP_OCTETS + params.frame_octets)


class CableOut(_Cable):
    """The output's end, which makes the file and takes it away.  Raises DeviceError(EIO) when that cannot be."""

    def __init__(self, path: str, params: DeviceParams, crystal: Crystal) -> None:
        self._path = Path(path)
        try:
            with self._path.open("w+b") as file:
                file.truncate(_size_octets(params))
                memory = mmap(file.fileno(), 0, MAP_SHARED, PROT_READ | PROT_WRITE)
        except OSError as error:
            raise DeviceError(Errno.EIO, f"cannot write {path}: {error}") from error
        super().__init__(memory, params, crystal)

    def play(self, first: int, octets: memoryview) -> None:
        """The card's frames from `first` on are heard now."""
        frames = np.frombuffer(octets, np.uint8).reshape(-1, self._octets)
        began_ns, ended_ns = self._crystal.time_of(first), self._crystal.time_of(first + len(frames))
        places = np.arange(self._place_after(began_ns), self._place_after(ended_ns))
        middles_ns = (2 * places + 1) * NS_PER_S // (2 * self._rate_hz)
        taken = np.clip((middles_ns - began_ns) * len(frames) // (ended_ns - began_ns), 0, len(frames) - 1)
        self._frames[places % self._places] = frames[taken]
        self._stamps[places % self._places] = places  # last: a place counts once it is whole

    def _place_after(self, time_ns: int) -> int:
        """The first place whose middle is at that time or later."""
        return -(-(2 * time_ns * self._rate_hz - NS_PER_S) // (2 * NS_PER_S))

    def close(self) -> None:
        """Take the file away."""
        self.release()
        self._path.unlink(missing_ok=True)


class CableIn:
    """The input's end, which hears silence as long as there is no output."""

    def __init__(self, path: str, params: DeviceParams, crystal: Crystal) -> None:
        self._path = Path(path)
        self._params = params
        self._crystal = crystal
        self._cable: _HeardCable | None = None

    def read(self, into: memoryview, first: int) -> None:
        """Fill `into` with the card's frames from `first` on."""
        if self._cable is None:
            self._cable = self._plug()
        if self._cable is None:
            into[:] = bytes(len(into))
        else:
            self._cable.read(into, first)

    def _plug(self) -> "_HeardCable | None":
        try:
            with self._path.open("rb") as file:
                memory = mmap(file.fileno(), _size_octets(self._params), MAP_SHARED, PROT_READ)
        except (OSError, ValueError):  # not there yet, or not yet its whole size
            return None
        return _HeardCable(memory, self._params, self._crystal)

    def close(self) -> None:
        """Let go of it."""
        if self._cable is not None:
            self._cable.release()
            self._cable = None


class _HeardCable(_Cable):
    """A cable with an output."""

    def read(self, into: memoryview, first: int) -> None:
        """Fill `into` with the card's frames from `first` on."""
        heard = np.frombuffer(into, np.uint8).reshape(-1, self._octets)
        began_ns, ended_ns = self._crystal.time_of(first), self._crystal.time_of(first + len(heard))
        halves = 2 * np.arange(len(heard)) + 1
        middles_ns = began_ns + halves * (ended_ns - began_ns) // (2 * len(heard)) - LENGTH_NS
        places = middles_ns * self._rate_hz // NS_PER_S
        np.copyto(heard, self._frames[places % self._places])
        heard[self._stamps[places % self._places] != places] = 0
