"""An application that says what a test likes, on the loop that the server runs on: nothing here blocks."""

from collections.abc import Sequence
from pathlib import Path

from backend.local.server import LocalServer
from hosts.api import HostError
from hosts.channel.api import ChannelError
from hosts.channel.calls import decode, encode
from hosts.channel.opening import connected
from hosts.channel.passing import close_all
from hosts.local.messages import Register, Registered, Reply, replies
from tests.backend.local.stage import Stage

LIMIT_NS = 10_000_000_000
TONE = Register(name="tone", playback_channels=2)


class Door:
    """A stage with a server."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.server = LocalServer(stage.config, stage.facilities)
        self._callers: list[Caller] = []

    def knock(self) -> "Caller":
        """Somebody connects."""
        caller = Caller(self.stage, Path(self.stage.config.socket))
        self._callers.append(caller)
        return caller

    def until_empty(self) -> None:
        """Wait until all are gone."""
        assert self.stage.loop.run_until(lambda: not self.server.connections, self.stage.loop.now_ns() + LIMIT_NS)

    def close(self) -> None:
        """End it."""
        self.server.close()
        for caller in self._callers:
            caller.leave()
        self.stage.close()


class Caller:
    """One connection."""

    def __init__(self, stage: Stage, path: Path) -> None:
        self._loop = stage.loop
        self._channel = connected(path)
        self._watch = self._loop.watch_fd(self._channel.fileno(), lambda now_ns: None)  # which wakes the loop
        self._got: list[Reply] = []
        self.fds: Sequence[int] = ()
        self.ended: HostError | None = None

    def say(self, octets: bytes, fds: Sequence[int] = ()) -> None:
        """Send these octets."""
        self._channel.send(octets, fds)

    def ask(self, request: object) -> Reply:
        """Send a request and have the answer."""
        self.say(encode(request, 1))
        self.hear()
        return self._got.pop()

    def register(self, request: Register = TONE) -> Registered:
        """Have it be let in."""
        answer = self.ask(request)
        assert isinstance(answer, Registered), answer
        return answer

    def hear(self) -> None:
        """Wait for a message, or the end."""
        assert self._loop.run_until(self._take, self._loop.now_ns() + LIMIT_NS)

    def until_ended(self) -> HostError:
        """Wait for the end; why."""
        while self.ended is None:
            self.hear()
        return self.ended

    @property
    def last_word(self) -> Reply:
        """What was said last."""
        return self._got[-1]

    def _take(self) -> bool:
        try:
            message = self._channel.take()
        except ChannelError as end:
            self.ended = end
            return True
        if message is None:
            return self._channel.before_poll() and self._take()
        heard = decode(message, replies)
        self._got.append(heard.body)
        self.fds = heard.fds or self.fds
        return True

    def leave(self) -> None:
        """Hang up.  Harmless twice."""
        self._watch.cancel()
        self._channel.close()
        close_all(self.fds)
        self.fds = ()
