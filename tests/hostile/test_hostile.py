"""Every case of the hostile-guest list, committed by a real process beside well-behaved neighbours.

One machine for each class of attacks: the hostile guest commits all cases of the class in turn, then the evidence is
looked at.  `tests.hostile.arena` says who is there, `tests.hostile.cases` what a case is.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.arena import Arena
from tests.hostile.cases import CASES
from tests.hostile.classes import CLASSES
from tests.hostile.evidence import Evidence, gather, repeated_lines

GROWTH_OCTETS_MAX = 48 << 20
FIGHTS_MAX = 2
"""What a guest does to its neighbours it does each time; a machine that stands still for a moment does not."""

Battle = Callable[[str], Evidence]
of_each_class = pytest.mark.parametrize("letter", CLASSES)


def fight_once(folder: Path, letter: str) -> Evidence:
    """All cases of the class, and what there is to see afterwards."""
    with Arena(folder) as arena:
        arena.fight(CLASSES[letter])
        arena.settle()
        evidence = gather(arena)
        figures = json.dumps(evidence.figures())
        (arena.out / "figures.json").write_text(figures)
        print(letter, figures)
    return evidence


@pytest.fixture(scope="session")
def battle(tmp_path_factory: pytest.TempPathFactory) -> Battle:
    """The evidence of the fight over one class, fought when first asked for."""
    fought: dict[str, Evidence | Exception] = {}

    def fight(letter: str) -> Evidence:
        if letter not in fought:
            try:
                for _ in range(FIGHTS_MAX):
                    fought[letter] = evidence = fight_once(tmp_path_factory.mktemp(f"hostile-{letter}"), letter)
                    if not evidence.faults:
                        break
            except Exception as failure:  # told to every test of the class, not tried again by each
                fought[letter] = failure
        outcome = fought[letter]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return fight


@pytest.mark.parametrize("name", [name for names in CLASSES.values() for name in names])
def test_case(battle: Battle, name: str) -> None:
    record = battle(name[0]).records[name]
    case = CASES[name]
    assert case.allows(record.came), f"{case.did}: {record.came!r}, want of {sorted(case.allowed)}"
    assert record.answers_after, "no well-behaved connection afterwards"


def test_no_name_of_a_guests_became_a_file(battle: Battle) -> None:
    """The unique-ids of x6 name files and commands."""
    assert battle("x").records
    assert list(Path(tempfile.gettempdir()).glob("vsnd-hostile-*")) == []


@of_each_class
def test_everybody_is_alive_to_the_end(battle: Battle, letter: str) -> None:
    evidence = battle(letter)
    assert set(evidence.statuses.values()) == {0}, evidence.statuses
    assert [name for name, log in evidence.logs.items() if "Traceback" in log] == []


@of_each_class
def test_neighbours_are_heard_to_the_last_bit(battle: Battle, letter: str) -> None:
    assert battle(letter).faults == {}


@of_each_class
def test_nobody_runs_dry(battle: Battle, letter: str) -> None:
    evidence = battle(letter)
    assert [(report.underruns, report.overruns) for report in evidence.reports] == [(0, 0), (0, 0)]
    dry = {device.name: device.underruns for device in evidence.backend.devices if device.name != "cell"}
    assert set(dry.values()) == {0}, dry


@of_each_class
def test_memory_is_bounded(battle: Battle, letter: str) -> None:
    for prints in (battle(letter).prints, battle(letter).host_prints):
        assert max(p.rss_octets for p in prints) - prints[0].rss_octets < GROWTH_OCTETS_MAX


@of_each_class
def test_nothing_is_left_mapped_or_open(battle: Battle, letter: str) -> None:
    for prints in (battle(letter).prints, battle(letter).host_prints):
        assert prints[-1].holds_no_more_than(prints[0])


@of_each_class
def test_logs_have_one_line_for_each_guest_and_fault(battle: Battle, letter: str) -> None:
    evidence = battle(letter)
    repeated = {name: repeated_lines(evidence.logs[name], 1 + evidence.minutes) for name in ("backend", "host")}
    assert repeated == {"backend": {}, "host": {}}
