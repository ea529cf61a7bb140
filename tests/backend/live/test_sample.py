"""What is shown of a backend, against what a simulated machine says is so."""

from pathlib import Path

import pytest

from backend.live.sample import Sampler
from backend.live.snapshot import NO_STREAM, Snapshot, State, StreamFigures
from compose.toolstack import Attachment, attach
from ringproto.abi import Trigger
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, PERIOD_FRAMES, RawGuest, card, machine_with_backend
from tests.backend.room import RATE_HZ, Room, tone
from tests.backend.test_capture import Recording

PERIOD_NS = 10 * MS


class Shown:
    """One raw guest and what the backend shows."""

    def __init__(self, config: str = "speaker", **options: object) -> None:
        self.machine, dom0, self.backend = machine_with_backend(options)
        self.guest = RawGuest(self.machine, dom0, config=card(config))
        self.sampler = Sampler(self.backend, 0)

    def take(self) -> Snapshot:
        return self.sampler.take(self.machine.timeline.now_ns)

    def stream(self) -> StreamFigures:
        (stream,) = self.take().streams
        return stream

    def play(self, frames: int = BUFFER_FRAMES) -> None:
        self.guest.connect()
        assert self.guest.open() == 0
        assert self.guest.call(self.guest.write(bytes(frames * FRAME_OCTETS))) == 0
        assert self.guest.trigger(Trigger.START) == 0


def test_a_card_whose_guest_is_not_connected_is_shown_as_such() -> None:
    shown = Shown()
    shown.guest.settle()
    assert shown.stream() == StreamFigures(1, 0, NO_STREAM, "domain 1", State.AWAY)
    assert shown.take().devices == ()


