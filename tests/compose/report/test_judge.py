"""compose.report.judge: which values a rule looks at, and what it says of them."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from backend.config import ConfigError
from backend.latency.build import Samples, measure
from backend.latency.facts import Facts, GuestFacts
from backend.latency.result import Blame, Guest, Result, Stream
from compose.report.judge import Finding, judge
from compose.report.rules import read_rule
from tests.backend.latency.comparison.experiments import told, write_run
from tests.backend.latency.synthetic import STREAM

LATE_NS = np.random.default_rng(2).permutation(np.arange(1, 1001)) * 1_000
"""1 us to 1 ms, each once: their quantiles are known."""
TWO_WAYS = [STREAM, msgspec.structs.replace(STREAM, stream=16, direction="capture")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Samples]:
    return measured(tmp_path_factory.mktemp("run"), told())


def measured(folder: Path, facts: Facts) -> tuple[Result, Samples]:
    write_run(folder, facts, LATE_NS)
    return measure(sorted((folder / "trace").iterdir()), facts)


def found(run: tuple[Result, Samples], rule: str) -> Finding:
    return judge(read_rule(rule), *run)


def with_stream(result: Result, **changes: object) -> Result:
    """The result with its first stream changed."""
    guest: Guest = result.guests[0]
    stream: Stream = msgspec.structs.replace(guest.streams[0], **changes)
    return msgspec.structs.replace(
        result, guests=[msgspec.structs.replace(guest, streams=[stream, *guest.streams[1:]])]
    )


@pytest.mark.parametrize(("bound", "broken"), [("989us", True), ("990us", False), ("991us", False)])
@pytest.mark.parametrize("whose", ["guest.media", "guest.media.0", "all"])
def test_a_quantile_is_judged_by_its_exact_value(
    run: tuple[Result, Samples], whose: str, bound: str, broken: bool
) -> None:
    assert found(run, f"{whose}.period_lateness.p99 > {bound}").broken == broken


def test_a_broken_rule_says_the_value_measured(run: tuple[Result, Samples]) -> None:
    assert found(run, "guest.media.period_lateness.p99 > 0.5ms").said == "it is 0.99 ms (n = 1000)"
    assert found(run, "guest.media.starved_frames > 1").said == "it is 0"
    assert found(run, "backend.cpu_s > 0.1s").said == "it is 0.5 s"
    assert found(run, "device.card.interrupts > 9").said == "it is 10"


def test_a_quantile_that_the_sample_does_not_carry_breaks_its_rule(run: tuple[Result, Samples]) -> None:
    finding = found(run, "guest.media.period_lateness.p999 > 1s")
    assert (finding.broken, finding.said) == (True, "it is not carried by 1000 delays")


def test_what_was_not_measured_breaks_its_rule(run: tuple[Result, Samples]) -> None:
    result, samples = run
    silent: tuple[Result, Samples] = with_stream(result, handovers_late=None), {}
    for rule in ("guest.media.handovers_late > 9", "all.handovers_late > 9", "all.period_lateness.p50 > 1s",
                 "guest.media.notification_delay.p50 > 1s"):  # fmt: skip
        finding = found(silent, rule)
        assert (finding.broken, finding.said) == (True, "it was not measured")
    assert not found((result, samples), "guest.media.handovers_late > 9").broken


def test_gaps_are_those_of_all_causes(run: tuple[Result, Samples]) -> None:
    gaps = Blame(gaps=2, frames=10, length_ns=10)
    heard = with_stream(run[0], blame={"guest": gaps, "device": gaps}), run[1]
    assert found(heard, "guest.media.gaps > 3").said == "it is 4"
    assert found(heard, "all.gaps > 4").broken is False


def test_a_rule_of_a_guest_goes_for_each_stream_that_can_have_the_value(tmp_path: Path) -> None:
    facts = msgspec.structs.replace(told(), guests=[GuestFacts(domid=3, name="media", streams=TWO_WAYS)])
    both = measured(tmp_path, facts)
    assert not found(both, "guest.media.playback_delay.p50 > 1s").broken
    worse = with_stream(both[0], underruns=5), both[1]
    assert found(worse, "guest.media.underruns > 4").said == "stream 0: it is 5"
    assert found(worse, "guest.media.16.underruns > 4").said == "stream 16: it is 0"
    assert found(worse, "guest.media.underruns > 5").said == "stream 0: it is 5; stream 16: it is 0"
    assert found(worse, "all.underruns > 5").said == "it is 5"


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("guest.media.4.underruns > 0", "has no stream 4; there are: 0 \\(playback\\)"),
        ("guest.media.capture_delay.p50 > 1s", "has no capture stream; there are: 0 \\(playback\\)"),
    ],
)
def test_a_stream_that_is_not_there_is_refused(run: tuple[Result, Samples], rule: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        found(run, rule)


def test_a_mean_is_a_quantile_too(run: tuple[Result, Samples]) -> None:
    assert found(run, "guest.media.period_lateness.mean > 500us").said == "it is 0.5005 ms (n = 1000)"
