"""Steered: resampling between two clocks, at a ratio that is told anew from block to block.

Two clocks differ by some hundred millionths at most, but for ever.  So the ratio stays near the nominal one, and what
counts is the sum of all that was stepped: it is kept in the whole numbers that soxr steps by (see `phase`), so that the
place in the input of every output is known exactly, after a week as after a second.

**Near a power of two.**  soxr's variable-rate engine halves or doubles the rate in stages, and changes their number
whenever the ratio crosses a power of two, fading from one to the other for some hundred frames.  Equal nominal rates
lie on such an edge, and steering would cross it all the time.  So there it is made to double the rate, for which there
is but one number of stages, and every second output is left out.  Nothing folds down by that, since what was doubled
has nothing above the old Nyquist.  It costs a quarter more.  At 2 to 1, 4 to 1, ... it is given just as many stages as
the nominal ratio takes; then it has none to change to.

**Changing the ratio** is a step of the frequency, not of the phase.  soxr would slew it, but forgets a change that is
less than half a unit for each frame slewed over.  Who steers makes steps so small that nobody hears them.
"""

from math import ceil, log2

import numpy as np

from backend.mixing.convert import FloatArray
from backend.mixing.phase import Phase
from backend.mixing.resample import Resampler
from backend.mixing.sources import Source

STEER_MAX = 0.002
"""As far from the nominal ratio may be steered."""


class SteeredResampler:
    """Converts `channels` interleaved channels, nominally from `in_hz` to `out_hz`."""

    def __init__(self, in_hz: int, out_hz: int, channels: int) -> None:
        power = round(log2(in_hz / out_hz))
        is_near = abs(in_hz / out_hz / 2.0**power - 1) < 2 * STEER_MAX
        self._parts = 2 if is_near and power == 0 else 1  # outputs of the engine's for each that is given
        engine_in_hz = out_hz << power if is_near and power > 0 else in_hz
        self._engine = Resampler(engine_in_hz, out_hz * self._parts, channels)
        self._unit = Phase(engine_in_hz, out_hz * self._parts).frame
        self._nominal = in_hz / out_hz
        self.ratio = self._nominal
        """Input frames to each output."""
        self.look_ahead_frames = self._engine.look_ahead_frames + self._parts
        """Input frames withheld at most."""
        self._begin()

    def _begin(self) -> None:
        self.pushed_frames = 0
        """Input frames of this sound."""
        self._stepped = 0  # to the engine's next output
        self._skip = 0  # of the engine's outputs, before the next that is given
        self._engine.steer(self._nominal / self._parts)  # the first that it is told places the first output
        self.steer(self.ratio / self._nominal)

    def steer(self, factor: float) -> None:
        """From the next output on, the ratio is the nominal one times `factor`, which is near 1."""
        assert abs(factor - 1) < 2 * STEER_MAX
        self.ratio = self._nominal * factor
        ratio = self.ratio / self._parts
        self._engine.steer(ratio)
        self._step = int(ratio * self._unit + 0.5)

    @property
    def withheld_frames(self) -> float:
        """Input frames pushed that lie at or after the next output."""
        return self.pushed_frames - (self._stepped + self._skip * self._step) / self._unit

    def frames_for(self, outputs: int) -> int:
        """Input frames that have to be pushed for so many outputs, if not fewer."""
        return max(1, ceil(outputs * self.ratio - self.withheld_frames) + self.look_ahead_frames)

    def outputs_for(self, frames: int) -> int:
        """Outputs that so many more input frames make, if not more."""
        return max(0, int((frames + self.withheld_frames - self.look_ahead_frames) / self.ratio))

    def push(self, frames: FloatArray) -> FloatArray:
        """Convert the next `frames`; what comes out belongs to earlier frames, `look_ahead_frames` behind at most."""
        self.pushed_frames += len(frames)
        made = self._engine.push(frames)
        self._stepped += len(made) * self._step
        return self._given(made)

    def _given(self, made: FloatArray) -> FloatArray:
        given = made[self._skip :: self._parts]
        self._skip += self._parts * len(given) - len(made)
        return given

    def flush(self) -> FloatArray:
        """All that was withheld, as if silence followed; then as new, but for the ratio."""
        rest = self._given(self._engine.flush())
        self._begin()
        return rest

    def reset(self) -> None:
        """Forget what was withheld: the next frame is the first of another sound."""
        self._engine.reset()
        self._begin()


class SteeredSource:
    """A stage that changes the rate (see `sources`) and can be steered, but not go back.

    As at any other, when the source runs dry, what is withheld is played out.
    """

    history_frames = 0

    def __init__(self, source: Source, resampler: SteeredResampler, channels: int, frames_max: int) -> None:
        """`frames_max`: source frames to be read at once."""
        self.resampler = resampler
        self._source = source
        self._frames = np.empty((frames_max, channels), np.float32)
        self._ready = np.empty((0, channels), np.float32)  # resampled, not yet asked for
        self._silent = 0  # frames of silence to be given first
        self.place = 0

    @property
    def withheld_frames(self) -> float:
        """Source frames that were read and not yet given, and what would be as long as the silence that is due."""
        return self.resampler.withheld_frames + (len(self._ready) + self._silent) * self.resampler.ratio

    @property
    def ready_frames(self) -> int:
        """Frames that can be read without playing out what is withheld."""
        made = self.resampler.outputs_for(self._source.ready_frames)
        return self._silent + max(0, len(self._ready) + made - 1)

    def wait(self, frames: int) -> None:
        """Give so many frames of silence before anything else."""
        self._silent += frames

    def read(self, out: FloatArray) -> int:
        """Resample as much of the source as it takes."""
        done = self._take_silence(out)
        done += self._take_ready(out[done:])
        while done < len(out):
            wanted = min(self.resampler.frames_for(len(out) - done), len(self._frames))
            got = self._source.read(self._frames[:wanted])
            if got:
                self._ready = self.resampler.push(self._frames[:got])
                done += self._take_ready(out[done:])
            if got < wanted:
                return done + self._play_out(out[done:])
        return done

    def _play_out(self, out: FloatArray) -> int:
        if not self.resampler.pushed_frames or not len(out):
            return 0
        self._ready = self.resampler.flush()
        return self._take_ready(out)

    def _take_silence(self, out: FloatArray) -> int:
        count = min(self._silent, len(out))
        out[:count] = 0.0
        self._silent -= count
        self.place += count
        return count

    def _take_ready(self, out: FloatArray) -> int:
        count = min(len(self._ready), len(out))
        out[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self.place += count
        return count

    def rewind(self, frames: int) -> None:
        """There is nothing to be read again."""
        assert not frames

    def reset(self) -> None:
        """Forget what is withheld."""
        self._source.reset()
        self.resampler.reset()
        self._ready = self._ready[:0]
        self._silent = 0
