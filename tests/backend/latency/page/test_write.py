"""backend.latency.page.write: the page, whatever names it is given."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pytest

from backend.latency.build import measure
from backend.latency.facts import Facts
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.write import headline, render, write_report
from backend.latency.records import Series
from backend.latency.result import Result, TraceFacts
from ringproto.trace import Point
from tests.backend.latency.synthetic import FACTS, MS, boundaries, facts_with, write_trace

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}&"


@pytest.fixture
def traces(tmp_path: Path) -> list[Path]:
    """Thirty periods, each told 0.5 ms late, and handed over 9.5 ms ahead."""
    rows = [(k * 10 * MS + 500_000, Point.TOLD, k * 480, 0) for k in range(1, 31)]
    rows += [(k * 10 * MS + 500_000, Point.QUEUED, (k + 2) * 480, 480) for k in range(31)]
    write_trace(tmp_path / "guest.vtrace", [*rows, (0, Point.STARTED, 0, 0)])
    write_trace(tmp_path / "card.vtrace", boundaries(40), domid=0)
    return [tmp_path / "guest.vtrace", tmp_path / "card.vtrace"]


class Page(HTMLParser):
    """What a browser would make of the page: elements, and text outside of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self._in_code = False
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]
        self._in_code = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False

    def handle_data(self, data: str) -> None:
        if not self._in_code:
            self.text += data + " "


def page_of(traces: list[Path], facts: Facts) -> Page:
    return Page(render(*measure(traces, facts)))


def test_the_page_shows_the_numbers_in_ms(traces: list[Path]) -> None:
    text = page_of(traces, FACTS).text
    assert "Period lateness n 30 0.50" in text
    assert "Playback delay n 31 9.50" in text
    assert "no underruns" in text


def test_the_page_loads_nothing_from_anywhere(traces: list[Path]) -> None:
    page = page_of(traces, FACTS)
    assert page.links == []
    assert "default-src 'none'" in render(*measure(traces, FACTS))


def test_hostile_names_stay_text(traces: list[Path]) -> None:
    guest = msgspec.structs.replace(facts_with(recording=HOSTILE).guests[0], name=HOSTILE)
    run = msgspec.structs.replace(FACTS.run, scenario=HOSTILE, started_at=HOSTILE, vsnd_version=HOSTILE)
    device = msgspec.structs.replace(FACTS.devices[0], statistics={HOSTILE: HOSTILE})
    facts = msgspec.structs.replace(FACTS, run=run, guests=[guest], devices=[device])
    hostile, harmless = page_of(traces, facts), page_of(traces, FACTS)
    assert hostile.tags == harmless.tags
    assert "<img src=x onerror=alert(2)>{{ 7 * 7 }}&" in hostile.text


def test_simulated_time_is_said(traces: list[Path]) -> None:
    real = msgspec.structs.replace(FACTS, run=msgspec.structs.replace(FACTS.run, world="processes"))
    assert "time itself is simulated" in page_of(traces, FACTS).text
    assert "time itself is simulated" not in page_of(traces, real).text
    assert "processes under one kernel" in page_of(traces, real).text


def test_underruns_stand_out(traces: list[Path]) -> None:
    page = render(*measure(traces, facts_with(underruns=1)))
    assert re.search(r'class="badge bad">1 underrun<', page)
    assert "1 underrun;" in headline(measure(traces, facts_with(underruns=1))[0])


def test_a_capture_stream_speaks_of_overruns(traces: list[Path]) -> None:
    text = page_of(traces, facts_with(direction="capture", underruns=2)).text
    assert "2 overruns" in text
    assert "Capture delay not measured" in text
    assert "Playback delay not measured" not in text


def test_an_incomplete_trace_is_said_first(traces: list[Path]) -> None:
    result, samples = measure(traces, FACTS)
    trace = TraceFacts(records=1, dropped_records=1234, damaged_files=["<torn>.vtrace"])
    text = Page(render(msgspec.structs.replace(result, trace=trace), samples)).text
    assert "no room for 1,234 of its records" in text
    assert "<torn>.vtrace" in text
    assert text.index("1,234") < text.index("Streams")


def test_a_run_without_samples_has_no_plot() -> None:
    page = page_of([], FACTS)
    assert "script" not in page.tags
    assert "Period lateness not measured" in page.text


def test_the_plot_starts_with_what_was_measured(traces: list[Path]) -> None:
    result, samples = measure(traces, FACTS)
    none = Series(np.zeros(0, np.int64), np.zeros(0, np.int64))
    only_delay: dict[tuple[int, int], StreamSamples] = {}
    for key, measured in samples.items():
        only_delay[key] = StreamSamples(measured.playback_delay, none, none, none, 0, 0, 0)
    html = render(result, only_delay)
    assert re.findall(r'aria-pressed="(true|false)">([^<]+)<', html) == [("true", "Playback delay")]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            FACTS,
            (
                "1 guest with 1 stream ran for 10.0 s with no underruns; the median playback delay was 9.50 ms;"
                " no guest was told of a period more than 0.50 ms late."
            ),
        ),
        (
            msgspec.structs.replace(FACTS, guests=[]),
            "0 guests with 0 streams ran for 10.0 s with no underruns.",
        ),
    ],
)
def test_the_headline_is_one_sentence(traces: list[Path], facts: Facts, sentence: str) -> None:
    result: Result = measure(traces, facts)[0]
    assert headline(result) == sentence


def test_the_report_is_written_whole(traces: list[Path], tmp_path: Path) -> None:
    result, samples = measure(traces, FACTS)
    write_report(result, samples, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == render(result, samples)
