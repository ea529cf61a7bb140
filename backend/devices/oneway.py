"""What a device that goes one way does not do: the same for all of them, whatever drives them."""

from errno import EINVAL

from backend.devices.api import AudioDevice, DeviceError


class PlaysOnly:
    """Of a playback device."""

    stood_still_frames = 0
    """Of a device with nothing behind it."""

    def read(self, into: memoryview, now_ns: int) -> int:
        """Raises DeviceError(EINVAL): it plays."""
        del into, now_ns
        raise DeviceError(EINVAL, "a playback device cannot be read")


class RecordsOnly:
    """Of a capture device."""

    stood_still_frames = 0
    """Of one that does not know."""

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Raises DeviceError(EINVAL): it records."""
        del frames, now_ns
        raise DeviceError(EINVAL, "a capture device cannot be written")

    def rewind(self: AudioDevice, frame: int, now_ns: int) -> int:
        """Takes nothing back: it records.  Raises DeviceError when the device is gone."""
        del frame
        self.position(now_ns)
        return self.written_frames
