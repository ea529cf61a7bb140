"""backend.latency.comparison.caveats: what weakens a comparison is said, and nothing else is."""

import dataclasses

import msgspec
import pytest

from backend.latency.comparison.caveats import caveats
from backend.latency.facts import Facts
from backend.latency.result import TraceFacts
from tests.backend.latency.comparison.experiments import measured, repeated, seeded, told
from tests.backend.latency.synthetic import FACTS

LOSSY = TraceFacts(records=9, dropped_records=2, damaged_files=[])


def test_runs_that_are_alike_and_whole_have_no_caveat() -> None:
    assert list(caveats([*repeated(told(pacing="timer")), *repeated(told())])) == []


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (told(), told(world="sim"), "runs are of different worlds (processes, sim)"),
        (told(), told(scenario="other"), "runs are of different scenarios (demo; other)"),
        (told(), told(margin_us=100), "runs have different margins; the smallest, 100 us, was taken"),
    ],
)
def test_runs_that_are_not_alike_are_a_caveat(first: Facts, second: Facts, said: str) -> None:
    both = [measured(seeded(facts)) for facts in (first, second)]
    assert said in list(caveats(both))


def test_missing_records_are_a_caveat_that_names_the_runs() -> None:
    lossy = [measured(seeded(told()), number, trace=LOSSY) for number in range(5)]
    (few,) = caveats(lossy[:2])
    (many,) = caveats(lossy)
    assert few == "trace records are missing of 00-irq, 01-irq: their delays are not those of the whole run"
    assert "of 5 of the runs" in many


def test_a_device_that_was_paced_otherwise_is_a_caveat() -> None:
    facts = told(pacing="irq")
    other = msgspec.structs.replace(facts, devices=[msgspec.structs.replace(FACTS.devices[0], pacing="timer")])
    assert list(caveats([measured(other)])) == ["a device was paced otherwise than the scenario says in 00-irq"]


def test_a_stream_that_is_silent_in_one_run_is_a_caveat() -> None:
    runs = repeated(told())
    runs[1] = dataclasses.replace(runs[1], told=frozenset())
    (said,) = caveats(runs)
    assert said == "a stream that others have has no period lateness in 01-irq, where it does not count"
    assert list(caveats([dataclasses.replace(run, told=frozenset()) for run in runs])) == []


def test_runs_of_one_seed_are_a_caveat_within_a_set_but_not_between_sets() -> None:
    (said,) = caveats([measured(told(), number) for number in range(2)])
    assert said == "00-irq, 01-irq have a seed in common: their folder may hold more than one experiment"
    assert list(caveats([measured(told(), 0, of="a"), measured(told(), 1, of="b")])) == []
