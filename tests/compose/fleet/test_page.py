import io

from rich.console import Console

from backend.latency.facts import Machine
from compose.fleet.page import headline, render, shared_machines
from compose.fleet.report import Fleet, Host, HostRun, Lateness
from compose.fleet.show import table
from compose.fleet.timing import Clocks, Offset, Timing

MACHINE = Machine(
    kernel="6.1", python="3.11", cpu_model="<some> CPU", cpu_count=2, clocksource="tsc", scheduling="OTHER"
)


def timing(go_ns: int, boot: str) -> Timing:
    return Timing(
        go_ns,
        Clocks(go_ns - 5, Offset(3_000_000_000, 40_000), Offset(-7_000_000, 40_000), boot),
        Clocks(go_ns + 10**9, Offset(3_000_050_000, 40_000), Offset(-7_000_000, 40_000), boot),
    )


def run(folder: str, *, boot: str = "", go_ns: int = 0, underruns: int = 0, pacing: str = "irq") -> HostRun:
    measured = timing(go_ns, boot) if boot else None
    lateness = Lateness(400_000, 800_000, None, 2_500_000)
    return HostRun(folder, pacing, "idle", ["<music>", "navigation"], underruns, lateness, MACHINE, measured)


def fleet(*hosts: Host) -> Fleet:
    return Fleet(1, "both & more", list(hosts))


TWO = fleet(
    Host("left", "bench-1", "", [run("left", boot="a", go_ns=1_000_000)]),
    Host("right", "bench-2", "", [run("right", boot="b", go_ns=1_250_000, underruns=3)]),
)


def test_the_headline_says_who_where_and_how() -> None:
    assert headline(TWO) == "4 guests on 2 hosts, 3 underruns in 2 runs."
    lost = fleet(TWO.hosts[0], Host("right", "", "no engine", []))
    assert headline(lost) == "2 guests on 2 hosts, no underruns in 1 run; lost: right."


def test_the_page_has_a_row_and_a_link_for_each_run() -> None:
    page = render(TWO)
    assert 'href="left/report.html"' in page
    assert 'href="right/report.html"' in page
    assert "&lt;music&gt;, navigation" in page
    assert "<music>" not in page
    assert "0.25" in page  # ms that the right began later
    assert "one machine" not in page


def test_a_folders_name_stays_a_folders_name() -> None:
    page = render(fleet(Host("left", "", "", [run("left/01-irq#?"), run("left/02-timer", pacing="timer")])))
    assert 'href="left/01-irq%23%3F/report.html"' in page
    assert 'href="left/report.html">its comparison' in page


def test_who_was_lost_is_said_first() -> None:
    page = render(fleet(TWO.hosts[0], Host("right", "", "no <engine>", [])))
    assert "Host right was lost:</b> no &lt;engine&gt;. It finished nothing." in page


def test_clocks_that_nobody_measured_are_said() -> None:
    assert "Nobody measured" in render(fleet(Host("left", "", "", [run("left")])))


def test_hosts_that_are_one_machine_are_told_by_its_boot() -> None:
    assert shared_machines(TWO.hosts) == []
    same = [Host(name, "", "", [run(name, boot="a")]) for name in ("left", "right")]
    assert shared_machines([*same, TWO.hosts[1]]) == [["left", "right"]]
    assert "left and right are one machine" in render(fleet(*same))


def test_the_terminals_table_has_the_same_figures_in_80_columns() -> None:
    said = io.StringIO()
    Console(file=said, width=80).print(table(fleet(*TWO.hosts, Host("third[1]", "", "gone", []))))
    lines = said.getvalue().splitlines()
    assert any(line.split()[:2] == ["left", "irq"] and "0.40" in line and "2.50" in line for line in lines)
    assert any(line.split()[:2] == ["third[1]", "lost"] for line in lines)
    assert max(map(len, lines)) <= 80
