import gc
import logging
from pathlib import Path
from weakref import ref

import pytest

from backend.live.follower import Follower
from backend.live.layout import unpack_snapshot
from backend.live.publisher import Publisher, shown
from backend.live.slots import MEMORY_OCTETS, SlotReader, SlotWriter
from backend.live.snapshot import BUSY_NS, IDLE_NS, Snapshot
from ringproto.abi import Trigger
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, machine_with_backend

SECOND = 1000 * MS


class Counting(SlotWriter):
    """Knows when it was written to."""

    def __init__(self, memory: memoryview) -> None:
        super().__init__(memory)
        self.writes = 0

    def write(self, body: memoryview) -> None:
        super().write(body)
        self.writes += 1


class Scene:
    def __init__(self) -> None:
        self.machine, self.dom0, self.backend = machine_with_backend()
        self.guest = RawGuest(self.machine, self.dom0)
        self.memory = memoryview(bytearray(MEMORY_OCTETS))
        self.slots = Counting(self.memory)
        self.publisher = Publisher(self.backend, self.dom0.loop, self.slots)

    def newest(self) -> Snapshot:
        body = SlotReader(self.memory).read()
        assert body is not None
        return unpack_snapshot(body)

    def play(self) -> None:
        self.guest.connect()
        assert self.guest.open() == 0
        assert self.guest.call(self.guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
        assert self.guest.trigger(Trigger.START) == 0


def test_there_is_something_to_read_at_once_and_it_is_written_anew_once_a_second_while_nobody_plays() -> None:
    scene = Scene()
    assert scene.newest().streams == ()
    scene.guest.settle(10 * SECOND)
    assert scene.slots.writes == 1 + 10 * SECOND // IDLE_NS
    assert scene.newest().backend.samples == 10 * SECOND // IDLE_NS


def test_while_somebody_plays_it_is_written_twice_a_second_and_never_for_a_period() -> None:
    scene = Scene()
    scene.play()
    scene.guest.settle(2 * SECOND)
    before, told = scene.slots.writes, scene.newest().streams[0].lateness.periods
    scene.guest.settle(10 * SECOND)
    assert scene.slots.writes - before == 10 * SECOND // BUSY_NS
    assert scene.newest().streams[0].lateness.periods - told == pytest.approx(1000, abs=50), "periods, meanwhile"


def test_the_backend_does_the_same_at_the_same_moments_whether_it_is_shown_or_not() -> None:
    """In simulated time: the guest hears of every period at the same instant."""

    def told(shown: bool) -> list[tuple[int, int]]:
        machine, dom0, backend = machine_with_backend()
        guest = RawGuest(machine, dom0)
        if shown:
            Publisher(backend, dom0.loop, SlotWriter(memoryview(bytearray(MEMORY_OCTETS))))
        guest.connect()
        assert guest.open() == 0
        assert guest.call(guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
        assert guest.trigger(Trigger.START) == 0
        heard: list[tuple[int, int]] = []
        for _ in range(3000):
            before = len(guest.events)
            guest.settle(MS // 4)
            heard += [(machine.timeline.now_ns, len(guest.events))] * (len(guest.events) > before)
        return heard

    assert told(shown=True) == told(shown=False)


def test_an_error_of_ours_ends_the_showing_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.play()

    def fail(body: memoryview) -> None:
        raise RuntimeError("planted")

    scene.slots.write = fail  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR):
        scene.guest.settle(5 * SECOND)
    assert caplog.text.count("no more is shown") == 1
    assert scene.guest.call(scene.guest.write(bytes(FRAME_OCTETS))) == 0


def test_closed_it_writes_no_more() -> None:
    scene = Scene()
    scene.publisher.close()
    scene.guest.settle(3 * SECOND)
    assert scene.slots.writes == 1


def test_it_is_shown_at_a_path_meanwhile(tmp_path: Path) -> None:
    machine, dom0, backend = machine_with_backend()
    follower = Follower([tmp_path / "live"])
    with shown(backend, dom0.loop, tmp_path / "live"):
        assert follower.look() is not None
    assert follower.look() is None
    assert list(tmp_path.iterdir()) == []
    assert machine.timeline.now_ns == 0


def test_nothing_is_left_of_it_without_a_garbage_collector() -> None:
    scene = Scene()
    scene.guest.settle(3 * SECOND)
    gc.disable()
    try:
        publisher = ref(scene.publisher)
        scene.publisher.close()
        del scene.publisher
        scene.guest.settle(3 * SECOND)
        assert publisher() is None
    finally:
        gc.enable()


def test_where_it_cannot_be_shown_that_is_said_and_the_backend_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, dom0, backend = machine_with_backend()
    with shown(backend, dom0.loop, tmp_path / "missing" / "live"):
        pass
    assert "nothing is shown to `vsnd top`" in caplog.text
