"""backend.latency.hlog: what HdrHistogram's own reader makes of it."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from backend.latency.build import build
from backend.latency.hlog import METRICS, write_hlog
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.measures.summary import rank
from backend.latency.records import Int64s, Series
from tests.backend.latency.synthetic import FACTS, STREAM, records

NOTHING = stream_samples(records([]), STREAM, None)
RUN = msgspec.structs.replace(FACTS.run, started_at="2026-01-02T03:04:05.250+00:00")
STARTED_S = 1767323045.25


def lateness(delay_ns: Int64s) -> StreamSamples:
    return replace(NOTHING, period_lateness=Series(np.arange(len(delay_ns)), delay_ns))


def read(path: Path) -> dict[str | None, HdrHistogram]:
    """By tag."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, 2, 3))
    found: dict[str | None, HdrHistogram] = {}
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found[histogram.get_tag()] = histogram
    reader.close()
    assert reader.get_start_time_sec() == STARTED_S
    return found


@pytest.mark.parametrize("scale_ns", [1, 60_000, 10_000_000_000])
def test_its_quantiles_are_the_exact_ones_to_three_digits(tmp_path: Path, scale_ns: int) -> None:
    delay_ns = (scale_ns * np.exp(np.random.default_rng(scale_ns).normal(0, 2, 50_000))).astype(np.int64)
    write_hlog(RUN, {(3, 0): lateness(delay_ns)}, tmp_path / "latency.hlog")
    (histogram,) = read(tmp_path / "latency.hlog").values()
    assert histogram.get_total_count() == 50_000
    ordered = np.sort(delay_ns)
    for per_myriad in (10, 100, 5_000, 9_000, 9_500, 9_900, 9_990, 9_999, 10_000):
        exact = int(ordered[rank(50_000, per_myriad, 10_000) - 1])
        assert exact <= histogram.get_value_at_percentile(per_myriad / 100) <= exact * 1.001


def test_each_guest_stream_and_metric_has_a_tag_of_its_own(tmp_path: Path) -> None:
    some = Series(np.arange(3), np.array([10, 20, 30]))
    measured = replace(
        NOTHING, playback_delay=some, capture_delay=some, period_lateness=some, request_round_trip=some,
        notification_delay=some, service_time=some,
    )  # fmt: skip
    write_hlog(RUN, {(3, 0): measured, (3, 17): NOTHING, (4, 1): lateness(np.array([5]))}, tmp_path / "latency.hlog")
    assert list(read(tmp_path / "latency.hlog")) == [*(f"3.0.{metric}" for metric in METRICS), "4.1.period_lateness"]


def test_a_delay_below_0_is_recorded_as_0_and_said(tmp_path: Path) -> None:
    write_hlog(RUN, {(3, 0): lateness(np.array([-7, -1, 0, 9]))}, tmp_path / "latency.hlog")
    (histogram,) = read(tmp_path / "latency.hlog").values()
    assert [histogram.get_value_at_percentile(percent) for percent in (25, 75, 100)] == [0, 0, 9]
    assert "3.0.period_lateness: 2 delays below 0" in (tmp_path / "latency.hlog").read_text()


def test_delays_of_nothing_at_all_are_a_histogram_too(tmp_path: Path) -> None:
    write_hlog(RUN, {(3, 0): lateness(np.zeros(5, np.int64))}, tmp_path / "latency.hlog")
    (histogram,) = read(tmp_path / "latency.hlog").values()
    assert (histogram.get_total_count(), histogram.get_max_value()) == (5, 0)


def test_the_interval_is_the_run_and_its_maximum_in_ms(tmp_path: Path) -> None:
    write_hlog(RUN, {(3, 0): lateness(np.array([1_000, 2_500_000]))}, tmp_path / "latency.hlog")
    assert "\nTag=3.0.period_lateness,0.000,10.000,2.500,HIST" in (tmp_path / "latency.hlog").read_text()


def test_every_run_has_one(tmp_path: Path) -> None:
    build(tmp_path, msgspec.structs.replace(FACTS, run=RUN))
    assert read_lines(tmp_path / "latency.hlog")[-1].startswith('"StartTimestamp"')


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
