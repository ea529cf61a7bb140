"""Interrupts are judged by the position, and a lost one is made up for."""

from errno import ENOSYS

import pytest

from backend.devices.api import Capabilities, DeviceError
from backend.pacing.irq import IrqSource
from hosts.api import Handle, Loop, OnTime
from hosts.sim.loop import SimLoop
from tests.backend.fakedevice import FakeDevice
from tests.backend.pacing.scripted import MS, PERIOD, PERIOD_NS, ScriptedDevice, Watcher, card, pass_ns, sim_loop


class Scene:
    """A card by hand, its pacing started at 0."""

    def __init__(self) -> None:
        self.loop: SimLoop = sim_loop()
        self.device = ScriptedDevice()
        self.watcher = Watcher(self.device)
        self.source = IrqSource(self.loop, self.watcher.look, self.device)
        self.watcher.pacing = self.source
        self.source.start(0)
        self.watcher.tell(0)

    def at(self, ms: float, position: int, *, interrupt: bool = True) -> None:
        """At that time the card shows that position."""
        pass_ns(self.loop, int(ms * MS) - self.loop.now_ns())
        self.device.at = position
        if interrupt:
            self.device.interrupt(self.loop.now_ns())

    def counted(self, *names: str) -> list[int | float | str]:
        return [self.source.statistics()[name] for name in names]


def test_interrupts_are_forwarded_one_look_each() -> None:
    loop = sim_loop()
    device = card(loop)
    watcher = Watcher(device)
    source = watcher.pacing = IrqSource(loop, watcher.look, device)
    device.start(0)
    source.start(0)
    pass_ns(loop, 105 * MS)
    source.stop()
    assert watcher.looks == [PERIOD_NS * k for k in range(1, 11)]
    assert source.looks == 10
    assert source.statistics() == {"interrupts": 10, "periods": 10, "spurious": 0, "merged": 0, "missed": 0}
    device.close()


def test_an_interrupt_without_a_boundary_is_counted_apart() -> None:
    scene = Scene()
    scene.at(4, 192)
    scene.at(10, 480)
    scene.at(11, 528)
    assert len(scene.watcher.looks) == scene.source.looks == 3
    assert scene.counted("interrupts", "periods", "spurious") == [3, 1, 2]


def test_several_boundaries_at_one_interrupt_are_merged_ones() -> None:
    scene = Scene()
    scene.at(10, 480)
    scene.at(14, 3 * 480)
    assert scene.counted("interrupts", "periods", "spurious", "merged") == [2, 3, 0, 1 + 0]


def test_interrupts_that_are_told_of_at_once_are_one_look() -> None:
    scene = Scene()
    scene.at(14, 480)
    scene.device.interrupt(14 * MS)
    assert scene.watcher.looks == [14 * MS]
    assert scene.counted("interrupts", "periods", "spurious") == [1, 1, 0]


def test_a_boundary_is_found_once_also_if_somebody_else_looked_first() -> None:
    scene = Scene()
    scene.at(10, 490, interrupt=False)
    scene.watcher.tell(scene.loop.now_ns())
    scene.at(10.1, 495)
    assert scene.counted("interrupts", "periods", "spurious", "merged") == [1, 1, 0, 0]


def test_a_lost_interrupt_is_made_up_for_half_a_period_after_it_was_due() -> None:
    scene = Scene()
    scene.at(10, 480)
    scene.at(20, 960, interrupt=False)
    scene.at(24.9, 1200, interrupt=False)
    assert scene.watcher.looks == [10 * MS]
    scene.at(29, 1300, interrupt=False)
    assert scene.watcher.looks == [10 * MS, 25 * MS]
    assert scene.counted("interrupts", "periods", "spurious", "missed") == [1, 2, 0, 1]


def test_the_interrupt_that_comes_after_all_is_spurious() -> None:
    scene = Scene()
    scene.at(16, 500)
    assert scene.watcher.looks == [15 * MS, 16 * MS]  # at the first one the card stood at 0 still
    scene.at(20, 960, interrupt=False)
    scene.at(32, 1000)
    assert scene.counted("interrupts", "periods", "spurious", "missed") == [2, 2, 1, 1]


def test_the_deadline_is_put_off_by_every_look() -> None:
    scene = Scene()
    for ms in range(10, 1000, 10):
        scene.at(ms + 4, ms * 48)
    assert scene.source.looks == 99
    assert scene.counted("missed", "spurious") == [0, 0]


@pytest.mark.parametrize("granularity", [1, 120, 480])
@pytest.mark.parametrize("drift_ppm", [-500.0, 0.0, 500.0])
def test_a_card_that_lost_its_interrupts_for_good_is_served_all_the_same(granularity: int, drift_ppm: float) -> None:
    """One look finds each boundary, and none is more than a period and a half after the one before."""
    loop = sim_loop()
    options: dict[str, object] = {
        "lost_interrupts_ppm": 1_000_000,
        "position_granularity_frames": granularity,
        "drift_ppm": drift_ppm,
    }
    device = card(loop, options)
    watcher = Watcher(device)
    source = watcher.pacing = IrqSource(loop, watcher.look, device)
    device.start(0)
    source.start(0)
    pass_ns(loop, 4000 * PERIOD_NS)
    assert source.statistics()["missed"] == source.statistics()["periods"] == watcher.passed >= 3997
    assert source.looks <= watcher.passed + (granularity > 1) * 4
    gaps = [late - early for early, late in zip(watcher.looks, watcher.looks[1:], strict=False)]
    assert max(gaps) <= PERIOD_NS * 3 // 2
    device.close()


def test_a_tenth_lost_is_counted_and_nothing_else() -> None:
    loop = sim_loop()
    device = card(loop, {"lost_interrupts_ppm": 100_000, "seed": 7})
    watcher = Watcher(device)
    source = watcher.pacing = IrqSource(loop, watcher.look, device)
    device.start(0)
    source.start(0)
    pass_ns(loop, 1000 * PERIOD_NS + PERIOD_NS // 2)
    counted, of_card = source.statistics(), device.statistics()
    assert counted["missed"] == of_card["lost_interrupts"] != 0
    assert counted["interrupts"] == of_card["interrupts"]
    assert (counted["periods"], counted["spurious"], counted["merged"]) == (1000, 0, 0)
    device.close()


def test_no_looks_after_stop_and_the_line_is_given_back() -> None:
    scene = Scene()
    scene.source.stop()
    scene.source.stop()
    pass_ns(scene.loop, 1000 * MS)
    assert scene.watcher.looks == []
    assert scene.device.listener is None


def test_stopped_at_an_interrupt_it_does_not_count_that_one() -> None:
    loop, device = sim_loop(), ScriptedDevice()
    source = IrqSource(loop, lambda now_ns: source.stop(), device)
    source.start(0)
    device.interrupt(10 * MS)
    assert source.looks == 1
    assert set(source.statistics().values()) == {0}


class Silent(FakeDevice):
    capabilities = Capabilities(interrupts=False)

    def interrupts(self, loop: Loop, callback: OnTime) -> Handle:
        raise DeviceError(ENOSYS, "it has none")


def test_a_device_without_interrupts_is_refused() -> None:
    with pytest.raises(DeviceError) as refused:
        IrqSource(sim_loop(), print, Silent()).start(0)
    assert refused.value.errno == ENOSYS


def test_it_fills_two_periods_ahead() -> None:
    assert Scene().source.fill_until(PERIOD, 1) == 3 * PERIOD
