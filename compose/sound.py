"""Sound files to and from a guest's own format.

A guest's application has its sound in whatever format it opened the device with, so a recording is brought to that
format before the run; what the backend then does with it is not helped.
"""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from backend.config import ConfigError
from backend.mixing.convert import decoder, encoder
from backend.mixing.remix import remix_matrix
from frontend.params import PcmParams


def load_sound(path: Path, params: PcmParams) -> bytes:
    """The whole file as frames of the given format, rate and channels.  Raises ConfigError naming the file."""
    try:
        sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if sound.shape[1] != params.channels:
        sound = sound @ remix_matrix(sound.shape[1], params.channels)
    if rate_hz != params.rate_hz:
        sound = soxr.resample(sound, rate_hz, params.rate_hz)
    octets = bytearray(len(sound) * params.frame_octets)
    samples = np.ascontiguousarray(sound, dtype=np.float32).reshape(-1)
    encoder(params.format, samples.size)(samples, memoryview(octets))
    return bytes(octets)


class SoundWriter:
    """A WAV file that frames of a guest's format are appended to, as 32-bit float; always closed whole."""

    def __init__(self, path: Path, params: PcmParams) -> None:
        self._decode = decoder(params.format, params.buffer_frames * params.channels)
        self._sample_octets = params.format.sample_octets
        self._channels = params.channels
        self._file = soundfile.SoundFile(path, "w", params.rate_hz, params.channels, "FLOAT", format="WAV")

    def append(self, octets: bytes) -> None:
        """Append whole frames, at most a buffer of them at once."""
        samples = np.empty(len(octets) // self._sample_octets, np.float32)
        self._decode(memoryview(octets), samples)
        self._file.write(samples.reshape(-1, self._channels))

    def close(self) -> None:
        """Write the header's final sizes."""
        self._file.close()
