"""A card's WAV files: what it plays is put into one, what it records comes from another."""

from backend.devices.api import DeviceParams
from backend.devices.wavfile import WavReader, WavWriter


class WavSink:
    """Frame `n` of the file is the card's frame `n`.  Raises DeviceError naming the file that cannot be made."""

    def __init__(self, path: str, params: DeviceParams) -> None:
        self._file = WavWriter(path, params)
        self.close = self._file.close

    def play(self, first: int, octets: memoryview) -> None:
        """The next frames; the card plays each of them once."""
        self._file.write(octets)


class WavSource:
    """The file over and over.  Raises DeviceError naming the file that cannot be read."""

    def __init__(self, path: str, params: DeviceParams) -> None:
        self._file = WavReader(path, params)
        self.close = self._file.close

    def read(self, into: memoryview, first: int) -> None:
        """The next frames; the card records each of them once."""
        self._file.read(into)
