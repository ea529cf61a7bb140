"""backend.latency.page.overtime: one stream over time."""

from dataclasses import replace

import numpy as np
import pytest

from backend.latency.measures.samples import StreamSamples
from backend.latency.page.overtime import origin_ns, over_time
from backend.latency.page.render import View
from backend.latency.records import Levels, Series
from backend.latency.result import Gap
from tests.backend.latency.page.plotted import numbers, text
from tests.backend.latency.page.runs import EMPTY, STREAM, stream_with

MS = 1_000_000
GAP = Gap(at_ns=1_020 * MS, length_ns=5 * MS, frames=240, cause="guest")


@pytest.fixture
def samples() -> StreamSamples:
    """A hundred periods from 1 s on, the fiftieth of them late."""
    at_ns = 1_000 * MS + np.arange(100) * 10 * MS
    late_ns = np.full(100, MS)
    late_ns[50] = 90 * MS
    frames = np.tile([480, 960], 100)
    delay = Series(at_ns, np.full(100, 30 * MS))
    return replace(
        EMPTY, playback_delay=delay, period_lateness=Series(at_ns, late_ns), fill=Levels(np.repeat(at_ns, 2), frames)
    )


def only(views: list[View]) -> View:
    (view,) = views
    return view


def test_delay_lateness_and_fill_stand_above_each_other(samples: StreamSamples) -> None:
    layout = only(over_time("x", STREAM, samples, 0))["layout"]
    titles = [str(layout[f"yaxis{number}"]) for number in (1, 2, 3)]
    assert "Playback delay" in titles[0]
    assert "Period lateness" in titles[1]
    assert "Ahead of the card" in titles[2]


def test_seconds_are_counted_from_the_origin(samples: StreamSamples) -> None:
    assert origin_ns([EMPTY, samples]) == 1_000 * MS
    first = only(over_time("x", STREAM, samples, 1_000 * MS))["traces"][0]
    assert numbers(first["x"])[:2] == [0.0, 0.01]


def test_the_longest_is_crossed(samples: StreamSamples) -> None:
    crosses = [t for t in only(over_time("x", STREAM, samples, 1_000 * MS))["traces"] if t["mode"] == "markers"]
    assert [(t["x"], t["y"]) for t in crosses][1] == ([0.5], [90.0])


def test_fill_is_drawn_in_ms_from_before_to_after(samples: StreamSamples) -> None:
    lower, upper = only(over_time("x", STREAM, samples, 0))["traces"][-2:]
    assert set(numbers(lower["y"])) == {10.0}
    assert set(numbers(upper["y"])) == {20.0}
    assert upper["fill"] == "tonexty"


def test_gaps_are_barred_through_all_panels_and_say_their_cause(samples: StreamSamples) -> None:
    view = only(over_time("x", stream_with(gaps=[GAP]), samples, 1_000 * MS))
    assert "M0.020000,0V1H0.025000V0Z" in str(view["layout"]["shapes"])
    assert "cause: guest" in str(view["traces"][-1]["text"])


def test_what_was_not_measured_takes_no_room(samples: StreamSamples) -> None:
    only_late = replace(EMPTY, period_lateness=samples.period_lateness)
    layout = only(over_time("x", STREAM, only_late, 0))["layout"]
    assert "'domain': [0.0, 1.0]" in str(layout["yaxis1"])
    assert "yaxis2" not in layout
    assert over_time("x", STREAM, EMPTY, 0) == []


def test_a_rest_breaks_the_line(samples: StreamSamples) -> None:
    at_ns = np.concatenate([np.arange(10), np.arange(1000, 1010)]) * 10 * MS
    rested = replace(EMPTY, period_lateness=Series(at_ns, np.full(20, MS)))
    x = only(over_time("x", STREAM, rested, 0))["traces"][0]["x"]
    assert isinstance(x, list)
    assert x[10] is None
    assert len(numbers(x)) == 20


def test_a_capture_stream_shows_its_capture_delay(samples: StreamSamples) -> None:
    recorded = replace(EMPTY, capture_delay=samples.playback_delay)
    layout = only(over_time("x", stream_with(direction="capture"), recorded, 0))["layout"]
    assert "Capture delay" in str(layout["yaxis1"])


def test_the_hover_text_has_units(samples: StreamSamples) -> None:
    for trace in only(over_time("x", STREAM, samples, 0))["traces"]:
        assert " ms" in text(trace["hovertemplate"])
