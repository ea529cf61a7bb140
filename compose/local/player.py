"""A player: the frame that belongs to a place is played there or never, so it ends when it ought to."""

from pathlib import Path

import numpy as np

from compose.sound import load_sound
from frontend.local import FloatArray, LocalClient
from frontend.params import PcmParams
from ringproto.formats import Format


class Player:
    """Plays a sound file once, at the device's rate.  Raises ConfigError naming the file."""

    def __init__(self, client: LocalClient, file: Path) -> None:
        shape = client.shape
        params = PcmParams(
            shape.rate_hz, shape.playback_channels, Format.FLOAT_LE, shape.period_frames, 2 * shape.period_frames
        )
        self._client = client
        self._sound = np.frombuffer(load_sound(file, params), np.float32).reshape(-1, shape.playback_channels)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._sound) / self._client.shape.rate_hz

    @property
    def is_over(self) -> bool:
        """Whether it was heard to its end."""
        return self._client.played_frames >= len(self._sound)

    def process(self, _input: FloatArray, output: FloatArray, frames: int) -> None:
        """Write what belongs there; behind its end there is silence."""
        part = self._sound[self._client.frame : self._client.frame + frames]
        output[: len(part)] = part
