from pathlib import Path

from compose.doctor.finding import Answer
from compose.doctor.timing import CLOCKSOURCES, timing
from tests.compose.doctor.staged import by_name, stage

HARDWARE = {
    f"{CLOCKSOURCES}/current_clocksource": "tsc\n",
    "/proc/self/timerslack_ns": "50000\n",
    "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu tsc\nbogomips: 1\n",
}


def test_good_hardware(tmp_path: Path) -> None:
    found = by_name(timing(stage(tmp_path, files=HARDWARE)))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert list(found) == ["clock", "timer slack", "virtual machine", "container"]


def test_a_slow_clock_and_a_better_one(tmp_path: Path) -> None:
    clocks = {
        f"{CLOCKSOURCES}/current_clocksource": "hpet",
        f"{CLOCKSOURCES}/available_clocksource": "hpet tsc acpi_pm",
    }
    found = by_name(timing(stage(tmp_path, files=HARDWARE | clocks)))["clock"]
    assert found.ok is Answer.NO
    assert found.mend.startswith("echo tsc | ")


def test_a_slow_clock_and_none_better(tmp_path: Path) -> None:
    clocks = {f"{CLOCKSOURCES}/current_clocksource": "hpet", f"{CLOCKSOURCES}/available_clocksource": "hpet acpi_pm"}
    found = by_name(timing(stage(tmp_path, files=HARDWARE | clocks)))["clock"]
    assert found.ok is Answer.NO
    assert "dmesg" in found.mend


def test_slack_that_was_inherited(tmp_path: Path) -> None:
    found = by_name(timing(stage(tmp_path, files=HARDWARE | {"/proc/self/timerslack_ns": "1000000"})))["timer slack"]
    assert found.ok is Answer.NO
    assert "1000 us" in found.text


def test_a_virtual_machine_is_no_fault(tmp_path: Path) -> None:
    files = HARDWARE | {"/proc/cpuinfo": "x: 0\nflags : fpu hypervisor\n", "/sys/class/dmi/id/product_name": "KVM\n"}
    found = by_name(timing(stage(tmp_path, files=files)))["virtual machine"]
    assert found.ok is Answer.UNKNOWN
    assert "(KVM)" in found.text


def test_a_xen_domain_says_so_without_the_flag(tmp_path: Path) -> None:
    found = by_name(timing(stage(tmp_path, files=HARDWARE | {"/sys/hypervisor/type": "xen\n"})))["virtual machine"]
    assert found.ok is Answer.UNKNOWN
    assert "(xen)" in found.text


def test_a_container_is_no_fault(tmp_path: Path) -> None:
    assert by_name(timing(stage(tmp_path, files={"/.dockerenv": ""})))["container"].ok is Answer.UNKNOWN


def test_a_kernel_that_says_nothing(tmp_path: Path) -> None:
    found = by_name(timing(stage(tmp_path)))
    assert [found[name].ok for name in ("clock", "timer slack", "virtual machine")] == [Answer.UNKNOWN] * 3
