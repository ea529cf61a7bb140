from pathlib import Path

from compose.doctor.finding import Answer
from compose.doctor.vm import PROGRAMS, vm
from compose.vm.initramfs import BUSYBOX
from tests.compose.doctor.staged import by_name, stage

ALL = (*PROGRAMS, "cpio")
STATIC = {str(BUSYBOX): b"\x7fELF" + bytes(64)}
KERNEL = {"/home/ada/.cache/vsnd/linux-image-6.1.0-56-amd64/boot/x": ""}


def test_all_is_there(tmp_path: Path) -> None:
    found = by_name(vm(stage(tmp_path, files={**STATIC, **KERNEL}, programs=ALL)))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert "6.1.0-56" in found["kernel"].text


def test_programs_have_packages(tmp_path: Path) -> None:
    found = by_name(vm(stage(tmp_path)))
    assert {found[program].ok for program in PROGRAMS} == {Answer.NO}
    assert found["qemu-system-x86_64"].mend == "apt install qemu-system-x86"
    assert found["modprobe"].mend == "apt install kmod"
    assert found["busybox"].mend == "apt install busybox-static"
    assert found["cpio"].ok is Answer.UNKNOWN


def test_busybox_must_be_static(tmp_path: Path) -> None:
    dynamic = {str(BUSYBOX): b"\x7fELF" + bytes(64) + b"/lib64/ld-linux-x86-64.so.2\0"}
    found = by_name(vm(stage(tmp_path, files=dynamic)))["busybox"]
    assert found.ok is Answer.NO
    assert "dynamically" in found.text


def test_a_kernel_is_fetched_when_it_is_needed(tmp_path: Path) -> None:
    assert by_name(vm(stage(tmp_path)))["kernel"].ok is Answer.UNKNOWN


def test_the_cache_may_be_elsewhere(tmp_path: Path) -> None:
    files = {"/cache/vsnd/linux-image-7/boot/x": ""}
    found = by_name(vm(stage(tmp_path, files=files, environ={"XDG_CACHE_HOME": "/cache"})))["kernel"]
    assert found.ok is Answer.YES


def test_kvm_is_not_used_because_it_is_there(tmp_path: Path) -> None:
    found = by_name(vm(stage(tmp_path, files={"/dev/kvm": ""})))["acceleration"]
    assert found.text.startswith("tcg")
    assert "/dev/kvm" in found.text
