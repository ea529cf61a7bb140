"""Guests that go by the system's clock, on cards that do not: what they are told, what is heard, what they record."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from backend.capture import CaptureLine
from backend.config import BackendConfig, Clock, Plug
from backend.daemon import Backend
from backend.devices.clocked.driver import ClockedPlayback
from backend.jack import Place
from backend.latency.facts import Matched
from backend.pacing.choose import Pacing
from backend.patchbay import open_wanted
from backend.playback import PlaybackLine
from backend.report import collect, cpu_seconds
from hosts.sim.delays import Delays
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from ringproto.trace import NoTrace
from tests.backend.room import MS, RATE_HZ, SECOND_NS, Listener, Room, Samples
from tests.backend.sines import residual_db, turned

PPM = 1_000_000
HZ = 997
"""Of the sines that are played and recorded."""


class TwoCards(Room):
    """A room with a card that plays and another that records."""

    def __init__(self, folder: Path, pacing: Pacing = "irq", clock: Clock = "system", **options: object) -> None:
        self.wav = folder / "mix.wav"
        self.machine = SimMachine(1, Delays(wake_ns=lambda random: 0))
        self.dom0 = self.machine.host(0)
        card = {"kind": "clocked", "buffer_frames": 9600}
        speaker = {**card, "play_to": str(self.wav), **options}
        mic = {**card, "drift_ppm": -300, "record_from": str(folder / "source.wav")}
        plugs = {"play": Plug("speaker", clock=clock), "record": Plug("mic", clock=clock)}
        soundfile.write(folder / "source.wav", sine(RATE_HZ), RATE_HZ, subtype="PCM_16")
        self.backend = Backend(
            self.dom0, BackendConfig({"speaker": speaker, "mic": mic}, plugs, pacing), open_wanted, NoTrace()
        )

    def line(self, domid: int) -> PlaybackLine | CaptureLine:
        """The stream that a guest has open."""
        (session,) = (session for session in self.backend.sessions.values() if session.domid == domid)
        return next(stream._line for stream in session.streams if stream._line is not None)

    def matched(self, domid: int) -> Matched:
        """How its clocks were matched."""
        matched = self.line(domid).matched
        assert matched is not None
        return matched

    def underruns(self) -> int:
        """Of the card that plays."""
        return self.backend.patchbay.ports[Place("speaker", Direction.PLAYBACK)].device.underruns

    def phase_error_frames(self, domid: int) -> float:
        """How far the sound of one that plays is behind, by the card's true clock, which the backend does not know."""
        line, device = self.line(domid), self.port().device
        assert isinstance(line, PlaybackLine)
        assert isinstance(device, ClockedPlayback)
        assert line._matching is not None
        told = line._matching._line
        at_ns = device._crystal.time_of(device.written_frames)
        return told.g0 + (at_ns - told.start_ns) * line.opened.rate_hz / SECOND_NS - line._next_frame


def sine(frames: int, rate_hz: int = RATE_HZ) -> Samples:
    """Stereo; whole turns fit into a second."""
    turns = HZ * np.arange(frames) / rate_hz
    return np.repeat(np.rint(16000 * np.sin(2 * np.pi * turns)).astype(np.int16)[:, np.newaxis], 2, axis=1)


def plays(room: TwoCards, period: int = 480, buffer: int = 4800, rate_hz: int = RATE_HZ) -> Listener:
    """A guest that plays a sine for ten hours."""
    guest = room.enter(period, buffer, rate_hz)
    guest.play(sine(rate_hz, rate_hz), 36_000 * rate_hz)
    return guest


def left(samples: Samples) -> NDArray[np.float64]:
    return samples[:, 0].astype(np.float64) / 16000


