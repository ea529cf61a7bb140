"""What relative waits in whole milliseconds cost."""

import pytest

from backend.devices.api import DeviceParams
from backend.pacing.naive import NaiveTimerSource
from backend.pacing.timer import TimerSource
from hosts.sim.delays import Delays
from ringproto.formats import Format
from tests.backend.fakedevice import FakeDevice
from tests.backend.pacing.scripted import MS, pass_ns, sim_loop


def looks_of(kind: type[NaiveTimerSource | TimerSource], delays: Delays, period: int, for_ns: int) -> list[int]:
    device, loop, looks = FakeDevice(), sim_loop(delays), list[int]()
    device.params = DeviceParams(48000, 2, Format.S16_LE, period, 4 * period)
    source = kind(loop, looks.append, device)
    source.start(0)
    pass_ns(loop, for_ns)
    assert source.looks == len(looks)
    return looks


@pytest.mark.parametrize(("period", "wait_ms"), [(256, 5), (480, 10), (479, 9), (1024, 21), (40, 1)])
def test_periods_are_floored_to_milliseconds(period: int, wait_ms: int) -> None:
    looks = looks_of(NaiveTimerSource, Delays(), period, 210 * MS)
    assert looks == [k * wait_ms * MS for k in range(1, 210 // wait_ms + 1)]


def test_256_frames_are_looked_at_6_percent_too_often() -> None:
    naive, timer = (len(looks_of(kind, Delays(), 256, 60_000 * MS)) for kind in (NaiveTimerSource, TimerSource))
    assert (naive, timer) == (12_000, 11_250)


def test_each_delay_is_added_to_the_next_wait() -> None:
    looks = looks_of(NaiveTimerSource, Delays(wake_ns=lambda random: MS), 480, 1100 * MS)
    assert looks == [k * 11 * MS for k in range(1, 101)]


def test_it_says_what_became_of_the_period() -> None:
    assert NaiveTimerSource(sim_loop(), print, FakeDevice()).statistics() == {"wait_ms": 10}
