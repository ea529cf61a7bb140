"""One container, spoken to as a child process is: in lines on stdin and stdout, with a log and an exit status.

Theory.  We are attached to it from before it starts.  So nothing it says is missed, its end is seen at once without
asking, and, as its stdin is for one reader only, our own end is seen by it even if we are killed.
"""

import select
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, cast

import msgspec
from docker.models.containers import Container

from compose.lab.engine import Engine
from compose.lab.files import packed, unpack
from compose.lab.labels import PART
from compose.worlds.api import RunError

READY_LIMIT_S = 120.0
"""In which a container must have said "ready": many may start at once."""

ANSWER_LIMIT_S = 20.0
"""In which it must have done what it was told; Dom0 itself waits for somebody, for 10 s at most."""

GRACE_S = 5
"""How long one may take to end when asked, as a child process."""

FRAME = struct.Struct(">BxxxL")
"""What an engine puts before each piece of a container's output: from which stream it is, and its length in octets."""

PIECE_OCTETS = 1 << 16

LINES_MAX = 16
"""Lines that are remembered: whoever is inside may say what he likes, and as much of it."""


class Ended(msgspec.Struct, frozen=True):
    """How a container ended, for `logs/containers.json`."""

    name: str
    exit_code: int
    out_of_memory: bool
    started_at: str
    finished_at: str


class Box:
    """A container of a run; see `create`."""

    def __init__(self, engine: Engine, container: Container) -> None:
        self.name = container.labels[PART]
        self.container = container
        self._api = engine.client.api
        self._frames = self._rest = b""
        self._lines: deque[bytes] = deque(maxlen=LINES_MAX)
        self._hung_up = False
        self._poll = select.poll()
        self._socket: Any = None  # a socket, or the like of one where the engine is far away

    @classmethod
    def create(cls, engine: Engine, image: str, options: Mapping[str, Any]) -> Self:
        """Make one, not started."""
        return cls(engine, engine.client.containers.create(image, **options))

    # -- files ---------------------------------------------------------------------------------------------------------

    def put(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Put files into one of its volumes."""
        self.container.put_archive(folder, packed(files))

    def take(self, folder: str, to: Path, wanted: Callable[[str], bool]) -> list[str]:
        """Take the wanted files of a folder.  Raises RunError, OSError."""
        chunks, _ = self.container.get_archive(folder)
        try:
            return unpack(chunks, to, wanted)
        except ValueError as error:
            raise RunError(f"{self.name}: what it left cannot be taken: {error}") from error

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self, *, heard: bool = True) -> None:
        """Start it, or one that has ended again.  `heard`: it hears what we say, and when we go."""
        self.close()
        self._frames = self._rest = b""
        self._lines.clear()
        self._hung_up = False
        self._poll = select.poll()
        wanted = {"stdin": int(heard), "stdout": 1, "stream": 1}
        raw = cast("Any", self._api.attach_socket(str(self.container.id), params=wanted))  # its stub says nothing
        self._socket = getattr(raw, "_sock", raw)
        self._poll.register(self._socket.fileno(), select.POLLIN)
        self.container.start()

    def wait_ready(self) -> None:
        """Wait for its line "ready".  Raises RunError when it ends instead, or takes too long."""
        self._wait_line("ready", READY_LIMIT_S, "did not start")

    def order(self, line: str) -> None:
        """Send it a line, and wait until it has done what that says.  Raises RunError when it ends instead."""
        self.say(line)
        self._wait_line("done", ANSWER_LIMIT_S, f"did not {line}")

    def _wait_line(self, line: str, limit_s: float, otherwise: str) -> None:
        deadline_s = time.monotonic() + limit_s
        while line.encode() not in self._lines:
            if not self.hear(deadline_s - time.monotonic()):
                if self._hung_up:
                    raise RunError(f"{self.name} {otherwise}: {self.last_words()}")
                raise RunError(f"{self.name} did not say {line!r} in {limit_s:g} s")
        self._lines.remove(line.encode())

    def next_line(self, limit_s: float) -> str:
        """The next line that it says.  Raises RunError when it ends instead, or takes too long."""
        deadline_s = time.monotonic() + limit_s
        while not self._lines:
            if not self.hear(deadline_s - time.monotonic()):
                raise RunError(f"{self.name} {'has ended' if self._hung_up else f'said nothing in {limit_s:g} s'}")
        return self._lines.popleft().decode(errors="replace")

    def hear(self, wait_s: float) -> bool:
        """Wait so long for it to say more on stdout; whether it did."""
        if self._hung_up or not self._poll.poll(max(wait_s, 0) * 1000):
            return False
        try:
            octets: bytes = self._socket.recv(PIECE_OCTETS)
        except ConnectionResetError:
            octets = b""
        self._hung_up = not octets
        self._frames += octets
        while len(self._frames) >= FRAME.size and len(self._frames) >= (whole := FRAME.size + self._frame_octets):
            *lines, rest = (self._rest + self._frames[FRAME.size : whole]).split(b"\n")
            self._lines += lines
            self._frames, self._rest = self._frames[whole:], rest[-PIECE_OCTETS:]
        return bool(octets)

    @property
    def _frame_octets(self) -> int:
        octets: int = FRAME.unpack_from(self._frames)[1]
        return octets

    def say(self, line: str) -> None:
        """Send it a line; one that is gone does not hear."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(line.encode() + b"\n")

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        for _ in range(LINES_MAX):
            if not self.hear(0):
                break
        return self._hung_up

    def kill(self) -> None:
        """As by kill -9; when this returns it is gone."""
        self.container.kill()

    def end(self) -> None:
        """Ask it to end, insist after a grace."""
        self.container.stop(timeout=GRACE_S)

    def ended(self) -> Ended:
        """How it ended, or how it is."""
        self.container.reload()
        state: Mapping[str, Any] = self.container.attrs["State"]
        return Ended(self.name, state["ExitCode"], state["OOMKilled"], state["StartedAt"], state["FinishedAt"])

    # -- what it said --------------------------------------------------------------------------------------------------

    def log(self) -> str:
        """What it said on stderr."""
        return bytes(self.container.logs(stdout=False, stderr=True)).decode(errors="replace")

    def last_words(self) -> str:
        """How it ended and what it said last."""
        ended = self.ended()
        if ended.out_of_memory:
            return f"it was killed (status {ended.exit_code}) for using more memory than it may"
        lines = self.log().strip().splitlines()
        return lines[-1] if lines else f"no word (status {ended.exit_code})"

    def close(self) -> None:
        """Let go of it."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
