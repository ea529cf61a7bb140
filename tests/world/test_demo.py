"""The shipped demo, shortened, in simulated time: what everybody who tries vsnd sees first."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.latency.result import Result, read_result, schema
from compose.run import run_file
from compose.scenario import RECORDINGS, SCENARIOS, read_scenario
from tests.processes.correlation import lag_of, mono

SECONDS = 3


def run(folder: Path, seed: int, **changes: str) -> Path:
    """Run the demo with some of its lines changed; the output folder."""
    text = (SCENARIOS / "demo.toml").read_text()
    lines = {"duration_s": str(SECONDS), "warm_up_s": "0", "pacing": '["irq"]', "repeats": "1", **changes}
    text = "\n".join(
        f"{key} = {lines[key]}" if (key := line.partition("=")[0].strip()) in lines else line
        for line in text.splitlines()
    )
    folder.mkdir(exist_ok=True)
    (folder / "scenario.toml").write_text(text)
    run_file(folder / "scenario.toml", "sim", folder / "out", seed)
    return folder / "out"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("demo"), 1)


@pytest.fixture(scope="module")
def result(finished: Path) -> Result:
    return read_result(finished / "result.json")


def test_the_demo_is_three_guests_at_three_formats_and_rates_and_a_probe() -> None:
    *guests, probe = read_scenario(SCENARIOS / "demo.toml").guests
    streams = [stream for guest in guests for stream in guest.streams]
    assert len({stream.format for stream in streams}) == len({stream.rate_hz for stream in streams}) == 3
    assert [stream.plays or stream.records for stream in probe.streams] == ["markers", "probe-take.wav"]


def test_the_sound_is_where_the_trace_says(result: Result) -> None:
    assert result.truth is not None
    (probe,), (there_and_back,) = result.truth.streams, result.truth.round_trips
    assert min(probe.markers, there_and_back.markers) > 4 * (SECONDS - 1)
    assert probe.agrees is there_and_back.agrees is True


def test_the_demo_compares_interrupts_with_a_timer_and_takes_less_than_a_minute() -> None:
    scenario = read_scenario(SCENARIOS / "demo.toml")
    assert set(scenario.pacing) == {"irq", "timer"}
    assert scenario.repeats >= 3, "fewer carry no verdict"
    measured_s = scenario.duration_s - scenario.settling_s
    assert measured_s >= 3
    assert len(scenario.guests) * measured_s * 100 > 1000, "what a 99th percentile needs, in each run"
    assert scenario.runs * scenario.duration_s < 45


def test_nobody_runs_dry(result: Result) -> None:
    streams = [stream for guest in result.guests for stream in guest.streams]
    assert {(stream.underruns, stream.starved_frames) for stream in streams} == {(0, 0)}
    assert {device.underruns for device in result.devices} == {0}
    assert result.devices[0].statistics["starved_bursts"] == 0
    assert result.trace.dropped_records == 0
    assert result.trace.damaged_files == []


def test_everything_that_can_be_measured_is(result: Result) -> None:
    for guest in result.guests:
        for stream in guest.streams:
            for summary in (
                stream.playback_delay_ns if stream.direction == "playback" else stream.capture_delay_ns,
                stream.period_lateness_ns, stream.service_time_ns,
                stream.request_round_trip_ns, stream.notification_delay_ns,
            ):  # fmt: skip
                assert summary is not None
                assert summary.n >= SECONDS * 100 - 6, "one for each period"
                assert 0 <= summary.min <= (summary.p50 or 0) <= summary.max
            assert (stream.handovers_late or 0, stream.handovers_dropped or 0) == (0, 0)


def test_every_guest_hears_for_as_long_as_was_asked(result: Result) -> None:
    for guest in result.guests:
        for stream in guest.streams:
            assert 0 <= stream.frames_played - SECONDS * stream.rate_hz <= stream.buffer_frames


def test_the_result_has_just_the_fields_of_its_schema(finished: Path) -> None:
    """In both directions, through every object: nothing is missing, nothing is undocumented."""
    document = json.loads((finished / "result.json").read_bytes())
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)

    def check(value: object, described: dict[str, object]) -> None:
        for choice in described.get("anyOf", [described]):  # type: ignore[attr-defined]
            name = str(choice.get("$ref", "")).rpartition("/")[2]
            if isinstance(value, dict) and name:
                properties = definitions[name]["properties"]
                assert set(value) == set(properties), name
                for key, inner in value.items():
                    check(inner, properties[key])
            elif isinstance(value, list) and "items" in choice:
                for inner in value:
                    check(inner, choice["items"])

    check(document, {"$ref": "#/$defs/Result"})


def test_the_mix_holds_every_recording_at_one_place(finished: Path) -> None:
    mix = mono(finished / "mix.wav")
    for recording in ("melody.flac", "navigation.flac", "announcement.flac"):
        sound = mono(RECORDINGS / recording)[: (SECONDS - 1) * 48000]
        half = len(sound) // 2
        (first, clear), (second, also_clear) = lag_of(sound[:half], mix), lag_of(sound[half:], mix)
        assert min(clear, also_clear) > 1.5, recording
        assert abs(second - first - half) <= 2, "no frame more or less between the halves"
        assert first < 48000 // 5


def test_nothing_is_clipped(finished: Path) -> None:
    samples, _ = soundfile.read(finished / "mix.wav", dtype="int16")
    assert np.abs(samples.astype(np.int32)).max() < 32767


def test_a_report_for_people_is_beside_it(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    for guest in ("music", "navigation", "telephone"):
        assert guest in page


def test_the_same_seed_is_the_same_history_and_another_is_not(finished: Path, tmp_path: Path) -> None:
    def histories(out: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (out / "trace").iterdir()}

    again, other = run(tmp_path / "again", 1), run(tmp_path / "other", 2)
    assert histories(again) == histories(finished)
    assert (again / "mix.wav").read_bytes() == (finished / "mix.wav").read_bytes()
    for name, trace in histories(other).items():
        assert trace != histories(finished)[name] or name.startswith("speaker"), "only the card has no luck"


def test_paced_by_a_timer_nobody_runs_dry_either(tmp_path: Path) -> None:
    result = read_result(run(tmp_path, 1, pacing='["timer"]') / "result.json")
    assert result.devices[0].pacing == "timer"
    streams = [stream for guest in result.guests for stream in guest.streams]
    assert {(stream.underruns, stream.starved_frames) for stream in streams} == {(0, 0)}
    assert result.devices[0].looks == pytest.approx(SECONDS * 200, rel=0.05)
