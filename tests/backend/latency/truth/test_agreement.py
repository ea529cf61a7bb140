"""backend.latency.truth.agreement: the trace agrees with what is heard, and where it would not, that is said."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from backend.latency.build import TRACES
from backend.latency.facts import Facts
from backend.latency.records import load
from backend.latency.result import StreamTruth, Truth
from backend.latency.truth.agreement import agreement
from backend.latency.truth.find import find
from backend.latency.truth.marker import Float64s, markers_of, recording
from tests.backend.latency.truth.scenes import change_sound, heard, play

MELODY = """
[[guests]]
id = 3
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
buffer_frames = 24000
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Facts]:
    out = tmp_path_factory.mktemp("truth")
    return out, play(out, "sim")


@pytest.fixture
def changed(finished: tuple[Path, Facts], tmp_path: Path) -> tuple[Path, Facts]:
    """A copy of the run whose sound may be changed."""
    shutil.copytree(finished[0], tmp_path / "copy")
    return tmp_path / "copy", finished[1]


def counts(truth: StreamTruth) -> tuple[int, int, int, int]:
    return truth.markers, truth.cut, truth.missing, truth.stray


def spread(truth: StreamTruth) -> tuple[float, float]:
    assert truth.difference_frames is not None
    return truth.difference_frames.min, truth.difference_frames.max


def test_the_trace_agrees_with_the_sound_within_a_frame(finished: tuple[Path, Facts]) -> None:
    truth = heard(*finished)
    assert [(s.domid, s.stream, s.device) for s in truth.streams] == [(1, 0, "speaker"), (2, 0, "speaker")]
    for stream in truth.streams:
        assert counts(stream) == (12, 0, 0, 0)
        assert stream.agrees is True
        assert stream.disagreeing == 0
        least, most = spread(stream)
        assert -0.1 < least - stream.resampling_frames <= most - stream.resampling_frames < 0.1
        assert stream.heard_delay_ns is not None
        assert stream.traced_delay_ns is not None
        assert abs(stream.heard_delay_ns.mean - stream.traced_delay_ns.mean) < 1e9 / 48_000
    assert truth.streams[0].resampling_frames == 0
    assert truth.streams[1].resampling_frames == pytest.approx(-0.23, abs=0.01)
    assert 0 < truth.false_markers_expected < 1e-5


def test_it_is_what_can_be_kept_in_a_file(finished: tuple[Path, Facts]) -> None:
    truth = heard(*finished)
    assert msgspec.json.decode(msgspec.json.encode(truth), type=Truth) == truth


def test_sound_that_is_late_by_two_frames_disagrees_by_two_frames(changed: tuple[Path, Facts]) -> None:
    change_sound(changed[0], lambda samples: np.concatenate([np.zeros((2, 2)), samples]))
    for stream in heard(*changed).streams:
        assert counts(stream) == (12, 0, 0, 0)
        assert spread(stream) == pytest.approx([2 + stream.resampling_frames] * 2, abs=0.1)
        assert stream.agrees is False
        assert stream.disagreeing == 12


def test_what_was_lost_and_the_trace_does_not_know_is_missing(changed: tuple[Path, Facts]) -> None:
    def lose(samples: Float64s) -> Float64s:
        samples[48_000:72_000] = 0
        return samples

    change_sound(changed[0], lose)
    for stream in heard(*changed).streams:
        markers, cut, missing, stray = counts(stream)
        assert (markers, cut, stray) == (12, 0, 0)
        assert missing in (1, 2, 3), "half a second holds two, or parts"
        assert stream.agrees is False
        least, most = spread(stream)
        assert -0.5 < least <= most < 0.2, "and none is taken for another"


def test_what_is_heard_twice_is_stray(changed: tuple[Path, Facts]) -> None:
    change_sound(changed[0], lambda samples: np.concatenate([samples, samples[24_000:48_000]]))
    for stream in heard(*changed).streams:
        assert stream.stray >= 1
        assert stream.missing == 0
        assert stream.agrees is False


