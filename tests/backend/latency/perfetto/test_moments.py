"""backend.latency.perfetto.moments: what one looks for."""

from pathlib import Path

import msgspec

from backend.latency.build import summarise
from backend.latency.perfetto.moments import MOMENTS_MAX, moments
from backend.latency.result import Gap, Result, Summary
from tests.backend.latency.perfetto.runs import changed
from tests.backend.latency.synthetic import FACTS, MS

WORST = Summary(n=9, min=1, p50=2, p90=None, p95=None, p99=None, p999=None, max=4 * MS, mean=2, max_at_ns=70)


def result(**changes: object) -> Result:
    none: list[Path] = []
    return changed(summarise(none, FACTS), **changes)


def gap(length_ns: int) -> Gap:
    return Gap(at_ns=length_ns * 10, length_ns=length_ns, frames=1, cause="backend")


def test_every_delay_that_is_summarised_has_its_worst() -> None:
    found = moments(result(request_round_trip_ns=WORST, period_lateness_ns=WORST))
    assert [one.name for one in found] == [
        "worst period lateness: media speech.flac",
        "worst request round trip: media speech.flac",
    ]
    assert [(one.domid, one.stream, one.at_ns, one.args) for one in found[:1]] == [(3, 0, 70, {"ms": 4.0, "at_ns": 70})]


def test_a_worst_of_which_nobody_knows_when_is_no_moment() -> None:
    assert moments(result(period_lateness_ns=msgspec.structs.replace(WORST, max_at_ns=None))) == []


def test_gaps_come_behind_the_longest_first_under_their_numbers_in_the_result() -> None:
    found = moments(result(period_lateness_ns=WORST, gaps=[gap(5), gap(9), gap(7)]))
    names = [one.name for one in found]
    assert names[0].startswith("worst")
    assert names[1:] == [f"gap {number}: media speech.flac" for number in (2, 3, 1)]
    assert found[1].args == {"ms": 9e-6, "frames": 1, "cause": "backend", "at_ns": 90}


def test_there_is_an_end_of_it() -> None:
    assert len(moments(result(gaps=[gap(1)] * (MOMENTS_MAX + 1)))) == MOMENTS_MAX
