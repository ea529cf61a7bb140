"""The application's side: `receive`, `send` and `duplex` block until the callback has exchanged what they are given.

Theory.  A call waits for a callback's hand-over, copies, and gives it back; as often as it takes.  Callbacks need not
be of the size of calls.  Input that is more than the call wanted waits for the next call.  Output is handed over only
when a whole callback can be filled; what is less waits for the next call, without this one waiting.  In `duplex` the
input comes first: it is taken as soon as it is there, and the callback waits on until calls have brought its output.

It sleeps until shortly before the callback is due, by the frames that came so far, and then looks (hosts.spinner).

A hand-over that the callback did not wait for is missed: its output was silence, its input is gone.  So it is in
`duplex` both ways, and what is received goes on belonging to what is sent.
"""

from errno import EBADFD, EINVAL, ETIMEDOUT
from typing import NamedTuple, Self

import numpy as np

from frontend.blocking.deadlines import Deadlines, Miss
from frontend.blocking.overflow import Incoming, Outgoing
from frontend.blocking.region import HandOver, Region
from frontend.blocking.waiting import LOST_NS, SPIN_AHEAD_NS, Waiter, words_and_wait
from frontend.process import FloatArray
from hosts.api import HostError
from hosts.spinner import Spinner
from ringproto.turns import CallerTurns, Turn


class CallbackLostError(HostError):
    """No callback has come for a second after it was due (ETIMEDOUT): its side is dead, or stands still."""


class Outcome(NamedTuple):
    """What came of a call."""

    frames: int
    """Exchanged; fewer than asked for when the stream has ended."""
    misses: tuple[Miss, ...]
    """Found during this call, in order: neighbouring callbacks that were missed are one."""


class Caller:
    """Blocking calls for one thread.  A stream with inputs only receives, one with outputs only sends."""

    def __init__(self, region: Region, waiter: Waiter | None = None) -> None:
        shape = region.shape
        self._region = region
        self._waiter = waiter or Spinner()
        self._turns = CallerTurns(*words_and_wait(region, self._waiter))
        self._deadlines = Deadlines(shape.rate_hz)
        self._incoming = Incoming(shape.frames_max, shape.inputs)
        self._outgoing = Outgoing(shape.frames_max, shape.outputs)
        self._nothing: FloatArray = np.zeros((0, 0), np.float32)
        self._half_done = False  # the hand-over's input is taken, its output is to come
        self._came_ns = 0
        self._closed = False

    # -- calls --------------------------------------------------------------------------------------------------------

    def receive(self, into: FloatArray) -> Outcome:
        """Fill `into`, float32 [frames, inputs].

        Raises CallbackLostError, HostError(EINVAL) for an array of another shape, EBADFD once closed.
        """
        self._check(self._region.shape.outputs == 0, into, self._region.shape.inputs)
        return self._exchange(self._nothing, into)

    def send(self, frames: FloatArray) -> Outcome:
        """Hand over all `frames`, float32 [frames, outputs].  Raises as `receive` does."""
        self._check(self._region.shape.inputs == 0, frames, self._region.shape.outputs)
        return self._exchange(frames, self._nothing)

    def duplex(self, frames: FloatArray, into: FloatArray) -> Outcome:
        """Hand over `frames` and fill `into` with what was sampled meanwhile: as many.  Raises as `receive` does."""
        shape = self._region.shape
        self._check(shape.inputs > 0 and len(frames) == len(into), frames, shape.outputs)
        self._check(shape.outputs > 0, into, shape.inputs)
        return self._exchange(frames, into)

    def close(self) -> None:
        """Hand over what still waits, and end.  Harmless twice.  Raises CallbackLostError, but has ended then, too."""
        try:
            if not self._closed:
                self._flush()
        finally:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *exc_info: object) -> None:
        if exc_type is None:
            self.close()
        else:
            self._end()

    @property
    def started_ns(self) -> int | None:
        """When the stream's first frame was due, by the callbacks since; None before the first."""
        return self._deadlines.started_ns

    # -- one call -----------------------------------------------------------------------------------------------------

    def _exchange(self, frames: FloatArray, into: FloatArray) -> Outcome:
        self._deadlines.misses.clear()
        self._outgoing.begin(frames)
        self._incoming.begin(into)
        while self._incoming.missing or len(self._outgoing) >= self._deadlines.size:
            if not self._step():
                break
        left = 0
        if self._turns.turn is Turn.ENDED:
            left = self._outgoing.rest
        else:
            self._outgoing.keep()
        return Outcome(self._incoming.done if len(into) else len(frames) - left, tuple(self._deadlines.misses))

    def _step(self, *, last: bool = False) -> bool:
        """Go on with a hand-over, the next one unless one is half done; whether there may be another in this call."""
        return (self._half_done or self._take_turn()) and self._serve(self._region.handed_over(), last=last)

    def _serve(self, handed: HandOver, *, last: bool) -> bool:
        """Exchange what can be; a `last` one is given all output there is, however little.  Whether it is done with."""
        block = self._region.output[: handed.frames]
        complete = last or not self._region.shape.outputs or len(self._outgoing) >= handed.frames
        added = (0, 0) if self._half_done else self._incoming.add(self._region.input[: handed.frames])
        if complete:
            self._outgoing.copy_to(block)
        if not (self._turns.give_back() if complete else self._turns.still_has_it()):
            if self._half_done:
                self._missed_half()
            else:
                self._incoming.undo(added)
            return True
        if not self._half_done:
            self._deadlines.meet(handed, self._came_ns, self._waiter.now_ns())
        if complete:
            self._outgoing.drop(handed.frames)
            self._deadlines.keep(handed)
        self._half_done = not complete and self._region.shape.inputs > 0
        return complete

    def _missed_half(self) -> None:
        """The hand-over's input was taken, its output came too late: that is dropped, so that both stay together."""
        self._half_done = False
        self._outgoing.drop_later(self._deadlines.size)

    def _take_turn(self) -> bool:
        """Wait for the callback; False when there is none any more."""
        self._came_ns = self._waiter.now_ns()
        due_ns = self._deadlines.due_ns(self._came_ns)
        if self._turns.turn is Turn.CALLBACK:
            self._waiter.sleep_until(due_ns - SPIN_AHEAD_NS)
        turn = self._turns.take(due_ns + LOST_NS)
        if turn is Turn.AWAY:
            self._outgoing.drop(len(self._outgoing))
            raise CallbackLostError(ETIMEDOUT, f"no callback for {LOST_NS // 1_000_000} ms after it was due")
        return turn is Turn.CALLER

    # -- the end ------------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Hand over what waits, and silence behind it."""
        while len(self._outgoing) and self._step(last=True):
            pass

    def _end(self) -> None:
        self._closed = True
        self._turns.close(lambda: self._region.output.fill(0.0))

    def _check(self, fits: bool, frames: FloatArray, channels: int) -> None:
        if self._closed:
            raise HostError(EBADFD, "closed")
        shape = self._region.shape
        if not fits:
            kind = "duplex" if shape.inputs and shape.outputs else "receive" if shape.inputs else "send"
            raise HostError(EINVAL, f"{shape.inputs} inputs, {shape.outputs} outputs: want {kind}, of equal lengths")
        if frames.dtype != np.float32 or frames.ndim != 2 or frames.shape[1] != channels:
            raise HostError(EINVAL, f"frames: {frames.dtype} {list(frames.shape)}, want float32 [frames, {channels}]")