def test_silence_agrees_with_nothing(changed: tuple[Path, Facts]) -> None:
    change_sound(changed[0], np.zeros_like)
    for stream in heard(*changed).streams:
        assert counts(stream) == (12, 0, 12, 0)
        assert (stream.difference_frames, stream.heard_delay_ns, stream.agrees) == (None, None, False)


def test_a_guest_that_stood_still_is_compared_but_for_what_it_lost(tmp_path: Path) -> None:
    fault = '[[faults]]\nwhat = "pause"\nguest = 1\nat_s = 1\nfor_s = 1.2\n'
    first, second = heard(tmp_path, play(tmp_path, "sim", fault)).streams
    assert first.cut >= 1
    assert first.markers + first.cut == 12
    assert (first.missing, first.stray, first.agrees) == (0, 0, True)
    assert counts(second) == (12, 0, 0, 0)


def test_a_stream_that_lost_its_backend_goes_on_being_compared(tmp_path: Path) -> None:
    fault = '[[faults]]\nwhat = "detach"\nguest = 1\nat_s = 1\nfor_s = 0.5\n'
    first, _ = heard(tmp_path, play(tmp_path, "sim", fault)).streams
    assert first.cut >= 1
    assert first.markers + first.cut == 12
    assert (first.missing, first.stray, first.agrees) == (0, 0, True)


def test_music_beside_it_does_not_matter_and_is_not_compared(tmp_path: Path) -> None:
    truth = heard(tmp_path, play(tmp_path, "sim", MELODY))
    assert [stream.domid for stream in truth.streams] == [1, 2]
    assert [stream.agrees for stream in truth.streams] == [True, True]


def test_where_a_resampler_lowers_the_rate_the_trace_is_two_frames_off(tmp_path: Path) -> None:
    for stream in heard(tmp_path, play(tmp_path, "sim", card_hz=16_000)).streams:
        assert counts(stream) == (12, 0, 0, 0)
        assert spread(stream) == pytest.approx([stream.resampling_frames] * 2, abs=0.1)
        assert stream.resampling_frames > 2
        assert stream.agrees is False


def test_the_trace_agrees_after_the_card_ran_dry(tmp_path: Path) -> None:
    facts = play(tmp_path, "sim", period=24, buffer=48)
    assert [stream.agrees for stream in heard(tmp_path, facts).streams] == [True, True]


def test_a_card_of_which_nothing_is_kept_is_left_out(finished: tuple[Path, Facts], tmp_path: Path) -> None:
    out, facts = finished
    trace = load(sorted(out.glob(TRACES)))
    assert agreement(out, facts, trace) is not None
    assert agreement(tmp_path, facts, trace) is None
    (tmp_path / "mix.wav").write_bytes(b"no sound")
    with pytest.raises(soundfile.SoundFileError):
        agreement(tmp_path, facts, trace)


def test_a_guest_that_records_has_the_markers_in_its_take(tmp_path: Path) -> None:
    """What a loop back needs: the card records what guest 9 once played, a guest at another rate records the card."""
    soundfile.write(tmp_path / "nine.wav", recording(9, 0, 48_000), 48_000, "PCM_16")
    records = """
[devices.microphone]
kind = "clocked"
record_from = "nine.wav"
buffer_frames = 24000
[[guests]]
id = 4
[[guests.streams]]
device = "microphone"
records = "take.wav"
rate_hz = 44100
period_frames = 441
buffer_frames = 22050
"""
    play(tmp_path, "sim", records)
    take, rate_hz = soundfile.read(tmp_path / "take.wav", always_2d=True)
    places = find(take, rate_hz, markers_of(9, 0, 48_000))
    assert len(places) >= 10
    off = np.array([place.frame - place.marker.begin_frame * rate_hz / 48_000 for place in places])
    assert np.ptp(off) < 0.05
