"""Voices of local applications: from the ring of blocks that an application writes to the mixer, and back into another.

The application's frames are float32 at the device's rate.  They are copied once, straight from the shared memory to
where they are summed, and only the copy is looked at: there NaN becomes silence and the rest is kept within full scale.

A block that is not there in time is silence, and keeps its place.  What was read is given back at once, so nothing can
be taken back; an output is not to be filled further ahead than that is bearable.
"""

from collections.abc import Sequence

import numpy as np

from backend.mixing.convert import FloatArray
from backend.mixing.remix import Remix
from backend.mixing.sources import RemixSource
from backend.mixing.spec import SampleSpec
from ringproto.local.rings import InputWriter, OutputReader


class BlockSource:
    """Reads blocks of `ring`, shape [blocks, frames, channels], at most `block_frames` frames at once."""

    history_frames = 0

    def __init__(self, ring: FloatArray, reader: OutputReader, block_frames: int) -> None:
        self._ring = ring
        self._reader = reader
        self._is_nan = np.empty((block_frames, ring.shape[2]), np.bool_)
        self.silent_frames = 0
        """Frames that were not there, since construction."""

    def read(self, out: FloatArray) -> int:
        """Fill all of `out`, with silence where a block is missing."""
        done = 0
        while done < len(out):
            slot, offset, frames = self._reader.next(len(out) - done)
            if slot is None:
                out[done : done + frames] = 0.0
                self.silent_frames += frames
            else:
                np.copyto(out[done : done + frames], self._ring[slot, offset : offset + frames])
            done += frames
        self._make_safe(out)
        return done

    def _make_safe(self, out: FloatArray) -> None:
        is_nan = self._is_nan[: len(out)]
        np.isnan(out, out=is_nan)
        if np.logical_or.reduce(is_nan, axis=None):
            out[is_nan] = 0.0
        np.clip(out, -1.0, 1.0, out=out)

    @property
    def ready_frames(self) -> int:
        """As far as the application says."""
        return self._reader.ready_frames

    @property
    def place(self) -> int:
        """Frames since the start."""
        return self._reader.frame

    def rewind(self, frames: int) -> None:
        """Nothing can be read again."""
        assert not frames

    def reset(self) -> None:
        """Nothing is kept between reads."""


class LocalVoice:
    """Plays what lies in `ring` to `device`; see `backend.mixing.api.Sounding`.

    Raises ProtocolError(EINVAL) for channel counts that cannot be remixed.
    """

    exact = False
    """Floats never are."""
    history_frames = 0

    def __init__(self, ring: FloatArray, reader: OutputReader, device: SampleSpec, block_frames: int) -> None:
        self.channels: int = ring.shape[2]
        self._blocks = BlockSource(ring, reader, block_frames)
        self._remix = Remix(self.channels, device.channels, device.rate_hz)
        self._source = RemixSource(self._blocks, self._remix, block_frames)

    @property
    def silent_frames(self) -> int:
        """Frames that were not there, since construction."""
        return self._blocks.silent_frames

    def set_gains(self, gains: Sequence[float], *, ramped: bool) -> None:
        """Turn each of the application's channels up or down from the next block on."""
        self._remix.set_source_gains(gains, ramped=ramped)

    def render(self, frames: int, out: FloatArray) -> int:
        """Fill `out[:frames]`; silence in a block's place counts as its own."""
        return self._source.read(out[:frames])

    def copy(self, frames: int, out: memoryview) -> int:
        """Never asked for, since it is not `exact`."""
        raise AssertionError

    @property
    def ready_frames(self) -> int:
        """As far as the application says."""
        return self._blocks.ready_frames

    def rewind(self, frames: int) -> None:
        """Nothing can be rendered again."""
        assert not frames


class LocalCaptureVoice:
    """Records `device` into `ring`, shape [blocks, frames, channels]; see `backend.mixing.api.Recording`.

    Raises ProtocolError(EINVAL) for channel counts that cannot be remixed.
    """

    exact = False

    def __init__(self, ring: FloatArray, writer: InputWriter, device: SampleSpec, block_frames: int) -> None:
        self.channels: int = ring.shape[2]
        self._ring = ring
        self._writer = writer
        self._remix = Remix(device.channels, self.channels, device.rate_hz)
        self._remixed = np.empty((block_frames, self.channels), np.float32)

    def set_gains(self, gains: Sequence[float], *, ramped: bool) -> None:
        """Turn each of the application's channels up or down from the next block on."""
        self._remix.set_destination_gains(gains, ramped=ramped)

    def feed(self, octets: memoryview, frames: FloatArray) -> int:
        """Write `frames` into the ring as far as there is room; all count."""
        if not self._remix.idle:
            remixed = self._remixed[: len(frames)]
            self._remix.apply(frames, remixed)
            frames = remixed
        done = 0
        while done < len(frames):
            slot, offset, count = self._writer.next(len(frames) - done)
            if slot is not None:
                np.copyto(self._ring[slot, offset : offset + count], frames[done : done + count])
            done += count
            self._writer.publish()
        return done
