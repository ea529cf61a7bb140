"""The callback's side: `process`, which hands each callback's buffers to the caller and waits for them.

It waits as long as the buffers last: a callback that takes longer than its period is late for the next.  What is not
answered by then is played as silence, its input is dropped, and the caller will be told.  When nobody has called for a
second, it waits no more, until somebody does.
"""

from errno import EINVAL
from typing import Self

import numpy as np

from frontend.blocking.region import Region
from frontend.blocking.waiting import LOST_NS, Waiter, words_and_wait
from frontend.process import FloatArray
from hosts.api import HostError
from hosts.spinner import Spinner
from ringproto.turns import CallbackTurns, Turn

SECOND_NS = 1_000_000_000


class Bridge:
    """A stream's callback, for one caller.  Raises HostError(ENOSYS) where there are no atomic operations."""

    def __init__(self, region: Region, waiter: Waiter | None = None) -> None:
        self.answered = 0
        """Callbacks that the caller answered in time."""
        self.unanswered = 0
        """Those that it did not, while there was one."""
        self._region = region
        self._waiter = waiter or Spinner()
        self._turns = CallbackTurns(*words_and_wait(region, self._waiter))
        self._frame = 0
        self._unanswered_ns = 0  # in a row

    @property
    def closed(self) -> bool:
        """Whether the caller has closed: there is nothing more to be played."""
        return self._turns.turn is Turn.CLOSED

    def process(self, input: FloatArray, output: FloatArray, frames: int) -> None:  # noqa: A002  `Process` says so
        """One callback; one of 0 frames says that the stream has ended.

        Raises HostError(EINVAL) for one of more than the region's `frames_max`.
        """
        region = self._region
        if frames > region.shape.frames_max:
            raise HostError(EINVAL, f"frames_max: {region.shape.frames_max}, want at least a callback's {frames}")
        frame, self._frame = self._frame, self._frame + frames
        if not frames:
            self.end()
        elif self._turns.turn is Turn.CALLBACK:
            now_ns = self._waiter.now_ns()
            np.copyto(region.input[:frames], input)
            region.describe(frame, frames, now_ns)
            if self._hand_over(now_ns, frames * SECOND_NS // region.shape.rate_hz):
                np.copyto(output, region.output[:frames])
                return
        output.fill(0.0)

    def end(self) -> None:
        """There will be no callback any more: the caller's calls come back short.  Harmless twice."""
        self._turns.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def _hand_over(self, now_ns: int, patience_ns: int) -> bool:
        last = self._unanswered_ns + patience_ns >= LOST_NS
        if self._turns.hand_over(now_ns + patience_ns, last=last):
            self._unanswered_ns = 0
            self.answered += 1
            return True
        self.unanswered += 1
        self._unanswered_ns = 0 if last else self._unanswered_ns + patience_ns
        return False
