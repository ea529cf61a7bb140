"""Voice: one playing guest, from the octets in its queue to float frames as the device wants them."""

from collections.abc import Sequence
from math import ceil

from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.remix import Remix
from backend.mixing.resample import Resampler
from backend.mixing.sources import QueueSource, RemixSource, ResampleSource, Source
from backend.mixing.spec import SampleSpec


class Voice:
    """Plays `queue`, which holds frames of `guest`, to a `device`, at most `block_frames` device frames at once.

    Raises ProtocolError(EINVAL) for a format that is not linear, or channel counts that cannot be remixed.
    """

    def __init__(self, guest: SampleSpec, device: SampleSpec, queue: FrameQueue, block_frames: int) -> None:
        assert queue.frame_octets == guest.frame_octets
        self.queue = queue
        self._same_samples = guest == device and not guest.format.is_float
        self._remix = Remix(guest.channels, device.channels, self._remixed_at_hz(guest, device))
        self.latency_frames = 0
        """Guest frames that the resampler withholds at worst: so many more must be queued before the last is heard."""
        if guest.rate_hz == device.rate_hz:
            octets = QueueSource(queue, guest.format, guest.channels, block_frames)
            self._source: Source = RemixSource(octets, self._remix, block_frames)
        else:
            self._source = self._resampled(guest, device, block_frames)

    def _resampled(self, guest: SampleSpec, device: SampleSpec, block_frames: int) -> Source:
        channels = min(guest.channels, device.channels)
        resampler = Resampler(guest.rate_hz, device.rate_hz, channels)
        self.latency_frames = resampler.look_ahead_frames
        guest_frames = ceil(block_frames * guest.rate_hz / device.rate_hz) + self.latency_frames
        octets = QueueSource(self.queue, guest.format, guest.channels, guest_frames)
        if device.channels < guest.channels:
            return ResampleSource(RemixSource(octets, self._remix, guest_frames), resampler, channels, block_frames)
        return RemixSource(ResampleSource(octets, resampler, channels, block_frames), self._remix, block_frames)

    @staticmethod
    def _remixed_at_hz(guest: SampleSpec, device: SampleSpec) -> int:
        return guest.rate_hz if device.channels < guest.channels else device.rate_hz

    def set_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each of the guest's channels up or down from the next block on; 1 is unity, 0 mutes."""
        self._remix.set_source_gains(gains, ramped=ramped)

    @property
    def exact(self) -> bool:
        """Whether the guest's octets are just what the device plays.

        Floats never are: any integer is a sample, while a float may be NaN and must be looked at.
        """
        return self._same_samples and self._remix.idle

    def render(self, frames: int, out: FloatArray) -> int:
        """Fill `out[:frames]`, shape [frames, device channels]; how many frames were the guest's: silence follows."""
        real_frames = self._source.read(out[:frames])
        out[real_frames:frames] = 0.0
        return real_frames

    def copy(self, frames: int, out: memoryview) -> int:
        """Move up to `frames` whole frames of octets to the start of `out`, untouched; how many there were."""
        first, second = self.queue.peek(frames)
        octets = len(first) + len(second)
        out[: len(first)] = first
        out[len(first) : octets] = second
        self.queue.drop(octets)
        return octets // self.queue.frame_octets

    def reset(self) -> None:
        """Forget what is queued and withheld: what comes next is another sound."""
        self.queue.clear()
        self._source.reset()
