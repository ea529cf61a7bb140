"""Period interrupts, on PCMs whose descriptors do what a test says."""

import os
import select
from collections.abc import Iterator
from errno import ENODEV

import pytest

from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import DeviceError
from hosts.loop import RealLoop
from hosts.sim.loop import SimLoop, Timeline
from tests.backend.devices.alsa.fakepcm import FakePcm

MS = 1_000_000


def playing(pcm: FakePcm, now_ns: int) -> AlsaPlayback:
    device = AlsaPlayback(pcm, 1)
    device.start(now_ns)
    return device


def test_what_a_stalled_poll_does_not_tell_a_timer_finds_half_a_period_after_it_was_due() -> None:
    loop = SimLoop(Timeline())
    device = playing(FakePcm(loop), 0)
    told: list[int] = []
    line = device.interrupts(loop, told.append)
    loop.run_until(lambda: False, 101 * MS)
    assert told == [10 * MS * nth + 5 * MS for nth in range(1, 10)]
    assert line.missed_wakes == 9
    line.cancel()
    loop.run_until(lambda: False, 200 * MS)
    assert len(told) == 9


def test_whoever_listens_hears_of_the_end_once() -> None:
    loop = SimLoop(Timeline())
    pcm = FakePcm(loop)
    device = playing(pcm, 0)
    device.write(memoryview(bytes(1920)), 0)
    ends: list[int | None] = []

    def listen(now_ns: int) -> None:
        try:
            device.position(now_ns)
        except DeviceError as error:
            ends.append(error.errno)

    device.interrupts(loop, listen)
    pcm.gone = True
    loop.run_until(lambda: False, 100 * MS)
    assert ends == [ENODEV]


class Wired(FakePcm):
    """One whose descriptor is a pipe's, which every question for its position fills, as one to a card does."""

    def __init__(self, loop: RealLoop) -> None:
        super().__init__(loop)
        self.pipe, self._other_end = os.pipe()
        self.descriptors = (self.pipe,)
        self.asked = 0

    def ready(self) -> None:
        os.write(self._other_end, b"!")

    def avail(self) -> int:
        self.asked += 1
        self.ready()
        return super().avail()

    def acknowledge(self, descriptor: int) -> None:
        if descriptor == self.pipe:
            os.read(descriptor, 4096)

    def close(self) -> None:
        os.close(self.pipe)
        os.close(self._other_end)


@pytest.fixture
def pcm(loop: RealLoop) -> Iterator[Wired]:
    made = Wired(loop)
    yield made
    made.close()


def test_being_woken_for_nothing_is_no_interrupt_and_does_not_wake_itself(pcm: Wired, loop: RealLoop) -> None:
    device = playing(pcm, loop.now_ns())
    device.write(memoryview(bytes(1920 * 4)), loop.now_ns())
    told: list[int] = []
    line = device.interrupts(loop, told.append)
    asked = pcm.asked
    pcm.ready()
    loop.run_until(lambda: line.idle_wakes > 0, loop.now_ns() + 5 * MS)
    loop.run_until(lambda: False, loop.now_ns() + 2 * MS)
    assert pcm.asked - asked <= 4, "it is woken by its own questions"
    assert line.idle_wakes > 0
    line.cancel()


def test_a_playing_cards_descriptor_is_ready_to_write_not_to_read(loop: RealLoop) -> None:
    pcm = Wired(loop)
    full, room = os.pipe()
    os.set_blocking(room, False)
    while select.select((), (room,), (), 0)[1]:
        os.write(room, bytes(4096))
    pcm.descriptors = (room,)
    device = playing(pcm, loop.now_ns())
    woken = device.interrupts(loop, lambda _now_ns: None)
    os.read(full, 65536)
    assert loop.run_until(lambda: woken.idle_wakes > 0, loop.now_ns() + 1000 * MS)
    woken.cancel()
    os.close(full)
    os.close(room)
    pcm.close()
