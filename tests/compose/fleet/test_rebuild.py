"""Hosts' folders filled by runs in simulated time, and what is made of them."""

from pathlib import Path

import msgspec
import pytest

from backend.config import ConfigError
from backend.latency.result import read_result
from compose.fleet.rebuild import is_fleet, rebuild
from compose.fleet.report import FLEET, TIMING, gather, read_fleet, write_fleet
from compose.fleet.timing import Clocks, Offset, Timing
from compose.report.gate import OPEN_GATE, read_gate
from compose.run import run_file

SCENARIO = """
name = "one"
duration_s = 2
{top}
[devices.speaker]
kind = "clocked"
[[guests]]
id = 1
name = "{guest}"
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
"""


def fill(folder: Path, host: str, guest: str, top: str = "") -> None:
    path = folder.parent / f"{host}.toml"
    path.write_text(SCENARIO.format(guest=guest, top=top))
    run_file(path, "sim", folder / host, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "out", "left", "music")
    fill(tmp_path / "out", "right", "telephone")
    return tmp_path / "out"


def test_folders_of_hosts_become_a_fleets(folder: Path) -> None:
    assert not is_fleet(folder)
    rebuild(folder, OPEN_GATE)
    assert is_fleet(folder)
    fleet = read_fleet(folder / FLEET)
    assert (fleet.scenario, [host.name for host in fleet.hosts]) == ("one", ["left", "right"])
    (run,) = fleet.hosts[0].runs
    stream = read_result(folder / "left" / "result.json").guests[0].streams[0]
    assert stream.period_lateness_ns is not None
    assert (run.folder, run.guests, run.underruns) == ("left", ["music"], stream.underruns)
    assert run.lateness.max_ns == stream.period_lateness_ns.max
    assert run.lateness.p50_ns == stream.period_lateness_ns.p50


def test_a_fleet_is_built_again_the_same_with_who_was_lost(folder: Path) -> None:
    write_fleet(
        gather(folder, "both", [("left", "a", ""), ("right", "b", ""), ("gone", "c", "no more")]), folder / FLEET
    )
    before = (folder / FLEET).read_bytes()
    (folder / "left" / "result.json").unlink()
    rebuild(folder, OPEN_GATE)
    assert (folder / FLEET).read_bytes() == before
    assert "Host gone was lost" in (folder / "report.html").read_text()


def test_clocks_that_were_measured_are_kept(folder: Path) -> None:
    clocks = Clocks(1, Offset(2, 3), Offset(4, 5), "boot")
    timing = Timing(7, clocks, msgspec.structs.replace(clocks, at_ns=9))
    (folder / "left" / TIMING).write_bytes(msgspec.json.encode(timing))
    rebuild(folder, OPEN_GATE)
    assert [host.runs[0].timing for host in read_fleet(folder / FLEET).hosts] == [timing, None]


def test_several_runs_of_a_host_are_compared_among_themselves(tmp_path: Path) -> None:
    fill(tmp_path / "out", "left", "music", 'pacing = ["irq", "timer"]')
    (tmp_path / "out" / "left" / "comparison.json").unlink()
    rebuild(tmp_path / "out", OPEN_GATE)
    assert (tmp_path / "out" / "left" / "comparison.json").is_file()
    (host,) = read_fleet(tmp_path / "out" / FLEET).hosts
    assert sorted(run.pacing for run in host.runs) == ["irq", "timer"]


def test_a_rule_may_name_a_guest_of_any_host(folder: Path) -> None:
    rebuild(folder, read_gate(["guest.telephone.underruns > 1000"], None))
    with pytest.raises(ConfigError, match="radio"):
        rebuild(folder, read_gate(["guest.radio.underruns > 1000"], None))
    with pytest.raises(SystemExit):
        rebuild(folder, read_gate(["guest.telephone.period_lateness.p50 > 0ms"], None))


def test_a_folder_without_hosts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder below it holds"):
        rebuild(tmp_path, OPEN_GATE)
    with pytest.raises(ConfigError, match="no such folder"):
        rebuild(tmp_path / "none", OPEN_GATE)


@pytest.mark.parametrize("content", ["", "{}", '{"schema_version": "one"}'])
def test_a_fleets_file_that_is_none_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    (tmp_path / FLEET).write_text(content)
    with pytest.raises(ConfigError, match=r"fleet\.json: "):
        rebuild(tmp_path, OPEN_GATE)
