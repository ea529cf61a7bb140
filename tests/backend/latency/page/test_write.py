"""backend.latency.page.write: the page, whatever names it is given."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from backend.latency.facts import Facts, Help, Instrument, RealtimeHelp, Usage
from backend.latency.page import excerpts
from backend.latency.page.plots import Samples
from backend.latency.page.write import headline, longest, render, write_report
from backend.latency.result import Blame, Gap, Offset, Result, StreamTruth, TraceFacts, Truth
from tests.backend.latency.page.runs import NONE, page_of, run_of, thirty_periods, with_gaps
from tests.backend.latency.synthetic import DOMID, FACTS, MS, facts_with, with_client

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}&"


@pytest.fixture
def traces(tmp_path: Path) -> list[Path]:
    return thirty_periods(tmp_path)


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


def seen(traces: list[Path], facts: Facts = FACTS) -> Page:
    return Page(page_of(traces, facts))


def test_the_page_shows_the_numbers_in_ms(traces: list[Path]) -> None:
    text = seen(traces).text
    assert "Period lateness n 30 0.50" in text
    assert "Playback delay n 31 9.50" in text
    assert "no underruns" in text


def test_the_page_loads_nothing_from_anywhere(traces: list[Path]) -> None:
    assert all(link.startswith("#") for link in seen(traces).links)
    assert "default-src 'none'" in page_of(traces)


def test_every_link_leads_somewhere(traces: list[Path]) -> None:
    html = page_of(traces)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in Page(html).links} <= set(ids)


def test_each_longest_delay_links_to_its_moment(traces: list[Path]) -> None:
    assert f"#worst-{DOMID}-0-period_lateness" in seen(traces).links
    assert "Search trace.json for worst period lateness: media speech.flac" in seen(traces).text


def test_a_moment_that_lacks_records_says_so(traces: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "some may be missing" not in seen(traces).text
    monkeypatch.setattr(excerpts, "RECORDS_MAX", 7)
    assert "some may be missing" in seen(traces).text


def test_hostile_names_stay_text(traces: list[Path]) -> None:
    guest = msgspec.structs.replace(facts_with(recording=HOSTILE).guests[0], name=HOSTILE)
    run = msgspec.structs.replace(FACTS.run, scenario=HOSTILE, started_at=HOSTILE, vsnd_version=HOSTILE)
    device = msgspec.structs.replace(FACTS.devices[0], statistics={HOSTILE: HOSTILE})
    facts = msgspec.structs.replace(FACTS, run=run, guests=[guest], devices=[device])
    hostile, harmless = seen(traces, facts), seen(traces)
    assert hostile.tags == harmless.tags
    assert "<img src=x onerror=alert(2)>{{ 7 * 7 }}&" in hostile.text


def test_simulated_time_is_said(traces: list[Path]) -> None:
    real = msgspec.structs.replace(FACTS, run=msgspec.structs.replace(FACTS.run, world="processes"))
    assert "time itself is simulated" in seen(traces).text
    assert "time itself is simulated" not in seen(traces, real).text
    assert "processes under one kernel" in seen(traces, real).text


def test_underruns_stand_out(traces: list[Path]) -> None:
    page = page_of(traces, facts_with(underruns=1))
    assert re.search(r'class="badge bad">1 underrun<', page)
    assert "1 underrun;" in headline(run_of(traces, facts_with(underruns=1))[0])


def test_gaps_that_nobody_counted_stand_out(traces: list[Path]) -> None:
    """A guest does not know what a late backend did to the card."""
    result = run_of(traces, FACTS)[0]
    (guest,) = result.guests
    (stream,) = guest.streams
    broken = msgspec.structs.replace(stream, blame={"backend": Blame(gaps=3, frames=480, length_ns=10_000_000)})
    gapped = msgspec.structs.replace(result, guests=[msgspec.structs.replace(guest, streams=[broken])])
    assert "ran for 10.0 s with 3 gaps;" in headline(gapped)


def test_a_capture_stream_speaks_of_overruns(traces: list[Path]) -> None:
    text = seen(traces, facts_with(direction="capture", underruns=2)).text
    assert "2 overruns" in text
    assert "Capture delay not measured" in text
    assert "Playback delay not measured" not in text


def test_an_incomplete_trace_is_said_first(traces: list[Path]) -> None:
    result, samples, trace = run_of(traces, facts_with(untraced_records=77))
    facts = TraceFacts(records=1, dropped_records=1234, damaged_files=["<torn>.vtrace"])
    text = Page(render(msgspec.structs.replace(result, trace=facts), samples, trace)).text
    assert "no room for 1,234 of its records" in text
    assert "<torn>.vtrace" in text
    assert "77 were left out" in text
    assert text.index("1,234") < text.index("At a glance")


def test_a_run_without_samples_has_no_plot() -> None:
    page = seen([])
    assert "script" not in page.tags
    assert "figure" not in page.tags
    assert "Period lateness not measured" in page.text


def test_the_plot_starts_with_what_was_measured(traces: list[Path]) -> None:
    result, samples, trace = run_of(traces)
    without: Samples = {key: replace(each, period_lateness=NONE) for key, each in samples.items()}
    html = render(result, without, trace)
    assert re.findall(r'aria-pressed="true">([^<]+)<', html)[0] == "Playback delay"


def test_who_was_late_is_said_where_frames_were_missing(traces: list[Path]) -> None:
    result, samples, trace = run_of(traces)
    gaps = [Gap(at_ns=100 * MS, length_ns=5 * MS, frames=240, cause="guest")]
    text = Page(render(with_gaps(result, gaps), samples, trace)).text
    assert "the guest was late 1 5.00 ms 240 100 %" in text
    assert "gap 1: media speech.flac" in text
    assert "Who was late" not in seen(traces).text


def test_of_many_gaps_the_longest_are_listed_in_order_of_time() -> None:
    gaps = [Gap(at_ns=n, length_ns=n % 50, frames=1, cause="guest") for n in range(100)]
    listed = longest(gaps)
    assert [number for number, _ in listed] == [n + 1 for n in range(100) if n % 50 >= 40]


def test_what_it_cost_is_said_by_the_second(traces: list[Path]) -> None:
    usage = Usage(
        seconds=10.0, cpu_s=0.5, wakeups=1000, switches_voluntary=900, switches_involuntary=20,
        run_queue_delay_ns=40_000_000, rss_octets=10 << 20,
    )  # fmt: skip
    instrument = Instrument(record_ns=318.0, clock_ns=66.0)
    backend = msgspec.structs.replace(FACTS.backend, usage=usage, instrument=instrument)
    text = seen(traces, msgspec.structs.replace(FACTS, backend=backend)).text
    assert "backend 5.00 % 100.0 /s 4.00 ms/s 90.0 /s 2.0 /s 10.0 MiB" in text
    assert "media not measured 0" in text
    assert "one trace record takes 318 ns" in text


def test_what_the_kernel_was_asked_for_is_listed(traces: list[Path]) -> None:
    not_asked = Help(state="not asked for")
    helps = RealtimeHelp(
        priority=Help(state="refused", detail="no permission"), lock_memory=not_asked, cpus=not_asked,
        timer_slack_ns=not_asked, silence_collector=not_asked,
    )  # fmt: skip
    backend = msgspec.structs.replace(FACTS.backend, realtime=helps)
    text = seen(traces, msgspec.structs.replace(FACTS, backend=backend)).text
    assert "backend real-time priority refused: no permission" in text
    assert "memory locked" not in text


@pytest.mark.parametrize(("agrees", "said"), [(True, "agrees"), (False, "disagrees"), (None, "nothing to compare")])
def test_the_sound_is_asked_too(traces: list[Path], agrees: bool | None, said: str) -> None:
    truth = StreamTruth(
        domid=DOMID, stream=0, device="card", markers=40, cut=2, missing=0, stray=0, disagreeing=0,
        difference_frames=Offset(min=-0.25, median=0.0, max=0.5), resampling_frames=0.0, heard_delay_ns=None,
        traced_delay_ns=None, agrees=agrees,
    )  # fmt: skip
    result, samples, trace = run_of(traces)
    heard = msgspec.structs.replace(result, truth=Truth(streams=[truth], false_markers_expected=1e-9))
    text = Page(render(heard, samples, trace)).text
    assert f"media: speech.flac on card {said} 40 and 2 cut 0 0 0 +0.00 (-0.25 to +0.50)" in text


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
    result: Result = run_of(traces, facts)[0]
    assert headline(result) == sentence


def test_local_applications_are_among_the_guests_and_have_a_table_of_their_own(traces: list[Path]) -> None:
    late = {"calls_late": 2, "calls_late_max_ns": 1_500_000, "ended": "killed by SIGKILL"}
    text = seen(traces, with_client(FACTS, **late)).text
    row = "tone (local, blocking) gone before its time: killed by SIGKILL rings 3 7 2 1 0 2 by 1.50 ms at most"
    assert row in text
    assert "1 guest and 1 local application with 2 streams ran for" in text
    assert "nobody was told of a period" in text
    assert "tone (local, blocking) playback" in text, "at a glance"
    assert "Local applications" not in seen(traces).text


def test_what_is_not_known_of_a_local_application_is_a_dash(traces: list[Path]) -> None:
    nothing = dict.fromkeys(("control", "missed_blocks", "unposted_blocks", "asleep_blocks", "lost_blocks"))
    dash = "\N{EN DASH}"
    row = f"tone (local) {dash} 3 {dash} {dash} {dash} {dash} {dash}"
    assert row in seen(traces, with_client(FACTS, **nothing)).text


def test_the_report_is_written_whole(traces: list[Path], tmp_path: Path) -> None:
    write_report(*run_of(traces), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == page_of(traces)
