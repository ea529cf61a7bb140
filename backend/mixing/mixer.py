"""Mixer: the sum of all voices, in the device's format.

Rules:

1. Voices are summed in float32 at full level: one guest is as loud alone as among others, and does not change when
   others come and go.  A sum beyond full scale saturates and is counted.
2. A voice alone, in the device's own format, is copied octet by octet.  For integers of up to 24 bits that is what the
   sum of one would give as well, so nothing is heard when a second voice comes in.
3. Cost per voice is what bounds the number of guests.  Voices in the device's own format, the usual case, are gathered
   as octets and converted all at once; the others come as floats; one reduction adds the rows of both.
4. A period allocates nothing but numpy's views (and soxr's results).
"""

from collections.abc import Sequence

import numpy as np

from backend.mixing.api import Sounding
from backend.mixing.convert import decoder, encoder
from backend.mixing.spec import SampleSpec


class Mixer:
    """Mixes for one `device`, at most `block_frames` at once.

    Raises ProtocolError(EINVAL) for a device format that is not linear.
    """

    def __init__(self, device: SampleSpec, block_frames: int) -> None:
        self._device = device
        self._block_samples = block_frames * device.channels
        self._encode = encoder(device.format, self._block_samples)
        self._sum = np.empty(self._block_samples, np.float32)
        self._silence = memoryview(bytearray(block_frames * device.frame_octets))
        self._encode(np.zeros(self._block_samples, np.float32), self._silence)
        self._make_room(1)
        self.clipped = 0
        """Samples that exceeded full scale, since construction."""

    def mix(self, voices: Sequence[Sounding], frames: int, out: memoryview) -> list[int]:
        """Fill `out` with `frames` frames of the device's octets; how many of them each voice had."""
        assert len(out) == frames * self._device.frame_octets
        if not voices:
            out[:] = self._silence[: len(out)]
            return []
        if len(voices) == 1 and voices[0].exact:
            return [self._copy(voices[0], frames, out)]
        if len(voices) > self._room_voices:
            self._make_room(2 * len(voices))
        real_frames = self._render(voices, frames)
        samples = frames * self._device.channels
        total = self._sum[:samples]
        np.add.reduce(self._floats[: len(voices) * samples].reshape(-1, samples), axis=0, out=total)
        self.clipped += self._encode(total, out)
        return real_frames

    def _render(self, voices: Sequence[Sounding], frames: int) -> list[int]:
        """One row of floats per voice: exact ones from the front, the others from the back."""
        block_octets = frames * self._device.frame_octets
        samples = frames * self._device.channels
        rows = self._floats[: len(voices) * samples].reshape(-1, frames, self._device.channels)
        exact, back = 0, len(voices)
        real_frames: list[int] = []
        for voice in voices:
            if voice.exact:
                octets = self._octets[exact * block_octets : (exact + 1) * block_octets]
                real_frames.append(self._copy(voice, frames, octets))
                exact += 1
            else:
                back -= 1
                real_frames.append(voice.render(frames, rows[back]))
        if exact:
            self._decode(self._octets[: exact * block_octets], self._floats[: exact * samples])
        return real_frames

    def _copy(self, voice: Sounding, frames: int, out: memoryview) -> int:
        real_frames = voice.copy(frames, out)
        if real_frames < frames:
            done_octets = real_frames * self._device.frame_octets
            out[done_octets:] = self._silence[: len(out) - done_octets]
        return real_frames

    def _make_room(self, voices: int) -> None:
        samples = voices * self._block_samples
        self._room_voices = voices
        self._floats = np.empty(samples, np.float32)
        self._octets = memoryview(bytearray(samples * self._device.format.sample_octets))
        self._decode = decoder(self._device.format, samples)
