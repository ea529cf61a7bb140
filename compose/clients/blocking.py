"""An application that calls: each call blocks until a block has been handed over, on top of the library's callbacks.

The callbacks are the library's thread's, the calls those of a thread of our own, and `frontend.blocking` is between the
two.  What it plays follows on what it played before: a call is not told where it will be heard.
"""

from threading import Thread

import numpy as np

from compose.clients.sound import Sound, Take
from frontend.blocking import Bridge, Caller, Outcome, Region, Shape
from frontend.local import LocalClient
from hosts.api import HostError


class BlockingStyle:
    """Plays and records until it is stopped."""

    def __init__(self, client: LocalClient, sound: Sound, take: Take) -> None:
        shape = client.shape
        self._client = client
        self._sound = sound
        self._take = take
        self._outputs, self._inputs = shape.playback_channels, shape.capture_channels
        self._frames = shape.period_frames
        self._region = Region.create(Shape(shape.rate_hz, self._inputs, self._outputs, shape.period_frames))
        self._bridge = Bridge(self._region)
        self._calling = Thread(target=self._run, name="calls")
        self._is_stopping = False
        self._failure: HostError | None = None
        self.calls_late: int | None = 0
        self.calls_late_max_ns: int | None = 0

    def start(self) -> None:
        """Begin; the library calls back at once, so calls begin first.  Raises HostError."""
        self._calling.start()
        self._client.start(self._bridge.process)

    def attend(self) -> None:
        """See whether the calls still come through.  Raises HostError when no callback comes any more."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End: the last call first, as long as there are callbacks that it may wait for."""
        self._is_stopping = True
        try:
            self._client.check()
        except HostError:
            self._bridge.end()  # in the place of a callback that will not come
        if self._calling.ident is not None:
            self._calling.join()
        self._client.close()
        self._region.close()

    # -- the thread that calls ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with Caller(self._region) as caller:
                self._call(caller)
        except HostError as error:  # whoever attends will raise it
            self._failure = error

    def _call(self, caller: Caller) -> None:
        output = np.zeros((self._frames, self._outputs), np.float32)
        into = np.zeros((self._frames, self._inputs), np.float32)
        frame = 0
        while not self._is_stopping:
            self._sound.copy(frame, output)
            if not self._inputs:
                outcome = caller.send(output)
            elif not self._outputs:
                outcome = caller.receive(into)
            else:
                outcome = caller.duplex(output, into)
            self._count(outcome)
            frame += self._frames
            self._take.append(into[: outcome.frames])
            if outcome.frames < self._frames:
                return

    def _count(self, outcome: Outcome) -> None:
        assert self.calls_late is not None
        assert self.calls_late_max_ns is not None
        self.calls_late += len(outcome.misses)
        self.calls_late_max_ns = max([self.calls_late_max_ns, *(miss.late_ns for miss in outcome.misses)])