def test_each_state_of_a_stream_is_shown() -> None:
    shown = Shown()
    shown.guest.connect()
    closed = shown.stream()
    assert (closed.state, closed.number, closed.format, closed.fill_ns) == (State.CLOSED, 0, None, None)
    assert shown.guest.open() == 0
    prepared = shown.stream()
    assert (prepared.state, prepared.rate_hz, prepared.channels) == (State.PREPARED, RATE_HZ, FRAME_OCTETS // 2)
    assert (prepared.format, prepared.period_frames, prepared.buffer_frames) == (
        Format.S16_LE, PERIOD_FRAMES, BUFFER_FRAMES,
    )  # fmt: skip
    assert (prepared.fill_ns, prepared.delay_ns) == (0, None)
    assert (prepared.device, prepared.pacing, prepared.direction) == ("speaker", "irq", Direction.PLAYBACK)
    assert shown.guest.call(shown.guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert shown.guest.trigger(Trigger.START) == 0
    assert shown.stream().state is State.RUNNING
    assert shown.guest.trigger(Trigger.PAUSE) == 0
    assert shown.stream().state is State.PAUSED


def test_fill_is_what_waits_and_delay_what_is_still_to_be_heard() -> None:
    shown = Shown()
    shown.play()
    stream, (device,) = shown.stream(), shown.take().devices
    assert device.ahead_ns is not None
    assert stream.fill_ns is not None
    assert stream.delay_ns == pytest.approx(stream.fill_ns + device.ahead_ns, abs=50_000)
    assert stream.delay_ns == pytest.approx(BUFFER_FRAMES * 1e9 / RATE_HZ - 2 * MS, abs=50_000), "2 ms for the START"
    shown.guest.settle(5 * MS)
    later = shown.stream()
    assert later.delay_ns is not None
    assert stream.delay_ns is not None
    assert stream.delay_ns - later.delay_ns == pytest.approx(5 * MS, abs=50_000)
    assert device.streams == 1


def test_a_guest_that_is_behind_has_a_negative_delay_and_its_silence_is_an_underrun_once_it_goes_on() -> None:
    shown = Shown()
    shown.play()
    shown.guest.settle(100 * MS)
    behind = shown.stream()
    assert behind.delay_ns is not None
    assert behind.delay_ns < -50 * MS
    assert (behind.fill_ns, behind.underruns, behind.late_frames) == (0, 0, 0), "it may have come to its end"
    assert shown.guest.call(shown.guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    again = shown.stream()
    assert (again.underruns, again.late_frames) == (1, BUFFER_FRAMES)


def test_a_sound_that_comes_to_its_end_is_no_underrun() -> None:
    shown = Shown()
    shown.play()
    shown.guest.settle(100 * MS)
    assert shown.guest.trigger(Trigger.STOP) == 0
    assert shown.guest.call(shown.guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert shown.guest.trigger(Trigger.START) == 0
    assert shown.stream().underruns == 0


def test_counts_survive_closing_and_a_new_connection() -> None:
    shown = Shown()
    shown.play()
    shown.guest.settle(100 * MS)
    before = shown.stream()
    assert before.lateness.periods > 5
    shown.guest.set_state("5")
    shown.guest.settle(10 * MS)
    shown.guest.set_state("6")
    shown.guest.settle(10 * MS)
    assert shown.stream().state is State.AWAY
    shown.guest.set_state("1")
    shown.guest.connect(5000 * MS)
    after = shown.stream()
    assert after.frames >= before.frames
    assert after.lateness.periods >= before.lateness.periods
    assert after.requests >= before.requests


def test_periods_told_late_are_counted_late_by_the_cards_own_position(tmp_path: Path) -> None:
    room = Room(tmp_path, "irq", wake_ns_max=1000, buffer_frames=1920)
    sampler = Sampler(room.backend, 0)
    listener = room.enter(480, 4800)
    listener.play(tone(RATE_HZ))
    room.pass_ns(100 * MS)
    before = sampler.take(room.now_ns).streams[0].lateness
    assert before.quantile_ns(1) == 62_500, "nobody was late"
    room.stall(35 * MS)
    room.pass_ns(60 * MS)
    late = sampler.take(room.now_ns).streams[0].lateness.since(before)
    worst_ns = late.quantile_ns(1)
    assert worst_ns is not None
    assert 25 * MS <= worst_ns <= 35 * MS * 1.25
    assert sum(late.counts[12:]) >= 3, "each period of those that one late look told of"
    room.backend.close()


def test_a_lost_device_is_shown_and_asked_nothing_more() -> None:
    shown = Shown()
    shown.play()
    (port,) = shown.backend.patchbay.ports.values()
    port.device.close()
    shown.guest.settle(50 * MS)
    lost = shown.stream()
    assert (lost.state, lost.delay_ns) == (State.LOST, None)


def test_a_stream_that_is_plugged_in_nowhere_is_on_no_device() -> None:
    shown = Shown("unknown")
    shown.guest.connect()
    stream = shown.stream()
    assert (stream.state, stream.device, stream.pacing) == (State.CLOSED, "", "")


def test_names_are_the_toolstacks_and_asked_for_once() -> None:
    machine, dom0, backend = machine_with_backend()
    attach(dom0.store, Attachment(1, card(), name="music box"))
    machine.run_until(lambda: False, 5 * MS)
    sampler = Sampler(backend, 0)
    (first,) = sampler.take(machine.timeline.now_ns).streams
    dom0.store.write("/local/domain/1/name", "another")
    (second,) = sampler.take(machine.timeline.now_ns).streams
    assert (first.guest, second.guest) == ("music box", "music box")


def test_what_waits_for_a_guest_that_records_and_since_when(tmp_path: Path) -> None:
    room = Room(tmp_path, "irq", buffer_frames=1920)
    sampler = Sampler(room.backend, 0)
    room.record(4800, 480, 1920)
    room.pass_ns(35 * MS)
    (stream,) = (s for s in sampler.take(room.now_ns).streams if s.state is State.RUNNING)
    assert stream.direction is Direction.CAPTURE
    assert stream.delay_ns is not None
    assert 0 < stream.delay_ns < 25 * MS
    room.backend.close()


def test_recorded_frames_that_nobody_takes_are_one_underrun_however_long_it_lasts(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    assert recording.guest.trigger(Trigger.START) == 0
    sampler, guest = Sampler(recording.backend, 0), recording.guest
    guest.settle(201 * MS)
    (stream,) = sampler.take(guest.machine.timeline.now_ns).streams
    assert (stream.underruns, stream.late_frames) == (1, 20 * PERIOD_FRAMES - BUFFER_FRAMES)
    for period in range(BUFFER_FRAMES // PERIOD_FRAMES):
        recording.ask(period)
    guest.settle(201 * MS)
    (stream,) = sampler.take(guest.machine.timeline.now_ns).streams
    assert stream.underruns == 2
    assert stream.fill_ns == BUFFER_FRAMES * 1_000_000_000 // RATE_HZ


def test_an_idle_output_is_not_ahead(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive", buffer_frames=9600)
    listener = room.enter(480, 4800)
    listener.play(tone(RATE_HZ))
    room.pass_ns(500 * MS)
    listener.stop()
    room.pass_ns(500 * MS)
    device = Sampler(room.backend, 0).take(room.now_ns).devices[0]
    assert (device.streams, device.ahead_ns) == (0, None)
    room.backend.close()
