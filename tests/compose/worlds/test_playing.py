"""Playing on a machine of which tests say what becomes of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compose.facts import Block
from compose.faults import Fault
from compose.scenario import GuestSpec, Scenario, StreamSpec
from compose.worlds import playing
from compose.worlds.api import RunError, UnfinishedError
from compose.worlds.playing import play
from tests.compose.chaos.test_schedule import Notebook


@dataclass
class Guest:
    """Ends when it has been looked at so often."""

    name: str
    looks_left: int

    @property
    def has_ended(self) -> bool:
        self.looks_left -= 1
        return self.looks_left < 0

    def last_words(self) -> str:
        return "no word"


@dataclass
class Machine(Notebook):
    """Breakable, and played on."""

    guests: dict[int, Guest] = field(default_factory=dict[int, Guest])
    gone_wrong: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()

    def go(self) -> None:
        self.lines.append("go")

    def missing(self) -> list[str]:
        return self.gone_wrong


def machine(*looks: int, missing: str = "") -> Machine:
    guests = {domid: Guest(f"guest-{domid}", number) for domid, number in enumerate(looks, 1)}
    return Machine(guests, [missing] if missing else [])


def block(*faults: Fault) -> Block:
    guests = [GuestSpec(1, [StreamSpec("speaker", plays="melody.flac")])]
    scenario = Scenario("test", {"speaker": {"kind": "clocked"}}, guests, duration_s=0.01, faults=list(faults))
    return Block(scenario, Path(), "irq", 1, Path(), datetime.now(UTC))


@pytest.fixture(autouse=True)
def _without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "GLANCE_S", 0.0)


def test_it_ends_when_all_guests_have() -> None:
    one = machine(3, 1)
    assert play(one, block(), lambda passed_s: None) == []
    assert one.lines == ["go"]
    assert all(guest.looks_left < 0 for guest in one.guests.values())


def test_what_is_broken_is_mended_even_when_all_guests_have_ended() -> None:
    one = machine(0)
    (told,) = play(one, block(Fault(0, "backend", for_s=0.001)), lambda passed_s: None)
    assert told.what == "backend"
    assert one.lines == ["go", "kill_backend", "start_backend"]


def test_progress_is_told_and_stops_at_the_end_of_the_sound() -> None:
    told: list[float] = []
    play(machine(1000), block(), told.append)
    assert told == sorted(told)
    assert told[-1] <= 0.01


def test_a_part_that_ends_by_itself_ends_the_run() -> None:
    with pytest.raises(RunError, match=r"^host ended early: no word$"):
        play(machine(1 << 60, missing="host ended early: no word"), block(), lambda passed_s: None)


def test_guests_that_do_not_finish_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "LATE_LIMIT_S", -0.005)
    with pytest.raises(UnfinishedError, match=r"^guest-2 did not finish: no word$") as raised:
        play(machine(0, 1 << 60), block(), lambda passed_s: None)
    assert raised.value.domids == {2}
