"""Inside Dom0's container: `python -m compose.lab.dom0 PLAN`, the machine, the backend, and the toolstack.

Only here can Dom0's store be reached, so the toolstack's part is ours, too.  "ready" is said on stdout when all guests
have their cards.  Then lines on stdin say what to do, each answered with "done":

    attach N       give guest N its card anew
    detach N       ask the backend to let go of guest N's card
    remove N       take guest N's card away
    renew N        give whoever takes the place of guest N a card, when the machine has noticed that N is dead
    kill           kill the backend
    start          start another, and do not wait until it is ready

SIGTERM ends it all in order.  So does the end of stdin: whoever started us is gone.

A container that was killed may be started again.  Then this is another machine in the place of the one that is gone,
and, like each backend in the place of another, it leaves the files of those before it as they are.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import msgspec

from backend.config import BackendConfig
from compose.children import Child
from compose.lab.cgroup import LOGS, leave_figures
from compose.plan import TRACES, attachment, generation
from compose.scenario import GuestSpec
from compose.toolstack import attach, attach_missing, detach, remove
from compose.waiting import wait_for
from compose.worlds.api import RunError
from hosts.emu.messages import store_path
from hosts.emu.storeclient import EmuStore
from hosts.loop import RealLoop

LINE_OCTETS = 4096


class Plan(msgspec.Struct, frozen=True):
    """What Dom0 is to be."""

    machine: str
    out: str
    guests: list[GuestSpec]
    """Who is to have a card: also a guest that floods."""
    later: list[GuestSpec]
    """Who may come later, and has none until then."""
    config: BackendConfig
    records: int
    """Room in the backend's trace."""
    comings: bool = False
    """Whether guests come and go: then each that went finds a new card when it comes again."""


class Dom0:
    """The parts, each a child process with a log of its own."""

    def __init__(self, plan: Plan, parts: ExitStack, loop: RealLoop) -> None:
        self._plan = plan
        self._parts = parts
        self._out = Path(plan.out)
        self._killed: Child | None = None
        self._machine = Path(plan.machine)
        self._cards = {guest.id: attachment(guest) for guest in (*plan.guests, *plan.later)}
        (self._out / LOGS).mkdir(exist_ok=True)
        self._number = first_free(self._out / TRACES / "backend.vtrace")
        domids = ",".join(map(str, self._cards))
        others = os.umask(0)  # whoever may be in a guest's folder may use its sockets; the folder says who
        self._host = self._child("host", "hosts.emu", plan.machine, "--guests", domids)
        os.umask(others)
        self._host.wait_ready()
        self._store = parts.enter_context(EmuStore(store_path(self._machine, 0), loop))
        cards = [self._cards[guest.id] for guest in plan.guests]
        for card in cards:
            attach(self._store, card)
        self.start()
        self._backend.wait_ready()
        if plan.comings:
            self._store.watch("@releaseDomain", lambda path: attach_missing(self._store, cards))

    def _child(self, name: str, *arguments: str) -> Child:
        log = generation(self._out / LOGS / f"{name}.log", self._number)
        return self._parts.enter_context(Child(log.stem, arguments, log))

    @property
    def missing(self) -> str:
        """Which part has ended by itself, and what it said last; empty while all are there."""
        ended = [part for part in (self._host, self._backend) if part.has_ended and part is not self._killed]
        return "; ".join(f"{part.name} ended: {part.last_line()}" for part in ended)

    def start(self) -> None:
        """Start a backend."""
        plan, path = self._plan, self._out / "plan-backend.json"
        path.write_bytes(msgspec.json.encode(plan.config))
        arguments = "backend", plan.machine, str(path), plan.out, str(plan.records), str(self._number)
        self._backend = self._child("backend", "compose.domains", *arguments)
        self._number += 1

    def kill(self) -> None:
        """Kill the backend."""
        self._killed = self._backend
        self._backend.kill()

    def attach(self, domid: int) -> None:
        """Give the guest its card anew."""
        self.remove(domid)
        attach(self._store, self._cards[domid])

    def renew(self, domid: int) -> None:
        """Do so when its domain is gone, which takes the backend's name out of its directory."""
        wait_for(lambda: self._store.read(f"{self._cards[domid].frontend_path}/backend") is None)
        self.attach(domid)

    def remove(self, domid: int) -> None:
        """Take its card away."""
        remove(self._store, self._cards[domid])

    def detach(self, domid: int) -> None:
        """Ask the backend to let go of its card."""
        detach(self._store, self._cards[domid])

    def obey(self, line: str) -> None:
        """Do what a line says.  Raises ValueError, KeyError for one that says nothing of the kind."""
        word, *domids = line.split()
        verbs: dict[str, Callable[..., None]] = {
            "attach": self.attach, "detach": self.detach, "remove": self.remove, "renew": self.renew,
            "kill": self.kill, "start": self.start,
        }  # fmt: skip
        verbs[word](*map(int, domids))


def first_free(path: Path) -> int:
    """The first number under which nobody has put such a file, in whose place whoever asks is started."""
    return next(number for number in count() if not generation(path, number).exists())


class Lines:
    """Lines from stdin, as they come."""

    def __init__(self, loop: RealLoop, on_line: Callable[[str], None]) -> None:
        self.ended = False
        self._on_line = on_line
        self._rest = b""
        os.set_blocking(0, False)
        loop.watch_fd(0, self._read)
        loop.call_soon(self._read)

    def _read(self, now_ns: int) -> None:
        while not self.ended:
            try:
                octets = os.read(0, LINE_OCTETS)
            except BlockingIOError:
                return
            self.ended = not octets
            *lines, self._rest = (self._rest + octets).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))


def say(word: str) -> None:
    """Tell the world that started us."""
    print(word, flush=True)  # noqa: T201  # stdout is the line to the world


def run(plan: Plan) -> None:
    """Be Dom0 until told to end.  Raises RunError when a part of it ends by itself."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, frame: stopping.append(caught))
    signal.signal(signal.SIGCHLD, lambda caught, frame: None)  # wakes the loop
    loop = RealLoop()
    with ExitStack() as parts:
        dom0 = Dom0(plan, parts, loop)

        def obey(line: str) -> None:
            dom0.obey(line)
            say("done")

        lines = Lines(loop, obey)
        say("ready")
        loop.run_until(lambda: bool(stopping) or lines.ended or bool(dom0.missing))
        if dom0.missing:
            raise RunError(dom0.missing)
    loop.close()


def main() -> None:
    """Be what the plan says."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    try:
        run(plan)
    except RunError as error:
        sys.exit(str(error))
    finally:
        leave_figures(Path(plan.out))


if __name__ == "__main__":
    main()
