"""An absolute grid, whatever the delays."""

from random import Random

from backend.devices.api import DeviceParams
from backend.pacing.timer import TimerSource
from hosts.sim.delays import Delays, Draw
from hosts.sim.loop import SimLoop
from ringproto.formats import Format
from tests.backend.fakedevice import FakeDevice
from tests.backend.pacing.scripted import MS, PERIOD_NS, pass_ns, sim_loop


def timer(loop: SimLoop, looks: list[int], period: int = 480, rate_hz: int = 48000) -> TimerSource:
    device = FakeDevice()
    device.params = DeviceParams(rate_hz, 2, Format.S16_LE, period, 4 * period)
    return TimerSource(loop, looks.append, device)


def first_late(late_ns: int) -> Draw:
    draws = iter([late_ns])
    return lambda random: next(draws, 0)


def up_to_3_ms(random: Random) -> int:
    return random.randrange(3 * MS)


def test_delays_do_not_add_up() -> None:
    loop, looks = sim_loop(Delays(wake_ns=up_to_3_ms)), list[int]()
    source = timer(loop, looks)
    source.start(0)
    pass_ns(loop, 1000 * MS)
    assert source.looks == len(looks) == 100 - (looks[-1] < 990 * MS + 3 * MS)
    assert all(0 <= look - (k + 1) * PERIOD_NS < 3 * MS for k, look in enumerate(looks))


def test_a_grid_in_fractions_of_a_ns_does_not_drift() -> None:
    loop, looks = sim_loop(Delays()), list[int]()
    timer(loop, looks, 441, 44100 * 7).start(0)
    pass_ns(loop, 100_000 * MS)
    assert looks[-1] == len(looks) * 441 * 1_000_000_000 // (44100 * 7)


def test_ticks_missed_by_a_late_look_are_served_by_it() -> None:
    loop, looks = sim_loop(Delays(wake_ns=first_late(25 * MS))), list[int]()
    source = timer(loop, looks)
    source.start(0)
    pass_ns(loop, 60 * MS)
    assert looks == [35 * MS, 40 * MS, 50 * MS, 60 * MS]
    assert source.statistics() == {"merged": 2}


def test_a_stopped_timer_does_not_look() -> None:
    loop, looks = sim_loop(), list[int]()
    source = timer(loop, looks)
    source.start(0)
    source.stop()
    pass_ns(loop, 100 * MS)
    assert looks == []


def test_the_grid_begins_where_it_is_started() -> None:
    loop, looks = sim_loop(), list[int]()
    source = timer(loop, looks)
    pass_ns(loop, 3 * MS)
    source.start(3 * MS)
    pass_ns(loop, 25 * MS)
    assert looks == [13 * MS, 23 * MS]
