"""Ramp: the way from one matrix of gains to the next, so that a change of volume makes no click.

A step in a sound is heard as a click, a straight line over a hundredth of a second is not, and yet seems at once: it
spreads the change below what is audible (its spectrum falls off from 100 Hz), and is over before a hand has left the
knob.

Theory.  Sound is remixed with the new matrix from the first frame on, and what the old one had more (or less) is added,
fading out frame by frame.  The last frame of a ramp adds nothing, so afterwards the gains are the new ones exactly, and
a channel whose gain does not change is not touched at all.  A change of mind begins where the ramp stands.

Sound that is rendered again may begin before the ramp did: with more `left` than a ramp is long, the old gains hold
until no more is.

Nothing is allocated while a ramp fades, and nothing but a comparison is done while none does.
"""

import numpy as np

from backend.mixing.convert import FloatArray

RAMP_S = 0.01
"""How long a ramp takes."""


class Ramp:
    """For matrices of `shape` (source channels, destination channels), and frames at `rate_hz`."""

    def __init__(self, shape: tuple[int, ...], rate_hz: int) -> None:
        frames = max(1, round(rate_hz * RAMP_S))
        fading = np.arange(frames - 1, -1, -1, dtype=np.float32) / np.float32(frames)
        self._fading = np.repeat(fading[:, np.newaxis], shape[1], axis=1)  # in full: numpy allocates to broadcast
        self._excess = np.zeros(shape, np.float32)  # of the old gains over the new
        self._part = np.empty_like(self._fading)
        self.left = 0
        """Frames until the new gains are reached."""

    @property
    def frames(self) -> int:
        """How long a ramp is."""
        return len(self._fading)

    def begin(self, excess: FloatArray) -> None:
        """From where the gains stand, lead to new ones; the ones before, once reached, exceeded these by `excess`."""
        standing = np.float32(self.left / len(self._fading))
        self._excess = np.asarray(self._excess * standing + excess, np.float32)
        self.left = len(self._fading)

    def end(self) -> None:
        """Be there."""
        self.left = 0

    def add(self, frames: FloatArray, out: FloatArray) -> None:
        """To `out`, which is `frames` at the new gains, add what is still heard of the old."""
        if self.left > len(self._fading):
            held = min(self.left - len(self._fading), len(frames))
            np.add(out[:held], np.matmul(frames[:held], self._excess), out=out[:held])
            self.left -= held
            frames, out = frames[held:], out[held:]
        count = min(self.left, len(frames))
        first = len(self._fading) - self.left
        part = self._part[:count]
        np.matmul(frames[:count], self._excess, out=part)
        np.multiply(part, self._fading[first : first + count], out=part)
        np.add(out[:count], part, out=out[:count])
        self.left -= count
