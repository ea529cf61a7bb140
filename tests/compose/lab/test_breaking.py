"""What is done to which container, on an engine that only writes it down."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from requests import Response

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from docker.errors import APIError, NotFound

from compose.facts import Block
from compose.faults import Fault
from compose.lab.breaking import CONFLICT, Breaking
from compose.lab.lab import Lab
from compose.lab.specs import CPU_PERIOD_US
from compose.scenario import GuestSpec, Scenario, StreamSpec
from compose.worlds.api import RunError

STREAMS = [StreamSpec("speaker", plays="melody.flac")]


class Box:
    """Writes down what is done to it, and to its container; or refuses."""

    def __init__(self, name: str, lines: list[str], refusal: Exception | None = None) -> None:
        self.name = name
        self.has_ended = False
        self.container = self
        self._lines = lines
        self._refusal = refusal

    def _note(self, what: str, *arguments: object, **options: object) -> None:
        self._lines.append(" ".join([self.name, what, *map(str, (*arguments, *options.values()))]))
        if self._refusal is not None:
            raise self._refusal

    def __getattr__(self, name: str) -> Callable[..., None]:
        return partial(self._note, name)

    def last_words(self) -> str:
        return "no word"


class Notes:
    """A lab of such boxes."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.lines: list[str] = []
        guests = [GuestSpec(1, STREAMS), GuestSpec(2, STREAMS, cpu_limit=0.3)]
        faults = [Fault(0, "hostile"), Fault(0, "hostile")]
        scenario = Scenario("test", {"speaker": {"kind": "clocked"}}, guests, faults=faults)
        block = Block(scenario, Path(), "irq", 1, Path(), datetime.now(UTC))
        self.dom0, self.load = Box("dom0", self.lines), Box("load-0", self.lines)
        lab = SimpleNamespace(
            block=block,
            guests={domid: Box(f"guest-{domid}", self.lines, refusal) for domid in (1, 2)},
            hostile=[Box("hostile-0", self.lines), Box("hostile-1", self.lines)],
            dom0=self.dom0,
            load=[self.load],
            server=Box("server", self.lines),
            restart_guest=lambda spec, duration_s: self.lines.append(f"restart guest {spec.id} {duration_s}"),
        )
        self.lab = lab
        self.machine = Breaking(cast("Lab", lab))  # an engine would take seconds


def refusal(status: int) -> APIError:
    response = Response()
    response.status_code = status
    return APIError("no", response)


@pytest.mark.parametrize(
    ("act", "lines"),
    [
        (lambda machine: machine.go(), ["guest-1 say go", "guest-2 say go"]),
        (lambda machine: machine.pause(1), ["guest-1 pause"]),
        (lambda machine: machine.resume(1), ["guest-1 unpause"]),
        (lambda machine: machine.throttle(1, 0.1), [f"guest-1 update {CPU_PERIOD_US} 10000"]),
        (lambda machine: machine.throttle(1, 1.0), [f"guest-1 update {CPU_PERIOD_US} -1"]),
        (lambda machine: machine.throttle(2, 0.5), [f"guest-2 update {CPU_PERIOD_US} 30000"]),
        (lambda machine: machine.throttle(2, 1.0), [f"guest-2 update {CPU_PERIOD_US} 30000"]),
        (lambda machine: machine.kill(2), ["guest-2 kill"]),
        (lambda machine: machine.start(2, 1.5), ["dom0 order renew 2", "restart guest 2 1.5"]),
        (lambda machine: machine.detach(1), ["dom0 order detach 1"]),
        (lambda machine: machine.attach(1), ["dom0 order attach 1"]),
        (lambda machine: machine.kill_backend(), ["dom0 order kill"]),
        (lambda machine: machine.start_backend(), ["dom0 order start"]),
        (lambda machine: machine.kill_sound_server(), ["server kill"]),
        (lambda machine: machine.start_sound_server(), ["server start"]),
        (lambda machine: machine.appear(1), ["dom0 order attach 32749", "hostile-1 say go"]),
        (lambda machine: machine.vanish(1), ["hostile-1 kill", "dom0 order remove 32749"]),
    ],
)
def test_each_is_done_to_the_one_it_is_meant_for(act: Callable[[Breaking], None], lines: list[str]) -> None:
    notes = Notes()
    act(notes.machine)
    assert notes.lines == lines


@pytest.mark.parametrize("gone", [NotFound("none"), refusal(CONFLICT)], ids=["not found", "conflict"])
def test_what_runs_no_more_is_left_alone(gone: Exception) -> None:
    notes = Notes(gone)
    notes.machine.pause(1)
    notes.machine.resume(1)
    notes.machine.kill(1)
    assert len(notes.lines) == 3


def test_what_an_engine_cannot_do_is_said() -> None:
    with pytest.raises(RunError, match=r"^pausing guest 1: "):
        Notes(refusal(500)).machine.pause(1)


def test_another_backend_is_counted() -> None:
    machine = Notes().machine
    assert machine.backends == 1
    machine.start_backend()
    assert machine.backends == 2


def test_a_container_that_ends_by_itself_is_missed_unless_it_is_a_guests() -> None:
    notes = Notes()
    notes.lab.guests[1].has_ended = True
    assert notes.machine.missing() == []
    assert (notes.machine.is_there(1), notes.machine.is_there(2)) == (False, True)
    notes.dom0.has_ended = notes.load.has_ended = True
    assert notes.machine.missing() == ["dom0 ended early: no word", "load-0 ended early: no word"]
