"""Watermarks: vectors of PulseAudio's rules, what calm is, and bounds that hold whatever happens."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pacing.watermark import MIN_LATENCY_NS, MS, Policy, Watermark

SECOND = 1000 * MS


def at(usable_ms: float, policy: Policy = "shipped") -> Watermark:
    watermark = Watermark(policy)
    watermark.limit(round(usable_ms * MS))
    return watermark


def rises(watermark: Watermark, times: int) -> list[float]:
    """The watermark, in ms, and what becomes of it at underruns."""
    seen = [watermark.ns / MS]
    for nth in range(times):
        watermark.underran(nth)
        seen.append(watermark.ns / MS)
    return seen


class Machine:
    """Wakes for the watermark, again and again, so much too late."""

    def __init__(self, watermark: Watermark, late_ns: int = 0) -> None:
        self.watermark = watermark
        self.late_ns = late_ns
        self.now_ns = 0

    def run_s(self, seconds: int, usable_ns: int | None = None) -> None:
        """Sleep until the watermark, be late, fill up; `usable_ns` as guests want it, the least latency heeded."""
        end_ns = self.now_ns + seconds * SECOND
        while self.now_ns < end_ns:
            if usable_ns is not None:
                self.watermark.limit(max(usable_ns, self.watermark.min_latency_ns))
            left_ns = self.watermark.ns - self.late_ns
            self.now_ns += 5 * MS
            self.watermark.woke(left_ns, self.now_ns, by_timer=True)

    def falls(self, times: int) -> list[float]:
        """The watermark, in ms, after each verification."""
        seen = []
        self.run_s(0)
        self.watermark.woke(self.watermark.ns, self.now_ns, by_timer=True)
        for _ in range(times):
            self.now_ns += 20 * SECOND
            self.watermark.woke(self.watermark.ns, self.now_ns, by_timer=True)
            seen.append(self.watermark.ns / MS)
        return seen


@pytest.mark.parametrize(
    ("policy", "usable_ms", "ups"),
    [
        ("shipped", 2000, [20, 30, 40, 50, 60]),
        ("shipped", 40, [20, 30, 30]),
        ("shipped", 20, [10, 10]),
        ("shipped", 10, [5, 5]),
        ("shipped", 5, [2.5, 2.5]),
        ("text", 2000, [20, 40, 80, 160, 320]),
        ("text", 40, [20, 30, 30]),
        ("text", 20, [10, 10]),
    ],
)
def test_an_underrun_raises_it_at_once(policy: Policy, usable_ms: float, ups: list[float]) -> None:
    assert rises(at(usable_ms, policy), len(ups) - 1) == ups


@pytest.mark.parametrize(
    ("policy", "usable_ms", "underruns", "downs"),
    [
        ("shipped", 2000, 6, [75, 70, 65]),
        ("shipped", 40, 1, [25, 20, 15, 10, 5, 4, 4]),
        ("shipped", 20, 0, [5, 4, 4]),
        ("shipped", 10, 0, [4, 4]),
        ("shipped", 5, 0, [2.5, 2.5]),
        ("text", 2000, 2, [40, 20, 10, 5, 4]),
        ("text", 40, 1, [15, 7.5, 4, 4]),
    ],
)
def test_calm_lowers_it_step_by_step(policy: Policy, usable_ms: float, underruns: int, downs: list[float]) -> None:
    watermark = at(usable_ms, policy)
    rises(watermark, underruns)
    assert Machine(watermark).falls(len(downs)) == downs


@pytest.mark.parametrize("usable_ms", [10, 20, 40, 200, 2000])
@pytest.mark.parametrize("policy", ["shipped", "text"])
def test_small_buffers_come_to_the_floor_too_on_a_machine_that_is_a_millisecond_late(
    policy: Policy, usable_ms: int
) -> None:
    watermark = at(usable_ms, policy)
    rises(watermark, 3)
    Machine(watermark, 1 * MS).run_s(400)
    assert watermark.ns == 4 * MS


def test_it_stays_where_waking_takes_more_than_half_of_it() -> None:
    watermark = at(2000)
    Machine(watermark, 6 * MS).run_s(400)
    assert watermark.ns == 10 * MS


def test_verification_takes_20_s() -> None:
    watermark = at(2000)
    machine = Machine(watermark)
    machine.run_s(20)
    assert watermark.ns == 20 * MS
    machine.run_s(1)
    assert watermark.ns == 15 * MS


def late(watermark: Watermark, now_ns: int) -> None:
    watermark.woke(9 * MS, now_ns, by_timer=True)


def by_somebody_else(watermark: Watermark, now_ns: int) -> None:
    watermark.woke(2000 * MS, now_ns, by_timer=False)


def again(watermark: Watermark, now_ns: int) -> None:
    watermark.underran(now_ns)
    watermark.limit(30 * MS)  # 20 ms again


@pytest.mark.parametrize("disturb", [late, by_somebody_else, again])
def test_what_is_not_calm_begins_the_verification_anew(disturb: Callable[[Watermark, int], None]) -> None:
    watermark = at(2000)
    machine = Machine(watermark)
    machine.run_s(19)
    disturb(watermark, machine.now_ns)
    machine.run_s(20)
    assert watermark.ns == 20 * MS
    machine.run_s(1)
    assert watermark.ns == 15 * MS


def test_with_100_ms_left_it_is_calm_however_high_the_watermark() -> None:
    watermark = at(2000)
    rises(watermark, 48)
    assert watermark.ns == 500 * MS
    for second in range(22):
        watermark.woke(100 * MS, second * SECOND, by_timer=True)
    assert watermark.ns == 495 * MS


@pytest.mark.parametrize(("policy", "latencies"), [("shipped", [8, 26, 36, 46, 56]), ("text", [8, 32, 64, 128, 256])])
def test_where_the_watermark_can_grow_no_more_the_least_latency_does(policy: Policy, latencies: list[float]) -> None:
    """A guest asks for 16 ms, and each underrun is one more than the machine can do."""
    watermark = at(16, policy)
    seen = [watermark.min_latency_ns / MS]
    while len(seen) < len(latencies):
        before = watermark.min_latency_ns
        while watermark.min_latency_ns == before:
            watermark.underran(0)
        seen.append(watermark.min_latency_ns / MS)
        watermark.limit(watermark.min_latency_ns)
    assert seen == latencies


def test_the_least_latency_is_not_raised_while_the_watermark_can_grow() -> None:
    watermark = at(2000)
    rises(watermark, 100)
    assert watermark.min_latency_ns == MIN_LATENCY_NS


def test_the_least_latency_is_never_more_than_the_buffer() -> None:
    watermark = Watermark(max_latency_ns=40 * MS)
    for _ in range(50):
        watermark.underran(0)
        watermark.limit(max(20 * MS, watermark.min_latency_ns))
    assert watermark.min_latency_ns == 40 * MS


@pytest.mark.parametrize("policy", ["shipped", "text"])
def test_the_least_latency_comes_down_again_after_calm(policy: Policy) -> None:
    """A bad minute takes a guest of 16 ms far beyond 100; ten calm ones take it back, and a little further."""
    watermark = at(16, policy)
    for _ in range(30):
        watermark.underran(0)
        watermark.limit(max(16 * MS, watermark.min_latency_ns))
    assert watermark.min_latency_ns > 100 * MS
    Machine(watermark, MS).run_s(3600, usable_ns=16 * MS)
    assert (watermark.min_latency_ns, watermark.ns) == (MIN_LATENCY_NS, 4 * MS)


def test_the_least_latency_comes_down_only_once_the_watermark_is_at_its_floor() -> None:
    watermark = at(16)
    watermark.underran(0)
    watermark.limit(watermark.min_latency_ns)
    machine, seen = Machine(watermark), []
    for _ in range(8):
        machine.run_s(20, usable_ns=16 * MS)
        machine.run_s(1, usable_ns=16 * MS)
        seen.append((watermark.ns // MS, watermark.min_latency_ns // MS))
    assert seen == [(11, 26), (6, 26), (4, 26), (4, 21), (4, 16), (4, 11), (4, 8), (4, 8)]


def test_what_was_learnt_outlasts_a_guest_that_wants_less() -> None:
    watermark = at(2000)
    rises(watermark, 3)
    watermark.limit(10 * MS)
    assert watermark.ns == 5 * MS
    watermark.limit(2000 * MS)
    assert watermark.ns == 50 * MS


EVENTS = st.one_of(
    st.just(("underran", 0, False)),
    st.tuples(st.just("woke"), st.integers(-10 * SECOND, 10 * SECOND), st.booleans()),
    st.tuples(st.just("limit"), st.integers(1, 10 * SECOND), st.booleans()),
)


@given(st.sampled_from(["shipped", "text"]), st.integers(MS, 2 * SECOND), st.lists(EVENTS, max_size=60), st.data())
def test_bounds(policy: Policy, buffer_ns: int, events: list[tuple[str, int, bool]], data: st.DataObject) -> None:
    watermark, now_ns, usable_ns = Watermark(policy, buffer_ns), 0, buffer_ns
    for event, value, by_timer in events:
        now_ns += data.draw(st.integers(0, 30 * SECOND))
        before = (watermark.ns, watermark.min_latency_ns)
        if event == "underran":
            watermark.underran(now_ns)
            assert (watermark.ns, watermark.min_latency_ns) >= before
            assert watermark.ns <= 2 * before[0]
        elif event == "woke":
            watermark.woke(value, now_ns, by_timer)
            assert (watermark.ns, watermark.min_latency_ns) <= before
            assert watermark.ns >= before[0] // 2
        else:
            usable_ns = value
            watermark.limit(usable_ns)
        assert min(4 * MS, usable_ns // 2) <= watermark.ns <= usable_ns - min(10 * MS, usable_ns // 2)
        assert MIN_LATENCY_NS <= watermark.min_latency_ns <= max(MIN_LATENCY_NS, buffer_ns)
