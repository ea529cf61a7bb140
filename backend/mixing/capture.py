"""Capture: what the device recorded, handed to every recording guest in its own format.

A block is converted to float once; each `CaptureVoice` then remixes, resamples and encodes it straight into its queue.
A guest whose samples are the device's own gets the octets untouched.

A guest that does not read loses the newest frames, which are counted; the others do not notice.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np

from backend.mixing.api import Recording
from backend.mixing.convert import FloatArray, decoder, encoder
from backend.mixing.queue import FrameQueue
from backend.mixing.remix import Remix
from backend.mixing.resample import Resampler
from backend.mixing.spec import SampleSpec
from backend.mixing.steered import STEER_MAX, SteeredResampler


class CaptureVoice:
    """Fills `queue` with frames of `guest` from blocks of up to `block_frames` frames of `device`.

    Raises ProtocolError(EINVAL) for a format that is not linear, or channel counts that cannot be remixed.
    """

    def __init__(
        self, device: SampleSpec, guest: SampleSpec, queue: FrameQueue, block_frames: int, *, steered: bool = False
    ) -> None:
        assert queue.frame_octets == guest.frame_octets
        self.queue = queue
        self._same_samples = guest == device and not steered
        self._remix_first = guest.channels < device.channels
        self._remix = Remix(device.channels, guest.channels, device.rate_hz if self._remix_first else guest.rate_hz)
        self._resampler: Resampler | SteeredResampler | None = None
        self.latency_frames = 0
        """Device frames that the resampler withholds at worst."""
        frames_max = block_frames
        if steered or guest.rate_hz != device.rate_hz:
            kind = SteeredResampler if steered else Resampler
            self._resampler = kind(device.rate_hz, guest.rate_hz, min(guest.channels, device.channels))
            self.latency_frames = self._resampler.look_ahead_frames
            made_max = (block_frames + self.latency_frames) * guest.rate_hz / device.rate_hz
            frames_max += ceil(made_max * (1 + 2 * STEER_MAX))
        self._silence = np.zeros((block_frames, device.channels), np.float32) if steered else None
        self._leap = 0  # device frames of silence to be recorded before the next block, or (less than none) left out
        self._remixed_frames = np.empty((frames_max, guest.channels), np.float32)
        self._encode = encoder(guest.format, frames_max * guest.channels)
        self.lost_frames = 0
        """Guest frames that found the queue full, since construction."""
        self.clipped = 0
        """Samples that exceeded full scale, since construction."""

    def set_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each of the guest's channels up or down from the next block on; 1 is unity, 0 mutes."""
        self._remix.set_destination_gains(gains, ramped=ramped)

    @property
    def exact(self) -> bool:
        """Whether the device's octets are just what the guest records."""
        return self._same_samples and self._remix.idle

    def feed(self, octets: memoryview, frames: FloatArray) -> int:
        """Queue one recorded block, given both ways; how many guest frames that made.

        `frames`, shape [frames, device channels], are not looked at when `exact`; `octets` are not otherwise.
        """
        if self.exact:
            return self._queue_octets(octets)
        if self._leap:
            return self._feed_leaping(frames)
        return self._queue_frames(self._convert(frames))

    def _feed_leaping(self, frames: FloatArray) -> int:
        assert self._silence is not None
        silent = min(max(self._leap, 0), len(self._silence))
        left_out = min(max(-self._leap, 0), len(frames))
        self._leap += left_out - silent
        made = self._queue_frames(self._convert(self._silence[:silent])) if silent else 0
        return made + self._queue_frames(self._convert(frames[left_out:]))

    def leap(self, frames: int) -> None:
        """Before what comes next, record so many device frames of silence, or leave them out if less than none."""
        self._leap += frames

    def steer(self, factor: float) -> None:
        """From the next block on, take so many times as many device frames as nominal for each of the guest's."""
        assert isinstance(self._resampler, SteeredResampler)
        self._resampler.steer(factor)

    @property
    def withheld_frames(self) -> float:
        """Device frames fed that make guest frames with the next block or later, and the leap that is due."""
        assert isinstance(self._resampler, SteeredResampler)
        return self._resampler.withheld_frames + self._leap

    def _queue_octets(self, octets: memoryview) -> int:
        fitting = self._fitting(len(octets) // self.queue.frame_octets)
        first, second = self.queue.reserve(fitting * self.queue.frame_octets)
        first[:] = octets[: len(first)]
        second[:] = octets[len(first) : len(first) + len(second)]
        self.queue.commit(len(first) + len(second))
        return fitting

    def _queue_frames(self, frames: FloatArray) -> int:
        fitting = self._fitting(len(frames))
        first, second = self.queue.reserve(fitting * self.queue.frame_octets)
        cut = len(first) // self.queue.frame_octets
        for part, samples in ((first, frames[:cut]), (second, frames[cut:fitting])):
            if part:
                self.clipped += self._encode(samples.reshape(-1), part)
        self.queue.commit(len(first) + len(second))
        return fitting

    def _fitting(self, frames: int) -> int:
        fitting = min(frames, self.queue.room_octets // self.queue.frame_octets)
        self.lost_frames += frames - fitting
        return fitting

    def _convert(self, frames: FloatArray) -> FloatArray:
        if self._remix_first:
            frames = self._remixed(frames)
        if self._resampler is not None:
            frames = self._resampler.push(frames)
        return frames if self._remix_first else self._remixed(frames)

    def _remixed(self, frames: FloatArray) -> FloatArray:
        if self._remix.idle:
            return frames
        remixed = self._remixed_frames[: len(frames)]
        self._remix.apply(frames, remixed)
        return remixed

    def reset(self) -> None:
        """Forget what is queued and withheld: what comes next is another sound."""
        self.queue.clear()
        self._remix.settle()
        self._leap = 0
        if self._resampler is not None:
            self._resampler.reset()


class Splitter:
    """Hands blocks of up to `block_frames` frames of `device` to voices."""

    def __init__(self, device: SampleSpec, block_frames: int) -> None:
        self._device = device
        self._decode = decoder(device.format, block_frames * device.channels)
        self._frames = np.empty((block_frames, device.channels), np.float32)
        self.silence = bytearray(block_frames * device.frame_octets)
        """A block of the device's octets in which nothing is to be heard."""
        encoder(device.format, block_frames * device.channels)(
            np.zeros(block_frames * device.channels, np.float32), memoryview(self.silence)
        )

    def split(self, octets: memoryview, voices: Sequence[Recording]) -> list[int]:
        """Feed one recorded block to every voice; how many guest frames each queued."""
        frames = self._frames[: len(octets) // self._device.frame_octets]
        if not all(voice.exact for voice in voices):
            self._decode(octets, frames.reshape(-1))
        return [voice.feed(octets, frames) for voice in voices]
