"""A telephone in a simulated machine: what the result says of a guest on two cards whose clocks part."""

from pathlib import Path

import numpy as np
import pytest

from backend.latency.build import build
from backend.latency.measures.timeline import CardClock, StreamTimeline, SystemTimeline
from backend.latency.records import load, only
from backend.latency.result import Result
from backend.pacing.choose import Pacing
from compose.run import make_folder, plan_blocks
from compose.scenario import read_scenario
from compose.worlds.sim import SimWorld
from ringproto.trace import Point

SECONDS = 20
FRAME_NS = 20_833
SCENARIO = """
name = "telephone"
duration_s = {seconds}
pacing = ["{pacing}"]
[devices.speaker]
kind = "clocked"
drift_ppm = 500
buffer_frames = 9600
[devices.mic]
kind = "clocked"
drift_ppm = -300
buffer_frames = 9600
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
buffer_frames = 4800
clock = "system"
[[guests.streams]]
device = "mic"
records = "heard.wav"
buffer_frames = 4800
clock = "system"
"""


def run(folder: Path, pacing: Pacing) -> Result:
    path = folder / "telephone.toml"
    path.write_text(SCENARIO.format(seconds=SECONDS, pacing=pacing))
    (block,) = plan_blocks(read_scenario(path), folder, folder / "out", 1)
    make_folder(block.out)
    return build(block.out, SimWorld().run(block, lambda passed_s: None))


@pytest.mark.parametrize(("pacing", "late_max_ns"), [("irq", 11_000_000), ("adaptive", 1_000_000)])
def test_both_streams_are_matched_and_told_of_in_time(tmp_path: Path, pacing: Pacing, late_max_ns: int) -> None:
    result = run(tmp_path, pacing)
    played, recorded = result.guests[0].streams
    for stream, ppm in ((played, 500), (recorded, -300)):
        assert stream.clock == "system"
        assert stream.matched is not None
        assert stream.matched.rate_ratio_ppm == pytest.approx(ppm, abs=10)
        assert stream.matched.phase_error_max_ns < 500_000
        assert (stream.matched.limited, stream.matched.leaps) == (0, 0)
        assert (stream.underruns, stream.starved_frames, stream.periods_untold) == (0, 0, 0)
    assert played.handovers_late == played.handovers_dropped == 0
    assert played.period_lateness_ns is not None
    assert played.period_lateness_ns.n == SECONDS * 100
    assert 0 < played.period_lateness_ns.max < late_max_ns, "under irq, looks fall anywhere in a period"


def test_the_trace_says_when_each_frame_was_heard_to_two_frames(tmp_path: Path) -> None:
    run(tmp_path, "irq")
    trace = load(sorted((tmp_path / "out").glob("trace/*.vtrace")))
    records = trace.of(1, 0)
    assert len(only(records, Point.STARTED)) == pytest.approx(SECONDS, abs=1)
    heard = StreamTimeline(records, 48000, CardClock(trace.boundaries(0), 48000))
    told = SystemTimeline(heard)
    frames = np.arange(0, SECONDS * 48000, 480)
    apart_ns = heard.instants_ns(frames, heard.segment_beginning(frames)) - told.instants_ns(frames, 0)
    assert np.abs(apart_ns).max() < 300_000 + 2 * FRAME_NS, "what the sound was behind while nothing was known"
    assert np.abs(np.diff(apart_ns)).max() < 2 * FRAME_NS
    assert np.abs(apart_ns[-300:]).max() < 4 * FRAME_NS
