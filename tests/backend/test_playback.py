"""Playing: what the card hears, what the guest is told, and when."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from backend.pacing.choose import Pacing
from ringproto.abi import Trigger
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, PERIOD_FRAMES, RawGuest, machine_with_backend

PERIOD_OCTETS = PERIOD_FRAMES * FRAME_OCTETS
BUFFER_OCTETS = BUFFER_FRAMES * FRAME_OCTETS
Samples = NDArray[np.int16]


def noise(frames: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).integers(-32768, 32768, (frames, 2), dtype=np.int16)


class Playing:
    """A guest that plays noise a period at a time, as a kernel frontend would, into a WAV file."""

    def __init__(self, tmp_path: Path, pacing: Pacing = "irq", **options: object) -> None:
        self.wav = tmp_path / "mix.wav"
        machine, dom0, self.backend = machine_with_backend({"play_to": str(self.wav), **options}, pacing)
        self.guest = RawGuest(machine, dom0)
        self.guest.connect()
        assert self.guest.open() == 0
        self.sent = noise(40 * PERIOD_FRAMES)
        self.at = 0

    def write_period(self) -> None:
        chunk = self.sent[self.at * PERIOD_FRAMES : (self.at + 1) * PERIOD_FRAMES].tobytes()
        self.guest.send(self.guest.write(chunk, self.at * PERIOD_OCTETS % BUFFER_OCTETS))
        self.at += 1

    def prefill(self) -> None:
        for _ in range(BUFFER_FRAMES // PERIOD_FRAMES):
            self.write_period()

    def play(self, periods: int) -> None:
        """Write one period for each that is told."""
        for _ in range(periods):
            told = len(self.guest.events)
            assert self.guest.wait_for_events(told + 1), "no position event"
            self.write_period()

    def heard(self) -> Samples:
        self.backend.close()
        samples, rate_hz = soundfile.read(self.wav, dtype="int16", always_2d=True)
        assert rate_hz == 48000
        return np.asarray(samples, np.int16)


@pytest.mark.parametrize("pacing", ["irq", "timer"])
def test_one_guest_alone_is_heard_bit_for_bit(tmp_path: Path, pacing: Pacing) -> None:
    playing = Playing(tmp_path, pacing)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(36)
    playing.guest.settle(60 * MS)
    heard = playing.heard()
    sent = playing.sent
    assert len(heard) >= len(sent)
    assert np.array_equal(heard[: len(sent)], sent)
    assert not heard[len(sent) :].any(), "silence after the last frame"


def test_positions_come_once_per_period_one_frame_after_its_boundary(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    start_ns = playing.guest.machine.timeline.now_ns
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(36)
    assert playing.guest.positions == [k * PERIOD_FRAMES + 1 for k in range(1, 37)]
    late = [at - start_ns - (k + 1) * 10 * MS for k, at in enumerate(playing.guest.event_times_ns)]
    assert max(late) - min(late) == 0, "the card's own interrupts, in a world without delays"
    assert [event.id for event in playing.guest.events] == list(range(36))


def test_the_kernels_frontend_elapses_once_per_period(tmp_path: Path) -> None:
    """snd_xen_front fires when the accumulated frames are *greater* than a period, then takes the remainder."""
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(36)
    elapsed, out, last = 0, 0, 0
    for position in playing.guest.positions:
        out += position - last
        last = position
        if out > PERIOD_FRAMES:
            elapsed += 1
            out %= PERIOD_FRAMES
    assert elapsed == 36


def test_a_guest_without_periods_is_told_nothing(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    assert playing.guest.open(period_frames=0) == 0
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.guest.settle(100 * MS)
    assert playing.guest.events == []


def test_frames_that_come_too_late_are_not_played_and_the_rest_is_in_time(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(4)
    playing.guest.settle(45 * MS)  # asleep: of the 40 ms that are queued, the device has 20 ms already
    for _ in range(6):
        playing.write_period()
    playing.play(20)
    playing.guest.settle(60 * MS)
    (stream,) = playing.backend.sessions[1, 0].streams
    late = stream.late_frames
    assert late > 0
    heard, sent = playing.heard()[: len(playing.sent)], playing.sent
    gap = np.flatnonzero((heard != sent[: len(heard)]).any(axis=1))
    assert len(gap) == late, "exactly the late frames are missing"
    assert gap[-1] - gap[0] == late - 1, "in one gap"
    assert not heard[gap].any(), "which is silent"


def test_the_position_goes_on_while_nothing_is_queued(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.guest.settle(105 * MS)
    assert playing.guest.positions[-1] == 10 * PERIOD_FRAMES + 1, "as on a card: how else would an xrun be noticed"


def test_after_stop_the_position_counts_on_from_a_multiple_of_the_buffer(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(6)
    assert playing.guest.trigger(Trigger.STOP) == 0
    assert playing.guest.positions[-1] == 2 * BUFFER_FRAMES, "six periods, rounded up to buffers of four"
    playing.at = 0
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(4)
    assert playing.guest.positions[-4:] == [2 * BUFFER_FRAMES + k * PERIOD_FRAMES + 1 for k in range(1, 5)]


def test_pausing_keeps_what_is_queued(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(4)
    assert playing.guest.trigger(Trigger.PAUSE) == 0
    playing.guest.settle(100 * MS)
    assert playing.guest.trigger(Trigger.RESUME) == 0
    playing.guest.settle(100 * MS)
    heard = playing.heard()
    sent = playing.sent[: playing.at * PERIOD_FRAMES]
    loud = heard[heard.any(axis=1)]
    assert np.array_equal(loud, sent[sent.any(axis=1)]), "nothing is lost, nothing comes twice"


def test_an_event_page_nobody_reads_uses_up_no_ids_and_goes_on_once_read(tmp_path: Path) -> None:
    playing = Playing(tmp_path)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.guest.event_doorbell.on_notify(lambda now_ns: None)
    playing.guest.settle(1000 * MS)
    playing.guest.event_doorbell.on_notify(playing.guest.read_events)
    playing.guest.read_events(0)
    playing.guest.settle(50 * MS)
    assert [event.id for event in playing.guest.events] == list(range(len(playing.guest.events)))
    assert len(playing.guest.events) > 63
    assert playing.guest.positions[63] > 100 * PERIOD_FRAMES, "one event stands for all that found no room"


def test_two_guests_are_summed_and_one_leaving_does_not_disturb_the_other(tmp_path: Path) -> None:
    wav = tmp_path / "mix.wav"
    machine, dom0, backend = machine_with_backend({"play_to": str(wav)})
    loud, quiet = RawGuest(machine, dom0, 1), RawGuest(machine, dom0, 2)
    sent = {guest: noise(BUFFER_FRAMES, seed) // 4 for seed, guest in enumerate((loud, quiet))}
    for guest, samples in sent.items():
        guest.connect()
        assert guest.open() == 0
        assert guest.call(guest.write(samples.tobytes())) == 0
    assert loud.trigger(Trigger.START) == 0
    assert quiet.trigger(Trigger.START) == 0
    loud.settle(100 * MS)
    backend.close()
    heard, _ = soundfile.read(wav, dtype="int16", always_2d=True)
    begins = 2 * PERIOD_FRAMES  # the second joins behind what was mixed already
    expected = np.zeros((begins + BUFFER_FRAMES, 2), np.int16)
    expected[:BUFFER_FRAMES] += sent[loud]
    expected[begins:] += sent[quiet]
    assert np.array_equal(heard[: len(expected)], expected)


def test_a_guest_that_rewinds_takes_back_what_was_mixed_far_ahead(tmp_path: Path) -> None:
    playing = Playing(tmp_path, "adaptive", buffer_frames=96000)
    guest, frames = playing.guest, 16384
    assert guest.open(frames, 4096) == 0
    assert guest.call(guest.write(tone(frames, 1000))) == 0
    assert guest.trigger(Trigger.START) == 0
    guest.settle(50 * MS)
    (port,) = playing.backend.patchbay.ports.values()
    first = port.device.position(guest.host.loop.now_ns()) + 480
    assert port.device.written_frames == frames, "all of it has been mixed"
    assert guest.call(guest.write(tone(frames - first, 300), first * FRAME_OCTETS)) == 0
    guest.settle(300 * MS)
    heard = playing.heard()[:frames, 0]
    assert np.flatnonzero(np.diff(heard)).tolist() == [first - 1]
    assert (heard[0], heard[-1]) == (1000, 300)


def tone(frames: int, level: int) -> bytes:
    return np.full((frames, 2), level, np.int16).tobytes()
