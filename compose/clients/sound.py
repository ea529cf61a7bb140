"""What an application has to play, and where it puts what it records: float32, in blocks of the device's period."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from compose.clients.spec import ClientSpec
from compose.scenario import find_recording
from compose.sound import SoundWriter, load_sound
from frontend.params import PcmParams
from frontend.process import FloatArray
from ringproto.formats import Format
from ringproto.local.region import Shape


class Sound:
    """A recording, over and over; of no channels if the application plays nothing.  Raises ConfigError."""

    def __init__(self, spec: ClientSpec, shape: Shape, beside: Path) -> None:
        self._frames: FloatArray = np.zeros((1, 0), np.float32)
        if spec.plays is not None:
            octets = load_sound(find_recording(spec.plays, beside), _params(spec, shape))
            self._frames = np.frombuffer(octets, np.float32).reshape(-1, spec.channels)

    def copy(self, frame: int, into: FloatArray) -> None:
        """Fill `into` with what follows from that frame on."""
        done = 0
        while done < len(into):
            begin = (frame + done) % len(self._frames)
            part = self._frames[begin : begin + len(into) - done]
            into[done : done + len(part)] = part
            done += len(part)


class Take:
    """Where blocks that were recorded are appended to; nowhere if the application records nothing."""

    def __init__(self, writer: SoundWriter | None) -> None:
        self._writer = writer

    def append(self, block: FloatArray) -> None:
        """Append it."""
        if self._writer is not None:
            self._writer.append(block.tobytes())


@contextmanager
def take_of(spec: ClientSpec, shape: Shape, out: Path) -> Generator[Take]:
    """The application's file in that folder, whole at the end."""
    if spec.records is None:
        yield Take(None)
        return
    writer = SoundWriter(out / spec.records, _params(spec, shape))
    try:
        yield Take(writer)
    finally:
        writer.close()


def _params(spec: ClientSpec, shape: Shape) -> PcmParams:
    return PcmParams(shape.rate_hz, spec.channels, Format.FLOAT_LE, shape.period_frames, 2 * shape.period_frames)
