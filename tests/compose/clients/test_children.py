"""Local applications as a world's children, by children that only take note."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL
from typing import cast

import msgspec
import pytest

from backend.report import BackendReport
from compose.children import Child
from compose.clients import children
from compose.clients.children import Clients, local_config
from compose.clients.facts import ClientReport
from compose.clients.process import ClientPlan, report_path
from compose.clients.spec import ClientSpec
from compose.facts import Block
from compose.scenario import GuestSpec, Scenario, StreamSpec
from tests.backend.latency.synthetic import FACTS

SCENARIO = Scenario(
    "test",
    {"speaker": {"kind": "clocked"}, "mic": {"kind": "clocked"}},
    [GuestSpec(1, [StreamSpec("speaker", plays="melody.flac")])],
    [
        ClientSpec("one", "mic", records="take.wav"),
        ClientSpec("two", "speaker", plays="melody.flac"),
        ClientSpec("three", "mic", plays="melody.flac"),
    ],
)


class NotedChild:
    """Says to a common list what is done to it."""

    def __init__(self, noted: list[str], statuses: Iterator[int | None], name: str, module: str, plan: str) -> None:
        self.name = name
        self.status: int | None = next(statuses)
        self.plan = msgspec.json.decode(Path(plan).read_bytes(), type=ClientPlan)
        self._noted = noted
        noted.append(f"{name}: {module}")

    @property
    def has_ended(self) -> bool:
        """Whether it has a status."""
        return self.status is not None

    def say(self, line: str) -> None:
        """Note it."""
        self._noted.append(f"{self.name}: {line}")

    def wait_ready(self) -> None:
        """Note it."""
        self._noted.append(f"{self.name}: ready")

    def kill(self) -> None:
        """Note it."""
        self.status = -SIGKILL
        self._noted.append(f"{self.name}: killed")

    def last_words(self) -> str:
        """As a child's."""
        return "ValueError: bad luck"


class Stage:
    """Clients whose children end as they are told."""

    def __init__(self, folder: Path, *statuses: int | None) -> None:
        self.noted: list[str] = []
        self.made: list[NotedChild] = []
        self._statuses = iter(statuses)
        self._out = folder
        block = Block(SCENARIO, folder, "irq", 1, folder, datetime.now(UTC))
        self.clients = Clients(block, folder, self._start)

    def _start(self, *words: str) -> Child:
        self.made.append(NotedChild(self.noted, self._statuses, *words))
        return cast("Child", self.made[-1])

    def ends(self) -> list[str | None]:
        """Why each was gone before its time."""
        for number in range(3):
            report = ClientReport(domid=32768 + number, rate_hz=48000, period_frames=480)
            report_path(self._out, number).write_bytes(msgspec.json.encode(report))
        facts = self.clients.facts(BackendReport(FACTS.machine, [], FACTS.backend, []))
        return [each.client.ended for each in facts if each.client]


def test_they_register_one_after_another_and_begin_together(tmp_path: Path) -> None:
    stage = Stage(tmp_path, None, None, None)
    stage.clients.start()
    stage.clients.go()
    assert stage.noted == [
        *(f"client-{number}: compose.clients.process" for number in range(3)),
        *(f"client-{number}: {what}" for number in range(3) for what in ("register", "ready")),
        *(f"client-{number}: go" for number in range(3)),
    ]
    plans = [child.plan for child in stage.made]
    assert [plan.spec for plan in plans] == SCENARIO.clients
    assert {plan.socket for plan in plans} == {str(tmp_path / "local")}


def test_how_each_came_to_its_end_is_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 0, -SIGKILL, 1)
    stage.clients.start()
    stage.clients.finish()
    assert stage.ends() == [None, "killed by SIGKILL", "ValueError: bad luck"]


def test_who_does_not_come_to_it_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LATE_LIMIT_S", 0.0)
    stage = Stage(tmp_path, 0, None, 0)
    stage.clients.start()
    stage.clients.finish()
    assert stage.ends() == [None, "did not finish", None]
    assert stage.noted[-1] == "client-1: killed"


def test_the_backend_lets_them_in_on_the_devices_that_they_want(tmp_path: Path) -> None:
    config = local_config(SCENARIO, tmp_path)
    assert config is not None
    assert (config.socket, config.devices) == (str(tmp_path / "local"), ["mic", "speaker"])
    assert local_config(msgspec.structs.replace(SCENARIO, clients=[]), tmp_path) is None
