"""A guest's applications, on the real frontend with the real backend behind it, in simulated time."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from backend.config import BackendConfig, ConfigError
from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.guest import Guest, GuestReport, StreamReport
from compose.plan import attachment
from compose.scenario import GuestSpec, StreamSpec
from compose.toolstack import attach
from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.tasks import run, spawn
from ringproto.trace import NoTrace

MS = 1_000_000
SECOND = 1000 * MS
NOISE = np.random.default_rng(1).integers(-20000, 20000, (5000, 2), dtype=np.int16)
PLAYS = StreamSpec("speaker", plays="noise.wav")
RECORDS = StreamSpec("speaker", records="take.wav")


class Lab:
    """A machine with a card that plays to mix.wav and records noise.wav, and one guest."""

    def __init__(self, folder: Path, *streams: StreamSpec) -> None:
        soundfile.write(folder / "noise.wav", NOISE, 48000, "PCM_16")
        self.folder = folder
        self.machine = SimMachine()
        dom0 = self.machine.host(0)
        self.start_backend()
        spec = GuestSpec(1, list(streams))
        attach(dom0.store, attachment(spec))
        self.host = self.machine.host(1)
        self.guest = Guest(self.host, spec, folder, folder, NoTrace())

    def start_backend(self) -> None:
        """The first, or one after another that has left."""
        card = {"kind": "clocked", "play_to": str(self.folder / "mix.wav")}
        config = BackendConfig(
            {"speaker": {**card, "record_from": str(self.folder / "noise.wav")}}, {"speaker": "speaker"}
        )
        self.backend = Backend(
            self.machine.hosts[0], config,
            open_wanted, NoTrace(),
        )  # fmt: skip

    def live(self, duration_s: float) -> GuestReport:
        """The guest's whole life; the backend leaves after it."""

        async def life() -> None:
            await self.guest.connect()
            await self.guest.run(duration_s)
            await self.guest.close()

        run(self.host.loop, life())
        self.backend.close()
        return self.guest.report()

    def heard(self) -> NDArray[np.int16]:
        samples, _ = soundfile.read(self.folder / "mix.wav", dtype="int16", always_2d=True)
        return np.asarray(samples, np.int16)


def test_a_recording_is_played_again_and_again_for_the_whole_time(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS)
    report = lab.live(0.25)
    expected = np.tile(NOISE, (3, 1))[:12000]
    heard = lab.heard()
    assert np.array_equal(heard[:12000], expected)
    assert not heard[12000:].any()
    (stream,) = report.streams
    assert (report.domid, stream.stream, stream.xruns) == (1, 0, 0)
    assert stream.frames >= 12000


def test_a_time_that_is_no_whole_number_of_periods_is_kept_to_the_frame(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS)
    lab.live(0.0521)
    heard = lab.heard()
    assert np.array_equal(heard[:2501], NOISE[:2501])
    assert not heard[2501:].any()


def test_a_buffer_that_is_no_whole_number_of_periods_is_filled_all_the_same(tmp_path: Path) -> None:
    spec = StreamSpec("speaker", plays="noise.wav", period_frames=480, buffer_frames=2000)
    lab = Lab(tmp_path, spec)
    (stream,) = lab.live(0.05).streams
    assert stream.xruns == 0
    assert np.array_equal(lab.heard()[:2400], NOISE[:2400])


def test_less_than_a_buffer_is_played_as_well(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS)
    lab.live(0.001)
    assert np.array_equal(lab.heard()[:48], NOISE[:48])


@pytest.mark.parametrize(
    ("volume_db", "left", "right"), [(-20.0, 10, 10), ([0.0, -20.0], 1, 10), (float("-inf"), None, None)]
)
def test_a_stream_is_as_loud_as_the_scenario_says(
    tmp_path: Path, volume_db: float | list[float], left: int | None, right: int | None
) -> None:
    lab = Lab(tmp_path, StreamSpec("speaker", plays="noise.wav", volume_db=volume_db))
    lab.live(0.1)
    heard = lab.heard()[:4800]
    for channel, quieter in enumerate((left, right)):
        sound = NOISE[:4800, channel] / quieter if quieter else np.zeros(4800)
        assert np.abs(heard[:, channel] - sound).max() <= 0.5 + 1e-3


