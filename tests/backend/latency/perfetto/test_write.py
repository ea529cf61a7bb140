"""backend.latency.perfetto.write: a run as a trace file."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.records import Series
from backend.latency.result import Gap, Summary
from ringproto.trace import Point
from tests.backend.latency.perfetto.runs import PERIOD, cycle, drawn, rows
from tests.backend.latency.synthetic import FACTS, MS, STREAM, Row, boundaries, facts_with, samples_with

SUMMARY = Summary(n=1, min=1, p50=1, p90=1, p95=1, p99=1, p999=1, max=3 * MS, mean=1, max_at_ns=71 * MS)
GAP = Gap(at_ns=90 * MS, length_ns=5 * MS, frames=240, cause="guest")
SCHEDULE = ["card card (clocked, irq)", "backend", "guest media (domain 3)"]


def test_every_step_of_a_period_is_on_its_track(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(20))
    assert list(run.processes.values()) == SCHEDULE
    # All counts from 0, when the first period of the card began.
    at_us = {name: (slices[-1].ts, slices[-1].dur) for name in run.threads.values() if (slices := run.on(name))}
    end_us = 220_000
    assert at_us == {
        "periods": (260_000, 10_000),
        "speech #0: hand-over": (end_us + 1_007, 2),
        "speech #0: request": (end_us + 1_009, 51),
        "speech #0: event": (end_us + 100, 900),
        "speech #0: told": (end_us + 1_000, 5),
        "media, speech #0: served": (end_us + 1_050, 10),
    }
    names = [instant.name for instant in run.instants]
    assert (names.count("mixed"), names.count("opened"), names.count("started"), names.count("stopped")) == (
        21,
        1,
        1,
        1,
    )


def test_arrows_lead_from_request_to_period_and_from_period_to_telling(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(20))
    sound = [arrow for arrow in run.arrows.values() if arrow.name == "sound"]
    news = [arrow for arrow in run.arrows.values() if arrow.name == "news"]
    assert [[one.name for one in arrow.slices] for arrow in sound] == [
        ["request", "served", "period"]
    ] * 20  # the last is never heard
    assert [[one.name for one in arrow.slices] for arrow in news] == [["period", "event", "told"]] * 20
    # The prefill is heard from 20 ms on; what is handed over when k is told, from the end of k + 1 on.
    assert [arrow.slices[2].ts for arrow in sound] == [20_000 + 10_000 * k for k in (0, *range(2, 21))]
    assert [arrow.slices[0].ts + arrow.slices[0].dur for arrow in news] == [30_000 + 10_000 * k for k in range(20)]


def test_figures_go_on_between_hand_overs_and_tellings(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(20))
    fill = [one.args for one in run.counters if one.name == "speech #0: fill"]
    assert fill == [{"frames": 672}] + [{"frames": 432}] * 19  # 14 ms, then 8.993 ms
    late = [one.args for one in run.counters if one.name == "speech #0: lateness"]
    assert late == [{"ms": 1.005}] * 20


def test_one_telling_of_many_periods_is_as_late_as_the_first(tmp_path: Path) -> None:
    silent = [row for row in rows(20) if row[1] != Point.TOLD or row[2] in {PERIOD, 20 * PERIOD}]
    run = drawn(tmp_path, silent)
    assert [one.args for one in run.counters if one.name == "speech #0: lateness"] == [{"ms": 1.005}, {"ms": 181.005}]
    assert [arrow.slices[0].ts for arrow in run.arrows.values() if arrow.name == "news"] == [20_000, 30_000]


def test_what_never_came_is_said(tmp_path: Path) -> None:
    lost = [row for row in rows(9) if row[2] != 5 * PERIOD or row[1] not in {Point.COPIED, Point.PUSHED}]
    names = [one.name for one in drawn(tmp_path, lost).slices]
    assert names.count("hand-over, never pushed") == 1
    unanswered = [row for row in rows(9) if row[2] != 5 * PERIOD or row[1] != Point.COPIED]
    unanswered = [row for row in unanswered if row[1] != Point.WOKE_GUEST or row[3] != 3 * PERIOD * 4]
    names = [one.name for one in drawn(tmp_path, unanswered).slices]
    assert (names.count("request, never answered"), names.count("event, never read")) == (1, 1)


def test_the_moments_that_one_looks_for_are_there_under_their_names(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(20), playback_delay_ns=SUMMARY, gaps=[GAP])
    found = {one.name: (one.ts, one.args) for one in run.instants if one.name.startswith(("worst playback", "gap"))}
    assert found == {
        "worst playback delay: media speech.flac": (71_000, {"ms": 3.0, "at_ns": 71 * MS}),
        "gap 1: media speech.flac": (90_000, {"ms": 5.0, "frames": 240, "cause": "guest", "at_ns": 90 * MS}),
    }


def test_a_run_that_fits_is_shown_whole(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(20))
    assert (run.metadata["shown"], run.metadata["left_out_ns"]) == ("the whole run", 0)


@pytest.mark.parametrize("events_max", [100, 1_000, 5_000])
def test_a_long_run_keeps_to_the_bound_and_says_what_it_left_out(tmp_path: Path, events_max: int) -> None:
    moment = msgspec.structs.replace(SUMMARY, max_at_ns=20_000 * MS)
    run = drawn(tmp_path, rows(3_000), events_max=events_max, playback_delay_ns=moment)
    assert run.events <= events_max
    assert run.events > events_max // 2 or events_max == 100
    left_out = run.on("left out of it")
    assert sum(one.dur for one in left_out) * 1000 == run.metadata["left_out_ns"]
    assert run.metadata["shown"] != "the whole run"
    if events_max > 100:
        requests = [one.ts for one in run.on("speech #0: request")]
        assert min(abs(ts - 20_000_000) for ts in requests) < 11_000, "around the moment"
        assert min(requests) < 10_000, "and the beginning"


def test_what_is_around_an_underrun_is_shown(tmp_path: Path) -> None:
    guest = [*rows(3_000), (15_003 * MS, Point.UNDERRUN, 5 * PERIOD, 0)]
    run = drawn(tmp_path, guest, events_max=2_000)
    assert "underrun" in [one.name for one in run.instants]
    assert {"frames": 0} in [one.args for one in run.counters]
    assert min(abs(one.ts - 15_003_000) for one in run.on("speech #0: request")) < 11_000


def test_two_streams_of_one_recording_are_told_apart(tmp_path: Path) -> None:
    guest = msgspec.structs.replace(FACTS.guests[0], streams=[STREAM, msgspec.structs.replace(STREAM, stream=1)])
    run = drawn(tmp_path, rows(9), facts=msgspec.structs.replace(FACTS, guests=[guest]))
    assert len(set(run.threads.values())) == len(run.threads)
    assert {"speech #0: moments", "speech #1: moments"} < set(run.threads.values())


def test_without_a_card_there_are_slices_and_no_arrows(tmp_path: Path) -> None:
    run = drawn(tmp_path, rows(9), facts=facts_with(device="gone"))
    assert run.arrows == {}
    assert len(run.on("speech #0: request")) == 10


def test_an_empty_run_gives_a_file_of_names(tmp_path: Path) -> None:
    run = drawn(tmp_path, [], [])
    assert run.events == 0
    assert list(run.processes.values()) == SCHEDULE[1:]


def test_a_capture_stream_has_its_news(tmp_path: Path) -> None:
    heard = {Point.OPENED, Point.STARTED, Point.STOPPED, Point.EVENT, Point.WOKE_GUEST, Point.TOLD}
    captured = [row for row in rows(9) if row[1] in heard]
    run = drawn(tmp_path, captured, boundaries(20), facts_with(direction="capture"))
    assert [arrow.name for arrow in run.arrows.values()] == ["news"] * 9
    assert [one.name for one in run.counters] == ["speech #0: lateness"] * 9


def test_opened_twice_the_frames_of_both_sittings_are_kept_apart(tmp_path: Path) -> None:
    again_ns = 500 * MS
    first = rows(9)
    second = [(time + again_ns, point, frame, value) for time, point, frame, value in rows(9)]
    second = [row if row[1] != Point.STARTED else (*row[:3], 52 * PERIOD) for row in second]
    run = drawn(tmp_path, first + second, boundaries(70))
    assert [one.dur for one in run.on("speech #0: request")] == [1_009, *[51] * 9] * 2
    assert len(run.arrows) == 2 * (9 + 9)


PERIODS = st.integers(0, 6).map(lambda period: period * PERIOD)
#: Times of which many are the same.
TIMES = st.integers(0, 40).map(lambda tenth: tenth * MS // 10) | st.integers(0, 60 * MS)
POINTS = st.sampled_from([point for point in Point if point != Point.BOUNDARY])
ROWS = st.lists(st.tuples(TIMES, POINTS, PERIODS, PERIODS), max_size=60)
CARDS = st.lists(st.integers(1, 12), max_size=12, unique=True)
DELAYS = st.lists(st.integers(-20 * MS, 60 * MS), min_size=60, max_size=60)


@given(guest=ROWS, card=CARDS, delays_ns=DELAYS, events_max=st.sampled_from([8, 40, 200_000]))
def test_whatever_the_records_and_samples_the_file_is_right(
    tmp_path_factory: pytest.TempPathFactory, guest: list[Row], card: list[int], delays_ns: list[int], events_max: int
) -> None:
    """Nothing fits together but by chance; of the hand-overs and tellings, the first ones were measured."""
    queued_ns = sorted(row[0] for row in guest if row[1] == Point.QUEUED)
    told_ns = sorted(row[0] for row in guest if row[1] == Point.TOLD)
    late = [(told - delay, delay) for told, delay in zip(told_ns, delays_ns, strict=False)]
    delays = series(list(zip(queued_ns, delays_ns, strict=False))[:5])
    samples = samples_with(playback_delay=delays, period_lateness=series(late[:5]))
    ended: list[Row] = [(k * 7 * MS // 2, Point.BOUNDARY, k * PERIOD, 0) for k in sorted(card)]
    run = drawn(tmp_path_factory.mktemp("run"), guest, ended, events_max=events_max, samples=samples)
    assert run.events <= events_max


@given(shifts=st.lists(st.integers(-40 * MS, 40 * MS), min_size=9, max_size=9), lost=st.sets(st.integers(0, 71)))
def test_whoever_is_early_or_late_the_file_is_right(
    tmp_path_factory: pytest.TempPathFactory, shifts: list[int], lost: set[int]
) -> None:
    """A whole run, with its arrows, in which each point of each period is moved, and some are lost."""
    moved = [
        (max(row[0] + shifts[(k + number) % 9], 0), *row[1:])
        for k in range(1, 10)
        for number, row in enumerate(cycle(k))
        if k * 8 + number - 8 not in lost and row[1] != Point.TOLD
    ]
    told = [row for row in rows(9) if row[1] == Point.TOLD]
    drawn(tmp_path_factory.mktemp("run"), sorted([*rows(0), *moved, *told]), boundaries(20))


def series(pairs: list[tuple[int, int]]) -> Series:
    """(at, delay) in ns each."""
    return Series(*np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
