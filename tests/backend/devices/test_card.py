from hypothesis import given
from hypothesis import strategies as st

from backend.devices.clocked.card import EDGES_PER_WAKE_MAX, Card, edge_after
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Reg, Registers, memory_octets
from backend.devices.clocked.trembling import crystal_of
from backend.devices.crystal import Crystal, ppb_from_ppm
from hosts.sim.loop import SimLoop, Timeline
from ringproto.trace import Point


class Bursts:
    """A Dma that keeps what it was told."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int]] = []
        self.missing: dict[int, int] = {}
        """How many frames are not there, by the burst's first."""
        self.ended: list[int] = []
        self.closed = False

    def begin(self, frame: int, until: int, late_frames: int) -> int:
        self.begun.append((frame, until))
        return self.missing.get(frame, 0)

    def end(self, until: int) -> None:
        self.ended.append(until)

    def close(self) -> None:
        self.closed = True


class Traced:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, int]] = []
        """Boundaries."""
        self.others: list[tuple[int, int, int, int]] = []

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        if point == Point.BOUNDARY:
            self.seen.append((time_ns, frame, value))
        else:
            self.others.append((point, time_ns, frame, value))


class Rig:
    def __init__(self, options: ClockedOptions, wake_ns: int = 0) -> None:
        self.loop = SimLoop(Timeline(), (lambda: wake_ns) if wake_ns else None)
        self.registers = Registers(memoryview(bytearray(memory_octets(options))))
        self.dma = Bursts()
        self.trace = Traced()
        self.interrupts: list[int] = []
        crystal = crystal_of(options)
        self.card = Card(options, self.loop, self.registers, self.dma, self.interrupts.append, self.trace, crystal)

    def tell(self, running: bool, base_frames: int, start_ns: int) -> None:
        self.registers.give(running, base_frames, start_ns)
        self.loop.call_soon(self.card.on_doorbell)

    def pass_ms(self, ms: float) -> None:
        self.loop.run_until(lambda: False, self.loop.now_ns() + int(ms * 1e6))


MS = 1_000_000
OPTIONS = ClockedOptions(rate_hz=48000, period_frames=480, buffer_frames=1920)


@given(st.integers(0, 10**9), st.integers(1, 500), st.integers(1, 500))
def test_edges_cut_periods_into_bursts(frame: int, period: int, burst: int) -> None:
    burst = min(burst, period)
    edge = edge_after(frame, period, burst)
    assert frame < edge <= frame + burst
    assert edge % period == 0 or edge % period % burst == 0
    assert frame // period == (edge - 1) // period


def test_bursts_are_fetched_when_they_begin_and_periods_interrupt() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(20)
    assert rig.dma.begun == [(first, first + 120) for first in range(0, 961, 120)]
    assert rig.interrupts == [10 * MS, 20 * MS]
    assert rig.registers.words[Reg.INTERRUPTS] == 2
    assert rig.registers.words[Reg.LATE_BURSTS] == 0


def test_it_rests_until_told() -> None:
    rig = Rig(OPTIONS)
    rig.pass_ms(50)
    rig.card.on_doorbell(rig.loop.now_ns())  # a doorbell is a hint
    rig.pass_ms(50)
    assert rig.dma.begun == []


def test_boundaries_are_traced_at_their_ideal_instants() -> None:
    options = ClockedOptions(rate_hz=44100, period_frames=441, buffer_frames=1764, drift_ppm=-77.7)
    rig = Rig(options, wake_ns=300_000)
    rig.tell(True, 0, 1000)
    rig.pass_ms(100)
    crystal = Crystal(44100, ppb_from_ppm(-77.7))
    crystal.start(1000)
    assert [(time_ns, frame) for time_ns, frame, _ in rig.trace.seen] == [
        (crystal.time_of(441 * k), 441 * k) for k in range(1, 10)
    ]
    assert {late_ns for _, _, late_ns in rig.trace.seen} == {300_000}


