"""A tone: what is played depends on nothing but the frame's place, so after a missed block it is in phase again."""

import numpy as np

from frontend.local import FloatArray, LocalClient


class Tone:
    """A sine of `hz`, `level` being its amplitude, on all channels."""

    def __init__(self, client: LocalClient, hz: float, level: float) -> None:
        self._client = client
        self._turns_per_frame = hz / client.shape.rate_hz
        self._level = level
        self._frames = np.arange(client.shape.period_frames, dtype=np.float64)

    def process(self, _input: FloatArray, output: FloatArray, _frames: int) -> None:
        """Write the next frames."""
        turns = (self._client.frame + self._frames) * self._turns_per_frame % 1.0
        output[:] = (self._level * np.sin(2 * np.pi * turns))[:, np.newaxis]
