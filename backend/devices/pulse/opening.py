"""Opening a sink or source of a sound server as a device: `kind = "pulse"`."""

from errno import EINVAL, ENOSYS

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.pulse.capture import PulseCapture
from backend.devices.pulse.options import PulseOptions
from backend.devices.pulse.playback import PulsePlayback
from backend.devices.registry import Driver
from hosts.api import HostError, Loop
from ringproto.card import Direction

BUFFER_OCTETS_MAX = 4 << 20
"""MAX_MEMBLOCKQ_LENGTH of PulseAudio: more is not kept of one stream."""


def open_pulse(options: PulseOptions, direction: Direction, loop: Loop, user: str) -> AudioDevice:
    """The stream, stopped, whether the server is there yet or not.

    Raises DeviceError: ENODEV when libpulse is missing, or the server is there and knows no sink or source of that
    name; EACCES when it does not let us in; EINVAL for options that fit no server; ENOSYS in simulated time, where
    there are no servers.
    """
    params = options.params
    if params.buffer_frames < 2 * params.period_frames:
        raise DeviceError(EINVAL, f"buffer_frames = {params.buffer_frames}: less than two periods")
    if params.buffer_frames * params.frame_octets > BUFFER_OCTETS_MAX:
        raise DeviceError(EINVAL, f"buffer_frames = {params.buffer_frames}: more than the 4 MiB that a server keeps")
    try:
        return (PulsePlayback if direction is Direction.PLAYBACK else PulseCapture)(options, loop, user)
    except HostError as error:
        raise DeviceError(ENOSYS, "a sound server needs real time") from error


DRIVER = Driver(PulseOptions, open_pulse, often=True)
