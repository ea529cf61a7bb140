from pathlib import Path

from tests.compose.doctor.staged import stage

STATUS = "Name:\tvsnd\nUid:\t1000\t1001\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t29 100 \n"
LIMITS = """Limit                     Soft Limit           Hard Limit           Units     
Max locked memory         8388608              unlimited            bytes     
Max realtime priority     0                    0                    
Max realtime timeout      unlimited            unlimited            us        
"""  # noqa: W291  # the kernel's own
GROUPS = "root:x:0:\naudio:x:29:ada,bob\nmy-audio:x:30:\n"


def test_who_we_are_is_read_from_proc(tmp_path: Path) -> None:
    machine = stage(tmp_path, files={"/proc/self/status": STATUS})
    assert machine.user_id == 1001
    assert machine.group_ids == {1000, 29, 100}


def test_a_machine_without_proc_is_roots(tmp_path: Path) -> None:
    machine = stage(tmp_path)
    assert machine.user_id == 0
    assert machine.group_ids == frozenset()
    assert machine.limit("Max locked memory") == ""


def test_limits_are_the_soft_ones(tmp_path: Path) -> None:
    machine = stage(tmp_path, files={"/proc/self/limits": LIMITS})
    assert machine.limit("Max locked memory") == "8388608"
    assert machine.limit("Max realtime priority") == "0"
    assert machine.limit("Max realtime timeout") == "unlimited"


def test_groups_have_numbers(tmp_path: Path) -> None:
    machine = stage(tmp_path, files={"/etc/group": GROUPS})
    assert machine.group_id("audio") == 29
    assert machine.group_id("dio") is None
    assert machine.group_id("docker") is None


def test_programs_are_looked_for_below_the_root(tmp_path: Path) -> None:
    machine = stage(tmp_path, files={"/usr/bin/notes": "no program"}, programs=["vsnd-program"])
    assert machine.program("vsnd-program")
    assert not machine.program("notes")
    assert not machine.program("sh")


def test_programs_are_looked_for_on_the_path(tmp_path: Path) -> None:
    assert not stage(tmp_path, programs=["docker"], environ={"PATH": "/opt/bin:"}).program("docker")


def test_containers_are_known_by_their_marks(tmp_path: Path) -> None:
    assert not stage(tmp_path).in_container
    assert stage(tmp_path, environ={"container": "systemd-nspawn"}).in_container
    assert stage(tmp_path, files={"/run/.containerenv": ""}).in_container


def test_files_that_are_not_there_are_empty(tmp_path: Path) -> None:
    machine = stage(tmp_path)
    assert machine.text("/etc/group") == ""
    assert machine.names("/dev/snd") == []
    assert not machine.has("/dev/snd")
