"""In real time, in real processes: the trace agrees within one frame with what the virtual card played."""

from pathlib import Path

from tests.backend.latency.truth import test_loop as loop
from tests.backend.latency.truth.scenes import heard, play


def test_the_trace_agrees_with_the_sound_within_a_frame(tmp_path: Path) -> None:
    # The card is filled 100 ms ahead: what is tested is not how quick this machine is.
    facts = play(tmp_path, "processes", period=2400, buffer=9600)
    truth = heard(tmp_path, facts)
    assert facts.devices[0].underruns == 0, "after one the trace is off, see tests of agreement"
    assert [stream.domid for stream in truth.streams] == [1, 2]
    for stream in truth.streams:
        assert stream.markers > 0, "buffers of half a second: something is in time on any machine"
        assert stream.markers + stream.cut == 12
        assert (stream.missing, stream.stray, stream.agrees) == (0, 0, True)


def test_both_traces_agree_with_what_comes_back(tmp_path: Path) -> None:
    # As above; and a card's process that is late by more than the cable is long would be silent.
    trip = loop.measured(tmp_path, loop.play(tmp_path, "processes", period=2400, buffer=9600))
    assert trip.markers > 0
    assert (trip.missing, trip.disagreeing, trip.agrees) == (0, 0, True)
