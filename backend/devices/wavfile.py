"""WAV files in a device's own sample format: frames in, frames out, as octets.

Sample values pass unchanged: s16_le, s24_le, s32_le and float_le each have a WAV encoding of the same width.  Only
s24_le needs a shift, because memory keeps the sample in the low three octets of four and libsndfile in the high three.

What is written is collected for a quarter of a second, so that a period costs a copy, not a system call.  The header is
right once the file is closed.  A WAV file holds 4 GiB (six hours of 48 kHz stereo s16); what comes after is not kept.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import soundfile

from backend.devices.api import DeviceError, DeviceParams
from ringproto.errors import Errno
from ringproto.formats import Format

_SampleType = Literal["int16", "int32", "float32"]
_ENCODINGS: Mapping[Format, tuple[str, _SampleType]] = {
    Format.S16_LE: ("PCM_16", "int16"),
    Format.S24_LE: ("PCM_24", "int32"),
    Format.S32_LE: ("PCM_32", "int32"),
    Format.FLOAT_LE: ("FLOAT", "float32"),
}
"""libsndfile's name of the encoding, and of the samples that it is given."""

OCTETS_MAX = 2**32 - 2**16
"""Sizes in a WAV header are 32 bits wide; some room for the header itself."""


def _shift(block: memoryview, bits: int) -> None:
    """Move every 32-bit sample of `block` left by `bits`, or right when negative, in place."""
    samples = np.frombuffer(block, "<i4")
    (np.left_shift if bits > 0 else np.right_shift)(samples, abs(bits), out=samples)


class WavWriter:
    """Appends frames to a new WAV file.  Raises DeviceError(EIO) naming the file when it cannot be made."""

    def __init__(self, path: str, params: DeviceParams) -> None:
        encoding, self._dtype = _ENCODINGS[params.format]
        try:
            self._file = soundfile.SoundFile(path, "w", params.rate_hz, params.channels, encoding, format="WAV")
        except (soundfile.SoundFileError, OSError) as error:
            raise DeviceError(Errno.EIO, f"cannot write {path}: {error}") from error
        self._shifted = params.format is Format.S24_LE
        self._block = memoryview(bytearray(-(-params.rate_hz // 4) * params.frame_octets))
        self._filled = 0
        self._room = OCTETS_MAX // params.frame_octets * params.frame_octets

    def write(self, frames: memoryview) -> None:
        """Append whole frames."""
        while len(frames):
            part = min(len(frames), len(self._block) - self._filled)
            self._block[self._filled : self._filled + part] = frames[:part]
            self._filled += part
            frames = frames[part:]
            if self._filled == len(self._block):
                self.flush()

    def flush(self) -> None:
        """Hand what was collected to the file."""
        block = self._block[: min(self._filled, self._room)]
        self._filled = 0
        self._room -= len(block)
        if len(block):
            if self._shifted:
                _shift(block, 8)
            self._file.buffer_write(block, self._dtype)  # pyright: ignore[reportArgumentType]  # any buffer will do

    def close(self) -> None:
        """Write what is left, and a header that says how much there is.  Harmless twice."""
        if not self._file.closed:
            self.flush()
            self._file.close()


class WavReader:
    """Reads a WAV file over and over.  Raises DeviceError naming the file: ENOENT, or EINVAL when it does not fit."""

    def __init__(self, path: str, params: DeviceParams) -> None:
        self._dtype: _SampleType = _ENCODINGS[params.format][1]
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, OSError) as error:
            raise DeviceError(Errno.ENOENT, f"cannot read {path}: {error}") from error
        found, wanted = (self._file.samplerate, self._file.channels), (params.rate_hz, params.channels)
        if found != wanted or not self._file.frames:
            self._file.close()
            raise DeviceError(
                Errno.EINVAL, f"{path}: (rate, channels) {found} are not the card's {wanted}, or it is empty"
            )
        self._shifted = params.format is Format.S24_LE
        self._frame_octets = params.frame_octets

    def read(self, into: memoryview) -> None:
        """Fill `into` with whole frames, from the beginning again after the last."""
        done = 0
        while done < len(into):
            frames = self._file.buffer_read_into(into[done:], self._dtype)
            done += frames * self._frame_octets
            if done < len(into):
                self._file.seek(0)
        if self._shifted:
            _shift(into, -8)

    def close(self) -> None:
        """Close the file.  Harmless twice."""
        self._file.close()
