"""Delays that are known, because the machine is simulated and every wake-up takes the same time: are they measured?"""

from pathlib import Path

import pytest

from backend.latency.build import build
from backend.latency.result import Stream, Summary
from compose.run import make_folder, plan_blocks
from compose.scenario import read_scenario
from compose.worlds import sim
from hosts.sim.delays import Delays

WAKE_NS, NOTIFY_NS = 30_000, 7_000
HEARD_NS = NOTIFY_NS + WAKE_NS
"""From ringing until whoever is rung runs."""
PERIOD_NS = 10_000_000
SCENARIO = """
name = "known"
duration_s = 3
pacing = ["irq"]
[devices.card]
kind = "clocked"
[[guests]]
id = 1
[[guests.streams]]
device = "card"
records = "take.wav"
[[guests]]
id = 2
[[guests.streams]]
device = "card"
plays = "melody.flac"
"""


@pytest.fixture
def streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Stream]:
    """What is measured of the recording and of the playing guest."""
    monkeypatch.setattr(sim, "DELAYS", Delays(lambda random: WAKE_NS, lambda random: NOTIFY_NS))
    (tmp_path / "known.toml").write_text(SCENARIO)
    (block,) = plan_blocks(read_scenario(tmp_path / "known.toml"), tmp_path, tmp_path / "out", 1)
    make_folder(block.out)
    result = build(block.out, sim.SimWorld().run(block, lambda passed_s: None))
    return [guest.streams[0] for guest in result.guests]


def constant(summary: Summary | None) -> tuple[int, int]:
    """(how many, the one value that they have)."""
    assert summary is not None
    assert summary.min == summary.max
    return summary.n, summary.max


def hops(stream: Stream) -> dict[str, int | None]:
    """The median of each."""
    return {hop.name: hop.p50_ns for hop in stream.hops}


def test_what_is_recorded_is_late_by_its_period_and_four_wake_ups(streams: list[Stream]) -> None:
    """The interrupt, the news of it, the READ, its answer: all but the first rung for."""
    recording, _ = streams
    assert constant(recording.capture_delay_ns) == (300, PERIOD_NS + WAKE_NS + 3 * HEARD_NS)
    assert constant(recording.request_round_trip_ns) == (300, HEARD_NS)
    assert constant(recording.service_time_ns) == (300, 0)
    assert recording.playback_delay_ns is None
    assert hops(recording) == {
        "sampled_pushed": PERIOD_NS + WAKE_NS + HEARD_NS,
        "pushed_awake": HEARD_NS,
        "awake_copied": 0,
        "copied_taken": HEARD_NS,
        "boundary_event": WAKE_NS,
        "event_awake": HEARD_NS,
        "awake_told": 0,
    }


def test_what_is_played_was_handed_over_when_the_period_before_was_told(streams: list[Stream]) -> None:
    """Its buffer is four periods long, so what is handed over then leaves three periods after the one that is told."""
    _, played = streams
    assert played.playback_delay_ns is not None
    assert played.playback_delay_ns.p50 == 3 * PERIOD_NS - WAKE_NS - HEARD_NS
    assert constant(played.period_lateness_ns) == (300, WAKE_NS + HEARD_NS)
    way = hops(played)
    assert [way[name] for name in ("boundary_event", "event_awake", "awake_told")] == [WAKE_NS, HEARD_NS, 0]
    frames_way = [ns for name, ns in way.items() if name not in {"boundary_event", "event_awake", "awake_told"}]
    assert sum(ns or 0 for ns in frames_way) == played.playback_delay_ns.p50


def test_how_far_ahead_they_are_is_known_to_the_frame(streams: list[Stream]) -> None:
    """67 us after a period's end the card is in its fourth frame; 141 us after it, in its seventh."""
    recording, played = streams
    assert recording.fill is not None
    assert played.fill is not None
    assert (recording.fill.min_frames, recording.fill.max_frames) == (1920 - 480 - 6, 1920 - 480 - 6)
    assert (played.fill.min_frames, played.fill.max_frames) == (1440 - 3, 1440 - 3)
