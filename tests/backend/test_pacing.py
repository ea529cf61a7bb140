"""When pacings look."""

from backend.devices.registry import open_device
from backend.pacing.irq import IrqSource
from backend.pacing.timer import TimerSource
from hosts.sim.delays import Delays
from hosts.sim.machine import SimMachine
from ringproto.card import Direction

PERIOD_NS = 10_000_000


def test_the_timer_keeps_an_absolute_grid_whatever_the_delays() -> None:
    machine = SimMachine(1, Delays(wake_ns=lambda random: random.randrange(3_000_000)))
    loop = machine.host(0).loop
    looks: list[int] = []
    source = TimerSource(loop, looks.append, 480, 48000)
    source.start(0)
    machine.run_until(lambda: False, 1_000_000_000)
    assert source.looks == len(looks) == 100 - (looks[-1] < 990_000_000 + 3_000_000)
    assert all(0 <= look - (k + 1) * PERIOD_NS < 3_000_000 for k, look in enumerate(looks))


def test_a_grid_in_fractions_of_a_ns_does_not_drift() -> None:
    machine = SimMachine()
    looks: list[int] = []
    source = TimerSource(machine.host(0).loop, looks.append, 441, 44100 * 7)
    source.start(0)
    machine.run_until(lambda: False, 100_000_000_000)
    assert looks[-1] == len(looks) * 441 * 1_000_000_000 // (44100 * 7)


def test_ticks_missed_by_a_late_look_are_served_by_it() -> None:
    late = iter([25_000_000])
    machine = SimMachine(1, Delays(wake_ns=lambda random: next(late, 0)))
    looks: list[int] = []
    source = TimerSource(machine.host(0).loop, looks.append, 480, 48000)
    source.start(0)
    machine.run_until(lambda: False, 60_000_000)
    assert looks == [35_000_000, 40_000_000, 50_000_000, 60_000_000]


def test_a_stopped_timer_does_not_look() -> None:
    machine = SimMachine()
    looks: list[int] = []
    source = TimerSource(machine.host(0).loop, looks.append, 480, 48000)
    source.start(0)
    source.stop()
    machine.run_until(lambda: False, 100_000_000)
    assert looks == []


def test_interrupts_are_forwarded_one_look_each() -> None:
    machine = SimMachine()
    loop = machine.host(0).loop
    device = open_device("clocked", {"period_frames": 480}, Direction.PLAYBACK, loop)
    looks: list[int] = []
    source = IrqSource(loop, looks.append, device)
    device.start(0)
    source.start(0)
    machine.run_until(lambda: False, 105_000_000)
    source.stop()
    assert looks == [PERIOD_NS * k for k in range(1, 11)]
    assert source.looks == 10
    device.close()
