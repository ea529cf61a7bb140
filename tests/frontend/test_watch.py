"""A guest's watch: what it leaves in the trace when news of a period are late, or the guest itself."""

from pathlib import Path

import pytest

from frontend import Card, PlaybackPcm, open_playback
from frontend.watch import LOOKS_MAX
from hosts.sim.delays import Delays
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto.trace import Point
from tests.frontend.served import MS, PARAMS, Served

IN_NO_TIME = Delays(wake_ns=lambda random: 0)
"""No delay, from domains that can be paused."""


class Waits:
    """A tracer that keeps what a watch says: (when, how late), in ms since the last news."""

    def __init__(self) -> None:
        self.told_ns = 0
        self.seen: list[tuple[float, float]] = []

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        if point == Point.TOLD:
            self.told_ns = time_ns
        if point == Point.WAITED:
            self.seen.append(((time_ns - self.told_ns) / MS, value / MS))


class Watched:
    """A guest that plays, and has been told of a period."""

    def __init__(self, folder: Path) -> None:
        self.waits = Waits()
        self.served = Served(folder, SimMachine(delays=IN_NO_TIME))
        card = Card(self.served.host, 0, self.waits)
        self.served.run(card.connected())
        self.pcm: PlaybackPcm = open_playback(card, PARAMS)
        self.served.run(self.pcm.aopen())
        self.pcm.write(bytes(PARAMS.buffer_octets))
        self.pcm.on_period = self._feed
        self.served.settle(50 * MS)
        self.waits.seen.clear()
        self.served.settle(self.waits.told_ns + 10 * MS + 1 - self.served.host.loop.now_ns())  # just told of the next

    def _feed(self, now_ns: int) -> None:
        self.pcm.write_nowait(bytes(self.pcm.room_frames * PARAMS.frame_octets))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_while_all_are_in_time_there_is_nothing_to_say(watched: Watched) -> None:
    watched.served.settle(500 * MS)
    assert watched.waits.seen == []


def test_a_guest_that_is_awake_sees_that_news_are_late(watched: Watched) -> None:
    dom0 = watched.served.dom0.loop
    dom0.pause(dom0.now_ns() + 40 * MS)
    watched.served.settle(39 * MS)
    assert watched.waits.seen == [(15, 0), (25, 0), (35, 0)]


def test_one_that_stood_still_says_for_how_long(watched: Watched) -> None:
    loop = watched.served.host.loop
    loop.pause(loop.now_ns() + 40 * MS)
    watched.served.settle(39 * MS)
    assert watched.waits.seen == []
    watched.served.settle(2 * MS)
    ((at_ms, late_ms),) = watched.waits.seen
    assert at_ms == pytest.approx(40, abs=0.01)
    assert late_ms == pytest.approx(25, abs=0.01)


def test_one_that_was_stopped_waits_for_nothing(watched: Watched) -> None:
    spawn(watched.pcm.astop())
    watched.served.settle(100 * MS)
    assert watched.waits.seen == []


def test_it_does_not_wait_for_ever(watched: Watched) -> None:
    dom0 = watched.served.dom0.loop
    dom0.pause(dom0.now_ns() + 3000 * MS)
    watched.served.settle(2999 * MS)
    assert len(watched.waits.seen) == LOOKS_MAX
