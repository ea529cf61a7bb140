"""The schedule on a machine that only writes down what is done to it, with a clock that only tests move."""

from collections.abc import Callable
from functools import partial

import pytest

from backend.latency.facts import FaultFacts
from compose.chaos.schedule import MIN_S, Schedule
from compose.faults import Fault

START_NS = 5_000_000_000
SECOND_NS = 1_000_000_000


class Notebook:
    """Breakable; `gone` are guests that have come to their end."""

    def __init__(self, *gone: int) -> None:
        self.gone = set(gone)
        self.lines: list[str] = []

    def is_there(self, guest: int) -> bool:
        return guest not in self.gone

    def _note(self, what: str, *arguments: object) -> None:
        self.lines.append(" ".join([what, *map(str, arguments)]))

    def __getattr__(self, name: str) -> Callable[..., None]:
        return partial(self._note, name)


def happen(faults: list[Fault], machine: Notebook, duration_s: float = 10.0) -> Schedule:
    """All of it, each thing when it is due."""
    schedule = Schedule(faults, machine, START_NS, duration_s)
    while (due_ns := schedule.next_ns) is not None:
        schedule.act(partial(int, due_ns))  # a clock that stands there
    return schedule


@pytest.mark.parametrize(
    ("fault", "lines"),
    [
        (Fault(1, "pause", 3), ["pause 3", "resume 3"]),
        (Fault(1, "throttle", 3, share=0.2), ["throttle 3 0.2", "throttle 3 1.0"]),
        (Fault(1, "throttle", 3), ["throttle 3 0.5", "throttle 3 1.0"]),
        (Fault(1, "detach", 3), ["detach 3", "attach 3"]),
        (Fault(1, "restart", 3, for_s=2), ["kill 3", "start 3 7.0"]),
        (Fault(9, "restart", 3, for_s=2), ["kill 3", f"start 3 {MIN_S}"]),
        (Fault(1, "backend"), ["kill_backend", "start_backend"]),
        (Fault(1, "sound_server"), ["kill_sound_server", "start_sound_server"]),
        (Fault(1, "hostile"), ["appear 0", "vanish 0"]),
    ],
    ids=lambda value: value.what if isinstance(value, Fault) else "",
)
def test_each_fault_is_done_and_mended(fault: Fault, lines: list[str]) -> None:
    machine = Notebook()
    happen([fault], machine)
    assert machine.lines == lines


def test_faults_that_overlap_are_done_and_mended_in_order_of_time() -> None:
    machine = Notebook()
    faults = [Fault(1, "pause", 1, for_s=1), Fault(1.5, "hostile", for_s=2), Fault(1.6, "hostile"), Fault(3, "backend")]
    done = happen(faults, machine).done
    assert machine.lines == [
        "pause 1", "appear 0", "appear 1", "vanish 1", "resume 1", "kill_backend", "start_backend", "vanish 0"
    ]  # fmt: skip
    assert [fault.what for fault in done] == ["hostile", "pause", "backend", "hostile"]


def test_what_happened_is_told_by_the_clock_of_the_trace() -> None:
    fault = Fault(1, "throttle", 2, for_s=0.5, share=0.25)
    (told,) = happen([fault], Notebook()).done
    begun_ns = START_NS + SECOND_NS
    assert told == FaultFacts(
        what="throttle", at_ns=begun_ns, until_ns=begun_ns + SECOND_NS // 2, guest=2, share=0.25
    )  # fmt: skip


def test_what_is_late_lasts_as_long_all_the_same() -> None:
    schedule = Schedule([Fault(1, "pause", 1, for_s=1)], Notebook(), START_NS, 10)
    schedule.act(lambda: START_NS + 3 * SECOND_NS)
    assert schedule.next_ns == START_NS + 4 * SECOND_NS


def test_nothing_is_done_before_it_is_due() -> None:
    machine = Notebook()
    schedule = Schedule([Fault(1, "pause", 1)], machine, START_NS, 10)
    schedule.act(lambda: START_NS + SECOND_NS - 1)
    assert (machine.lines, schedule.next_ns) == ([], START_NS + SECOND_NS)


def test_a_guest_that_has_come_to_its_end_is_left_alone_and_nothing_is_told_of_it() -> None:
    machine = Notebook(1)
    assert happen([Fault(1, "pause", 1), Fault(2, "restart", 1), Fault(3, "pause", 2)], machine).done[0].guest == 2
    assert machine.lines == ["pause 2", "resume 2"]
