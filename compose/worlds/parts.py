"""All processes of one run, and how to break them: what the processes world starts, and `Breakable`.

Order of things: the machine (hosts.emu) comes up, and the sound server, if the run has its own; then the backend; the
toolstack's part is ours; then the load, and what waits for a fault; then the guests, which connect, open their streams
and say ready.  When all are, they start together.
"""

from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from compose.children import Child
from compose.clients.children import Clients, local_config
from compose.facts import Block
from compose.load import processes as loading
from compose.plan import TRACES, attachment, backend_config, backend_records
from compose.soundserver import with_server
from compose.toolstack import attach, detach, remove
from compose.waiting import wait_for
from compose.worlds.server import Server
from hosts.emu.client import open_store


class Parts:
    """The processes, each with a log of its own.  They end with `running`, guests first and the machine last."""

    def __init__(self, block: Block, machine: Path, running: ExitStack, domains: str) -> None:
        self.guests: dict[int, Child] = {}
        """By domid, as last started."""
        self.load: list[Child] = []
        self.restarts: Counter[int] = Counter()
        """By domid."""
        self.backends = 0
        """How many were started."""
        self._killed: Child | None = None
        """The backend that was killed last."""
        self._block = block
        self._machine = machine
        # By role, so that one that took another's place ends when that would have: the last role first.
        roles = "machine", "server", "backend", "load", "clients", "guests"
        self._running = {role: running.enter_context(ExitStack()) for role in roles}
        self._domains = domains
        self.clients = Clients(block, machine, partial(self._child, "clients"))
        """Local applications."""
        self._logs = block.out / "logs"
        self._cards = {guest.id: attachment(guest) for guest in block.scenario.guests}
        self._specs = {guest.id: guest for guest in block.scenario.guests}
        self._hostiles = [attachment(guest) for guest in loading.hostiles(block)]

    def _child(self, role: str, name: str, *arguments: str) -> Child:
        return self._running[role].enter_context(Child(name, arguments, self._logs / f"{name}.log"))

    def _plan(self, name: str, content: object) -> str:
        """A file that tells a part what to do."""
        path = self._machine / f"{name}.json"
        path.write_bytes(msgspec.json.encode(content))
        return str(path)

    # -- the beginning ------------------------------------------------------------------------------------------------

    def start_all(self) -> None:
        """Start everything but the sound.  Raises RunError, ConfigError, HostError."""
        for folder in (self._logs, self._block.out / TRACES):
            folder.mkdir(parents=True, exist_ok=True)
        parts = loading.parts(self._block, self._machine)
        flooder = loading.flooder(self._block)
        cards = [*self._cards.values(), *([attachment(flooder)] if flooder else [])]
        domids = ",".join(str(card.guest) for card in (*cards, *self._hostiles))
        self._host = self._child("machine", "host", "hosts.emu", str(self._machine), "--guests", domids)
        self._host.wait_ready()
        if self._block.scenario.sound_server is not None:
            self._server = Server(self._block.scenario.sound_server, self._machine, self._logs)
            self._running["server"].callback(self._server.end)
        self.start_backend()
        self._backend.wait_ready()
        self._store = self._running["machine"].enter_context(open_store(self._machine, 0))
        for card in cards:
            attach(self._store, card)
        self.load = [
            self._child("load", f"load-{number}", *self._load(number, part)) for number, part in enumerate(parts)
        ]
        self._start_waiting()
        self._start_guests()
        self.clients.start()

    def _load(self, number: int, part: loading.Part) -> tuple[str, ...]:
        module, plan = part
        path = self._plan(f"load-{number}", plan)
        return module, path, str(Path(path).with_suffix(loading.REPORT))

    def _start_waiting(self) -> None:
        """Start what some fault will need at once."""
        self._hostile = [self._hostile_child(number) for number in range(len(self._hostiles))]
        faults = self._block.scenario.all_faults(self._block.seed)
        braked = any(fault.what in ("pause", "throttle") for fault in faults)
        self._brake = [self._child("load", "brake", "compose.chaos.brake")] if braked else []
        for child in (*self.load, *self._hostile, *self._brake):
            child.wait_ready()

    def _hostile_child(self, number: int) -> Child:
        name, domid = f"hostile-{number}", self._hostiles[number].guest
        plan = self._plan(name, loading.flood_plan(self._machine, domid))
        return self._child("load", name, "compose.chaos.hostile", plan, str(self._machine / f"{name}.said"))

    def _start_guests(self) -> None:
        for guest in self._specs:
            self._start_guest(guest, self._block.scenario.duration_s)
        for child in self.guests.values():
            child.wait_ready()

    def go(self) -> None:
        """Let guests and clients begin."""
        for child in self.guests.values():
            child.say("go")
        self.clients.go()

    def _start_guest(self, guest: int, duration_s: float) -> None:
        block, number = self._block, self.restarts[guest]
        plan = self._plan(f"guest-{guest}", self._specs[guest])
        where = str(self._machine), plan, str(block.out), str(block.beside)
        self.guests[guest] = self._child(
            "guests", f"guest-{guest}" + _suffix(number), self._domains, "guest", *where, str(duration_s), str(number)
        )

    def missing(self) -> list[str]:
        """Which parts have ended by themselves."""
        wanted = [self._host, self._backend, *self.load]
        ended = [part for part in wanted if part.has_ended and part is not self._killed]
        return [f"{part.name} ended early: {part.last_words()}" for part in ended]

    # -- Breakable ----------------------------------------------------------------------------------------------------

    def is_there(self, guest: int) -> bool:
        """Whether it still runs."""
        return not self.guests[guest].has_ended

    def pause(self, guest: int) -> None:
        """It stands still."""
        self._hold(guest, 0.0)

    def resume(self, guest: int) -> None:
        """It goes on."""
        self._hold(guest, 1.0)

    def throttle(self, guest: int, share: float) -> None:
        """It stands still for part of each 10 ms, however much of the rest it uses."""
        self._hold(guest, share)

    def _hold(self, guest: int, share: float) -> None:
        (brake,) = self._brake
        if self.is_there(guest):
            brake.say(f"{self.guests[guest].pid} {share}")

    def kill(self, guest: int) -> None:
        """Its process is killed."""
        self.guests[guest].kill()

    def start(self, guest: int, duration_s: float) -> None:
        """Another takes its place, when the machine has noticed that it is dead."""
        self.restarts[guest] += 1
        card = self._cards[guest]
        wait_for(lambda: self._store.read(f"{card.frontend_path}/backend") is None)
        self.attach(guest)
        self._start_guest(guest, duration_s)
        self.guests[guest].say("go")

    def detach(self, guest: int) -> None:
        """Its card is taken away."""
        detach(self._store, self._cards[guest])

    def attach(self, guest: int) -> None:
        """It gets a new one."""
        remove(self._store, self._cards[guest])
        attach(self._store, self._cards[guest])

    def kill_backend(self) -> None:
        """Its process is killed, and its virtual cards end with it."""
        self._killed = self._backend
        self._backend.kill()

    def start_backend(self) -> None:
        """Start one; it leaves the files of those before it as they are."""
        block, number = self._block, self.backends
        config = msgspec.structs.replace(backend_config(block), local=local_config(block.scenario, self._machine))
        if block.scenario.sound_server is not None:
            config = msgspec.structs.replace(config, devices=with_server(config.devices, self._machine))
        where = str(self._machine), self._plan("backend", config), str(block.out)
        numbers = str(backend_records(block)), str(number)
        self._backend = self._child("backend", "backend" + _suffix(number), self._domains, "backend", *where, *numbers)
        self.backends += 1

    def kill_sound_server(self) -> None:
        """Its process is killed."""
        self._server.kill()

    def start_sound_server(self) -> None:
        """Start it."""
        self._server.start()

    def appear(self, number: int) -> None:
        """The process that waits gets a card, and is let in."""
        attach(self._store, self._hostiles[number])
        self._hostile[number].say("go")

    def vanish(self, number: int) -> None:
        """It is killed."""
        self._hostile[number].kill()
        remove(self._store, self._hostiles[number])


def _suffix(number: int) -> str:
    return f".{number}" if number else ""
