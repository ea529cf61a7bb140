"""Sound files to and from a guest's own format.

A guest's application has its sound in whatever format it opened the device with, so a recording is brought to that
format before the run; what the backend then does with it is not helped.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from backend.config import ConfigError
from backend.latency.truth.marker import recording
from backend.mixing.convert import FloatArray, decoder, encoder
from backend.mixing.remix import remix_matrix
from frontend.params import PcmParams


@lru_cache(maxsize=8)
def load_sound(path: Path, params: PcmParams) -> bytes:
    """The whole file as frames of the given format, rate and channels.  Raises ConfigError naming the file.

    Many guests of one process may play the same recording: it is read once, and must not change meanwhile.
    """
    return _encoded(_read(path, params.rate_hz, params.channels), params)


def markers_sound(params: PcmParams, domid: int, stream: int) -> bytes:
    """The stream's own markers, all channels alike, as frames of the given format: see `backend.latency.truth`."""
    sound = recording(domid, stream, params.rate_hz).astype(np.float32)
    return _encoded(np.repeat(sound[:, np.newaxis], params.channels, axis=1), params)


def _encoded(frames: FloatArray, params: PcmParams) -> bytes:
    samples = np.ascontiguousarray(frames).reshape(-1)
    octets = bytearray(samples.size * params.format.sample_octets)
    encoder(params.format, samples.size)(samples, memoryview(octets))
    return bytes(octets)


def _read(path: Path, rate_hz: int, channels: int) -> FloatArray:
    """The whole file at this rate, shape [frames, channels]."""
    try:
        sound, file_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if sound.shape[1] != channels:
        sound = sound @ remix_matrix(sound.shape[1], channels)
    if file_hz != rate_hz:
        sound = soxr.resample(sound, file_hz, rate_hz)
    return np.asarray(sound, np.float32)


def fit_sound(source: Path, fit: Path, rate_hz: int, channels: int) -> None:
    """Write `source` anew as a 24-bit WAV file of this rate and these channels.  Raises ConfigError naming the file."""
    soundfile.write(fit, _read(source, rate_hz, channels), rate_hz, "PCM_24")


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
