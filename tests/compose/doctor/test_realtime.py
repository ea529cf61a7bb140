from pathlib import Path

from compose.doctor.finding import Answer, Finding
from compose.doctor.realtime import realtime
from tests.compose.doctor.staged import StagedProbes, by_name, stage

DENIED = StagedProbes(no_fifo="Operation not permitted")


def look(
    root: Path, rtprio: str, memlock: str, probes: StagedProbes | None = None, extra: str = "/etc/hostname"
) -> dict[str, Finding]:
    limits = f"Max locked memory         {memlock} 9 bytes\nMax realtime priority     {rtprio} 0\n"
    return by_name(realtime(stage(root, files={"/proc/self/limits": limits, extra: ""}, probes=probes)))


def test_all_is_granted(tmp_path: Path) -> None:
    found = look(tmp_path, "95", "unlimited")
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert found["RLIMIT_RTPRIO"].text == "95"


def test_nothing_is_granted(tmp_path: Path) -> None:
    found = look(tmp_path, "0", "65536", DENIED)
    assert [name for name in found if found[name].ok is Answer.NO] == ["SCHED_FIFO"]
    assert "Operation not permitted" in found["SCHED_FIFO"].text
    assert found["SCHED_FIFO"].mend == found["RLIMIT_RTPRIO"].mend
    assert "@audio - rtprio 95" in found["SCHED_FIFO"].mend
    assert found["RLIMIT_MEMLOCK"].ok is Answer.UNKNOWN
    assert "@audio - memlock unlimited" in found["RLIMIT_MEMLOCK"].mend


def test_a_container_is_told_what_docker_takes(tmp_path: Path) -> None:
    found = look(tmp_path, "0", "65536", DENIED, "/.dockerenv")
    assert found["SCHED_FIFO"].mend == "docker run --ulimit rtprio=95 --cap-add SYS_NICE ..."
    assert "--ulimit memlock=-1" in found["RLIMIT_MEMLOCK"].mend


def test_a_capability_does_instead_of_the_limit(tmp_path: Path) -> None:
    assert look(tmp_path, "0", "unlimited")["RLIMIT_RTPRIO"].ok is Answer.YES


def test_a_control_group_refuses_in_spite_of_the_limit(tmp_path: Path) -> None:
    found = look(tmp_path, "95", "unlimited", DENIED)
    assert found["SCHED_FIFO"].ok is Answer.NO
    assert found["RLIMIT_RTPRIO"].ok is Answer.YES


def test_a_kernel_that_does_not_say(tmp_path: Path) -> None:
    found = by_name(realtime(stage(tmp_path)))
    assert found["RLIMIT_RTPRIO"].ok is found["RLIMIT_MEMLOCK"].ok is Answer.UNKNOWN
