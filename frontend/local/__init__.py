"""vsnd for local applications: play and record beside the guests, without being one.

    def process(input, output, frames):
        output[:] = next_sound(frames)

    with connect(socket, LocalParams("tone", playback_channels=2)) as client:
        client.start(process)
        client.wait(5.0)

`process` is called once for each of the device's periods, on a thread of the library's own, with float32 arrays of
shape [frames, channels] that are views of the memory shared with the backend.  Nothing of this needs any privilege.
"""

from frontend.local.client import LocalClient, connect, describe
from frontend.local.params import LocalParams
from frontend.process import FloatArray, Process

__all__ = ["FloatArray", "LocalClient", "LocalParams", "Process", "connect", "describe"]
