"""PCMs through pyalsaaudio.

What pyalsaaudio does not do, or not say, is made up for here:

* its constructor ignores every refusal of alsa-lib's: what was granted is read back and reported;
* `avail` returns a negated errno where the rest raises text: both become Xrun or DeviceError;
* `close` drains, for as long as the sound lasts: it is dropped first;
* `write` and `read` mend an xrun on their way, and report it once more.

Its timestamps are not used.  They are those of the question, which the caller knows within microseconds, not those of
the card's last step; and plugins have none.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EBADFD, EINVAL, EIO, ENODEV, ENOSYS, EPIPE, ESTRPIPE

import alsaaudio

from backend.devices.alsa.abilities import PcmAbilities
from backend.devices.alsa.pcm import Xrun
from backend.devices.api import DeviceError, DeviceParams
from ringproto.card import Direction
from ringproto.formats import Format

_CODES: dict[Format, int] = {
    Format.U8: alsaaudio.PCM_FORMAT_U8,
    Format.S16_LE: alsaaudio.PCM_FORMAT_S16_LE,
    Format.S24_LE: alsaaudio.PCM_FORMAT_S24_LE,
    Format.S32_LE: alsaaudio.PCM_FORMAT_S32_LE,
    Format.FLOAT_LE: alsaaudio.PCM_FORMAT_FLOAT_LE,
}
_FORMATS = {code: sample_format for sample_format, code in _CODES.items()}
_ERRNOS = {os.strerror(number): number for number in range(1, 134)}
"""pyalsaaudio's errors are text: alsa-lib's strerror, then the PCM's name in brackets."""


def device_error(error: alsaaudio.ALSAAudioError) -> DeviceError:
    """The same with its errno."""
    text = str(error)
    return _failure(_ERRNOS.get(text.partition(" [")[0], EIO), text)


def _failure(number: int, text: str) -> DeviceError:
    return DeviceError(ENODEV if number == EBADFD else number, text)  # alsa-lib's word for a PCM whose card has gone


def _xrun_or(error: alsaaudio.ALSAAudioError) -> DeviceError | Xrun:
    failure = device_error(error)
    return Xrun() if failure.errno == ESTRPIPE else failure


class PyalsaPcm:
    """A PCM opened by name.  Raises DeviceError."""

    abilities = PcmAbilities()  # none beyond the protocol
    period_wakeups = True

    def __init__(self, name: str, asked: DeviceParams, direction: Direction) -> None:
        if asked.format not in _CODES:
            raise DeviceError(EINVAL, f"{name}: format {asked.format.xen_name} is none of a card's")
        try:
            self._pcm = alsaaudio.PCM(
                type=alsaaudio.PCM_CAPTURE if direction is Direction.CAPTURE else alsaaudio.PCM_PLAYBACK,
                mode=alsaaudio.PCM_NONBLOCK,
                device=name,
                rate=asked.rate_hz,
                channels=asked.channels,
                format=_CODES[asked.format],
                periodsize=asked.period_frames,
                periods=max(2, asked.buffer_frames // asked.period_frames),
            )
        except alsaaudio.ALSAAudioError as error:
            raise device_error(error) from error
        info = self._pcm.info()
        granted = _FORMATS.get(info["format"])
        if granted is None:
            self._pcm.close()
            raise DeviceError(EINVAL, f"{name}: takes {info['format_name']} only")
        self.params = DeviceParams(info["rate"], info["channels"], granted, info["period_size"], info["buffer_size"])
        self.name = name
        self.binding = "pyalsaaudio"
        counts_itself = info["card_no"] >= 0 and not info["is_batch"]
        self.granularity_frames = 1 if counts_itself else self.params.period_frames
        self._open = True

    @property
    def descriptors(self) -> Sequence[int]:
        """Its poll descriptors."""
        return [descriptor for descriptor, _ in self._pcm.polldescriptors()]

    def acknowledge(self, descriptor: int) -> None:
        """Have the plugin look at it, which empties a pipe."""
        with suppress(alsaaudio.ALSAAudioError):  # its server is gone, as the next question will tell
            self._pcm.polldescriptors_revents([(descriptor, 1)])

    def avail(self) -> int:
        """Frames of room, or recorded."""
        frames = self._pcm.avail()
        if frames >= 0:
            return frames
        if -frames in (EPIPE, ESTRPIPE):
            raise Xrun
        raise _failure(-frames, f"{os.strerror(-frames)} [{self.name}]")

    def write(self, frames: memoryview) -> int:
        """Give it frames; how many it took."""
        try:
            taken = self._pcm.write(frames)
        except alsaaudio.ALSAAudioError as error:
            raise _xrun_or(error) from error
        if taken == -EPIPE:
            raise Xrun
        return taken

    def read(self) -> bytes:
        """Take up to a period."""
        try:
            status, octets = self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise _xrun_or(error) from error
        if status == -EPIPE:
            raise Xrun
        return octets

    def rewind(self, frames: int) -> int:
        """Raises DeviceError(ENOSYS): pyalsaaudio has no such call."""
        del frames
        raise DeviceError(ENOSYS, f"{self.name}: {self.binding} cannot rewind")

    def drop(self) -> None:
        """Stop at once."""
        try:
            self._pcm.drop()
        except alsaaudio.ALSAAudioError as error:
            raise device_error(error) from error

    def close(self) -> None:
        """Give it back.  Harmless twice."""
        if self._open:
            self._open = False
            with suppress(alsaaudio.ALSAAudioError):  # the card is gone, and nothing is left to drop
                self._pcm.drop()
            self._pcm.close()
