"""backend.latency.build: from a run's folder to its result and report."""

from pathlib import Path

import msgspec
import numpy as np

from backend.latency.build import build, measure, summarise
from backend.latency.facts import Facts
from backend.latency.result import Summary, read_result
from ringproto.trace import Point
from tests.backend.latency.perfetto.validator import check
from tests.backend.latency.synthetic import FACTS, MS, Row, boundaries, facts_with, write_trace

PERIODS = 1000
LATE_NS = np.random.default_rng(2).permutation(np.arange(1, PERIODS + 1)) * 1_000
"""1 us to 1 ms, each once: their quantiles are known."""


def guest_rows() -> list[Row]:
    """Two periods queued before START, one more whenever told; period k is told LATE_NS[k - 1] late."""
    rows: list[Row] = [(5 * MS, Point.QUEUED, 960, 960)]
    for k, late_ns in enumerate(LATE_NS.tolist(), start=1):
        told_ns = 20 * MS + k * 10 * MS + late_ns
        rows.append((told_ns, Point.TOLD, k * 480, 0))
        rows.append((told_ns, Point.QUEUED, 960 + k * 480, 480))
    return rows


def fill(folder: Path, guest: list[Row], card: list[Row]) -> None:
    """The three trace files of a run."""
    end_ns = 20 * MS + (PERIODS + 2) * 10 * MS
    write_trace(folder / "trace" / "card.vtrace", card, domid=0)
    write_trace(folder / "trace" / "guest.vtrace", guest)
    started: list[Row] = [(15 * MS, Point.STARTED, 0, 960), (end_ns + 1, Point.STOPPED, (PERIODS + 2) * 480, 0)]
    write_trace(folder / "trace" / "backend.vtrace", started)


def test_a_run_with_known_delays_gives_them_exactly(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS + 5))
    (stream,) = build(tmp_path, FACTS).guests[0].streams
    assert stream.period_lateness_ns == Summary(
        n=1000, min=1_000, p50=500_000, p90=900_000, p95=950_000, p99=990_000, p999=None, max=1_000_000, mean=500_500,
        max_at_ns=20 * MS + int(LATE_NS.argmax() + 1) * 10 * MS,
    )  # fmt: skip
    # What is handed over when period k is told leaves 10 ms after period k ended; the prefill waits 15 ms.
    assert stream.playback_delay_ns == Summary(
        n=1001, min=9 * MS, p50=9_500_000, p90=9_900_000, p95=9_950_000, p99=9_990_000, p999=None, max=15 * MS,
        mean=9_504_995, max_at_ns=5 * MS,
    )  # fmt: skip
    assert (stream.handovers_late, stream.handovers_dropped, stream.periods_untold) == (0, 0, 2)


def test_the_files_are_what_was_returned(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS + 5))
    result = build(tmp_path, FACTS)
    assert read_result(tmp_path / "result.json") == result
    assert "media" in (tmp_path / "report.html").read_text()
    assert check(tmp_path / "trace.json").events > PERIODS
    assert result == summarise(sorted((tmp_path / "trace").iterdir()), FACTS)


def test_an_empty_folder_gives_a_result_that_says_nothing_and_a_report(tmp_path: Path) -> None:
    result = build(tmp_path, FACTS)
    (stream,) = result.guests[0].streams
    assert stream.playback_delay_ns is None
    assert stream.period_lateness_ns is None
    assert stream.handovers_late is None
    assert "not measured" in (tmp_path / "report.html").read_text()


def test_without_boundaries_lateness_is_not_measured(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), [])
    (stream,) = build(tmp_path, FACTS).guests[0].streams
    assert stream.playback_delay_ns is None
    assert stream.period_lateness_ns is None


def test_two_cards_under_one_number_are_no_clock(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS))
    other = msgspec.structs.replace(FACTS.devices[0], name="other")
    result = build(tmp_path, msgspec.structs.replace(FACTS, devices=[*FACTS.devices, other]))
    assert result.guests[0].streams[0].period_lateness_ns is None


def test_a_stream_on_an_unknown_device_is_not_measured(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS))
    assert build(tmp_path, facts_with(device="gone")).guests[0].streams[0].period_lateness_ns is None


def test_what_the_trace_lacks_is_said(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS))
    write_trace(tmp_path / "trace" / "full.vtrace", [(1, Point.TOLD, 0, 0)] * 3, domid=9, room=1)
    (tmp_path / "trace" / "torn.vtrace").write_bytes(b"torn")
    trace = build(tmp_path, FACTS).trace
    assert (trace.dropped_records, trace.damaged_files) == (2, ["torn.vtrace"])
    assert trace.records == 1 + PERIODS * 2 + PERIODS + 2 + 1


def test_samples_come_with_the_result_for_the_plot(tmp_path: Path) -> None:
    fill(tmp_path, guest_rows(), boundaries(PERIODS))
    facts: Facts = FACTS
    result, samples = measure(sorted((tmp_path / "trace").iterdir()), facts)
    summary = result.guests[0].streams[0].period_lateness_ns
    assert summary is not None
    assert len(samples[3, 0].period_lateness.delay_ns) == summary.n
