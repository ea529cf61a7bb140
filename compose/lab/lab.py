"""All containers of one block: Dom0, the load, the guests; started in order, and removed whatever happens.

    with Lab(engine, image, block) as lab:
        lab.start()
        ...
        lab.finish()

The order is that of the processes world.  Logs and exit codes are in `logs` when it is left, however it is left.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import msgspec
from docker.errors import APIError, DockerException
from requests import RequestException

from compose.facts import Block
from compose.lab.box import Box, Ended
from compose.lab.cgroup import LOGS, Figures, figures_file
from compose.lab.engine import Engine, each, engine_errors
from compose.lab.labels import new_run, remove_run, run_labels
from compose.lab.plans import (
    Told,
    carded,
    dom0_told,
    guest_leaves,
    guest_told,
    hostile_told,
    load_leaves,
    load_told,
)
from compose.lab.sound import sound_options
from compose.lab.specs import (
    MACHINE,
    OUT,
    Options,
    dom0_container,
    guest_container,
    load_container,
    staying,
    wants_priority,
    with_priority,
)
from compose.lab.standing import GUEST, SCENARIO
from compose.load import processes as loading
from compose.plan import TRACES
from compose.scenario import GuestSpec
from compose.worlds.api import RunError
from compose.worlds.server import Server

EXITS = "containers.json"
"""In the folder of logs: how each container ended."""

LOAD_MEMORY_MB = 1280
"""The largest load there is, and Python."""


def part_of(guest: GuestSpec, number: int = 0) -> str:
    """What the container, and the log, of a guest is called that was started so many times before."""
    return f"guest-{guest.id}" + (f".{number}" if number else "")


class Lab:
    """The containers of a block.  `kept`: they stay when this process ends, until somebody takes them down."""

    def __init__(self, engine: Engine, image: str, block: Block, *, run: str = "", kept: bool = False) -> None:
        self.run = run or new_run()
        self.block = block
        self.boxes: list[Box] = []
        """All that there are, and all that there were."""
        self.guests: dict[int, Box] = {}
        """By domid, as last started."""
        self.restarts: Counter[int] = Counter()
        """By domid."""
        self.load: list[Box] = []
        self.hostile: list[Box] = []
        """Guests that wait to be let in."""
        self.server: Server | None = None
        """The scenario's own."""
        self._engine = engine
        self._image = image
        self._kept = kept
        self._labels = run_labels(self.run, kept=kept)
        self._lives: list[tuple[GuestSpec, int, Box]] = []
        self._beside = ExitStack()
        for folder in (LOGS, TRACES):
            (block.out / folder).mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start everything; the guests are ready, and wait for "go".  Raises RunError, ConfigError."""
        self._start_server()
        with engine_errors("starting containers"):
            self.dom0 = self._start_dom0()
            self._start_load()
            for guest in self.block.scenario.guests:
                self._add_guest(guest, self.block.scenario.duration_s)
            self._start_all(list(self.guests.values()))

    def _start_server(self) -> None:
        wanted = self.block.scenario.sound_server
        if wanted is None:
            return
        folder = Path(self._beside.enter_context(TemporaryDirectory(prefix="vsnd-", ignore_cleanup_errors=True)))
        inner = folder / "own"  # Dom0's user may look into it, once it is given that; nobody else can reach it
        inner.mkdir(mode=0o755)
        self.server = Server(wanted, inner, self.block.out / LOGS)
        self._beside.callback(self.server.end)

    def _start_dom0(self) -> Box:
        block = self.block
        told = dom0_told(block, comings=self._kept)
        domids = [guest.id for guest in (*carded(block), *loading.hostiles(block))]
        options = dom0_container(self._labels, domids, told.command)
        own = self.server.folder if self.server is not None else None
        options, files = sound_options(options, block.scenario.devices, own)
        options["labels"][SCENARIO] = block.scenario.name
        told = Told(told.command, {**told.files, **files})
        if not wants_priority(block.scenario):
            return self._started(options, told)
        try:
            return self._started(with_priority(options, rationed=True), told)
        except APIError:  # an engine that rations no real time, or has none to give
            remove_run(self._engine.client, self.run)
            self.boxes.clear()
            return self._started(with_priority(options, rationed=False), told)

    def _started(self, options: Options, told: Told) -> Box:
        box = self._box(options, told)
        box.start(heard=not self._kept)
        box.wait_ready()
        return box

    def _start_load(self) -> None:
        for number, part in enumerate(loading.parts(self.block, Path(MACHINE))):
            name = f"load-{number}"
            told = load_told(part, name)
            flooder = loading.flooder(self.block)
            if flooder is not None:
                options = guest_container(self._labels, name, flooder, told.command)
            else:
                options = load_container(self._labels, name, LOAD_MEMORY_MB, told.command)
            self.load.append(self._box(options, told))
        for number, guest in enumerate(loading.hostiles(self.block)):
            told = hostile_told(guest.id)
            options = guest_container(self._labels, f"hostile-{number}", guest, told.command)
            self.hostile.append(self._box(options, told))
        self._start_all([*self.load, *self.hostile])

    def _add_guest(self, guest: GuestSpec, duration_s: float) -> Box:
        number = self.restarts[guest.id]
        told = guest_told(self.block, guest, duration_s, number)
        command = () if self._kept else told.command
        options = guest_container(self._labels, part_of(guest, number), guest, command)
        options["labels"][GUEST] = msgspec.json.encode(guest).decode()
        box = self.guests[guest.id] = self._box(options, told)
        self._lives.append((guest, number, box))
        return box

    def restart_guest(self, guest: GuestSpec, duration_s: float) -> None:
        """Start another in the place of one that was killed; it plays for so long, and is not waited for."""
        self.restarts[guest.id] += 1
        box = self._add_guest(guest, duration_s)
        box.start()
        box.say("go")

    def _box(self, options: Options, told: Told) -> Box:
        box = Box.create(self._engine, self._image, staying(options) if self._kept else options)
        self.boxes.append(box)
        box.put(str(OUT), told.files)
        return box

    def _start_all(self, boxes: list[Box]) -> None:
        each(lambda box: box.start(heard=not self._kept), boxes)
        for box in boxes:
            box.wait_ready()

    # -- the end -------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """End the load, then Dom0; take what everybody left.  The guests have ended.  Raises RunError."""
        with engine_errors("ending containers"):
            each(lambda box: box.end(), self.load)
            self.dom0.end()
            for box in self.load:
                self._take(box, {load_leaves(box.name)})
            for guest, number, box in self._lives:
                self._take(box, guest_leaves(guest, number))
            self.dom0.take(str(OUT), self.block.out, lambda name: not name.startswith("plan"))

    def _take(self, box: Box, wanted: set[str]) -> None:
        wanted = wanted | {figures_file(box.name)}
        box.take(str(OUT), self.block.out, lambda name: name in wanted)

    def figures(self, box: Box) -> Figures | None:
        """What its container took, as that said itself at its end; None where it did not."""
        try:
            said = (self.block.out / figures_file(box.name)).read_bytes()
            return msgspec.json.decode(said, type=Figures)
        except (OSError, msgspec.DecodeError):
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self._kept and kind is None:
            return
        with self._beside:
            try:
                if kind is not None:
                    take_dom0_logs(self.boxes[:1], self.block.out)
                keep_logs(self.boxes, self.block.out / LOGS)
            finally:
                for box in self.boxes:
                    box.close()
                with engine_errors("removing containers"):
                    remove_run(self._engine.client, self.run)


def take_dom0_logs(dom0: Iterable[Box], out: Path) -> None:
    """Save what the processes of Dom0 have said so far, if there is one."""
    for box in dom0:
        with suppress(DockerException, RequestException, RunError):
            box.take(str(OUT / LOGS), out / LOGS, lambda name: name.endswith(".log"))


def keep_logs(boxes: Iterable[Box], folder: Path) -> None:
    """Save what everybody said, and how they ended."""
    folder.mkdir(exist_ok=True)
    ended: list[Ended] = []
    for box in boxes:
        with suppress(DockerException, RequestException):  # somebody else removed it
            (folder / f"{box.name}.log").write_text(box.log())
            ended.append(box.ended())
    (folder / EXITS).write_bytes(msgspec.json.format(msgspec.json.encode(ended), indent=2) + b"\n")
