"""Input: one capture device and everybody who records from it.

A look takes what the card has recorded since the last one, hands it to every line in the line's own format, and lets
each tell its guest.  The card runs while anybody records.
"""

import logging
from errno import ENODEV
from typing import Protocol

from backend.devices.api import AudioDevice, DeviceError
from backend.mixing.capture import CaptureVoice, Splitter
from backend.mixing.spec import SampleSpec
from backend.output import MakePacing
from hosts.api import Loop

log = logging.getLogger("vsnd.backend")


class RecordingLine(Protocol):
    """What an input needs of a recording stream."""

    @property
    def voice(self) -> CaptureVoice:
        """Where recorded blocks go."""
        ...

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        """A block up to `until_device_frame` was handed over and made so many of the guest's frames."""


class Input:
    """One capture device and its lines."""

    def __init__(self, name: str, device: AudioDevice, loop: Loop, make_pacing: MakePacing) -> None:
        self.name = name
        self.device = device
        self.spec = SampleSpec(device.params.format, device.params.channels, device.params.rate_hz)
        self.lead_frames = device.params.period_frames
        """How far behind the card a guest hears at least: what one look brings."""
        self._pacing = make_pacing(loop, self.look, device)
        self.block_frames = device.params.buffer_frames
        self._splitter = Splitter(self.spec, self.block_frames)
        self._block = memoryview(bytearray(self.block_frames * self.spec.frame_octets))
        self._lines: list[RecordingLine] = []
        self._voices: list[CaptureVoice] = []
        self._failed = False

    @property
    def looks(self) -> int:
        """How often the pacing made us look."""
        return self._pacing.looks

    @property
    def next_frame(self) -> int:
        """The device's frame that a line which joins now begins with."""
        return self.device.written_frames

    def join(self, line: RecordingLine, now_ns: int) -> None:
        """Record for this line from `next_frame` on.  Raises DeviceError(ENODEV) when the device is gone."""
        if self._failed:
            raise DeviceError(ENODEV, f"{self.name} is gone")
        if not self._lines:
            self.device.start(now_ns)
            self._pacing.start(now_ns)
        self._lines.append(line)
        self._voices.append(line.voice)

    def leave(self, line: RecordingLine, now_ns: int) -> None:
        """Record for this line no more; harmless when it has not joined."""
        if line not in self._lines:
            return
        self._lines.remove(line)
        self._voices.remove(line.voice)
        if not self._lines:
            self._pacing.stop()
            self.device.stop(now_ns)

    def look(self, now_ns: int) -> None:
        """Take what was recorded, and act on it."""
        try:
            self._look(now_ns)
        except DeviceError as error:
            log.warning("device %s: %s", self.name, error.strerror)
            self._failed = True
            self._pacing.stop()
            self._lines.clear()
            self._voices.clear()

    def _look(self, now_ns: int) -> None:
        while (frames := self.device.read(self._block, now_ns)) > 0:
            block = self._block[: frames * self.spec.frame_octets]
            made = self._splitter.split(block, self._voices)
            until = self.device.written_frames
            for line, guest_frames in zip(tuple(self._lines), made, strict=True):
                line.recorded(guest_frames, until, now_ns)

    def close(self) -> None:
        """Stop and give the device back."""
        self._pacing.stop()
        self.device.close()
