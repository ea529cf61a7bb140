"""A stream that calls back at its rate in virtual time, an application that calls, and what both saw.

Every frame is its own number: the input is that of the frame in the stream, counted from 1, and the output should be
that of the frame in the application's calls.  0 is silence.
"""

from collections.abc import Callable, Sequence

import numpy as np

from frontend.blocking import Bridge, Caller, Region, Shape
from frontend.process import FloatArray
from tests.frontend.blocking.virtual import BEGINNING_NS, Participant, VirtualTime

RATE_HZ = 48000
MS = 1_000_000
FRAME_NS = 1e9 / RATE_HZ
STARTS_NS = BEGINNING_NS + 3 * MS
"""When the first callback comes."""


def numbers(first: int, count: int, channels: int) -> FloatArray:
    """Frames that are their own numbers, from 1."""
    frames = np.arange(first + 1, first + count + 1, dtype=np.float32)
    return np.repeat(frames[:, np.newaxis], channels, axis=1)


def due_ns(frame: int) -> int:
    """When the callback that brings `frame` comes."""
    return STARTS_NS + frame * 1_000_000_000 // RATE_HZ


class Scene:
    """A region, its bridge under a stream of callbacks of those sizes, and one caller's program."""

    def __init__(self, inputs: int, outputs: int, frames_max: int = 600) -> None:
        self.time = VirtualTime()
        self.region = Region.create(Shape(RATE_HZ, inputs, outputs, frames_max))
        self.heard: list[float] = []
        self.unanswered = 0
        self.closed = False

    def run(
        self,
        sizes: Sequence[int],
        application: Callable[[Caller, Participant], None],
        *,
        ends: bool = True,
    ) -> None:
        """Both sides to their ends; with `ends`, the stream says so after its last callback."""
        shape = self.region.shape

        def stream(waiter: Participant) -> None:
            bridge = Bridge(self.region, waiter)
            frame = 0
            for size in sizes:
                waiter.sleep_until(due_ns(frame))
                output = np.full((size, shape.outputs), np.nan, np.float32)
                bridge.process(numbers(frame, size, shape.inputs), output, size)
                self.heard += [one[0] for one in output.tolist()] if shape.outputs else []
                frame += size
            if ends:
                bridge.end()
            self.unanswered, self.closed = bridge.unanswered, bridge.closed

        def program(waiter: Participant) -> None:
            application(Caller(self.region, waiter), waiter)

        with self.region:
            self.time.run(program, stream)
