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

**Going back.**  soxr cannot return to an earlier state, but what it gives depends only on the frames shortly before.
So it begins anew that much earlier, and its first outputs are thrown away.  It begins on an input frame, where in
general no output was (see `phase`), so through the frames that are thrown away it is steered: told a ratio up to a
hundredth off, until its outputs lie where they lay.  How many come while it is steered is known only afterwards.  So
for each portion it is told anew, always a little too little; what is missing shrinks fortyfold each time, and ends
below 10^-7 of a frame.  When the rate is lowered there is a recursive filter behind all that, which forgets 20 dB
in 280 outputs.  What is rendered again then differs from what was by -110 dB (white noise, peak over RMS), by -120 dB
when the rate is raised, and by a last bit at most when the rates are 2 or 4 to 1.
"""

from math import ceil

import numpy as np
import soxr

from backend.mixing.convert import FloatArray
from backend.mixing.phase import Phase

STEERING_FRAMES = 768
"""Outputs within which a resampler that began anew is in phase: six portions; four or five do."""
PORTION_FRAMES = 128
SETTLING_FRAMES = 1280
"""Outputs after which the recursive filter has forgotten that it began anew: 90 dB, on top of what begins in phase."""
NEAR_FRAMES = 4
"""Input frames after an output that weigh much in it.  A change of gain that began among them would be a step there:
of 2 % at 8 kHz.  Four frames later it is a 15th of a ramp's own steps."""


class Resampler:
    """Converts `channels` interleaved channels from `in_hz` to `out_hz`."""

    def __init__(self, in_hz: int, out_hz: int, channels: int) -> None:
        self._stream = soxr.ResampleStream(in_hz, out_hz, channels, dtype="float32", quality="HQ", vr=True)
        self._nothing = np.empty((0, channels), np.float32)
        self.in_hz = in_hz
        self.out_hz = out_hz
        self.look_ahead_frames = self._measure_look_ahead(channels)
        """Input frames withheld at most."""
        self._phase = Phase(in_hz, out_hz)
        self._behind = 0  # steps too short in sum, in the units of `_phase`, that steering has yet to make good
        self._look_back_frames = ceil(self.look_ahead_frames * out_hz / in_hz) + STEERING_FRAMES
        if self._phase.lowers:
            self._look_back_frames += SETTLING_FRAMES

    def frames_for(self, outputs: int) -> int:
        """Input frames from one of so many outputs to the next one after them, rounded up."""
        return -(-outputs * self.in_hz // self.out_hz)

    def push(self, frames: FloatArray) -> FloatArray:
        """Convert the next `frames`; what comes out belongs to earlier frames, `look_ahead_frames` behind at most."""
        resampled: FloatArray = self._stream.resample_chunk(frames)
        return resampled

    def steer(self, ratio: float) -> None:
        """From the next output on, step so many input frames to each; the rates it was made for give the greatest."""
        self._stream.set_io_ratio(ratio, 1.0)

    def flush(self) -> FloatArray:
        """All that was withheld, as if silence followed; then as new."""
        rest: FloatArray = self._stream.resample_chunk(self._nothing, last=True)
        self.reset()
        return rest

    def reset(self) -> None:
        """Forget what was withheld: the next frame is the first of another sound."""
        self._stream.clear()
        self._behind = 0

    def frames_until(self, output: int) -> int:
        """Input frames, from where the sound began, that make what was heard before `output`, but for traces."""
        return self._phase.frame_under(output) + NEAR_FRAMES

    def earliest_output(self, input_frame: int) -> int:
        """The first output that can be had again from the frames since `input_frame`."""
        if not input_frame:
            return 0
        return self._phase.output_after(input_frame + self._phase.stride) + self._look_back_frames

    def rewind(self, output: int) -> tuple[int, int]:
        """Begin anew, early enough for `output`: the input frame to `replay` from, and the output that will come first.

        To be replayed are `frames_until(output)`.
        """
        self.reset()
        self._stream.set_io_ratio(self.in_hz, self.out_hz)  # the first ratio that it is told places the first output
        first_output = output - self._look_back_frames
        if first_output <= 0:
            return 0, 0
        first_frame, self._behind = self._phase.start_near(first_output)
        return first_frame, first_output

    def replay(self, frames: FloatArray) -> int:
        """Convert `frames` once more for what they leave behind; how many outputs came of it, which are thrown away."""
        made = 0
        portion_frames = self.frames_for(PORTION_FRAMES)
        for begin in range(0, len(frames), portion_frames):
            portion = frames[begin : begin + portion_frames]
            outputs_max = ceil(len(portion) * self.out_hz / self.in_hz) + 2
            longer = int(self._behind / outputs_max)
            self._stream.set_io_ratio((self._phase.step + longer) / self._phase.frame, 1.0)
            outputs = len(self.push(portion))
            self._behind -= outputs * longer
            made += outputs
        self._stream.set_io_ratio(self.in_hz, self.out_hz)
        return made

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
