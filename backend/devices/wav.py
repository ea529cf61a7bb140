"""WAV file sink: a device without hardware, interrupts or process, that keeps time by a formula and fills a WAV file.

It can only be asked, never heard of: timers alone serve it.  What was presented leaves for the file whenever the device
is called, so its frame `n` is the device's frame `n`, and what nobody wrote in time is silence there.
"""

from collections.abc import Mapping
from errno import EINVAL, ENODEV, ENOSYS
from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.devices.api import Capabilities, DeviceError, DeviceParams
from backend.devices.clocked.ring import FrameRing
from backend.devices.crystal import NS_PER_S, Crystal
from backend.devices.cursor import PlaybackCursor
from backend.devices.oneway import PlaysOnly
from backend.devices.registry import Driver
from backend.devices.wavfile import WavWriter
from hosts.api import Handle, Loop, OnTime
from ringproto.card import Direction
from ringproto.formats import Format


class WavOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file and what is in it."""

    path: str
    rate_hz: Annotated[int, Meta(ge=1, le=768_000)] = 48_000
    channels: Annotated[int, Meta(ge=1, le=32)] = 2
    format: Literal["s16_le", "s24_le", "s32_le", "float_le"] = "s16_le"
    period_frames: Annotated[int, Meta(ge=1)] = 480
    buffer_frames: Annotated[int, Meta(ge=1)] = 1920


class WavSink(PlaysOnly):
    """The open file.  Raises DeviceError(EIO) when it cannot be made."""

    def __init__(self, options: WavOptions, loop: Loop) -> None:
        self.params = DeviceParams(
            options.rate_hz,
            options.channels,
            Format.from_name(options.format),
            options.period_frames,
            options.buffer_frames,
        )
        self.capabilities = Capabilities(interrupts=False, rewinds=True)
        self._loop = loop
        self._octets = self.params.frame_octets
        self._file = WavWriter(options.path, self.params)
        self._crystal = Crystal(options.rate_hz)
        self._cursor = PlaybackCursor(options.period_frames)
        self._ring = FrameRing(memoryview(bytearray(options.buffer_frames * self._octets)), self._octets)
        self._block = memoryview(bytearray(options.buffer_frames * self._octets))
        self._kept_frames = 0  # in the file
        self._open = True

    @property
    def underruns(self) -> int:
        """How often it ran out of frames."""
        return self._cursor.underruns

    @property
    def written_frames(self) -> int:
        """The frame that the next write begins with."""
        return self._cursor.frame

    def start(self, now_ns: int) -> None:
        """Present what was written, from where it stands."""
        self._crystal.start(now_ns)

    def stop(self, now_ns: int) -> None:
        """Stand; what was written and not presented is dropped."""
        position = self.position(now_ns)
        self._crystal.stop(now_ns)
        self._ring.clear(position, self._cursor.frame - position)
        self._cursor.rest_at(position)

    def position(self, now_ns: int) -> int:
        """Frames presented.  Raises DeviceError(ENODEV) after `close`."""
        if not self._open:
            raise DeviceError(ENODEV, "the WAV file is closed")
        position = self._crystal.frames_at(now_ns)
        self._keep(position)
        self._cursor.follow(position)
        return position

    def _keep(self, position: int) -> None:
        """Move what was presented from the ring into the file; its place is silence for whoever comes late."""
        while (frames := min(position - self._kept_frames, self.params.buffer_frames)) > 0:
            block = self._block[: frames * self._octets]
            self._ring.get(self._kept_frames, block)
            self._ring.clear(self._kept_frames, frames)
            self._file.write(block)
            self._kept_frames += frames

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Copy frames in; how many fitted.  Raises DeviceError(ENODEV) after `close`."""
        room = self.position(now_ns) + self.params.buffer_frames - self._cursor.frame
        count = min(len(frames) // self._octets, room)
        if count <= 0:
            return 0
        self._ring.put(self._cursor.frame, frames[: count * self._octets])
        self._cursor.advance(count)
        return count

    def rewind(self, frame: int, now_ns: int) -> int:
        """Take back what was written from `frame` on, all that was not presented; where the next write begins.

        Nothing fetches ahead here, so no safeguard is needed.  Raises DeviceError(ENODEV) after `close`.
        """
        taken = self._cursor.rewind(max(frame, self.position(now_ns)))
        self._ring.clear(self._cursor.frame, taken)
        return self._cursor.frame

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        """Raises DeviceError(ENOSYS): there are none."""
        del loop, callback
        raise DeviceError(ENOSYS, "a WAV file has no interrupts")

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` begins, counted from the position now."""
        return now_ns + (frame - self._crystal.frames_at(now_ns)) * NS_PER_S // self.params.rate_hz

    def statistics(self) -> Mapping[str, int | float | str]:
        """What was counted."""
        return {"underruns": self.underruns, "kept_frames": self._kept_frames}

    def close(self) -> None:
        """Keep what was presented and complete the file."""
        if self._open:
            self._keep(self._crystal.frames_at(self._loop.now_ns()))
            self._open = False
            self._file.close()


def open_wav(options: WavOptions, direction: Direction, loop: Loop, user: str = "") -> WavSink:
    """A new file.  Raises DeviceError: EINVAL to record from it (that is the virtual card's `record_from`)."""
    del user
    if direction is not Direction.PLAYBACK:
        raise DeviceError(EINVAL, "a WAV file sink only plays")
    return WavSink(options, loop)


DRIVER = Driver(WavOptions, open_wav)
