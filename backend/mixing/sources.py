"""Sources: where a voice's float frames come from, one stage for each thing to be done, each reading the one before it.

    QueueSource (octets to floats)  ->  RemixSource and ResampleSource, in the order that resamples fewer channels

Every stage has the same verbs and its own preallocated room.  A stage with nothing to do reads straight into its
reader's array, so a guest with the device's rate and channels is converted once, to where it will be summed.

Every stage can also go back, as far as its queue's history reaches, and read again what it had read.
"""

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

    @property
    def ready_frames(self) -> int:
        """Frames that can be read now."""
        ...

    @property
    def place(self) -> int:
        """Frames read since construction, less those to be read again."""
        ...

    @property
    def history_frames(self) -> int:
        """Frames that can be read again."""
        ...

    def rewind(self, frames: int) -> None:
        """The last `frames` that were read, `history_frames` at most, are read again."""

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

    @property
    def ready_frames(self) -> int:
        """Whole ones."""
        return self._queue.fill_octets // self._queue.frame_octets

    @property
    def place(self) -> int:
        """As the queue counts."""
        return self._queue.dropped_octets // self._queue.frame_octets

    @property
    def history_frames(self) -> int:
        """As far as the queue remembers."""
        return self._queue.history_octets // self._queue.frame_octets

    def rewind(self, frames: int) -> None:
        """Put them back into the queue."""
        self._queue.rewind(frames * self._queue.frame_octets)

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
        place = self._source.place
        frames = self._source.read(self._frames[: len(out)])
        self._remix.apply(self._frames[:frames], out[:frames], place)
        return frames

    @property
    def ready_frames(self) -> int:
        """Frame by frame with the source."""
        return self._source.ready_frames

    @property
    def place(self) -> int:
        """Frame by frame with the source."""
        return self._source.place

    @property
    def history_frames(self) -> int:
        """Frame by frame with the source."""
        return self._source.history_frames

    def rewind(self, frames: int) -> None:
        """Go back in the source, and in a change of gain."""
        self._source.rewind(frames)
        self._remix.rewind(frames, self._source.place)

    def reset(self) -> None:
        """Nothing is kept between reads but a change of gain."""
        self._source.reset()
        self._remix.settle()


class ResampleSource:
    """Changes the rate.

    When the source runs dry, what the resampler withholds is played out and it starts anew with the next frame.  So n
    source frames always become n * out_hz / in_hz (within one frame), none is lost at the end of a sound, and an
    underrun leaves no remains of old sound in the new.

    Going back ends where a sound began, for what comes out depends on where that was.  It leaves to be read again the
    source frames after the place gone back to: what is done to them from now on is heard from there on.
    """

    def __init__(self, source: Source, resampler: Resampler, channels: int, block_frames: int) -> None:
        self._source = source
        self._resampler = resampler
        self._ready = np.empty((0, channels), np.float32)  # resampled, not yet asked for
        frames_max = resampler.frames_for(block_frames) + resampler.look_ahead_frames
        self._frames = np.empty((frames_max, channels), np.float32)
        self.place = 0
        self._begin()

    def _begin(self) -> None:
        """The next source frame is the first of a sound."""
        self._began_at = self.place + len(self._ready)
        self._taken_frames = 0  # from the source, of this sound
        self._ahead_frames = self._resampler.look_ahead_frames  # to ask for, over and above what is to be given
        self._stale_frames = 0  # to come from the resampler before those that are to be given

    def read(self, out: FloatArray) -> int:
        """Resample as much of the source as it takes, usually in one step."""
        done = self._take_ready(out)
        while done < len(out):
            wanted = self._resampler.frames_for(len(out) - done) + self._ahead_frames
            got = self._source.read(self._frames[:wanted])
            if got:
                self._make_ready(self._resampler.push(self._frames[:got]))
                self._taken_frames += got
                self._ahead_frames = 0
                done += self._take_ready(out[done:])
            if got < wanted:
                return done + self._play_out(out[done:])
        return done

    @property
    def ready_frames(self) -> int:
        """Frames that can be read without playing out what is withheld."""
        fed = max(0, self._source.ready_frames - self._ahead_frames)
        made = len(self._ready) + fed * self._resampler.out_hz // self._resampler.in_hz
        stale = 0 if self._ahead_frames else self._stale_frames  # what is to be asked for ahead makes up for them
        return max(0, made - stale - 1)

    @property
    def history_frames(self) -> int:
        """As far as the source remembers, less what the resampler must be fed before it is as it was."""
        earliest = max(0, self._taken_frames - self._source.history_frames)
        return max(0, self.place - self._began_at - self._resampler.earliest_output(earliest))

    def rewind(self, frames: int) -> None:
        """Feed the resampler again with what came before."""
        if not frames:
            return
        self.place -= frames
        output = self.place - self._began_at
        first_frame, made = self._resampler.rewind(output)
        self._source.rewind(self._taken_frames - first_frame)
        self._taken_frames = self._resampler.frames_until(output)
        missing = self._taken_frames - first_frame
        while missing:
            got = self._source.read(self._frames[:missing])
            assert got, "history of less than was read"
            made += self._resampler.replay(self._frames[:got])
            missing -= got
        self._ready = self._ready[:0]
        self._ahead_frames = self._resampler.look_ahead_frames
        self._stale_frames = output - made

    def reset(self) -> None:
        """Forget what is withheld."""
        self._source.reset()
        self._resampler.reset()
        self._ready = self._ready[:0]
        self._begin()

    def _play_out(self, out: FloatArray) -> int:
        if not self._taken_frames or not len(out):
            return 0
        self._make_ready(self._resampler.flush())
        self._begin()
        return self._take_ready(out)

    def _make_ready(self, resampled: FloatArray) -> None:
        if self._stale_frames:
            stale = min(self._stale_frames, len(resampled))
            self._stale_frames -= stale
            resampled = resampled[stale:]
        self._ready = resampled

    def _take_ready(self, out: FloatArray) -> int:
        count = min(len(self._ready), len(out))
        out[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self.place += count
        return count