def test_what_the_card_records_ends_in_a_file(tmp_path: Path) -> None:
    lab = Lab(tmp_path, RECORDS)
    report = lab.live(0.25)
    take, rate_hz = soundfile.read(tmp_path / "take.wav", always_2d=True)
    assert (rate_hz, take.shape) == (48000, (12000, 2))
    assert np.array_equal(take, np.tile(NOISE, (3, 1))[:12000] / 32768)
    assert report.streams[0].xruns == 0


def test_all_streams_run_at_once(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS, RECORDS, PLAYS)
    began_ns = lab.machine.timeline.now_ns
    report = lab.live(0.25)
    assert lab.machine.timeline.now_ns - began_ns < SECOND // 2
    assert [(stream.stream, stream.xruns) for stream in report.streams] == [(0, 0), (1, 0), (2, 0)]
    assert soundfile.info(tmp_path / "take.wav").frames == 12000


def test_the_guest_leaves_nothing_behind(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS, RECORDS)
    lab.live(0.1)
    for domid in (1, 0):
        lab.machine.hosts[domid].close()  # refuses while anything is still looked at


def test_a_sound_that_is_not_there_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="silence"):
        Lab(tmp_path, StreamSpec("speaker", plays="silence.wav"))


def test_what_the_backend_refuses_fails_the_guest(tmp_path: Path) -> None:
    lab = Lab(tmp_path, StreamSpec("speaker", plays="noise.wav", period_frames=480, buffer_frames=960))
    with pytest.raises(HostError):
        run(lab.host.loop, lab.guest.connect())


def test_a_backend_that_is_restarted_is_played_and_recorded_on_with(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS, RECORDS)
    run(lab.host.loop, lab.guest.connect())
    living = spawn(lab.guest.run(1))
    lab.machine.run_until(lambda: False, lab.machine.timeline.now_ns + 300 * MS)
    lab.backend.close()
    lab.machine.run_until(lambda: False, lab.machine.timeline.now_ns + 100 * MS)
    lab.start_backend()
    lab.machine.run_until(lambda: living.done, lab.machine.timeline.now_ns + 2 * SECOND)
    living.result()
    run(lab.host.loop, lab.guest.close())
    lab.backend.close()
    assert [(stream.reconnects, stream.xruns) for stream in lab.guest.report().streams] == [(1, 0), (1, 0)]
    assert soundfile.info(tmp_path / "take.wav").frames == 48000
    heard = lab.heard()  # by the second backend
    assert 0.5 * 48000 < len(heard) < 0.9 * 48000
    (at,) = np.flatnonzero((heard[0] == NOISE).all(axis=1))
    assert np.array_equal(heard[:20000], np.resize(np.roll(NOISE, -at, axis=0), (20000, 2))), "from where it stood"


def test_a_backend_that_goes_while_streams_are_closed_has_closed_them(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS)
    run(lab.host.loop, lab.guest.connect())
    lab.machine.kill(0)
    closing = spawn(lab.guest.close())
    lab.machine.host(0)
    lab.start_backend()
    lab.machine.run_until(lambda: closing.done, lab.machine.timeline.now_ns + 5 * SECOND)
    closing.result()


def test_losing_the_backend_for_good_fails_the_guest_and_the_recording_is_whole(tmp_path: Path) -> None:
    lab = Lab(tmp_path, RECORDS, PLAYS)
    run(lab.host.loop, lab.guest.connect())
    living = spawn(lab.guest.run(10))
    lab.machine.run_until(lambda: False, lab.machine.timeline.now_ns + 300 * MS)
    lab.backend.close()
    lab.machine.run_until(lambda: living.done, lab.machine.timeline.now_ns + 11 * SECOND)
    with pytest.raises(HostError, match="no answer in 10 s"):
        living.result()
    take, _ = soundfile.read(tmp_path / "take.wav", always_2d=True)
    assert len(take) > 12000
    assert np.array_equal(take[:5000], NOISE / 32768)


def test_a_player_that_loses_the_backend_for_good_fails_too(tmp_path: Path) -> None:
    lab = Lab(tmp_path, PLAYS)
    run(lab.host.loop, lab.guest.connect())
    living = spawn(lab.guest.run(10))
    lab.machine.run_until(lambda: False, lab.machine.timeline.now_ns + 300 * MS)
    lab.backend.close()
    lab.machine.run_until(lambda: living.done, lab.machine.timeline.now_ns + 11 * SECOND)
    with pytest.raises(HostError, match="no answer in 10 s"):
        living.result()


def test_a_report_before_anything_was_opened_is_empty(tmp_path: Path) -> None:
    assert Lab(tmp_path, PLAYS).guest.report() == GuestReport(1, list[StreamReport]())
