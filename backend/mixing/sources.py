"""Sources: where a voice's float frames come from, one stage for each thing to be done, each reading the one before it.

    QueueSource (octets to floats)  ->  RemixSource and ResampleSource, in the order that resamples fewer channels

Every stage has the same two verbs and its own preallocated room.  A stage with nothing to do reads straight into its
reader's array, so a guest with the device's rate and channels is converted once, to where it will be summed.
"""

from math import ceil
from typing import Protocol

import numpy as np

from backend.mixing.convert import FloatArray, decoder
from backend.mixing.queue import FrameQueue
from backend.mixing.remix import Remix
from backend.mixing.resample import Resampler
from ringproto.formats import Format


class Source(Protocol):
    """Float frames, to be had in order."""

    def read(self, out: FloatArray) -> int:
        """Fill `out`, shape [frames, channels], from its start; how many frames there were."""
        ...

    def reset(self) -> None:
        """What comes next does not continue what came before."""


class QueueSource:
    """Reads a queue of octets."""

    def __init__(self, queue: FrameQueue, format_: Format, channels: int, block_frames: int) -> None:
        self._queue = queue
        self._channels = channels
        self._decode = decoder(format_, block_frames * channels)

    def read(self, out: FloatArray) -> int:
        """Take whole frames from the queue."""
        first, second = self._queue.peek(len(out))
        frame_octets = self._queue.frame_octets
        cut, end = len(first) // frame_octets, (len(first) + len(second)) // frame_octets
        if first:
            self._decode(first, out[:cut].reshape(-1))
        if second:
            self._decode(second, out[cut:end].reshape(-1))
        self._queue.drop(end * frame_octets)
        return end

    def reset(self) -> None:
        """Nothing is kept between reads."""


class RemixSource:
    """Changes the channels."""

    def __init__(self, source: Source, remix: Remix, block_frames: int) -> None:
        self._source = source
        self._remix = remix
        self._frames = np.empty((block_frames, remix.shape[0]), np.float32)

    def read(self, out: FloatArray) -> int:
        """Remix as many frames as the source has."""
        if self._remix.idle:
            return self._source.read(out)
        frames = self._source.read(self._frames[: len(out)])
        self._remix.apply(self._frames[:frames], out[:frames])
        return frames

    def reset(self) -> None:
        """Nothing is kept between reads but a change of gain."""
        self._source.reset()
        self._remix.settle()


class ResampleSource:
    """Changes the rate.

    When the source runs dry, what the resampler withholds is played out and it starts anew with the next frame.  So n
    source frames always become n * out_hz / in_hz (within one frame), none is lost at the end of a sound, and an
    underrun leaves no remains of old sound in the new.
    """

    def __init__(self, source: Source, resampler: Resampler, channels: int, block_frames: int) -> None:
        self._source = source
        self._resampler = resampler
        self._ratio = resampler.in_hz / resampler.out_hz
        self._fresh = True
        self._ready = np.empty((0, channels), np.float32)  # resampled, not yet asked for
        self._frames = np.empty((ceil(block_frames * self._ratio) + resampler.look_ahead_frames, channels), np.float32)

    def read(self, out: FloatArray) -> int:
        """Resample as much of the source as it takes, usually in one step."""
        done = self._take_ready(out)
        while done < len(out):
            wanted = ceil((len(out) - done) * self._ratio)
            if self._fresh:
                wanted += self._resampler.look_ahead_frames
            got = self._source.read(self._frames[:wanted])
            if got:
                self._ready = self._resampler.push(self._frames[:got])
                self._fresh = False
                done += self._take_ready(out[done:])
            if got < wanted:
                return done + self._play_out(out[done:])
        return done

    def reset(self) -> None:
        """Forget what is withheld."""
        self._source.reset()
        self._resampler.reset()
        self._ready = self._ready[:0]
        self._fresh = True

    def _play_out(self, out: FloatArray) -> int:
        if self._fresh or not len(out):
            return 0
        self._ready = self._resampler.flush()
        self._fresh = True
        return self._take_ready(out)

    def _take_ready(self, out: FloatArray) -> int:
        count = min(len(self._ready), len(out))
        out[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