@pytest.mark.parametrize("pacing", ["irq", "timer", "adaptive"])
@pytest.mark.parametrize("ppm", [-500, 500])
def test_a_card_half_a_per_mille_off_is_followed_and_a_sine_stays_a_sine(
    tmp_path: Path, pacing: Pacing, ppm: int
) -> None:
    room = TwoCards(tmp_path, pacing, drift_ppm=ppm)
    guest = plays(room)
    room.pass_ns(60 * SECOND_NS)
    assert abs(room.phase_error_frames(1)) < 1
    matched = room.matched(1)
    assert matched.rate_ratio_ppm == pytest.approx(ppm, abs=1)
    assert matched.phase_error_max_ns < MS
    assert (matched.limited, matched.leaps, guest.pcm.underruns, room.underruns()) == (0, 0, 0, 0)
    assert room.line(1).late_frames == 0
    heard = left(room.heard())
    last_second = heard[-2 * RATE_HZ : -RATE_HZ]
    assert residual_db(last_second, HZ / RATE_HZ / (1 + ppm / PPM)) < -80


@pytest.mark.parametrize(("ppm", "rate_hz"), [(500, RATE_HZ), (-200, RATE_HZ), (300, 44100), (-300, 44100)])
def test_what_is_heard_is_what_the_guest_was_told_of(tmp_path: Path, ppm: int, rate_hz: int) -> None:
    """By what the card's file holds: not by the backend's count of it."""
    room = TwoCards(tmp_path, drift_ppm=ppm)
    plays(room, rate_hz // 100, rate_hz // 10, rate_hz)
    room.pass_ns(40 * SECOND_NS)
    line = room.line(1)
    assert line._matching is not None
    start_ns = line._matching._line.start_ns
    device = room.port().device
    assert isinstance(device, ClockedPlayback)
    crystal = device._crystal
    heard = left(room.heard())
    for second in (1, 5, 39):
        first = second * RATE_HZ
        at_ns = np.array([crystal.time_of(frame) for frame in range(first, first + 4800)], np.float64)
        behind_s = turned(heard[first : first + 4800], HZ * (at_ns - start_ns) / SECOND_NS) / HZ
        assert abs(behind_s) * RATE_HZ < (40 if second < 39 else 2)


def test_an_hour_at_8_khz_half_a_per_mille_off(tmp_path: Path) -> None:
    room = TwoCards(tmp_path, drift_ppm=-500, rate_hz=8000, period_frames=4000, buffer_frames=16000, play_to=None)
    guest = room.enter(4000, 24000, 8000)
    guest.play(sine(8000, 8000), 36_000 * 8000)
    errors = []
    for _ in range(60):
        room.pass_ns(60 * SECOND_NS)
        errors.append(room.phase_error_frames(1))
    assert max(map(abs, errors[2:])) < 1
    assert room.matched(1).rate_ratio_ppm == pytest.approx(-500, abs=1)
    assert (guest.pcm.underruns, room.underruns(), room.line(1).late_frames, room.matched(1).leaps) == (0, 0, 0, 0)
    position = room.line(1).position_frames
    assert position == pytest.approx(room.now_ns * 8000 / SECOND_NS, abs=4001), "the last told, half a second old"


@pytest.mark.parametrize("clock", ["system", "card"])
def test_played_and_recorded_frames_agree_for_ever_if_and_only_if_both_go_by_the_system(
    tmp_path: Path, clock: Clock
) -> None:
    room = TwoCards(tmp_path, clock=clock, drift_ppm=300)
    plays(room)
    room.record(3600 * RATE_HZ, 480, 4800)
    room.pass_ns(SECOND_NS)
    apart = []
    for _ in range(120):
        room.pass_ns(SECOND_NS)
        apart.append(room.line(1).position_frames - room.line(2).position_frames)
    spread = max(apart) - min(apart)
    if clock == "system":
        assert spread <= 2 * 480, "each as it was told last"
        assert room.matched(1).rate_ratio_ppm == pytest.approx(300, abs=2)
        assert room.matched(2).rate_ratio_ppm == pytest.approx(-300, abs=2)
    else:
        assert spread == pytest.approx(119 * RATE_HZ * 600 / PPM, abs=2 * 480)


def test_a_recording_by_the_systems_clock_is_whole_and_a_sine(tmp_path: Path) -> None:
    room = TwoCards(tmp_path)
    pcm, took = room.record(70 * RATE_HZ, 480, 4800)
    room.pass_ns(60 * SECOND_NS)
    line = room.line(1)
    assert isinstance(line, CaptureLine)
    matched = room.matched(1)
    assert matched.rate_ratio_ppm == pytest.approx(-300, abs=1)
    assert matched.phase_error_max_ns < MS
    assert (matched.leaps, line.late_frames, pcm.overruns) == (0, 0, 0)
    assert len(took) * 480 == pytest.approx(60 * RATE_HZ, abs=1000)
    taken = left(np.frombuffer(b"".join(took), np.int16).reshape(-1, 2))
    assert residual_db(taken[-2 * RATE_HZ : -RATE_HZ], HZ / RATE_HZ * (1 - 300 / PPM)) < -80


def test_pause_resume_stop_and_start_keep_what_was_learnt(tmp_path: Path) -> None:
    room = TwoCards(tmp_path, drift_ppm=400)
    plays(room, buffer=9600)
    line = room.line(1)
    assert isinstance(line, PlaybackLine)
    room.pass_ns(60 * SECOND_NS)
    for pause_ns in (MS, 333 * MS, 3 * SECOND_NS):
        told_at = line.position_frames
        line.pause(room.now_ns)
        paused_at = line.position_frames
        assert told_at <= paused_at <= told_at + 5 * 480
        room.pass_ns(pause_ns)
        assert line.position_frames == paused_at
        line.resume(room.now_ns)
        room.pass_ns(2 * SECOND_NS)
        assert line.position_frames == pytest.approx(paused_at + 2 * RATE_HZ, abs=3 * 480)
        assert abs(room.phase_error_frames(1)) < 4, "it need not be learnt again"
    line.stop(room.now_ns)
    assert line.position_frames % 9600 == 0
    room.pass_ns(SECOND_NS)
    line.start(room.now_ns)
    room.pass_ns(2 * SECOND_NS)
    assert room.matched(1).leaps == 0
    assert room.matched(1).rate_ratio_ppm == pytest.approx(400, abs=10)
    assert room.underruns() == 0


@pytest.mark.parametrize("pacing", ["irq", "adaptive"])
def test_after_100_ms_in_which_nobody_looked_the_sound_is_where_it_was_told_to_be(
    tmp_path: Path, pacing: Pacing
) -> None:
    room = TwoCards(tmp_path, pacing, drift_ppm=500, buffer_frames=1920)
    plays(room, buffer=19200)
    room.pass_ns(40 * SECOND_NS)
    late = room.line(1).late_frames
    room.stall(100 * MS)
    room.pass_ns(SECOND_NS)
    assert room.underruns() == 1
    assert 0 < room.line(1).late_frames - late < RATE_HZ // 10
    assert abs(room.phase_error_frames(1)) < 2
    assert room.matched(1).leaps == 0
    position = room.line(1).position_frames
    assert position == pytest.approx(room.now_ns * RATE_HZ / SECOND_NS, abs=1500)


def test_a_guest_that_sleeps_is_in_phase_when_it_wakes(tmp_path: Path) -> None:
    room = TwoCards(tmp_path, drift_ppm=500)
    plays(room)
    room.pass_ns(40 * SECOND_NS)
    room.machine.hosts[1].loop.pause(room.now_ns + 95 * MS)
    room.pass_ns(SECOND_NS)
    assert room.underruns() == 0
    assert abs(room.phase_error_frames(1)) < 2


def test_a_card_that_is_no_crystal_is_said_once_and_heard_with_leaps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = TwoCards(tmp_path, drift_ppm=5000)
    plays(room)
    with caplog.at_level(logging.WARNING, logger="vsnd.backend"):
        room.pass_ns(60 * SECOND_NS)
    assert sum("too far off" in record.getMessage() for record in caplog.records) == 1
    matched = room.matched(1)
    assert matched.limited >= 1
    assert matched.leaps >= 10
    assert abs(room.phase_error_frames(1)) <= 3 * RATE_HZ // 100, "its clock is known to 20 ms"


def test_who_is_matched_does_not_make_others_so_and_is_reported(tmp_path: Path) -> None:
    room = TwoCards(tmp_path, drift_ppm=100)
    plays(room)
    room.pass_ns(10 * SECOND_NS)
    (stream,) = [stream for stream in collect(room.backend, cpu_seconds()).streams if stream.frames]
    assert stream.matched == room.matched(1)
    room = TwoCards(tmp_path, clock="card")
    plays(room)
    room.pass_ns(SECOND_NS)
    assert room.line(1).matched is None
