"""Voice: one playing guest, from the octets in its queue to float frames as the device wants them.

A device that was filled far ahead is the quicker to obey if part of that is taken back and mixed again.  So a voice can
go back, as far as its queue has a history.  It gives again the sound that it gave, with the gains set since.

One whose guest is on another clock than the device is steered between them.  It cannot go back.
"""

from collections.abc import Sequence

from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.remix import Remix
from backend.mixing.resample import Resampler
from backend.mixing.sources import QueueSource, RemixSource, ResampleSource, Source
from backend.mixing.spec import SampleSpec
from backend.mixing.steered import SteeredResampler, SteeredSource


class Voice:
    """Plays `queue`, which holds frames of `guest`, to a `device`, at most `block_frames` device frames at once.

    Raises ProtocolError(EINVAL) for a format that is not linear, or channel counts that cannot be remixed.
    """

    def __init__(
        self, guest: SampleSpec, device: SampleSpec, queue: FrameQueue, block_frames: int, *, steered: bool = False
    ) -> None:
        assert queue.frame_octets == guest.frame_octets
        self.queue = queue
        self._same_samples = guest == device and not guest.format.is_float and not steered
        self._remix = Remix(guest.channels, device.channels, self._remixed_at_hz(guest, device))
        self.latency_frames = 0
        """Guest frames that the resampler withholds at worst: so many more must be queued before the last is heard."""
        self._steered: SteeredSource | None = None
        if guest.rate_hz == device.rate_hz and not steered:
            octets = QueueSource(queue, guest.format, guest.channels, block_frames)
            self._source: Source = RemixSource(octets, self._remix, block_frames)
        else:
            kind = SteeredResampler if steered else Resampler
            resampler = kind(guest.rate_hz, device.rate_hz, min(guest.channels, device.channels))
            self._source = self._resampled(guest, device, resampler, block_frames)

    def _resampled(
        self, guest: SampleSpec, device: SampleSpec, resampler: Resampler | SteeredResampler, block_frames: int
    ) -> Source:
        self.latency_frames = resampler.look_ahead_frames
        guest_frames = resampler.frames_for(block_frames) + self.latency_frames
        octets = QueueSource(self.queue, guest.format, guest.channels, guest_frames)
        if device.channels < guest.channels:
            return self._at_rate(
                RemixSource(octets, self._remix, guest_frames), resampler, device.channels, block_frames
            )
        return RemixSource(self._at_rate(octets, resampler, guest.channels, block_frames), self._remix, block_frames)

    def _at_rate(
        self, source: Source, resampler: Resampler | SteeredResampler, channels: int, block_frames: int
    ) -> Source:
        if isinstance(resampler, Resampler):
            return ResampleSource(source, resampler, channels, block_frames)
        frames_max = resampler.frames_for(block_frames)
        self._steered = SteeredSource(source, resampler, channels, frames_max)
        return self._steered

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
        if real_frames < frames:
            out[real_frames:frames] = 0.0
            self.forget()
        return real_frames

    def copy(self, frames: int, out: memoryview) -> int:
        """Move up to `frames` whole frames of octets to the start of `out`, untouched; how many there were."""
        first, second = self.queue.peek(frames)
        octets = len(first) + len(second)
        out[: len(first)] = first
        out[len(first) : octets] = second
        self.queue.drop(octets)
        real_frames = octets // self.queue.frame_octets
        if real_frames < frames:
            self.forget()
        return real_frames

    @property
    def ready_frames(self) -> int:
        """Device frames that can be rendered now without a gap."""
        return self._source.ready_frames

    @property
    def history_frames(self) -> int:
        """Device frames that can be rewound: to the last gap at most, in which there were fewer frames than asked for.

        A resampled voice needs more of a history than it can give again.
        """
        return self._source.history_frames

    def rewind(self, frames: int) -> None:
        """The last `frames` device frames, no more than `history_frames`, are to be rendered (or copied) again.

        The same sound comes again: exactly, or resampled to -110 dB.  A change of volume stands where it stood then, or
        begins now if it had not begun.  So one that is asked for next leads from the gains that were heard there.
        """
        assert 0 <= frames <= self.history_frames
        self._source.rewind(frames)
        self._remix.begin_ramp()

    def steer(self, factor: float) -> None:
        """From the next block on, play so many times as fast as the nominal rates say."""
        assert self._steered is not None
        self._steered.resampler.steer(factor)

    def wait(self, frames: int) -> None:
        """Be silent for so many device frames from the next block on."""
        assert self._steered is not None
        self._steered.wait(frames)

    @property
    def withheld_frames(self) -> float:
        """Guest frames taken from the queue that come with the next block or later; `wait` counts as such."""
        assert self._steered is not None
        return self._steered.withheld_frames

    def forget(self) -> None:
        """What was rendered is not to be rewound: device frames went by that were none of the guest's."""
        self.queue.forget()

    def reset(self) -> None:
        """Forget what is queued and withheld: what comes next is another sound."""
        self.queue.clear()
        self._source.reset()
