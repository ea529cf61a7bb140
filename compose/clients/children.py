"""A scenario's local applications as children of the world `processes`: started with its guests, and waited for.

Whatever becomes of one is its own affair: it is said in the results, and the run goes on.
"""

import time
from collections.abc import Callable
from pathlib import Path
from signal import Signals

import msgspec

from backend.latency.facts import GuestFacts
from backend.local.config import LocalConfig
from backend.report import BackendReport
from compose.children import Child
from compose.clients.facts import ClientReport, client_facts
from compose.clients.process import ClientPlan, report_path
from compose.facts import Block
from compose.scenario import Scenario

SOCKET = "local"
"""In the machine's folder."""

LATE_LIMIT_S = 10.0
"""How much longer than the guests one may take."""
GLANCE_S = 0.05

#: Starts a child: its name, then the module and its arguments.
Start = Callable[..., Child]


def local_config(scenario: Scenario, machine: Path) -> LocalConfig | None:
    """What the backend is told of them; None where there are none."""
    devices = list(dict.fromkeys(client.device for client in scenario.clients))
    return LocalConfig(socket=str(machine / SOCKET), devices=devices) if devices else None


class Clients:
    """All of them, by their number in the scenario."""

    def __init__(self, block: Block, machine: Path, start: Start) -> None:
        self._block = block
        self._machine = machine
        self._start = start
        self._children: list[Child] = []
        self._unfinished: set[int] = set()

    def start(self) -> None:
        """Start them, and have them register one after another.  Raises RunError."""
        for number in range(len(self._block.scenario.clients)):
            plan = self._machine / f"client-{number}.json"
            plan.write_bytes(msgspec.json.encode(self._plan(number)))
            self._children.append(self._start(f"client-{number}", "compose.clients.process", str(plan)))
        for child in self._children:
            child.say("register")
            child.wait_ready()

    def _plan(self, number: int) -> ClientPlan:
        block = self._block
        return ClientPlan(
            spec=block.scenario.clients[number],
            number=number,
            socket=str(self._machine / SOCKET),
            out=str(block.out),
            beside=str(block.beside),
            duration_s=block.scenario.duration_s,
        )

    def go(self) -> None:
        """Let them begin."""
        for child in self._children:
            child.say("go")

    def finish(self) -> None:
        """Wait for their end; who does not come to it is killed."""
        limit_s = time.monotonic() + LATE_LIMIT_S
        for number, child in enumerate(self._children):
            while not child.has_ended:
                if time.monotonic() > limit_s:
                    self._unfinished.add(number)
                    child.kill()
                time.sleep(GLANCE_S)

    def facts(self, backend: BackendReport) -> list[GuestFacts]:
        """What came of them, once they have ended."""
        return [
            client_facts(spec, self._report(number), backend, self._died(number))
            for number, spec in enumerate(self._block.scenario.clients)
        ]

    def _report(self, number: int) -> ClientReport:
        return msgspec.json.decode(report_path(self._block.out, number).read_bytes(), type=ClientReport)

    def _died(self, number: int) -> str | None:
        child = self._children[number]
        if number in self._unfinished:
            return "did not finish"
        if not child.status:
            return None
        return f"killed by {Signals(-child.status).name}" if child.status < 0 else child.last_words()
