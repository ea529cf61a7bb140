from backend.devices.clocked.interrupts import NEVER, InterruptLine
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Reg, Registers, memory_octets
from hosts.sim.loop import SimLoop, Timeline

MS = 1_000_000
PERIOD_NS = 10 * MS


class Rig:
    """A line whose periods end when they should."""

    def __init__(self, options: ClockedOptions) -> None:
        self.loop = SimLoop(Timeline())
        self.registers = Registers(memoryview(bytearray(memory_octets(options))))
        self.heard: list[int] = []
        self.line = InterruptLine(options, self.loop, self.registers, self.heard.append)

    def pass_periods(self, count: int) -> None:
        for nth in range(1, count + 1):
            self.loop.run_until(lambda: False, nth * PERIOD_NS)
            self.line.pass_period(nth * PERIOD_NS, self.loop.now_ns())
        self.loop.run_until(lambda: False, (count + 1) * PERIOD_NS - 1)

    @property
    def late_ns(self) -> dict[int, int]:
        """By the period's number."""
        return {now_ns // PERIOD_NS: now_ns % PERIOD_NS for now_ns in self.heard}

    def counted(self, register: Reg) -> int:
        return self.registers.words[register]


def test_latency_is_the_same_every_time() -> None:
    rig = Rig(ClockedOptions(interrupt_latency_ns=4 * MS))
    rig.pass_periods(20)
    assert rig.late_ns == dict.fromkeys(range(1, 21), 4 * MS)


def test_jitter_comes_on_top_of_latency() -> None:
    jittery = Rig(ClockedOptions(interrupt_jitter_ns=5 * MS, seed=3))
    both = Rig(ClockedOptions(interrupt_latency_ns=4 * MS, interrupt_jitter_ns=5 * MS, seed=3))
    jittery.pass_periods(200)
    both.pass_periods(200)
    assert both.late_ns == {period: late_ns + 4 * MS for period, late_ns in jittery.late_ns.items()}


def test_the_share_that_is_lost_is_counted_and_repeats_with_its_seed() -> None:
    def lost(seed: int) -> set[int]:
        rig = Rig(ClockedOptions(lost_interrupts_ppm=50_000, seed=seed))
        rig.pass_periods(4000)
        assert rig.counted(Reg.INTERRUPTS) == len(rig.heard)
        assert rig.counted(Reg.INTERRUPTS) + rig.counted(Reg.LOST_INTERRUPTS) == 4000
        return set(range(1, 4001)) - set(rig.late_ns)

    assert 150 < len(lost(1)) < 250
    assert lost(1) == lost(1) != lost(2)


def test_those_that_are_not_lost_come_when_they_would_have() -> None:
    jittery = Rig(ClockedOptions(interrupt_jitter_ns=5 * MS))
    losing = Rig(ClockedOptions(interrupt_jitter_ns=5 * MS, lost_interrupts_ppm=300_000))
    jittery.pass_periods(100)
    losing.pass_periods(100)
    assert 40 < len(losing.heard) < 90
    assert losing.late_ns.items() < jittery.late_ns.items()


def test_all_or_none_may_be_lost() -> None:
    none, every = Rig(ClockedOptions()), Rig(ClockedOptions(lost_interrupts_ppm=1_000_000))
    none.pass_periods(50)
    every.pass_periods(50)
    assert (len(none.heard), none.counted(Reg.LOST_INTERRUPTS)) == (50, 0)
    assert (len(every.heard), every.counted(Reg.LOST_INTERRUPTS)) == (0, 50)


def test_it_says_how_late_each_is_or_that_it_never_comes() -> None:
    def said(options: ClockedOptions) -> list[int]:
        rig = Rig(options)
        return [rig.line.pass_period(nth * PERIOD_NS, nth * PERIOD_NS) for nth in range(1, 4)]

    assert said(ClockedOptions()) == [0, 0, 0]
    assert said(ClockedOptions(interrupt_latency_ns=4 * MS)) == [4 * MS] * 3
    assert said(ClockedOptions(lost_interrupts_ppm=1_000_000)) == [NEVER] * 3


def test_a_card_that_is_run_late_raises_each_of_them() -> None:
    rig = Rig(ClockedOptions(interrupt_latency_ns=9 * MS))
    rig.loop.run_until(lambda: False, 35 * MS)
    for nth in (1, 2, 3):
        rig.line.pass_period(nth * PERIOD_NS, rig.loop.now_ns())
    assert rig.heard == [35 * MS, 35 * MS]
    rig.line.pass_period(4 * PERIOD_NS, rig.loop.now_ns())  # the third was still to come
    assert rig.heard == [35 * MS] * 3


def test_when_it_is_closed_what_was_to_come_does_not() -> None:
    rig = Rig(ClockedOptions(interrupt_latency_ns=5 * MS))
    rig.line.pass_period(0, 0)
    rig.line.close()
    rig.loop.run_until(lambda: False, 20 * MS)
    assert rig.heard == []
