"""Opening a sink or source of a sound server as a device: `kind = "pulse"`."""

from errno import ENOSYS

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.pulse.capture import PulseCapture
from backend.devices.pulse.options import PulseOptions
from backend.devices.pulse.playback import PulsePlayback
from backend.devices.registry import Driver
from hosts.api import HostError, Loop
from ringproto.card import Direction


def open_pulse(options: PulseOptions, direction: Direction, loop: Loop, user: str) -> AudioDevice:
    """The stream, stopped, whether the server is there yet or not.

    Raises DeviceError: ENODEV when libpulse is missing, ENOSYS in simulated time, where there are no servers.
    """
    try:
        return (PulsePlayback if direction is Direction.PLAYBACK else PulseCapture)(options, loop, user)
    except HostError as error:
        raise DeviceError(ENOSYS, "a sound server needs real time") from error


DRIVER = Driver(PulseOptions, open_pulse, often=True)