def test_what_the_card_starved_of_and_how_late_it_interrupted_is_traced() -> None:
    rig = Rig(ClockedOptions(interrupt_latency_ns=2 * MS))
    rig.dma.missing = {120: 70}
    rig.tell(True, 0, 0)
    rig.pass_ms(11)
    assert rig.trace.others == [
        (Point.STARVED, 2_500_000, 240, 70),
        (Point.INTERRUPT, 10 * MS, 480, 2 * MS),
    ]


def test_a_card_that_is_in_time_and_has_all_it_wants_traces_its_boundaries_only() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(100)
    assert len(rig.trace.seen) == 10
    assert rig.trace.others == []


def test_a_late_card_serves_every_edge_in_order_and_is_back_on_its_grid() -> None:
    rig = Rig(OPTIONS)
    rig.pass_ms(100)
    rig.tell(True, 0, 70 * MS)  # started 30 ms before it was run
    rig.pass_ms(10)
    assert [first for first, _ in rig.dma.begun] == list(range(0, 1921, 120))
    assert rig.interrupts == [100 * MS, 100 * MS, 100 * MS, 110 * MS]
    assert rig.registers.words[Reg.LATE_BURSTS] == 11


def test_after_a_long_sleep_others_get_their_turn() -> None:
    rig = Rig(OPTIONS)
    rig.pass_ms(10_000)
    rig.tell(True, 0, 0)
    rig.loop.run_until(lambda: bool(rig.dma.begun))
    assert len(rig.dma.begun) == EDGES_PER_WAKE_MAX + 1
    rig.pass_ms(1)
    assert rig.dma.begun[-1] == (480_000, 480_120)


def test_a_stop_counts_from_its_own_instant_however_late_it_is_heard() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(11)
    rig.registers.give(False, 550, 0)  # no doorbell: it looks before the edge that is due at 600
    rig.pass_ms(20)
    assert rig.dma.begun[-1] == (480, 600)
    assert rig.dma.ended[-1] == 550
    assert rig.interrupts == [10 * MS]


def test_a_restart_keeps_the_grid_of_periods() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(11)
    rig.tell(False, 528, 0)
    rig.pass_ms(9)
    rig.tell(True, 528, 20 * MS)
    rig.pass_ms(10)
    assert rig.dma.begun[-5:] == [(528, 600), (600, 720), (720, 840), (840, 960), (960, 1080)]
    assert rig.interrupts == [10 * MS, 29 * MS]


def test_a_stop_and_restart_heard_of_together_are_both_obeyed() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(11)
    rig.tell(False, 528, 0)
    rig.tell(True, 528, 11 * MS)
    rig.pass_ms(1)
    assert rig.dma.ended[-1] == 528
    assert rig.dma.begun[-1] == (528, 600)


def test_jitter_delays_interrupts_only_and_repeats_with_its_seed() -> None:
    def lateness(seed: int) -> list[int]:
        options = ClockedOptions(interrupt_jitter_ns=5 * MS, seed=seed)
        rig = Rig(options)
        rig.tell(True, 0, 0)
        rig.pass_ms(1009)
        assert [late_ns for _, _, late_ns in rig.trace.seen] == [0] * 100
        return [now_ns - nth * 10 * MS for nth, now_ns in enumerate(rig.interrupts, start=1)]

    assert len(lateness(1)) == 100
    assert all(0 <= late_ns <= 5 * MS for late_ns in lateness(1))
    assert len(set(lateness(1))) > 90
    assert lateness(1) == lateness(1) != lateness(2)


def test_closing_serves_what_is_due_and_is_the_end() -> None:
    rig = Rig(OPTIONS)
    rig.tell(True, 0, 0)
    rig.pass_ms(11)
    rig.card.close(11 * MS)
    assert rig.dma.ended[-1] == 528
    assert rig.dma.closed
    rig.pass_ms(50)
    assert rig.interrupts == [10 * MS]
