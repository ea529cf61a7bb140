"""Resampler: frames at one rate in, frames at another out, as they come.

A resampler holds frames back, since a sinc looks both ways, and in live sound what it holds back is delay.  So what
counts is the *most* it ever withholds.  Measured with soxr 1.1 (input frames withheld, worst case; a filter that works
by FFT swings down to a tenth of it within a block, so its demand comes in bursts as well):

| Hz in -> out   | LQ     | MQ     | HQ      | VHQ     | vr                |
|----------------|--------|--------|---------|---------|-------------------|
| 44100 -> 48000 | 21     | 932    | 925     | 890     | 240, within 1     |
| 22050 -> 48000 | 21     | 941    | 925     | 890     | 240, within 1     |
|  8000 -> 48000 | 476    | 752    | 1415    | 1382    | 240, within 1     |
| 48000 -> 44100 | 489    | 934    | 915     | 1902    | 241, within 1     |
| error          | -114   | -109   | -131    | -151    | -110 dB           |
| level at 0.8   | -2.2   | -0.1   | 0       | 0       | 0 dB              |
| level at 0.9   | -20    | -0.2   | 0       | 0       | 0 dB              |

(Sines at 0.05 to 0.9 of Nyquist; the error is what is left of them after the best fit.)  The first four are soxr's
qualities at a fixed ratio.  `vr` is its variable-rate engine (the same at every quality; Python's soxr has it since
1.1, libsoxr's manual calls it experimental).  It has no FFT blocks: it withholds 240 frames, always, at every ratio
that does not lower the rate more than 2:1 (600 at 4:1).  That is 5 ms at 48 kHz where HQ takes 19, and 30 ms at 8 kHz
where HQ takes 177.  It costs 25 us per 480 stereo frames where HQ costs 6.  LQ is quicker still for some ratios, but
loses the top of the band.  So `vr` it is, and the delay is measured when a resampler is made, not taken from here.

Its output is shifted by a constant part of a frame (up to two when the rate is lowered), which nobody can hear.
"""

from math import ceil

import numpy as np
import soxr

from backend.mixing.convert import FloatArray


class Resampler:
    """Converts `channels` interleaved channels from `in_hz` to `out_hz`."""

    def __init__(self, in_hz: int, out_hz: int, channels: int) -> None:
        self._stream = soxr.ResampleStream(in_hz, out_hz, channels, dtype="float32", quality="HQ", vr=True)
        self._nothing = np.empty((0, channels), np.float32)
        self.in_hz = in_hz
        self.out_hz = out_hz
        self.look_ahead_frames = self._measure_look_ahead(channels)
        """Input frames withheld at most."""

    def push(self, frames: FloatArray) -> FloatArray:
        """Convert the next `frames`; what comes out belongs to earlier frames, `look_ahead_frames` behind at most."""
        resampled: FloatArray = self._stream.resample_chunk(frames)
        return resampled

    def flush(self) -> FloatArray:
        """All that was withheld, as if silence followed; then as new."""
        rest: FloatArray = self._stream.resample_chunk(self._nothing, last=True)
        self.reset()
        return rest

    def reset(self) -> None:
        """Forget what was withheld: the next frame is the first of another sound."""
        self._stream.clear()

    def _measure_look_ahead(self, channels: int) -> int:
        """Push silence in small portions until twice as much is in as gave the first output."""
        ratio = self.in_hz / self.out_hz
        portion = np.zeros((4 * ceil(ratio), channels), np.float32)
        pushed = produced = first_output_at = 0
        withheld = 0.0
        while not produced or pushed < 2 * first_output_at:
            assert pushed <= self.in_hz, "what withholds a second is of no use here"
            withheld = max(withheld, pushed + len(portion) - produced * ratio)
            produced += len(self.push(portion))
            pushed += len(portion)
            first_output_at = first_output_at or (pushed if produced else 0)
        self.reset()
        return ceil(withheld)
