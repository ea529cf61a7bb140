"""Whole runs in simulated time: what comes out, and that a seed is a history."""

from errno import ENODEV
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.config import BackendConfig, ConfigError
from backend.daemon import Backend
from backend.devices.api import DeviceError
from backend.devices.clocked.driver import ClockedPlayback
from backend.latency.result import Result, read_result
from backend.patchbay import OpenDevice
from compose.run import run_file
from compose.scenario import RECORDINGS
from compose.worlds import simrun
from compose.worlds.api import RunError
from hosts.api import Host
from ringproto.trace import Tracer
from tests.processes.correlation import lag_of, mono

SECOND_NS = 1_000_000_000

SCENARIO = """
name = "two guests"
duration_s = 4
{more}
[devices.speaker]
kind = "clocked"
period_frames = 240
drift_ppm = 100
play_to = "mix.wav"
record_from = "navigation.flac"
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
rate_hz = 44100
period_frames = 441
buffer_frames = 2205
[[guests.streams]]
device = "speaker"
records = "take.wav"
[[guests]]
id = 2
[[guests.streams]]
device = "speaker"
plays = "announcement.flac"
format = "u8"
rate_hz = 16000
channels = 1
period_frames = 160
buffer_frames = 960
"""


def run(folder: Path, out: str, more: str = "", seed: int | None = None) -> Path:
    (folder / "scenario.toml").write_text(SCENARIO.format(more=more))
    run_file(folder / "scenario.toml", "sim", folder / out, seed)
    return folder / out


def traces(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "trace").glob("*.vtrace")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("sim"), "out", seed=7)


@pytest.fixture
def result(finished: Path) -> Result:
    return read_result(finished / "result.json")


def test_nobody_is_late_in_a_world_of_microseconds(result: Result) -> None:
    streams = [stream for guest in result.guests for stream in guest.streams]
    assert [stream.underruns for stream in streams] == [0, 0, 0]
    assert [stream.starved_frames for stream in streams] == [0, 0, 0]
    assert result.devices[0].underruns == 0
    assert (result.run.world, result.run.seed) == ("sim", 7)


def test_the_delay_of_playback_is_the_buffers(result: Result) -> None:
    (music, _take), (voice,) = (guest.streams for guest in result.guests)
    for stream in (music, voice):
        assert stream.playback_delay_ns is not None
        assert stream.playback_delay_ns.p50 is not None
        buffer_ms = stream.buffer_frames * 1000 / stream.rate_hz
        assert buffer_ms - 11 < stream.playback_delay_ns.p50 / 1e6 < buffer_ms


def test_periods_are_told_soon_after_the_card_passed_them(result: Result) -> None:
    for guest in result.guests:
        for stream in guest.streams:
            assert stream.period_lateness_ns is not None
            assert stream.period_lateness_ns.min >= 0
            assert stream.period_lateness_ns.max < 12_000_000
            assert (stream.periods_untold or 0) <= 1


def test_every_sound_is_where_it_should_be(finished: Path) -> None:
    mix = mono(finished / "mix.wav")
    for recording in ("melody.flac", "announcement.flac"):
        sound = mono(RECORDINGS / recording)[: 3 * 48000]
        half = len(sound) // 2
        (first, clear), (second, also_clear) = lag_of(sound[:half], mix), lag_of(sound[half:], mix)
        assert min(clear, also_clear) > 1.5
        assert abs(second - first - half) <= 2
    assert np.abs(mix).max() < 0.99
    take, _ = soundfile.read(finished / "take.wav")
    source = mono(RECORDINGS / "navigation.flac")
    assert len(take) == 4 * 48000
    assert np.abs(take.mean(axis=1)[:100_000] - source[:100_000]).max() < 2e-4, "16 bits of it"


def test_a_seed_is_a_history(tmp_path: Path) -> None:
    same, again, other = (run(tmp_path, f"out-{n}", seed=seed) for n, seed in enumerate((1, 1, 2)))
    assert traces(same) == traces(again)
    assert len(traces(same)) == 5
    assert traces(same) != traces(other)
    assert (same / "mix.wav").read_bytes() == (again / "mix.wav").read_bytes()


def test_pacings_and_repeats_have_a_folder_each(tmp_path: Path) -> None:
    out = run(tmp_path, "out", 'pacing = ["irq", "timer"]\nrepeats = 2')
    folders = sorted(folder.name for folder in out.iterdir() if folder.is_dir())
    assert [name[:3] for name in folders] == ["01-", "02-", "03-", "04-"]
    assert sorted(name[3:] for name in folders) == ["irq", "irq", "timer", "timer"]
    for folder in folders:
        result = read_result(out / folder / "result.json")
        assert result.devices[0].pacing == folder[3:]
        assert sum(stream.underruns for guest in result.guests for stream in guest.streams) == 0
        assert (out / folder / "report.html").exists()


def test_a_load_is_a_matter_of_delays(tmp_path: Path, finished: Path) -> None:
    worst_ns: dict[str, int] = {}
    for load in ("idle", "busy", "flood"):
        result = read_result(run(tmp_path, load, f'load = ["{load}"]', seed=7) / "result.json")
        assert (result.run.load, result.run.load_cpu_s) == (load, None)
        summaries = [stream.period_lateness_ns for guest in result.guests for stream in guest.streams]
        worst_ns[load] = max(summary.p90 or 0 for summary in summaries if summary)
    assert 1_000_000 < worst_ns["busy"] - worst_ns["idle"] < 6_000_000
    assert 300_000 < worst_ns["flood"] - worst_ns["idle"] < 1_000_000
    assert traces(tmp_path / "idle") == traces(finished), "idle is nothing"


def test_a_guest_that_cannot_play_fails_the_run(tmp_path: Path) -> None:
    text = SCENARIO.format(more="").replace("buffer_frames = 2205", "buffer_frames = 882").replace("240", "480")
    (tmp_path / "scenario.toml").write_text(text)
    with pytest.raises(RunError, match="guest"):
        run_file(tmp_path / "scenario.toml", "sim", tmp_path / "out", None)
    assert soundfile.info(tmp_path / "out" / "mix.wav").frames >= 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--out"):
        run(tmp_path, "file/below")


def test_a_backend_lost_on_the_way_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guests must not wait for ever for periods that nobody will tell them of."""

    class Leaving(Backend):
        def __init__(self, host: Host, config: BackendConfig, open_device: OpenDevice, tracer: Tracer) -> None:
            super().__init__(host, config, open_device, tracer)
            host.loop.timer(lambda now_ns: self.close()).arm(SECOND_NS)

    monkeypatch.setattr(simrun, "Backend", Leaving)
    with pytest.raises(RunError, match="no answer in 10 s"):
        run(tmp_path, "out")


def test_a_card_lost_on_the_way_does_not_keep_the_run_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def position(device: ClockedPlayback, now_ns: int) -> int:
        if now_ns > SECOND_NS:
            raise DeviceError(ENODEV, "pulled out")
        return ask(device, now_ns)

    ask = ClockedPlayback.position
    monkeypatch.setattr(ClockedPlayback, "position", position)
    with pytest.raises(RunError, match="did not finish"):
        run(tmp_path, "out")
