"""backend.latency.comparison.measured: a run's figures, and what its streams are called."""

from pathlib import Path

import msgspec
import pytest

from backend.config import ConfigError
from backend.latency.build import summarise
from backend.latency.comparison.folders import RunSet
from backend.latency.comparison.measured import gaps_of, measure_all, names_of
from backend.latency.comparison.shelf import Shelf
from backend.latency.facts import GuestFacts, Usage
from backend.latency.result import Blame
from tests.backend.latency.comparison.experiments import measured, told, write_run
from tests.backend.latency.synthetic import FACTS, STREAM

USAGE = Usage(seconds=8.0, cpu_s=0.4, wakeups=9, switches_voluntary=1, switches_involuntary=1, run_queue_delay_ns=0,
              rss_octets=1)  # fmt: skip


def test_rates_are_over_the_seconds_that_were_measured() -> None:
    run = measured(told(looks=1000, cpu_s=0.5, warm_up_s=2.0), gaps=4)
    assert run.seconds == 8.0
    assert (run.underruns.events, run.underruns.seconds) == (4, 8.0)
    assert (run.looks_per_s, run.cpu_per_s) == (100.0, 0.05)


def test_what_the_backend_took_is_over_its_own_seconds() -> None:
    facts = told(looks=1000)
    facts = msgspec.structs.replace(facts, backend=msgspec.structs.replace(facts.backend, usage=USAGE))
    run = measured(facts)
    assert (run.looks_per_s, run.cpu_per_s) == (125.0, 0.05)


def test_simulated_time_has_no_cpu_time() -> None:
    assert measured(told(world="sim")).cpu_per_s is None


def test_every_run_is_measured_and_put_on_the_shelf(tmp_path: Path) -> None:
    folders = (tmp_path / "a", tmp_path / "b")
    for folder, late_ns in zip(folders, (1000, 2000), strict=True):
        write_run(folder, told(), [late_ns] * 5)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf")
    seen: list[tuple[str, float]] = []
    runs = measure_all([RunSet("", folders)], shelf, lambda what, part: seen.append((what, part)))
    assert [run.folder for run in runs] == list(folders)
    assert [shelf.series(n, (3, 0), "period_lateness").delay_ns.tolist() for n in (0, 1)] == [[1000] * 5, [2000] * 5]
    assert seen == [("measuring a", 0.0), ("measuring b", 0.5)]


def test_a_run_that_is_wrong_is_refused_before_any_is_measured(tmp_path: Path) -> None:
    write_run(tmp_path / "a", told(), [1000])
    (tmp_path / "b").mkdir()
    seen: list[str] = []
    with pytest.raises(ConfigError, match=r"b: no facts\.json"):
        measure_all(
            [RunSet("", (tmp_path / "a", tmp_path / "b"))], Shelf(tmp_path), lambda what, part: seen.append(what)
        )
    assert seen == []


def test_gaps_are_counted_over_all_guests_and_causes() -> None:
    result = summarise([], FACTS)
    blamed = Blame(gaps=2, frames=10, length_ns=10), Blame(gaps=3, frames=10, length_ns=10)
    (stream,) = result.guests[0].streams
    stream = msgspec.structs.replace(stream, blame={"guest": blamed[0], "backend": blamed[1]})
    guest = msgspec.structs.replace(result.guests[0], streams=[stream, stream])
    assert gaps_of(msgspec.structs.replace(result, guests=[guest])) == 10
    assert gaps_of(result) == 0


def test_streams_are_named_by_no_more_than_tells_them_apart() -> None:
    second = msgspec.structs.replace(STREAM, stream=16)
    guests = [
        GuestFacts(domid=1, name="media", streams=[STREAM]),
        GuestFacts(domid=2, name="phone", streams=[STREAM, second]),
        GuestFacts(domid=3, name="twin", streams=[STREAM]),
        GuestFacts(domid=4, name="twin", streams=[STREAM]),
    ]
    facts = msgspec.structs.replace(told(), guests=guests)
    assert names_of([measured(facts), measured(facts)]) == {
        (1, 0): "media",
        (2, 0): "phone, stream 0",
        (2, 16): "phone, stream 16",
        (3, 0): "twin (domain 3)",
        (4, 0): "twin (domain 4)",
    }
