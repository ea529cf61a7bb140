"""An application that is called back: what it plays depends on nothing but the place, so what it misses moves nothing.

`process` must not wait for a disk: it keeps what was recorded, and another thread, by `attend`, writes it.
"""

from collections import deque

from compose.clients.sound import Sound, Take
from frontend.local import FloatArray, LocalClient


class CallbackStyle:
    """Plays and records until it is stopped."""

    calls_late: int | None = None
    calls_late_max_ns: int | None = None

    def __init__(self, client: LocalClient, sound: Sound, take: Take) -> None:
        self._client = client
        self._sound = sound
        self._take = take
        self._kept: deque[FloatArray] = deque()

    def start(self) -> None:
        """Begin.  Raises HostError."""
        self._client.start(self.process)

    def process(self, input: FloatArray, output: FloatArray, _frames: int) -> None:  # noqa: A002  # as its callers do
        """One block."""
        self._sound.copy(self._client.frame, output)
        if input.shape[1]:
            self._kept.append(input.copy())

    def attend(self) -> None:
        """See to what was recorded."""
        while self._kept:
            self._take.append(self._kept.popleft())

    def stop(self) -> None:
        """End; nothing is left to be seen to."""
        self._client.close()
        self.attend()
