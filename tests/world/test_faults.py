"""Faults in simulated time: what each costs is the same again, and is told as in real time."""

from pathlib import Path

from backend.latency.result import Fault, read_result
from compose.run import run_file

MS = 1_000_000
SCENARIO = """
name = "faults"
duration_s = 3
[devices.one]
kind = "clocked"
[devices.two]
kind = "clocked"
[[guests]]
id = 1
[[guests.streams]]
device = "one"
plays = "melody.flac"
buffer_frames = 4800
[[guests]]
id = 2
[[guests.streams]]
device = "two"
plays = "melody.flac"
buffer_frames = 4800
"""


def broken(folder: Path, fault: str) -> Fault:
    folder.mkdir()
    (folder / "s.toml").write_text(f"{SCENARIO}[[faults]]\nat_s = 1\n{fault}\n")
    run_file(folder / "s.toml", "sim", folder / "out", None)
    (found,) = read_result(folder / "out" / "result.json").faults
    return found


def test_a_backend_that_was_killed_is_measured_by_both_its_cards(tmp_path: Path) -> None:
    fault = broken(tmp_path / "a", 'what = "backend"\nfor_s = 0.5')
    assert (fault.at_ns, fault.until_ns, fault.guest) == (1000 * MS, 1500 * MS, None)
    for cost in fault.costs:
        assert 500 * MS < cost.outage_ns < 700 * MS
        assert cost.recovery_ns is not None
        assert cost.recovery_ns < 100 * MS
        assert cost.lateness_max_ns is not None
        assert cost.lateness_max_ns < 20 * MS, "by the clock of the first card it would be seconds"
    assert broken(tmp_path / "b", 'what = "backend"\nfor_s = 0.5') == fault


def test_a_throttled_guest_is_late_by_what_it_stands_still(tmp_path: Path) -> None:
    fault = broken(tmp_path / "a", 'what = "throttle"\nguest = 1\nshare = 0.2\nfor_s = 1')
    assert (fault.what, fault.guest, fault.share) == ("throttle", 1, 0.2)
    victim, other = fault.costs
    assert (victim.domid, other.domid) == (1, 2)
    assert 4 * MS < (victim.lateness_max_ns or 0) < 11 * MS, "it stands still for 8 ms of each 10"
    assert (other.lateness_max_ns or 0) < 4 * MS
    assert (victim.outage_ns, other.outage_ns) == (0, 0)


def test_a_paused_guest_is_late_alone(tmp_path: Path) -> None:
    victim, other = broken(tmp_path / "a", 'what = "pause"\nguest = 1\nfor_s = 0.05').costs
    assert 40 * MS < (victim.lateness_max_ns or 0) < 60 * MS
    assert (other.lateness_max_ns or 0) < 5 * MS
    assert other.outage_ns == 0
