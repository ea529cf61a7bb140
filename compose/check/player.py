"""Plays, or records, on a wire as an application would: the buffer is kept full (or read) while time passes."""

from collections.abc import Callable

from compose.check.rawwire import MS
from compose.check.rule import require
from compose.check.wire import Wire
from ringproto.abi import Trigger
from ringproto.card import Direction
from ringproto.messages import OpenRequest, RangeRequest, ReadRequest, WriteRequest

__all__ = ["MS", "Player"]

IN_FLIGHT = 2
"""Transfers that are not answered yet, at most."""
PATIENCE_PERIODS = 100
"""How many periods more than it should take are waited for."""


class Player:
    """One opening of a stream.  Raises Broken when what every application does is refused."""

    def __init__(self, wire: Wire, request: OpenRequest | None = None) -> None:
        self.wire = wire
        self.refused: list[int] = []
        """Statuses of transfers that were refused while it played."""
        self._before = tuple(len(kernel.accepted) for kernel in (wire.older, wire.newer))
        self._pending: set[int] = set()
        self._looked = 0
        self._at = self._read = 0
        status = wire.open_as(request or wire.open_request())
        require(status == 0, f"OPEN is answered with {status}")

    @property
    def heard(self) -> int:
        """Periods that the kernel which is served best was told of since OPEN."""
        return max(self.wire.older.elapsed, self.wire.newer.elapsed)

    @property
    def told(self) -> list[int]:
        """The positions that it was told, in octets."""
        kernels = (self.wire.older, self.wire.newer)
        return max((kernel.accepted[n:] for kernel, n in zip(kernels, self._before, strict=True)), key=len)

    def fill(self) -> None:
        """Hand over a whole buffer, as ALSA does before START."""
        wire, done = self.wire, 0
        while done < wire.buffer.size_octets:
            length = min(wire.period_octets, wire.buffer.size_octets - done)
            status = wire.call(WriteRequest(wire.next_id(), done, length))
            require(status == 0, f"WRITE of {length} octets at {done} before START is answered with {status}")
            done += length
        self._at = 0

    def start(self) -> None:
        """Fill the buffer and START."""
        if self.wire.config.direction is Direction.PLAYBACK:
            self.fill()
        self.trigger(Trigger.START)

    def trigger(self, trigger: Trigger) -> None:
        """Send one that is to succeed."""
        status = self.wire.trigger(trigger)
        require(status == 0, f"{trigger.name} is answered with {status}")

    def play(self, periods: int) -> None:
        """Start, and go on until so many periods were told, or should have been long ago."""
        self.start()
        self.go_on(lambda: self.heard >= periods, (periods + PATIENCE_PERIODS) * self.wire.period_ns)

    def go_on(self, until: Callable[[], bool], limit_ns: int) -> bool:
        """Play on until that holds; whether it came within the limit."""

        def done() -> bool:
            self._look_at_answers()
            self._feed()
            return until()

        return self.wire.wait(done, limit_ns)

    def _look_at_answers(self) -> None:
        for response in self.wire.responses[self._looked :]:
            if response.id in self._pending and response.status < 0:
                self.refused.append(response.status)
            self._pending.discard(response.id)
        self._looked = len(self.wire.responses)

    def _feed(self) -> None:
        wire = self.wire
        if len(self._pending) >= IN_FLIGHT:
            return
        length = min(wire.period_octets, wire.buffer.size_octets - self._at)
        if wire.config.direction is Direction.PLAYBACK:
            request: RangeRequest = WriteRequest(wire.next_id(), self._at, length)
        elif self.told and self.told[-1] - self._read > length:
            request = ReadRequest(wire.next_id(), self._at, length)
            self._read += length
        else:
            return
        self._pending.add(request.id)
        self._at = (self._at + length) % wire.buffer.size_octets
        wire.send(request)
